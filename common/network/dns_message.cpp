// Header, questions, answers; what stands behind the answers is not read.
//
//   header      id 2, flags 2, counts of questions, answers, authorities, additional records 2 each
//   question    name, type 2, class 2
//   record      name, type 2, class 2, ttl 4, length 2, that many bytes
//   SRV         priority 2, weight 2, port 2, name
//   name        labels of length 1 and that many bytes, ended by a length of 0, or by two bytes
//               that begin with the bits 11: the place in the message where it goes on
#include "common/network/dns_message.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/limits.hpp"

namespace postrider::network {

namespace {

constexpr std::uint16_t type_srv = 33;      // RFC 2782
constexpr std::uint16_t class_internet = 1; // RFC 1035 section 3.2.4
constexpr std::uint16_t truncated_flag = 0x0200;
constexpr std::size_t name_bytes_max = 253; // as text
constexpr std::uint8_t pointer_bits = 0xc0;
constexpr unsigned jumps_max = 16; // from place to place within one name

Error bad(const std::string &what) {
    return {Errc::malformed, "a DNS answer " + what};
}

bool is_of_host_name(std::uint8_t byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '_';
}

std::uint8_t lower(std::uint8_t byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<std::uint8_t>(byte + ('a' - 'A')) : byte;
}

struct Name {
    std::string text;
    bool is_host_name = true; // letters, digits, hyphens and underscores alone
};

class Reader {
  public:
    explicit Reader(ByteView message) : message_(message) {}

    std::optional<std::uint16_t> number() {
        if (message_.size() - at_ < 2) {
            return std::nullopt;
        }
        const auto value =
            static_cast<std::uint16_t>((unsigned{message_[at_]} << 8U) | message_[at_ + 1]);
        at_ += 2;
        return value;
    }

    bool skip(std::size_t bytes) {
        if (message_.size() - at_ < bytes) {
            return false;
        }
        at_ += bytes;
        return true;
    }

    /// Goes on behind the name, wherever its parts lie.
    std::optional<Name> name() {
        Name out;
        std::size_t place = at_;
        std::optional<std::size_t> behind;
        for (unsigned jumps = 0; place < message_.size();) {
            const std::uint8_t length = message_[place];
            if ((length & pointer_bits) == pointer_bits) {
                if (message_.size() - place < 2 || ++jumps > jumps_max) {
                    return std::nullopt;
                }
                behind = behind.value_or(place + 2);
                place =
                    (std::size_t{length} & ~std::size_t{pointer_bits}) << 8U | message_[place + 1];
                continue;
            }
            if (length == 0) {
                at_ = behind.value_or(place + 1);
                return out;
            }
            if ((length & pointer_bits) != 0 || message_.size() - place < 1U + length) {
                return std::nullopt;
            }
            if (!add_label(out, message_.subspan(place + 1, length))) {
                return std::nullopt;
            }
            place += 1U + length;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::size_t at() const { return at_; }

    void go_to(std::size_t place) { at_ = place; }

  private:
    static bool add_label(Name &name, ByteView label) {
        if (!name.text.empty()) {
            name.text += '.';
        }
        if (name.text.size() + label.size() > name_bytes_max) {
            return false;
        }
        for (const std::uint8_t byte : label) {
            name.is_host_name = name.is_host_name && is_of_host_name(lower(byte));
            name.text += static_cast<char>(lower(byte));
        }
        return true;
    }

    ByteView message_;
    std::size_t at_ = 0;
};

std::optional<std::pair<ServiceRecord, bool>> read_service(Reader &reader, std::size_t end) {
    const auto priority = reader.number();
    const auto weight = reader.number();
    const auto port = reader.number();
    const auto target = port ? reader.name() : std::nullopt;
    if (!target || reader.at() > end) {
        return std::nullopt;
    }
    const bool is_usable = target->is_host_name && (*port != 0 || target->text.empty());
    return std::pair{ServiceRecord{*priority, *weight, *port, target->text}, is_usable};
}

} // namespace

Result<std::vector<ServiceRecord>> read_service_records(ByteView message) {
    Reader reader{message};
    const bool has_id = reader.skip(2);
    const auto flags = reader.number();
    const auto questions = reader.number();
    const auto answers = reader.number();
    if (!has_id || !flags || !questions || !answers || !reader.skip(4)) {
        return bad("is shorter than its header");
    }
    if ((*flags & truncated_flag) != 0) {
        return bad("was cut");
    }
    if (*answers > limits::service_records_max) {
        return Error{Errc::too_large, "a DNS answer has more than " +
                                          std::to_string(limits::service_records_max) + " records"};
    }
    for (unsigned question = 0; question < *questions; ++question) {
        if (!reader.name() || !reader.skip(4)) {
            return bad("ends within its question");
        }
    }
    std::vector<ServiceRecord> records;
    for (unsigned answer = 0; answer < *answers; ++answer) {
        const bool has_name = reader.name().has_value();
        const auto type = reader.number();
        const auto kind = reader.number();
        const bool has_ttl = reader.skip(4);
        const auto length = reader.number();
        const std::size_t begin = reader.at();
        if (!has_name || !type || !kind || !has_ttl || !length || !reader.skip(*length)) {
            return bad("ends within a record");
        }
        if (*type != type_srv || *kind != class_internet) {
            continue;
        }
        const std::size_t end = reader.at();
        reader.go_to(begin);
        const auto service = read_service(reader, end);
        if (!service) {
            return bad("has an SRV record that cannot be read");
        }
        if (service->second) {
            records.push_back(service->first);
        }
        reader.go_to(end);
    }
    std::stable_sort(records.begin(), records.end(), [](const auto &one, const auto &other) {
        return std::pair{one.priority, -int{one.weight}} <
               std::pair{other.priority, -int{other.weight}};
    });
    return records;
}

} // namespace postrider::network

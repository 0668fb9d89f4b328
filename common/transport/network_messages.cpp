// Fields are written one behind the other: numbers big-endian, texts and bytes behind a length of 4
// bytes, lists behind a count of 4 bytes. The kind is the place of the type in its variant.
#include "common/transport/network_messages.hpp"

#include <type_traits>
#include <utility>

#include <sodium.h>

#include "common/base/limits.hpp"

namespace postrider::transport {

namespace {

class FieldWriter {
  public:
    /// So much comes: nothing is copied while it is written.
    void reserve(std::size_t size) { out_.reserve(size); }

    template <class... Types>
    void operator()(const Types &...values) {
        (write(values), ...);
    }

    [[nodiscard]] Bytes take() && { return std::move(out_).take(); }

  private:
    template <class Type>
    void write(const Type &value) {
        if constexpr (std::is_same_v<Type, std::uint64_t>) {
            out_.u64(value);
        } else if constexpr (std::is_enum_v<Type> || std::is_same_v<Type, bool>) {
            out_.u8(static_cast<std::uint8_t>(value));
        } else {
            // `list` is one for both directions and so not const; nothing is changed here.
            const_cast<Type &>(value).list(*this); // NOLINT(cppcoreguidelines-pro-type-const-cast)
        }
    }

    void write(const std::string &value) { write_bytes(as_bytes(value)); }

    void write(const Bytes &value) { write_bytes(value); }

    void write(const crypto::SecretBuffer &value) { write_bytes(value.view()); }

    void write(const FixedBytes<32> &value) { out_.raw(value); }

    void write(const Error &value) { (*this)(value.code, value.message, value.detail, value.hint); }

    template <class Item>
    void write(const std::vector<Item> &values) {
        out_.u32(static_cast<std::uint32_t>(values.size()));
        for (const Item &value : values) {
            write(value);
        }
    }

    void write_bytes(ByteView value) {
        out_.u32(static_cast<std::uint32_t>(value.size()));
        out_.raw(value);
    }

    ByteWriter out_;
};

/// Reads what is there, and zeros beyond; `is_good` says in the end whether all was well.
class FieldReader {
  public:
    explicit FieldReader(ByteView bytes) : in_(bytes) {}

    template <class... Types>
    void operator()(Types &...values) {
        (read(values), ...);
    }

    [[nodiscard]] bool is_good() const { return in_.at_end() && values_known_; }

  private:
    template <class Type>
    void read(Type &value) {
        if constexpr (std::is_same_v<Type, std::uint64_t>) {
            value = in_.u64();
        } else if constexpr (std::is_same_v<Type, bool>) {
            value = read_below(2) == 1;
        } else if constexpr (std::is_same_v<Type, LoginKind>) {
            value = static_cast<LoginKind>(
                read_below(static_cast<unsigned>(LoginKind::certificate) + 1));
        } else if constexpr (std::is_same_v<Type, engine::Settlement>) {
            value = static_cast<engine::Settlement>(read_below(4));
        } else if constexpr (std::is_same_v<Type, mail::BounceReason>) {
            value = static_cast<mail::BounceReason>(
                read_below(static_cast<unsigned>(mail::BounceReason::unknown) + 1));
        } else if constexpr (std::is_same_v<Type, mail::Container>) {
            value = static_cast<mail::Container>(
                read_below(static_cast<unsigned>(mail::Container::armour) + 1));
        } else if constexpr (std::is_same_v<Type, Errc>) {
            value = static_cast<Errc>(read_below(static_cast<unsigned>(Errc::internal) + 1));
        } else {
            value.list(*this);
        }
    }

    void read(std::string &value) { value = as_text(read_bytes()); }

    void read(Bytes &value) {
        const ByteView bytes = read_bytes();
        value.assign(bytes.begin(), bytes.end());
    }

    void read(crypto::SecretBuffer &value) { value = crypto::SecretBuffer{read_bytes()}; }

    void read(FixedBytes<32> &value) { value = in_.fixed<32>(); }

    void read(Error &value) { (*this)(value.code, value.message, value.detail, value.hint); }

    template <class Item>
    void read(std::vector<Item> &values) {
        const std::size_t count = in_.u32();
        values_known_ = values_known_ && count <= limits::network_items_max;
        for (std::size_t index = 0; index < count && in_.ok() && values_known_; ++index) {
            read(values.emplace_back());
        }
    }

    ByteView read_bytes() { return in_.raw(in_.u32()); }

    std::uint8_t read_below(unsigned end) {
        const std::uint8_t value = in_.u8();
        values_known_ = values_known_ && value < end;
        return value < end ? value : 0;
    }

    ByteReader in_;
    bool values_known_ = true;
};

/// Of what may be large.
std::size_t bulk_bytes(const NetworkRequest &request) {
    if (const auto *submit = std::get_if<Submit>(&request)) {
        return submit->beginning.size();
    }
    const auto *piece = std::get_if<EnvelopePiece>(&request);
    return piece == nullptr ? 0 : piece->bytes.size();
}

std::size_t bulk_bytes(const NetworkReport &report) {
    if (const auto *arrived = std::get_if<MailArrived>(&report)) {
        return arrived->envelope.size();
    }
    const auto *piece = std::get_if<EnvelopeArrives>(&report);
    return piece == nullptr ? 0 : piece->bytes.size();
}

template <class Variant>
Bytes write_message(const Variant &message) {
    constexpr std::size_t the_rest_bytes = 512; // as a rule
    FieldWriter fields;
    fields.reserve(bulk_bytes(message) + the_rest_bytes);
    std::visit([&](const auto &each) { fields(each); }, message);
    return to_bytes(Frame{static_cast<std::uint8_t>(message.index()), std::move(fields).take()});
}

/// Makes an empty message of the type at place `kind` of the variant.
template <class Variant, std::size_t... places>
bool start_message(std::uint8_t kind, Variant &message, std::index_sequence<places...> /*all*/) {
    return ((kind == places && (message.template emplace<places>(), true)) || ...);
}

template <class Variant>
Result<Variant> read_message(const Frame &frame) {
    Variant message;
    if (!start_message(frame.kind, message,
                       std::make_index_sequence<std::variant_size_v<Variant>>{})) {
        return Error{Errc::malformed,
                     "a message between the network process and its host is of the unknown kind " +
                         std::to_string(frame.kind)};
    }
    FieldReader fields{frame.content};
    std::visit([&](auto &each) { fields(each); }, message);
    if (!fields.is_good()) {
        return Error{Errc::malformed,
                     "a message of kind " + std::to_string(frame.kind) +
                         " between the network process and its host cannot be read"};
    }
    return message;
}

} // namespace

Bytes to_bytes(const NetworkRequest &request) {
    const auto *secret = std::get_if<Secret>(&request);
    if (secret == nullptr) {
        return write_message(request);
    }
    constexpr std::size_t all_but_texts = 64;
    const LoginSecrets &secrets = secret->secrets;
    const Error &problem = secret->problem;
    FieldWriter fields;
    fields.reserve(all_but_texts + secrets.password.size() + secrets.certificate.size() +
                   secrets.key.size() + secrets.proxy_password.size() + problem.message.size() +
                   problem.detail.size() + problem.hint.size());
    fields(*secret);
    Frame frame{static_cast<std::uint8_t>(request.index()), std::move(fields).take()};
    Bytes bytes = to_bytes(frame);
    sodium_memzero(frame.content.data(), frame.content.size());
    return bytes;
}

Bytes to_bytes(const NetworkReport &report) {
    return write_message(report);
}

Result<NetworkRequest> request_of(const Frame &frame) {
    return read_message<NetworkRequest>(frame);
}

Result<NetworkReport> report_of(const Frame &frame) {
    return read_message<NetworkReport>(frame);
}

} // namespace postrider::transport

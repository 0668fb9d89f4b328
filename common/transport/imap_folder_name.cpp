// Modified UTF-7 (RFC 3501 5.1.3): printable ASCII stands for itself, "&-" for "&", and everything
// else is "&", the base64 of its UTF-16 with "," for "/" and without padding, "-". There is one
// form for a name: what could stand for itself must, and two runs may not touch.
#include <cstdint>

#include "common/base/utf8.hpp"
#include "common/transport/imap_text.hpp"

namespace postrider::transport::imap {

namespace {

constexpr std::string_view folder_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

bool stands_for_itself(char letter) {
    return letter >= 0x20 && letter <= 0x7e;
}

/// The next character of a text that is UTF-8.
std::uint32_t take_character(std::string_view &text) {
    const auto byte = [&](std::size_t index) { return static_cast<std::uint8_t>(text[index]); };
    const std::uint8_t first = byte(0);
    const std::size_t size = first < 0x80U ? 1 : first < 0xe0U ? 2 : first < 0xf0U ? 3 : 4;
    std::uint32_t character = size == 1 ? first : first & (0x7fU >> size);
    for (std::size_t index = 1; index < size; ++index) {
        character = (character << 6U) | (byte(index) & 0x3fU);
    }
    text.remove_prefix(size);
    return character;
}

void append_utf8(std::string &out, std::uint32_t character) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (character < 0x80U) {
        put(character);
    } else if (character < 0x800U) {
        put(0xc0U | (character >> 6U));
        put(0x80U | (character & 0x3fU));
    } else if (character < 0x10000U) {
        put(0xe0U | (character >> 12U));
        put(0x80U | ((character >> 6U) & 0x3fU));
        put(0x80U | (character & 0x3fU));
    } else {
        put(0xf0U | (character >> 18U));
        put(0x80U | ((character >> 12U) & 0x3fU));
        put(0x80U | ((character >> 6U) & 0x3fU));
        put(0x80U | (character & 0x3fU));
    }
}

/// Bits in, base64 digits out.
class RunWriter {
  public:
    void unit(std::uint32_t sixteen_bits) {
        bits_ = (bits_ << 16U) | sixteen_bits;
        count_ += 16;
        while (count_ >= 6) {
            count_ -= 6;
            digits_ += folder_digits[(bits_ >> count_) & 0x3fU];
        }
    }

    void character(std::uint32_t character) {
        if (character < 0x10000U) {
            unit(character);
        } else {
            unit(0xd800U + ((character - 0x10000U) >> 10U));
            unit(0xdc00U + ((character - 0x10000U) & 0x3ffU));
        }
    }

    std::string finish() {
        if (count_ > 0) {
            digits_ += folder_digits[(bits_ << (6 - count_)) & 0x3fU];
        }
        return "&" + digits_ + "-";
    }

  private:
    std::uint64_t bits_ = 0;
    unsigned count_ = 0;
    std::string digits_;
};

/// The UTF-8 of the digits between "&" and "-".
std::optional<std::string> read_run(std::string_view digits) {
    std::string out;
    std::uint64_t bits = 0;
    unsigned count = 0;
    std::uint32_t high = 0; // the first half of a surrogate pair
    for (const char digit : digits) {
        const std::size_t value = folder_digits.find(digit);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        bits = (bits << 6U) | value;
        count += 6;
        if (count < 16) {
            continue;
        }
        count -= 16;
        const auto unit = static_cast<std::uint32_t>((bits >> count) & 0xffffU);
        const bool is_low = unit >= 0xdc00U && unit <= 0xdfffU;
        if (is_low != (high != 0)) {
            return std::nullopt;
        }
        if (unit >= 0xd800U && unit <= 0xdbffU) {
            high = unit;
            continue;
        }
        append_utf8(out, is_low ? 0x10000U + ((high - 0xd800U) << 10U) + (unit - 0xdc00U) : unit);
        high = 0;
    }
    return high == 0 ? std::optional(out) : std::nullopt;
}

} // namespace

Result<std::string> to_folder_name(std::string_view utf8) {
    if (!is_utf8(utf8)) {
        return Error{Errc::malformed, "the name of a folder is not UTF-8"};
    }
    std::string out;
    while (!utf8.empty()) {
        if (stands_for_itself(utf8.front())) {
            out += utf8.front() == '&' ? "&-" : std::string(1, utf8.front());
            utf8.remove_prefix(1);
            continue;
        }
        RunWriter run;
        while (!utf8.empty() && !stands_for_itself(utf8.front())) {
            run.character(take_character(utf8));
        }
        out += run.finish();
    }
    return out;
}

std::optional<std::string> from_folder_name(std::string_view name) {
    std::string out;
    std::string_view rest = name;
    while (!rest.empty()) {
        if (!stands_for_itself(rest.front())) {
            return std::nullopt;
        }
        if (rest.front() != '&') {
            out += rest.front();
            rest.remove_prefix(1);
            continue;
        }
        const std::size_t end = rest.find('-');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        const auto run =
            end == 1 ? std::optional<std::string>("&") : read_run(rest.substr(1, end - 1));
        if (!run) {
            return std::nullopt;
        }
        out += *run;
        rest.remove_prefix(end + 1);
    }
    // Only one form names a folder: what would be written differently is not this form.
    const Result<std::string> written = to_folder_name(out);
    return written && *written == name ? std::optional(out) : std::nullopt;
}

} // namespace postrider::transport::imap

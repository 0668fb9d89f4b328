// The codecs of RFC 4648.
#include "common/base/text_encoding.hpp"

#include <algorithm>
#include <array>

namespace postrider {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view base32_digits = "abcdefghijklmnopqrstuvwxyz234567";

constexpr std::uint8_t no_digit = 0xff;

std::array<std::uint8_t, 256> reverse_of(std::string_view digits) {
    std::array<std::uint8_t, 256> table{};
    table.fill(no_digit);
    for (std::size_t index = 0; index < digits.size(); ++index) {
        table[static_cast<std::uint8_t>(digits[index])] = static_cast<std::uint8_t>(index);
    }
    return table;
}

std::string encode(ByteView bytes, std::string_view digits, unsigned bits_per_digit) {
    std::string out;
    out.reserve(bytes.size() * 8 / bits_per_digit + 4);
    std::uint32_t window = 0;
    unsigned bits = 0;
    const std::uint32_t mask = (1U << bits_per_digit) - 1U;
    for (const std::uint8_t byte : bytes) {
        window = (window << 8U) | byte;
        bits += 8;
        while (bits >= bits_per_digit) {
            bits -= bits_per_digit;
            out.push_back(digits[(window >> bits) & mask]);
        }
    }
    if (bits > 0) {
        out.push_back(digits[(window << (bits_per_digit - bits)) & mask]);
    }
    return out;
}

Error bad_text(const char *what) {
    return {Errc::malformed, std::string("invalid ") + what};
}

Result<Bytes> decode64(std::string_view text, std::string_view digits, const char *what) {
    const std::array<std::uint8_t, 256> values = reverse_of(digits);
    Bytes out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t window = 0;
    unsigned bits = 0;
    for (const char character : text) {
        const std::uint8_t digit = values[static_cast<std::uint8_t>(character)];
        if (digit == no_digit) {
            return bad_text(what);
        }
        window = (window << 6U) | digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out.push_back(static_cast<std::uint8_t>((window >> bits) & 0xffU));
        }
    }
    // Left-over bits must be zero and fewer than a digit, else two texts would mean the same bytes.
    if (bits >= 6 || (window & ((1U << bits) - 1U)) != 0) {
        return bad_text(what);
    }
    return out;
}

} // namespace

std::string to_hex(ByteView bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        out.push_back(hex_digits[byte >> 4U]);
        out.push_back(hex_digits[byte & 15U]);
    }
    return out;
}

Result<Bytes> from_hex(std::string_view text) {
    const std::array<std::uint8_t, 256> values = reverse_of(hex_digits);
    if (text.size() % 2 != 0) {
        return bad_text("hexadecimal text");
    }
    Bytes out;
    out.reserve(text.size() / 2);
    for (std::size_t index = 0; index < text.size(); index += 2) {
        const std::uint8_t high = values[static_cast<std::uint8_t>(text[index])];
        const std::uint8_t low = values[static_cast<std::uint8_t>(text[index + 1])];
        if (high == no_digit || low == no_digit) {
            return bad_text("hexadecimal text");
        }
        out.push_back(static_cast<std::uint8_t>((high << 4U) | low));
    }
    return out;
}

std::string to_base64(ByteView bytes) {
    std::string out;
    append_base64(bytes, out);
    return out;
}

void append_base64(ByteView bytes, std::string &text) {
    const std::size_t begin = text.size();
    text.resize(begin + (bytes.size() + 2) / 3 * 4);
    char *to = text.data() + begin;
    std::size_t index = 0;
    for (; index + 3 <= bytes.size(); index += 3) { // all mails pass here: no call for each digit
        const auto group = static_cast<std::uint32_t>((bytes[index] << 16U) |
                                                      (bytes[index + 1] << 8U) | bytes[index + 2]);
        to[0] = base64_digits[group >> 18U];
        to[1] = base64_digits[(group >> 12U) & 63U];
        to[2] = base64_digits[(group >> 6U) & 63U];
        to[3] = base64_digits[group & 63U];
        to += 4;
    }
    const std::string last = encode(bytes.subspan(index), base64_digits, 6);
    std::fill(std::copy(last.begin(), last.end(), to), text.data() + text.size(), '=');
}

Result<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return bad_text("base64 text");
    }
    for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding) {
        text.remove_suffix(1);
    }
    return decode64(text, base64_digits, "base64 text");
}

std::string to_base64url(ByteView bytes) {
    return encode(bytes, base64url_digits, 6);
}

Result<Bytes> from_base64url(std::string_view text) {
    return decode64(text, base64url_digits, "base64url text");
}

std::string to_base32(ByteView bytes) {
    return encode(bytes, base32_digits, 5);
}

} // namespace postrider

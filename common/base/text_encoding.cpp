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

/// For twelve bits, so that a table of them lies in the processor's nearest memory.
using DigitPair = std::array<char, 2>;

constexpr std::array<DigitPair, 4096> pairs_of(std::string_view digits) {
    std::array<DigitPair, 4096> pairs{};
    for (std::size_t bits = 0; bits < pairs.size(); ++bits) {
        pairs[bits] = {digits[bits >> 6U], digits[bits & 63U]};
    }
    return pairs;
}

constexpr std::array<DigitPair, 4096> base64_pairs = pairs_of(base64_digits);

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
    text.resize(begin + base64_digits_of(bytes.size()));
    write_base64(bytes, text.data() + begin);
}

char *write_base64(ByteView bytes, char *to) {
    std::size_t index = 0;
    for (; index + 3 <= bytes.size(); index += 3) { // all mails pass here: two digits at once
        const auto group = static_cast<std::uint32_t>((bytes[index] << 16U) |
                                                      (bytes[index + 1] << 8U) | bytes[index + 2]);
        to = std::copy_n(base64_pairs[group >> 12U].data(), 2, to);
        to = std::copy_n(base64_pairs[group & 0xfffU].data(), 2, to);
    }
    if (index < bytes.size()) {
        const std::string last = encode(bytes.subspan(index), base64_digits, 6);
        to = std::fill_n(std::copy(last.begin(), last.end(), to), 4 - last.size(), '=');
    }
    return to;
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

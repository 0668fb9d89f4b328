// Base64 and quoted-printable as they arrive, not as they were meant.
#include "common/mail/transfer_encoding.hpp"

#include <array>

#include "common/base/text_encoding.hpp"

namespace postrider::mail {

namespace {

constexpr std::size_t line_digits = 76;
constexpr std::size_t line_bytes = line_digits / 4 * 3;
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> base64_values() {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::array<std::uint8_t, 256> values{};
    values.fill(no_digit);
    for (std::size_t index = 0; index < digits.size(); ++index) {
        values[static_cast<std::uint8_t>(digits[index])] = static_cast<std::uint8_t>(index);
    }
    return values;
}

constexpr std::array<std::uint8_t, 256> base64_value = base64_values();

std::uint8_t base64_value_of(char character) {
    return base64_value[static_cast<std::uint8_t>(character)];
}

constexpr bool is_blank_or_line_end(char character) {
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

constexpr std::uint8_t hex_value_of(char character) {
    if (character >= '0' && character <= '9') {
        return static_cast<std::uint8_t>(character - '0');
    }
    if (character >= 'A' && character <= 'F') {
        return static_cast<std::uint8_t>(character - 'A' + 10);
    }
    if (character >= 'a' && character <= 'f') {
        return static_cast<std::uint8_t>(character - 'a' + 10);
    }
    return no_digit;
}

/// The index after the blanks and the line end that begin at `from`, or `from` when the line goes
/// on with something else.
std::size_t after_line_end(std::string_view text, std::size_t from) {
    const std::size_t end = text.find_first_not_of(" \t", from);
    if (end == std::string_view::npos) {
        return text.size();
    }
    if (text[end] == '\n') {
        return end + 1;
    }
    if (text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n') {
        return end + 2;
    }
    return from;
}

} // namespace

std::string to_base64_lines(ByteView bytes) {
    std::string lines;
    lines.reserve(base64_lines_bytes(bytes.size()));
    while (!bytes.empty()) {
        const std::size_t size = std::min(line_bytes, bytes.size());
        lines += to_base64(bytes.first(size));
        lines += "\r\n";
        bytes = bytes.subspan(size);
    }
    return lines;
}

std::size_t base64_lines_bytes(std::size_t bytes) {
    const std::size_t digits = (bytes + 2) / 3 * 4;
    return digits + (digits + line_digits - 1) / line_digits * 2;
}

Bytes decode_base64(std::string_view text) {
    Bytes out;
    out.reserve(text.size() / 4 * 3 + 3);
    std::uint32_t window = 0;
    unsigned bits = 0;
    for (const char character : text) {
        if (character == '=') {
            bits = 0;
            continue;
        }
        const std::uint8_t value = base64_value_of(character);
        if (value == no_digit) {
            continue;
        }
        window = (window << 6U) | value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out.push_back(static_cast<std::uint8_t>((window >> bits) & 0xffU));
        }
    }
    return out;
}

Bytes decode_quoted_printable(std::string_view text) {
    Bytes out;
    out.reserve(text.size());
    std::size_t index = 0;
    while (index < text.size()) {
        const char character = text[index];
        if (character == ' ' || character == '\t') {
            // A run of blanks is looked through once: kept whole, or dropped before a line end.
            const std::size_t run_end = std::min(text.find_first_not_of(" \t", index), text.size());
            const bool ends_line = after_line_end(text, index) != index;
            for (; index < run_end; ++index) {
                if (!ends_line) {
                    out.push_back(static_cast<std::uint8_t>(text[index]));
                }
            }
            continue;
        }
        if (character == '=') {
            const std::size_t next_line = after_line_end(text, index + 1);
            if (next_line != index + 1 || next_line == text.size()) {
                index = next_line;
                continue;
            }
            if (index + 2 < text.size()) {
                const std::uint8_t high = hex_value_of(text[index + 1]);
                const std::uint8_t low = hex_value_of(text[index + 2]);
                if (high != no_digit && low != no_digit) {
                    out.push_back(static_cast<std::uint8_t>((high << 4U) | low));
                    index += 3;
                    continue;
                }
            }
        }
        out.push_back(static_cast<std::uint8_t>(character));
        ++index;
    }
    return out;
}

std::size_t base64_run_length(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() &&
           (base64_value_of(text[length]) != no_digit || is_blank_or_line_end(text[length]))) {
        ++length;
    }
    return length;
}

} // namespace postrider::mail

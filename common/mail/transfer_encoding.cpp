// Base64 and quoted-printable as they arrive, not as they were meant.
#include "common/mail/transfer_encoding.hpp"

#include <algorithm>
#include <array>

#include "common/base/text_encoding.hpp"

namespace postrider::mail {

namespace {

constexpr std::size_t piece_bytes = 65'536;
constexpr std::size_t tag_bytes_max = 1024;
constexpr std::size_t word_digits_min = 16;
constexpr std::uint8_t no_digit = 0xff;
constexpr std::string_view line_blanks = " \t\r";

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

/// Without what mail programs put before the lines of a quoted mail, as text and as HTML.
std::string_view without_quotation(std::string_view line) {
    constexpr std::array<std::string_view, 6> marks = {" ", "\t", ">", "|", "&gt;", "&nbsp;"};
    const auto begins_line = [&](std::string_view mark) { return line.starts_with(mark); };
    while (!line.empty() && base64_value_of(line.front()) == no_digit) {
        const auto *const mark = std::find_if(marks.begin(), marks.end(), begins_line);
        if (mark == marks.end()) {
            break;
        }
        line.remove_prefix(mark->size());
    }
    return line;
}

std::string_view without_blanks_behind(std::string_view line) {
    constexpr std::string_view entity = "&nbsp;";
    while (!line.empty()) {
        if (line_blanks.find(line.back()) != std::string_view::npos) {
            line.remove_suffix(1);
        } else if (line.ends_with(entity)) {
            line.remove_suffix(entity.size());
        } else {
            break;
        }
    }
    return line;
}

/// Takes what stands before the next tag off `line`, and the tag with it.
std::string_view take_fragment(std::string_view &line) {
    const std::size_t begin = std::min(line.find('<'), line.size());
    const std::size_t end = line.substr(begin, tag_bytes_max).find('>');
    const std::string_view fragment = line.substr(0, begin);
    line.remove_prefix(end == std::string_view::npos ? line.size() : begin + end + 1);
    return fragment;
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

void append_base64_lines(ByteView bytes, std::size_t line_digits, std::string &text) {
    const std::size_t line_bytes = line_digits / 4 * 3;
    const std::size_t begin = text.size();
    text.resize(begin + base64_lines_bytes(bytes.size(), line_digits));
    char *to = text.data() + begin;
    while (!bytes.empty()) {
        const std::size_t size = std::min(line_bytes, bytes.size());
        to = write_base64(bytes.first(size), to);
        *to++ = '\r';
        *to++ = '\n';
        bytes = bytes.subspan(size);
    }
}

std::size_t base64_lines_bytes(std::size_t bytes, std::size_t line_digits) {
    const std::size_t digits = base64_digits_of(bytes);
    return digits + (digits + line_digits - 1) / line_digits * 2;
}

std::string_view take_piece(std::string_view &rest) {
    std::size_t size = std::min(piece_bytes, rest.size());
    if (size < rest.size()) {
        const std::string_view most = rest.substr(0, size);
        if (const std::size_t line_end = most.rfind('\n'); line_end != std::string_view::npos) {
            size = line_end + 1;
        } else if (const std::size_t tag = most.rfind('<');
                   tag != std::string_view::npos && tag > 0) {
            size = tag;
        } else if (const std::size_t escape = most.substr(size - 2).find('=');
                   escape != std::string_view::npos) {
            size = size - 2 + escape; // of quoted-printable
        }
    }
    const std::string_view piece = rest.substr(0, size);
    rest.remove_prefix(size);
    return piece;
}

/// Lets `read` write behind `bytes`.
template <class Read>
void Base64Decoder::with_room(std::size_t digits, Bytes &bytes, const Read &read) {
    const std::size_t begin = bytes.size();
    bytes.resize(begin + digits / 4 * 3 + 3);
    state_.to = bytes.data() + begin;
    read();
    bytes.resize(static_cast<std::size_t>(state_.to - bytes.data()));
}

void Base64Decoder::decode(std::string_view piece, Bytes &bytes) {
    with_room(piece.size(), bytes, [&] {
        while (!piece.empty()) {
            const std::size_t size = std::min(piece.find('\n'), piece.size() - 1) + 1;
            static_cast<void>(read_line(piece.substr(0, size)));
            piece.remove_prefix(size);
        }
    });
}

std::size_t
Base64Decoder::decode_run(std::string_view piece, std::string_view another_begins, Bytes &bytes) {
    std::string_view rest = piece;
    while (!rest.empty()) {
        const std::size_t size = std::min(rest.find('\n'), rest.size() - 1) + 1;
        const std::string_view line = rest.substr(0, size);
        if (has_begun_ && without_quotation(line).starts_with(another_begins)) {
            break;
        }
        has_begun_ = true;
        Line read = Line::empty;
        with_room(size, bytes, [&] { read = read_line(line); });
        if (read == Line::refused) {
            break;
        }
        rest.remove_prefix(size);
    }
    return piece.size() - rest.size();
}

/// A line that is refused leaves no trace; one in tags is taken as far as its fragments are base64.
Base64Decoder::Line Base64Decoder::read_line(std::string_view line) {
    if (line.ends_with('\n')) {
        line.remove_suffix(1);
    }
    const Line as_one = read_fragment(line);
    if (as_one != Line::refused || line.find('<') == std::string_view::npos) {
        return as_one;
    }
    Line result = Line::empty;
    while (!line.empty()) {
        const Line fragment = read_fragment(take_fragment(line));
        result = fragment == Line::taken ? fragment : result;
    }
    return result;
}

Base64Decoder::Line Base64Decoder::read_fragment(std::string_view fragment) {
    std::string_view rest = without_blanks_behind(without_quotation(fragment));
    if (rest.empty()) {
        return Line::empty;
    }
    const State before = state_;
    if (read_digits(rest)) { // one word, which is nearly every line
        return Line::taken;
    }
    state_ = before;
    while (true) {
        const std::size_t blank = rest.find_first_of(line_blanks);
        const std::string_view word = rest.substr(0, blank);
        const bool is_last = blank == std::string_view::npos;
        if ((!is_last && word.size() < word_digits_min) || !read_digits(word)) {
            state_ = before;
            return Line::refused;
        }
        if (is_last) {
            return Line::taken;
        }
        rest.remove_prefix(std::min(rest.find_first_not_of(line_blanks, blank), rest.size()));
    }
}

/// Whole groups of four digits from `index` on; gives where there are no more.
std::size_t Base64Decoder::read_groups(std::string_view digits, std::size_t index) {
    std::uint8_t *to = state_.to; // else every byte that is written might have changed it
    for (; index + 4 <= digits.size(); index += 4) {
        const std::uint8_t first = base64_value_of(digits[index]);
        const std::uint8_t second = base64_value_of(digits[index + 1]);
        const std::uint8_t third = base64_value_of(digits[index + 2]);
        const std::uint8_t fourth = base64_value_of(digits[index + 3]);
        if ((first | second | third | fourth) == no_digit) {
            break;
        }
        to[0] = static_cast<std::uint8_t>((first << 2U) | (second >> 4U));
        to[1] = static_cast<std::uint8_t>((second << 4U) | (third >> 2U));
        to[2] = static_cast<std::uint8_t>((third << 6U) | fourth);
        to += 3;
    }
    state_.to = to;
    return index;
}

/// False at the first character that is neither a digit nor padding.
bool Base64Decoder::read_digits(std::string_view digits) {
    std::size_t index = 0;
    while (index < digits.size()) {
        if (state_.bits == 0) {
            index = read_groups(digits, index);
            if (index == digits.size()) {
                return true;
            }
        }
        const char character = digits[index++];
        if (character == '=') {
            state_.bits = 0;
            continue;
        }
        const std::uint8_t value = base64_value_of(character);
        if (value == no_digit) {
            return false;
        }
        state_.window = (state_.window << 6U) | value;
        state_.bits += 6;
        if (state_.bits >= 8) {
            state_.bits -= 8;
            *state_.to++ = static_cast<std::uint8_t>((state_.window >> state_.bits) & 0xffU);
        }
    }
    return true;
}

Bytes decode_base64(std::string_view text) {
    Bytes bytes;
    bytes.reserve(text.size() / 4 * 3 + 3);
    Base64Decoder decoder;
    while (!text.empty()) {
        decoder.decode(take_piece(text), bytes);
    }
    return bytes;
}

void decode_quoted_printable(std::string_view piece, Bytes &bytes) {
    std::size_t index = 0;
    while (index < piece.size()) {
        const char character = piece[index];
        if (character == ' ' || character == '\t') {
            // A run of blanks is looked through once: kept whole, or dropped before a line end.
            const std::size_t run_end =
                std::min(piece.find_first_not_of(" \t", index), piece.size());
            const bool ends_line = after_line_end(piece, index) != index;
            for (; index < run_end; ++index) {
                if (!ends_line) {
                    bytes.push_back(static_cast<std::uint8_t>(piece[index]));
                }
            }
            continue;
        }
        if (character == '=') {
            const std::size_t next_line = after_line_end(piece, index + 1);
            if (next_line != index + 1 || next_line == piece.size()) {
                index = next_line;
                continue;
            }
            if (index + 2 < piece.size()) {
                const std::uint8_t high = hex_value_of(piece[index + 1]);
                const std::uint8_t low = hex_value_of(piece[index + 2]);
                if (high != no_digit && low != no_digit) {
                    bytes.push_back(static_cast<std::uint8_t>((high << 4U) | low));
                    index += 3;
                    continue;
                }
            }
        }
        bytes.push_back(static_cast<std::uint8_t>(character));
        ++index;
    }
}

Bytes decode_quoted_printable(std::string_view text) {
    Bytes bytes;
    while (!text.empty()) {
        decode_quoted_printable(take_piece(text), bytes);
    }
    return bytes;
}

} // namespace postrider::mail

// A strict UTF-8 reader and what is built on it.
#include "common/base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace postrider {

namespace {

struct Character {
    std::uint32_t code_point;
    std::size_t size; // 0: not well-formed here
};

Character read_character(std::string_view text) {
    const auto byte = [&](std::size_t index) { return static_cast<std::uint8_t>(text[index]); };
    const std::uint8_t first = byte(0);
    if (first < 0x80U) {
        return {first, 1};
    }
    std::size_t size = 0;
    std::uint32_t code_point = 0;
    std::uint32_t smallest = 0;
    if (first >= 0xc2U && first <= 0xdfU) {
        size = 2, code_point = first & 0x1fU, smallest = 0x80;
    } else if (first >= 0xe0U && first <= 0xefU) {
        size = 3, code_point = first & 0x0fU, smallest = 0x800;
    } else if (first >= 0xf0U && first <= 0xf4U) {
        size = 4, code_point = first & 0x07U, smallest = 0x10000;
    }
    if (size == 0 || text.size() < size) {
        return {0, 0};
    }
    for (std::size_t index = 1; index < size; ++index) {
        if ((byte(index) & 0xc0U) != 0x80U) {
            return {0, 0};
        }
        code_point = (code_point << 6U) | (byte(index) & 0x3fU);
    }
    const bool surrogate = code_point >= 0xd800U && code_point <= 0xdfffU;
    if (code_point < smallest || code_point > 0x10ffffU || surrogate) {
        return {0, 0};
    }
    return {code_point, size};
}

bool is_hidden(std::uint32_t code_point) {
    const bool control = code_point < 0x20U || (code_point >= 0x7fU && code_point < 0xa0U);
    const bool separator = code_point == 0x2028U || code_point == 0x2029U;
    const bool bidirectional = code_point == 0x61cU || code_point == 0x200eU ||
                               code_point == 0x200fU ||
                               (code_point >= 0x202aU && code_point <= 0x202eU) ||
                               (code_point >= 0x2066U && code_point <= 0x2069U);
    return control || separator || bidirectional;
}

} // namespace

namespace {

/// How many bytes at the beginning are ASCII, as most bytes are; eight at a time.
std::size_t ascii_prefix(std::string_view text) {
    std::size_t size = 0;
    for (std::uint64_t eight = 0; text.size() - size >= sizeof eight; size += sizeof eight) {
        std::memcpy(&eight, text.data() + size, sizeof eight);
        if ((eight & 0x8080808080808080U) != 0) {
            break;
        }
    }
    while (size < text.size() && static_cast<std::uint8_t>(text[size]) < 0x80U) {
        ++size;
    }
    return size;
}

} // namespace

bool is_utf8(std::string_view text) {
    while (true) {
        text.remove_prefix(ascii_prefix(text));
        if (text.empty()) {
            return true;
        }
        const Character character = read_character(text);
        if (character.size == 0) {
            return false;
        }
        text.remove_prefix(character.size);
    }
}

std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) {
        return text;
    }
    std::size_t size = bytes_max;
    while (size > 0 && (static_cast<std::uint8_t>(text[size]) & 0xc0U) == 0x80U) {
        --size;
    }
    return text.substr(0, size);
}

std::string printable(std::string_view text, std::size_t bytes_max) {
    std::string out;
    while (!text.empty()) {
        const Character character = read_character(text);
        const bool keep = character.size != 0 && !is_hidden(character.code_point);
        const std::string_view piece = keep ? text.substr(0, character.size) : "?";
        if (out.size() + piece.size() > bytes_max) {
            break;
        }
        out.append(piece);
        text.remove_prefix(character.size == 0 ? 1 : character.size);
    }
    return out;
}

} // namespace postrider

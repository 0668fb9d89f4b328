// A text in a field of fixed size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace postrider {

/// Copies what fits, no half of a UTF-8 character, and a zero behind it.
template <std::size_t size>
void copy_text(char (&field)[size], std::string_view text) {
    std::size_t length = std::min(text.size(), size - 1);
    if (length < text.size()) {
        while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) {
            --length;
        }
    }
    std::copy_n(text.begin(), length, field);
    field[length] = '\0';
}

} // namespace postrider

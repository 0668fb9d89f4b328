// Quoting and joining.
#include "common/dialect/sql_text.hpp"

namespace postrider::dialect {

std::string quoted(std::string_view text, char quote) {
    std::string out(1, quote);
    for (const char letter : text) {
        if (letter == quote) {
            out += quote;
        }
        out += letter;
    }
    out += quote;
    return out;
}

void append(std::string &text, std::string_view separator, std::string_view piece) {
    if (!text.empty()) {
        text += separator;
    }
    text += piece;
}

std::string lower_ascii(std::string_view text) {
    std::string out{text};
    for (char &letter : out) {
        if (letter >= 'A' && letter <= 'Z') {
            letter = static_cast<char>(letter - 'A' + 'a');
        }
    }
    return out;
}

} // namespace postrider::dialect

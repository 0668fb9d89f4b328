// A scan that respects quotes.
#include "common/dialect/state_names.hpp"

namespace postrider::dialect {

namespace {

bool is_name_character(char character) {
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
           character == '_';
}

} // namespace

std::string expand_state_names(std::string_view sql, const Dialect &dialect) {
    std::string out;
    char quote = 0;
    for (std::size_t index = 0; index < sql.size(); ++index) {
        const char character = sql[index];
        if (quote != 0) {
            quote = character == quote ? '\0' : quote; // a doubled quote closes and opens again
        } else if (character == '\'' || character == '"') {
            quote = character;
        } else if (character == '@') {
            std::size_t end = index + 1;
            while (end < sql.size() && is_name_character(sql[end])) {
                ++end;
            }
            if (end > index + 1) { // not an operator such as @>
                out += dialect.state_name(sql.substr(index + 1, end - index - 1));
                index = end - 1;
                continue;
            }
        }
        out.push_back(character);
    }
    return out;
}

} // namespace postrider::dialect

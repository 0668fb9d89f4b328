// A scan that respects quotes.
#include "common/dialect/state_names.hpp"

namespace postrider::dialect {

namespace {

constexpr std::string_view operator_characters = "+-*/<>=~!@#%^&|`?";

bool is_name_character(char character) {
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
           character == '_';
}

/// Calls `take_name` with the name behind each mark, and `take_other` with every other character.
template <typename TakeName, typename TakeOther>
void scan(std::string_view sql, const TakeName &take_name, const TakeOther &take_other) {
    char quote = 0;
    for (std::size_t index = 0; index < sql.size(); ++index) {
        const char character = sql[index];
        if (quote != 0) {
            quote = character == quote ? '\0' : quote; // a doubled quote closes and opens again
        } else if (character == '\'' || character == '"') {
            quote = character;
        } else if (character == '@' &&
                   (index == 0 || operator_characters.find(sql[index - 1]) == sql.npos)) {
            std::size_t end = index + 1;
            while (end < sql.size() && is_name_character(sql[end])) {
                ++end;
            }
            if (end > index + 1) { // not an operator such as @>
                take_name(sql.substr(index + 1, end - index - 1));
                index = end - 1;
                continue;
            }
        }
        take_other(character);
    }
}

} // namespace

bool has_state_names(std::string_view sql) {
    bool found = false;
    scan(
        sql, [&](std::string_view) { found = true; }, [](char) {});
    return found;
}

std::string expand_state_names(std::string_view sql, const Dialect &dialect) {
    std::string out;
    scan(
        sql, [&](std::string_view name) { out += dialect.state_name(name); },
        [&](char character) { out.push_back(character); });
    return out;
}

} // namespace postrider::dialect

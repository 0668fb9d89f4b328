// A scanner that knows what may hold any letters.
#include "common/dialect/sqlite_tokens.hpp"

namespace postrider::dialect::sqlite_text {

namespace {

/// Where the text goes on behind `closing`, looked for from `from`.
std::size_t behind(std::string_view sql, std::string_view closing, std::size_t from) {
    const std::size_t found = sql.find(closing, from);
    return found == std::string_view::npos ? sql.size() : found + closing.size();
}

bool is_quote(char letter) {
    return letter == '\'' || letter == '"' || letter == '`';
}

} // namespace

bool is_word(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '$' ||
           static_cast<unsigned char>(letter) >= 0x80;
}

bool is_space(char letter) {
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n' || letter == '\f';
}

std::size_t token_end(std::string_view sql, std::size_t at) {
    const char first = sql[at];
    if (is_quote(first)) {
        return behind(sql, std::string_view{&first, 1}, at + 1);
    }
    if (first == '[') {
        return behind(sql, "]", at + 1);
    }
    if (sql.substr(at, 2) == "--") {
        return behind(sql, "\n", at);
    }
    if (sql.substr(at, 2) == "/*") {
        return behind(sql, "*/", at + 2);
    }
    std::size_t end = at;
    while (end < sql.size() && is_word(sql[end])) {
        ++end;
    }
    return end == at ? at + 1 : end;
}

std::size_t whole_token_end(std::string_view sql, std::size_t at) {
    std::size_t end = token_end(sql, at);
    while (is_quote(sql[at]) && end < sql.size() && sql[end] == sql[at]) {
        end = token_end(sql, end);
    }
    return end;
}

std::string name_of_token(std::string_view token) {
    if (token.size() < 2 || (!is_quote(token.front()) && token.front() != '[')) {
        return std::string{token};
    }
    std::string name;
    const std::string_view inside = token.substr(1, token.size() - 2);
    for (std::size_t index = 0; index < inside.size(); ++index) {
        name += inside[index];
        if (is_quote(token.front()) && inside[index] == token.front()) {
            ++index; // the second of two
        }
    }
    return name;
}

} // namespace postrider::dialect::sqlite_text

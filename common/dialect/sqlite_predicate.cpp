// A scanner that knows just enough of SQLite's tokens to skip what may hold the letters "where".
#include "common/dialect/sqlite_predicate.hpp"

#include "common/dialect/sql_text.hpp"

namespace postrider::dialect::sqlite_text {

namespace {

bool is_word(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '$' ||
           static_cast<unsigned char>(letter) >= 0x80;
}

/// Where the text goes on behind `closing`, looked for from `from`.
std::size_t behind(std::string_view sql, std::string_view closing, std::size_t from) {
    const std::size_t found = sql.find(closing, from);
    return found == std::string_view::npos ? sql.size() : found + closing.size();
}

/// The end of the token that begins at `at`. A doubled quote reads as two tokens side by side.
std::size_t token_end(std::string_view sql, std::size_t at) {
    const char first = sql[at];
    if (first == '\'' || first == '"' || first == '`') {
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

} // namespace

std::string index_predicate(std::string_view create_index) {
    int depth = 0;
    bool seen_columns = false;
    for (std::size_t at = 0; at < create_index.size();) {
        const std::size_t end = token_end(create_index, at);
        const std::string_view token = create_index.substr(at, end - at);
        if (token == "(") {
            ++depth;
            seen_columns = true;
        } else if (token == ")") {
            --depth;
        } else if (depth == 0 && seen_columns && lower_ascii(token) == "where") {
            const std::string_view rest = create_index.substr(end);
            const std::size_t first = rest.find_first_not_of(" \t\r\n\f");
            return std::string{first == std::string_view::npos ? "" : rest.substr(first)};
        }
        at = end;
    }
    return "";
}

} // namespace postrider::dialect::sqlite_text

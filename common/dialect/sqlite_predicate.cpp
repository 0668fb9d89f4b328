// Looks for the word WHERE, outside of what may hold its letters; for COLLATE likewise.
#include "common/dialect/sqlite_predicate.hpp"

#include "common/dialect/sql_text.hpp"
#include "common/dialect/sqlite_tokens.hpp"

namespace postrider::dialect::sqlite_text {

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

std::map<std::string, std::string> column_collations(std::string_view create_table) {
    std::map<std::string, std::string> collations;
    int depth = 0;
    std::string column; // of the definition that is read
    bool named = false; // the next token is a collation
    for (std::size_t at = 0; at < create_table.size();) {
        const std::size_t end = whole_token_end(create_table, at);
        const std::string_view token = create_table.substr(at, end - at);
        at = end;
        if (is_space(token.front()) || token.starts_with("--") || token.starts_with("/*")) {
            continue;
        }
        if (token == "(") {
            ++depth;
        } else if (token == ")") {
            --depth;
        } else if (token == "," && depth == 1) {
            column.clear();
        } else if (depth == 1 && column.empty()) {
            column = name_of_token(token);
        } else if (depth == 1 && named) {
            collations[column] = name_of_token(token);
        }
        named = depth == 1 && lower_ascii(token) == "collate";
    }
    return collations;
}

} // namespace postrider::dialect::sqlite_text

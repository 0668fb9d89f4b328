// PostgreSQL's tokens, as far as a condition may hold them
// (https://www.postgresql.org/docs/current/sql-syntax-lexical.html). What it may not hold comes as
// the single character with which it begins.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postrider::dialect::postgresql_text {

enum class TokenKind {
    space,
    comment,
    number,
    text, // 'it''s', E'it\'s', B'0101', X'1F', N'…'
    quoted_name,
    word,
    operation, // one operator, as long as the server reads it
    sign,      // any other single character
};

bool is_digit(char letter);

TokenKind kind_of_token(std::string_view sql, std::size_t at);

/// The end of the token that begins at `at`.
std::size_t token_end(std::string_view sql, std::size_t at);

/// The name that a quoted token gives.
std::string name_of_token(std::string_view token);

} // namespace postrider::dialect::postgresql_text

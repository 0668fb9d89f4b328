// A scanner; every token has at least one character.
#include "common/dialect/postgresql_tokens.hpp"

namespace postrider::dialect::postgresql_text {

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

namespace {

constexpr std::string_view operator_characters = "+-*/<>=~!@#%^&|`?";

bool begins_word(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_' ||
           static_cast<unsigned char>(letter) >= 0x80;
}

bool goes_on_word(char letter) {
    return begins_word(letter) || is_digit(letter) || letter == '$';
}

bool is_operator_character(char letter) {
    return operator_characters.find(letter) != std::string_view::npos;
}

bool is_space_character(char letter) {
    return std::string_view{" \t\r\n\f\v"}.find(letter) != std::string_view::npos;
}

bool begins_comment(std::string_view sql, std::size_t at) {
    return sql.substr(at, 2) == "--" || sql.substr(at, 2) == "/*";
}

/// Of B, E, N and X before a quote.
bool has_prefix(std::string_view sql, std::size_t at) {
    return at + 1 < sql.size() && sql[at + 1] == '\'' &&
           std::string_view{"bBeEnNxX"}.find(sql[at]) != std::string_view::npos;
}

std::size_t behind(std::string_view sql, std::string_view closing, std::size_t from) {
    const std::size_t found = sql.find(closing, from);
    return found == std::string_view::npos ? sql.size() : found + closing.size();
}

/// `at` is the opening quote; a doubled one inside does not end it.
std::size_t quoted_end(std::string_view sql, std::size_t at, bool has_escapes) {
    const char quote = sql[at++];
    while (at < sql.size()) {
        const bool is_doubled = sql[at] == quote && at + 1 < sql.size() && sql[at + 1] == quote;
        const bool is_escape = has_escapes && sql[at] == '\\';
        if (sql[at] == quote && !is_doubled) {
            return at + 1;
        }
        at += is_doubled || is_escape ? 2U : 1U;
    }
    return sql.size();
}

std::size_t text_end(std::string_view sql, std::size_t at) {
    if (sql[at] == '\'') {
        return quoted_end(sql, at, false);
    }
    return quoted_end(sql, at + 1, sql[at] == 'e' || sql[at] == 'E');
}

std::size_t digits_end(std::string_view sql, std::size_t at) {
    while (at < sql.size() && is_digit(sql[at])) {
        ++at;
    }
    return at;
}

std::size_t number_end(std::string_view sql, std::size_t at) {
    at = digits_end(sql, at);
    if (at < sql.size() && sql[at] == '.') {
        at = digits_end(sql, at + 1);
    }
    if (at < sql.size() && (sql[at] == 'e' || sql[at] == 'E')) {
        std::size_t exponent = at + 1;
        if (exponent < sql.size() && (sql[exponent] == '+' || sql[exponent] == '-')) {
            ++exponent;
        }
        const std::size_t end = digits_end(sql, exponent);
        at = end > exponent ? end : at;
    }
    return at;
}

/// A plus or minus at the end belongs to what follows, unless the operator has a character that
/// those of the standard lack.
std::size_t operator_end(std::string_view sql, std::size_t at) {
    std::size_t end = at;
    while (end < sql.size() && is_operator_character(sql[end]) && !begins_comment(sql, end)) {
        ++end;
    }
    const bool is_plain =
        sql.substr(at, end - at).find_first_of("~!@#%^&|`?") == std::string_view::npos;
    while (is_plain && end > at + 1 && (sql[end - 1] == '+' || sql[end - 1] == '-')) {
        --end;
    }
    return end;
}

} // namespace

TokenKind kind_of_token(std::string_view sql, std::size_t at) {
    const char first = sql[at];
    if (is_space_character(first)) {
        return TokenKind::space;
    }
    if (begins_comment(sql, at)) {
        return TokenKind::comment;
    }
    if (is_digit(first) || (first == '.' && at + 1 < sql.size() && is_digit(sql[at + 1]))) {
        return TokenKind::number;
    }
    if (first == '\'' || has_prefix(sql, at)) {
        return TokenKind::text;
    }
    if (first == '"') {
        return TokenKind::quoted_name;
    }
    if (begins_word(first)) {
        return TokenKind::word;
    }
    return is_operator_character(first) ? TokenKind::operation : TokenKind::sign;
}

std::size_t token_end(std::string_view sql, std::size_t at) {
    std::size_t end = at + 1;
    switch (kind_of_token(sql, at)) {
    case TokenKind::comment:
        return sql[at] == '-' ? behind(sql, "\n", at) : behind(sql, "*/", at + 2);
    case TokenKind::number:
        return number_end(sql, at);
    case TokenKind::text:
        return text_end(sql, at);
    case TokenKind::quoted_name:
        return quoted_end(sql, at, false);
    case TokenKind::word:
        while (end < sql.size() && goes_on_word(sql[end])) {
            ++end;
        }
        return end;
    case TokenKind::operation:
        return operator_end(sql, at);
    case TokenKind::space:
    case TokenKind::sign:
        break;
    }
    return end;
}

std::string name_of_token(std::string_view token) {
    std::string name;
    for (std::size_t index = 1; index + 1 < token.size(); ++index) {
        name += token[index];
        index += token[index] == '"' ? 1U : 0U; // the second of two
    }
    return name;
}

} // namespace postrider::dialect::postgresql_text

// Tokens of a task text.
#include "common/task/lexer.hpp"

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"

namespace postrider::task {

namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/// Part of a name in any SQL, letters outside ASCII included.
bool is_word_character(char c) {
    return is_letter(c) || is_digit(c) || c == '_' || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

} // namespace

Error error_at(Position at, std::string message, std::string hint) {
    return Error{Errc::malformed,
                 "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) +
                     ": " + std::move(message),
                 {},
                 std::move(hint)};
}

char Lexer::peek(std::size_t ahead) const {
    return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
}

void Lexer::advance() {
    const char c = text_[offset_++];
    if (at_.line == 0) {
        return;
    }
    if (c == '\n') {
        ++at_.line;
        at_.column = 1;
    } else if (at_end() || (static_cast<unsigned char>(text_[offset_]) & 0xC0U) != 0x80U) {
        ++at_.column; // the next byte begins a character
    }
}

void Lexer::skip_line_comment() {
    while (!at_end() && peek() != '\n') {
        advance();
    }
}

Result<void> Lexer::skip_block_comment() {
    const Position open = at_;
    advance();
    advance();
    while (!at_end()) {
        if (peek() == '/' && peek(1) == '*') {
            return error_at(
                at_, "a comment begins inside the comment of line " + std::to_string(open.line),
                "Comments cannot be nested, since databases disagree about where such "
                "a comment ends. Remove the inner \"/*\".");
        }
        if (peek() == '*' && peek(1) == '/') {
            advance();
            advance();
            return {};
        }
        advance();
    }
    return error_at(open, "the comment that begins here never ends", "Close it with \"*/\".");
}

Result<void> Lexer::skip_space() {
    while (!at_end()) {
        if (is_space(peek())) {
            advance();
        } else if (peek() == '-' && peek(1) == '-') {
            skip_line_comment();
        } else if (peek() == '/' && peek(1) == '*') {
            if (Result<void> skipped = skip_block_comment(); !skipped) {
                return skipped;
            }
        } else {
            return {};
        }
    }
    return {};
}

Result<Token> Lexer::quoted(char quote, TokenKind kind) {
    Token token{kind, {}, at_};
    advance();
    while (!at_end()) {
        if (peek() != quote) {
            token.text += peek();
        } else if (peek(1) == quote) {
            token.text += quote;
            advance();
        } else {
            advance();
            return token;
        }
        advance();
    }
    if (quote == '"') {
        return error_at(token.at, "the quoted name that begins here never ends",
                        "Close it with \"; a \" inside the name is written twice.");
    }
    return error_at(token.at, "the string that begins here never ends",
                    "Close it with '; a ' inside the string is written twice.");
}

Token Lexer::word() {
    Token token{TokenKind::word, {}, at_};
    while (!at_end() && is_word_character(peek())) {
        token.text += peek();
        advance();
    }
    return token;
}

Token Lexer::number() {
    Token token{TokenKind::number, {}, at_};
    while (is_digit(peek()) || (peek() == '.' && is_digit(peek(1)))) {
        token.text += peek();
        advance();
    }
    return token;
}

Result<Token> Lexer::next() {
    if (const Result<void> skipped = skip_space(); !skipped) {
        return skipped.error();
    }
    if (at_end()) {
        return Token{TokenKind::end, {}, at_};
    }
    const char c = peek();
    if (c == '\'') {
        return quoted(c, TokenKind::string);
    }
    if (c == '"') {
        return quoted(c, TokenKind::quoted_name);
    }
    if (is_letter(c)) {
        return word();
    }
    if (is_digit(c)) {
        return number();
    }
    if (std::string_view{",;.():*=-+"}.find(c) != std::string_view::npos) {
        const Token token{TokenKind::sign, std::string(1, c), at_};
        advance();
        return token;
    }
    if (is_word_character(c)) {
        return error_at(at_, "a name without quotes begins with an ASCII letter",
                        "Put the name in double quotes.");
    }
    return error_at(at_, "unexpected character \"" + printable({&c, 1}) + "\"",
                    "Folders, addresses and other values stand in single quotes, names with "
                    "unusual characters in double quotes.");
}

bool Lexer::after_word_character() const {
    return offset_ > 0 && is_word_character(text_[offset_ - 1]);
}

Result<void> Lexer::skip_quoted(char quote, bool backslashes) {
    const Position open = at_;
    advance();
    while (!at_end()) {
        const char c = peek();
        if (c == '\\' && backslashes && peek(1) != '\0') {
            advance();
        } else if (c == quote) {
            advance();
            if (peek() != quote || quote == ']') {
                return {};
            }
        }
        advance();
    }
    return error_at(open,
                    std::string{"the "} + (quote == '\'' ? "string" : "quoted name") +
                        " that begins here never ends",
                    "Close it before the parenthesis of the SQL closes.");
}

/// "$tag$" if a dollar quote begins here, else empty.
std::string Lexer::dollar_tag() const {
    std::size_t length = 1;
    if (is_digit(peek(1)) || after_word_character()) {
        return {};
    }
    while (is_word_character(peek(length))) {
        ++length;
    }
    return peek(length) == '$' ? std::string{text_.substr(offset_, length + 1)} : std::string{};
}

Result<void> Lexer::skip_dollar_quote() {
    const Position open = at_;
    const std::string tag = dollar_tag();
    if (tag.empty()) {
        advance();
        return {};
    }
    const std::size_t end = text_.find(tag, offset_ + tag.size());
    if (end == std::string_view::npos) {
        return error_at(open, "the string that begins with " + tag + " never ends",
                        "Close it with " + tag + " before the parenthesis of the SQL closes.");
    }
    while (offset_ < end + tag.size()) {
        advance();
    }
    return {};
}

/// One character, or a whole string, quoted name or comment.
Result<void> Lexer::skip_sql_piece() {
    const char c = peek();
    if (c == '\'') {
        // E'…' is PostgreSQL's string with backslashes.
        const bool escapes = offset_ > 0 &&
                             (text_[offset_ - 1] == 'E' || text_[offset_ - 1] == 'e') &&
                             (offset_ < 2 || !is_word_character(text_[offset_ - 2]));
        return skip_quoted(c, escapes);
    }
    if (c == '"' || c == '`') {
        return skip_quoted(c, false);
    }
    if (c == '[' && (is_letter(peek(1)) || peek(1) == '_')) {
        return skip_quoted(']', false); // a name in SQL Server's quotes, or an array's index
    }
    if (c == '-' && peek(1) == '-') {
        skip_line_comment();
        return {};
    }
    if (c == '/' && peek(1) == '*') {
        return skip_block_comment();
    }
    if (c == '$') {
        return skip_dollar_quote();
    }
    advance();
    return {};
}

Result<std::string> Lexer::sql_after_parenthesis(Position open) {
    const std::size_t begin = offset_;
    std::size_t depth = 1;
    while (!at_end()) {
        const char c = peek();
        if (c == '(' && ++depth > limits::task_sql_depth_max) {
            return error_at(at_, "the parentheses of this SQL are nested too deeply",
                            "At most " + std::to_string(limits::task_sql_depth_max) +
                                " may be open at once.");
        }
        if (c == ')' && --depth == 0) {
            std::string sql{text_.substr(begin, offset_ - begin)};
            advance();
            return sql;
        }
        if (const Result<void> skipped = skip_sql_piece(); !skipped) {
            return skipped.error();
        }
    }
    return error_at(open, "the parenthesis that opens here is never closed",
                    "Close it with \")\".");
}

} // namespace postrider::task

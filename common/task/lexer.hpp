// Cuts a task text into tokens, one at a time, and takes SQL in parentheses verbatim.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/task/model.hpp"

namespace postrider::task {

enum class TokenKind { word, quoted_name, string, number, sign, end };

struct Token {
    TokenKind kind = TokenKind::end;
    std::string text; // content without quotes; a word as written; a number's digits; a sign
    Position at;
};

class Lexer {
  public:
    /// `text` is UTF-8 and outlives the lexer. Without `begin` tokens have no places.
    explicit Lexer(std::string_view text, Position begin = {1, 1}) : text_(text), at_(begin) {}

    /// The next token; `end` at the end, again and again.
    Result<Token> next();

    /// What follows an opening parenthesis just taken, up to the one that closes it (which is
    /// taken too): strings, quoted names, comments and dollar quotes may hold any parentheses.
    /// `open` is the place of the opening one, for the message.
    Result<std::string> sql_after_parenthesis(Position open);

  private:
    [[nodiscard]] bool at_end() const { return offset_ >= text_.size(); }

    [[nodiscard]] char peek(std::size_t ahead = 0) const;
    void advance();
    Result<void> skip_space();
    Result<void> skip_block_comment();
    void skip_line_comment();
    Result<Token> quoted(char quote, TokenKind kind);
    Token word();
    Token number();
    Result<void> skip_sql_piece();
    Result<void> skip_quoted(char quote, bool backslashes);
    Result<void> skip_dollar_quote();
    [[nodiscard]] bool after_word_character() const;
    [[nodiscard]] std::string dollar_tag() const;

    std::string_view text_;
    std::size_t offset_ = 0;
    Position at_;
};

/// "line 3, column 7: " before the message.
Error error_at(Position at, std::string message, std::string hint);

} // namespace postrider::task

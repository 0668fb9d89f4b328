// The words of IMAP responses (RFC 3501 section 9, RFC 9051), read from bytes as they come. A
// literal is taken by its count and by nothing else, so that no mail can speak for the server.
// Strict where a server that is out of step would show, lenient about blanks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"

namespace postrider::transport::imap {

struct Token {
    enum class Kind {
        atom,          // `text`; a number, a flag, NIL, the tag, "*" and "+" too
        list_open,     // (
        list_close,    // )
        section_open,  // `text` is "BODY[" without the bracket, of a FETCH response
        section_close, // ]
        string_begin,  // a quoted string or a literal of `size` bytes
        string_piece,  // `bytes`, of both; as many as it takes, each not empty
        string_end,
        text,     // all that follows OK, NO, BAD, BYE, PREAUTH or + on the line
        line_end, // the response is complete
    };

    Kind kind = Kind::line_end;
    std::string_view text = {};
    ByteView bytes = {};
    std::uint64_t size = 0;
};

class TokenReader {
  public:
    /// The next token, taking its bytes from the front of `rest`; nothing when there are too few.
    /// What the token shows is valid until the next call. After an error nothing can be read.
    Result<std::optional<Token>> next(ByteView &rest);

    /// How many lists are open.
    [[nodiscard]] std::size_t depth() const { return depth_; }

    /// The bytes so far end between two responses.
    [[nodiscard]] bool is_between_responses() const { return state_ == State::line_begin; }

    /// The bytes so far end within a literal.
    [[nodiscard]] bool is_in_literal() const {
        return state_ == State::literal || state_ == State::literal_begin;
    }

  private:
    enum class State {
        line_begin,
        between,      // a token may begin
        behind_value, // a blank, a closing bracket or the line's end must follow
        atom,
        quoted,
        quoted_escape,
        quoted_piece, // what was quoted has been announced
        literal_count,
        literal_count_end,
        literal_line_end,
        literal_begin,
        literal,
        text_begin,
        text,
        line_feed,
    };

    using Step = Result<std::optional<Token>>;

    Step step(ByteView &rest);
    Step begin_token(char letter, ByteView &rest);
    Step read_atom(ByteView &rest);
    Step finish_atom();
    Step read_quoted(ByteView &rest);
    Step read_literal_header(char letter, ByteView &rest);
    Step read_literal(ByteView &rest);
    Step read_text(ByteView &rest);
    Step close_list(ByteView &rest);
    Step end_line(ByteView &rest);
    [[nodiscard]] bool ends_atom(char letter) const;
    [[nodiscard]] bool opens_section(char letter) const;

    State state_ = State::line_begin;
    std::string buffer_;
    std::uint64_t literal_left_ = 0;
    std::size_t depth_ = 0;
    std::size_t section_depth_ = 0; // depth outside the section, where there is one
    bool in_section_ = false;
    bool splits_at_commas_ = false; // ESEARCH: a set of any length is read as its ranges
    std::size_t words_ = 0;         // atoms of this response so far, at most 2
    bool text_begun_ = false;
};

} // namespace postrider::transport::imap

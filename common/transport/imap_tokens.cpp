// The scanner: one state per place in which the bytes may be cut.
#include "common/transport/imap_tokens.hpp"

#include <algorithm>
#include <array>

#include "common/base/limits.hpp"
#include "common/transport/imap_text.hpp"

namespace postrider::transport::imap {

namespace {

Error out_of_step(std::string_view what) {
    return Error{Errc::malformed, "could not read the IMAP server's response: " + std::string(what),
                 "What the server says can no longer be told from what mails contain.",
                 "The connection is closed and opened again."};
}

Error beyond_limit(std::string_view what) {
    return Error{Errc::too_large, std::string(what) + " of the IMAP server exceeds the limit"};
}

bool is_control(char letter) {
    const auto byte = static_cast<unsigned char>(letter);
    return byte < 0x20U || byte == 0x7fU;
}

/// Words behind which a line is text for people: condition and continuation (RFC 3501 section 7.1,
/// 7.5).
bool is_condition(std::string_view word) {
    static constexpr std::array<std::string_view, 5> conditions = {"OK", "NO", "BAD", "BYE",
                                                                   "PREAUTH"};
    return std::any_of(conditions.begin(), conditions.end(), [&](std::string_view condition) {
        return equal_without_case(word, condition);
    });
}

} // namespace

Result<std::optional<Token>> TokenReader::next(ByteView &rest) {
    while (true) {
        const bool needs_no_byte = state_ == State::literal_begin ||
                                   state_ == State::quoted_piece ||
                                   (state_ == State::literal && literal_left_ == 0);
        if (rest.empty() && !needs_no_byte) {
            return std::optional<Token>{};
        }
        Step token = step(rest);
        if (!token || token->has_value()) {
            return token;
        }
    }
}

TokenReader::Step TokenReader::step(ByteView &rest) {
    const char letter = rest.empty() ? '\0' : static_cast<char>(rest.front());
    switch (state_) {
    case State::line_begin:
        buffer_.clear();
        words_ = 0;
        splits_at_commas_ = false;
        if (ends_atom(letter)) {
            return out_of_step("a line begins with no word");
        }
        state_ = State::atom;
        return read_atom(rest);
    case State::between:
    case State::behind_value:
        return begin_token(letter, rest);
    case State::atom:
        return read_atom(rest);
    case State::quoted:
    case State::quoted_escape:
    case State::quoted_piece:
        return read_quoted(rest);
    case State::literal_count:
    case State::literal_count_end:
    case State::literal_line_end:
        return read_literal_header(letter, rest);
    case State::literal_begin:
    case State::literal:
        return read_literal(rest);
    case State::text_begin:
        // "+" and "A1 OK" without a text are not correct, and are sent.
        rest = letter == ' ' ? rest.subspan(1) : rest;
        state_ = State::text;
        return std::optional<Token>{};
    case State::text:
        return read_text(rest);
    case State::line_feed:
        return end_line(rest);
    }
    return out_of_step("no state");
}

TokenReader::Step TokenReader::begin_token(char letter, ByteView &rest) {
    const bool separates = letter == ' ' || (letter == ',' && splits_at_commas_);
    if (separates || letter == '\r') {
        rest = rest.subspan(1);
        state_ = separates ? State::between : State::line_feed;
        if (!separates && (depth_ > 0 || in_section_)) {
            return out_of_step("a line ends within a list");
        }
        return std::optional<Token>{};
    }
    if (letter == ')') {
        return close_list(rest);
    }
    if (letter == ']' && in_section_ && depth_ == section_depth_) {
        rest = rest.subspan(1);
        in_section_ = false;
        state_ = State::between;
        return std::optional(Token{Token::Kind::section_close});
    }
    if (state_ == State::behind_value) {
        return out_of_step("a string is followed by something else than a blank");
    }
    buffer_.clear();
    if (letter == '(') {
        if (depth_ == limits::imap_depth_max) {
            return beyond_limit("the depth of a list");
        }
        rest = rest.subspan(1);
        ++depth_;
        return std::optional(Token{Token::Kind::list_open});
    }
    if (letter == '"' || letter == '{') {
        rest = rest.subspan(1);
        state_ = letter == '"' ? State::quoted : State::literal_count;
        return std::optional<Token>{};
    }
    if (ends_atom(letter) || is_control(letter)) {
        return out_of_step("a byte that begins no word");
    }
    state_ = State::atom;
    return read_atom(rest);
}

bool TokenReader::ends_atom(char letter) const {
    return letter == ' ' || letter == '\r' || letter == '\n' || letter == '(' || letter == ')' ||
           (letter == ']' && in_section_) || (letter == ',' && splits_at_commas_);
}

bool TokenReader::opens_section(char letter) const {
    return letter == '[' && depth_ == 1 && !in_section_ &&
           (equal_without_case(buffer_, "BODY") || equal_without_case(buffer_, "BINARY"));
}

TokenReader::Step TokenReader::read_atom(ByteView &rest) {
    while (!rest.empty()) {
        const char letter = static_cast<char>(rest.front());
        if (ends_atom(letter)) {
            return finish_atom();
        }
        rest = rest.subspan(1);
        if (opens_section(letter)) {
            in_section_ = true;
            section_depth_ = depth_;
            state_ = State::between;
            return std::optional(Token{Token::Kind::section_open, buffer_});
        }
        if (letter == '{' && buffer_ == "~") { // literal8 (RFC 3516)
            buffer_.clear();
            state_ = State::literal_count;
            return std::optional<Token>{};
        }
        // A brace in a word might be a literal without the blank before it: nothing to guess at.
        if (letter == '{' || letter == '"' || is_control(letter)) {
            return out_of_step("a byte that belongs into no word");
        }
        if (buffer_.size() == limits::imap_atom_bytes_max) {
            return beyond_limit("a word");
        }
        buffer_ += letter;
    }
    return std::optional<Token>{};
}

TokenReader::Step TokenReader::finish_atom() {
    const bool is_first = words_ == 0;
    const bool is_second = words_ == 1;
    words_ = std::min<std::size_t>(words_ + 1, 2);
    const bool is_text =
        (is_first && buffer_ == "+") || (is_second && depth_ == 0 && is_condition(buffer_));
    state_ = is_text ? State::text_begin : State::between;
    splits_at_commas_ = splits_at_commas_ || (is_second && equal_without_case(buffer_, "ESEARCH"));
    return std::optional(Token{Token::Kind::atom, buffer_});
}

TokenReader::Step TokenReader::read_quoted(ByteView &rest) {
    if (state_ == State::quoted_piece) {
        if (buffer_.empty()) {
            state_ = State::behind_value;
            return std::optional(Token{Token::Kind::string_end});
        }
        // The bytes stay where they are until the next token is asked for.
        literal_left_ = 0;
        state_ = State::literal;
        return std::optional(Token{Token::Kind::string_piece, {}, as_bytes(buffer_)});
    }
    while (!rest.empty()) {
        const char letter = static_cast<char>(rest.front());
        rest = rest.subspan(1);
        if (letter == '\r' || letter == '\n') {
            return out_of_step("a line ends within a quoted string");
        }
        if (state_ == State::quoted && letter == '"') {
            state_ = State::quoted_piece;
            return std::optional(Token{Token::Kind::string_begin, {}, {}, buffer_.size()});
        }
        if (state_ == State::quoted && letter == '\\') {
            state_ = State::quoted_escape;
            continue;
        }
        if (buffer_.size() == limits::imap_quoted_bytes_max) {
            return beyond_limit("a quoted string");
        }
        buffer_ += letter;
        state_ = State::quoted;
    }
    return std::optional<Token>{};
}

TokenReader::Step TokenReader::read_literal_header(char letter, ByteView &rest) {
    rest = rest.subspan(1);
    if (state_ == State::literal_count && letter >= '0' && letter <= '9') {
        buffer_ += letter;
        if (buffer_.size() > 20) {
            return out_of_step("the count of a literal is no number");
        }
        return std::optional<Token>{};
    }
    if (state_ == State::literal_count && letter == '}') {
        const auto count = parse_number64(buffer_);
        if (!count) {
            return out_of_step("the count of a literal is no number");
        }
        if (*count > limits::imap_literal_bytes_max) {
            return beyond_limit("a literal");
        }
        literal_left_ = *count;
        state_ = State::literal_count_end;
        return std::optional<Token>{};
    }
    if (state_ == State::literal_count_end && letter == '\r') {
        state_ = State::literal_line_end;
        return std::optional<Token>{};
    }
    if (state_ == State::literal_line_end && letter == '\n') {
        state_ = State::literal_begin;
        return std::optional<Token>{};
    }
    return out_of_step("the count of a literal does not end its line");
}

TokenReader::Step TokenReader::read_literal(ByteView &rest) {
    if (state_ == State::literal_begin) {
        state_ = State::literal;
        return std::optional(Token{Token::Kind::string_begin, {}, {}, literal_left_});
    }
    if (literal_left_ == 0) {
        state_ = State::behind_value;
        return std::optional(Token{Token::Kind::string_end});
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(literal_left_, rest.size()));
    const ByteView piece = rest.first(size);
    rest = rest.subspan(size);
    literal_left_ -= size;
    return std::optional(Token{Token::Kind::string_piece, {}, piece});
}

TokenReader::Step TokenReader::read_text(ByteView &rest) {
    const auto end = std::find_if(rest.begin(), rest.end(),
                                  [](std::uint8_t byte) { return byte == '\r' || byte == '\n'; });
    const auto size = static_cast<std::size_t>(end - rest.begin());
    if (!text_begun_) {
        buffer_.clear();
        text_begun_ = true;
    }
    if (size > limits::imap_text_bytes_max - buffer_.size()) {
        return beyond_limit("a line");
    }
    buffer_ += as_text(rest.first(size));
    rest = rest.subspan(size);
    if (rest.empty()) {
        return std::optional<Token>{};
    }
    if (rest.front() == '\n') {
        return out_of_step("a line ends without CR");
    }
    rest = rest.subspan(1);
    text_begun_ = false;
    state_ = State::line_feed;
    return std::optional(Token{Token::Kind::text, buffer_});
}

TokenReader::Step TokenReader::close_list(ByteView &rest) {
    rest = rest.subspan(1);
    if (depth_ == 0 || (in_section_ && depth_ == section_depth_)) {
        return out_of_step("a bracket closes nothing");
    }
    --depth_;
    state_ = State::between;
    return std::optional(Token{Token::Kind::list_close});
}

TokenReader::Step TokenReader::end_line(ByteView &rest) {
    if (rest.front() != '\n') {
        return out_of_step("a line ends without LF");
    }
    rest = rest.subspan(1);
    state_ = State::line_begin;
    return std::optional(Token{Token::Kind::line_end});
}

} // namespace postrider::transport::imap

// The content transfer encodings of MIME (RFC 2045 section 6): a strict writer of base64 and
// lenient readers that take what damaged mails hold and never fail. Reading goes piece by piece, so
// that a decoded mail need not be in memory beside the encoded one.
#pragma once

#include <string>
#include <string_view>

#include "common/base/bytes.hpp"

namespace postrider::mail {

/// Digits in a line of base64: as MIME allows at most, and as ASCII armour has.
inline constexpr std::size_t mime_line_digits = 76;
inline constexpr std::size_t armour_line_digits = 64;

/// Adds base64 in lines of `line_digits` (a multiple of 4), each ended by CRLF. Several calls give
/// the text of one where all but the last are given whole lines.
void append_base64_lines(ByteView bytes, std::size_t line_digits, std::string &text);
/// The size of what append_base64_lines adds.
std::size_t base64_lines_bytes(std::size_t bytes, std::size_t line_digits = mime_line_digits);

/// Takes the next piece for a decoder off `rest`: up to a line end, about 64 KiB; where lines are
/// longer than that, a piece of one.
std::string_view take_piece(std::string_view &rest);

/// Reads base64 by lines, because text of others stands between them: footers, quotation marks,
/// tags. A line is base64 when, without the marks of quotation before it, blanks around it and the
/// tags of HTML in it, it consists of digits and padding, and of several words only where all but
/// the last have at least 16 digits. A line of anything else is no part of it, not even its
/// letters. Padding ends a group of digits, and another may follow; lines may end within a group.
class Base64Decoder {
  public:
    /// Adds the bytes of the lines that are base64.
    void decode(std::string_view piece, Bytes &bytes);

    /// The same up to the first line that is neither base64 nor empty, or the first but the very
    /// first that begins with `another_begins`. Gives the size of what was read: `piece.size()`
    /// when there may be more.
    std::size_t decode_run(std::string_view piece, std::string_view another_begins, Bytes &bytes);

  private:
    enum class Line { empty, taken, refused };

    /// Where the next byte goes, the bits that have not made a byte, and how many these are.
    struct State {
        std::uint8_t *to = nullptr;
        std::uint32_t window = 0;
        unsigned bits = 0;
    };

    template <class Read>
    void with_room(std::size_t digits, Bytes &bytes, const Read &read);
    Line read_line(std::string_view line);
    Line read_fragment(std::string_view fragment);
    std::size_t read_groups(std::string_view digits, std::size_t index);
    bool read_digits(std::string_view digits);

    State state_;
    bool has_begun_ = false;
};

/// As the decoder, all at once.
Bytes decode_base64(std::string_view text);

/// Broken escapes stand for themselves. Blanks before a line end are dropped, as RFC 2045 demands.
/// Text may be given in pieces that take_piece made.
void decode_quoted_printable(std::string_view piece, Bytes &bytes);
Bytes decode_quoted_printable(std::string_view text);

} // namespace postrider::mail

// The content transfer encodings of MIME (RFC 2045 section 6): a strict writer of base64 and
// lenient readers that take what damaged mails hold and never fail.
#pragma once

#include <string>
#include <string_view>

#include "common/base/bytes.hpp"

namespace postrider::mail {

/// Base64 in lines of 76 characters, each ended by CRLF.
std::string to_base64_lines(ByteView bytes);
/// The size of what to_base64_lines gives.
std::size_t base64_lines_bytes(std::size_t bytes);

/// Skips whatever is not a digit of base64; padding ends a group of digits, and another may follow.
Bytes decode_base64(std::string_view text);

/// Broken escapes stand for themselves. Blanks before a line end are dropped, as RFC 2045 demands.
Bytes decode_quoted_printable(std::string_view text);

/// The length of the run of base64 digits, blanks and line ends at the beginning of `text`.
std::size_t base64_run_length(std::string_view text);

} // namespace postrider::mail

// UTF-8 (RFC 3629): checked before peer-supplied text is stored, and cut on a character border for
// messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postrider {

/// Well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. U+0000 is allowed.
bool is_utf8(std::string_view text);

/// At most `bytes_max` bytes, cut on a character border.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

/// Foreign text made safe for a log, a status line or a page: invalid UTF-8, control characters,
/// ESC and the bidirectional controls become '?', and at most `bytes_max` bytes are kept.
std::string printable(std::string_view text, std::size_t bytes_max = 200);

} // namespace postrider

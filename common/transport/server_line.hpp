// Lines of a mail server, gathered from pieces of any size. What the lines mean is not known here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"

namespace postrider::transport {

class ServerLineReader {
  public:
    /// Takes from the front of `bytes` up to the end of a line, and gives the line without its CR
    /// LF; nothing while the end has not come, `bytes` is empty then. A bare LF ends a line too:
    /// servers are forgiven that. Fails (`too_large`) above `limits::server_line_bytes_max`.
    Result<std::optional<std::string>> next(ByteView &bytes);

    /// A line has begun and not ended.
    [[nodiscard]] bool is_inside() const { return !line_.empty(); }

  private:
    std::string line_;
};

/// Takes the decimal number at the front of `text`: ASCII digits only, as many as there are.
/// Nothing, and `text` unchanged, where there is none or it does not fit.
std::optional<std::uint64_t> take_number(std::string_view &text);

/// Whether an ASCII text is a word of a protocol, in whatever case.
bool is_word(std::string_view text, std::string_view word);

/// Takes what stands before the first blank, and the blank.
std::string_view take_word(std::string_view &text);

/// `malformed`: a server says what its protocol does not allow here.
Error nonsense(std::string_view protocol, std::string_view what);

} // namespace postrider::transport

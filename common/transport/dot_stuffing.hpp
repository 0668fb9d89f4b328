// The end of a text in SMTP and POP3: a line that is a single dot. Lines that begin with a dot get
// one more on their way (RFC 5321 section 4.5.2, RFC 1939 section 3). Only CR LF ends a line here,
// on both ways: who took a bare LF for one could be made to see the end of a mail within it.
#pragma once

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"

namespace postrider::transport {

/// Writes a text piece by piece.
class DotStuffer {
  public:
    /// Appends `piece` to `out`, dots doubled. Fails (`internal`) where it is not 7-bit text with
    /// CR LF as its only line ends: some servers would take a bare LF before a dot for the end.
    Result<void> write(ByteView piece, Bytes &out);
    /// Appends CR LF where the last line has none, and the final dot. Fails after a bare CR.
    Result<void> finish(Bytes &out);

  private:
    enum class Place { line_start, inside, after_cr };

    Place place_ = Place::line_start;
};

/// Reads a text piece by piece.
class DotUnstuffer {
  public:
    /// Takes from the front of `bytes` and appends the text in it to `out`. True when the final dot
    /// has come; what follows it stays in `bytes`.
    bool read(ByteView &bytes, Bytes &out);

  private:
    enum class Place { line_start, inside, after_cr, after_dot, after_dot_cr };

    Place place_ = Place::line_start;
};

} // namespace postrider::transport

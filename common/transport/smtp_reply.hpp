// Replies of an SMTP server: bytes in, codes and texts out (RFC 5321 section 4.2). What a reply
// means for a mail is smtp_verdict's to say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"
#include "common/transport/server_line.hpp"

namespace postrider::transport {

/// "5.1.1" (RFC 3463). Taken from any reply that has one, whether the server has announced
/// ENHANCEDSTATUSCODES (RFC 2034) or not.
struct EnhancedStatus {
    unsigned status_class = 0; // 2, 4 or 5
    unsigned subject = 0;      // up to 999
    unsigned detail = 0;       // up to 999
    bool operator==(const EnhancedStatus &) const = default;
};

struct SmtpReply {
    unsigned code = 0; // 200 to 599
    std::optional<EnhancedStatus> status;
    /// All lines without codes and statuses, made printable and cut to 200 bytes: for people.
    std::string text;
    /// What stands after the code in each line, as it came: for EHLO. Not to be shown.
    std::vector<std::string> lines;

    [[nodiscard]] unsigned code_class() const { return code / 100; }

    /// "550 5.1.1 no such user"
    [[nodiscard]] std::string shown() const;
};

class SmtpReplyReader {
  public:
    /// Takes from the front of `bytes` up to the end of a reply and gives the reply; nothing while
    /// its end has not come, `bytes` is empty then. Strict about codes: three digits, the first one
    /// 2 to 5, then a blank, a hyphen or the end, and the same code in each line; lenient about
    /// texts. Fails with `malformed`, or with `too_large` above `limits::server_line_bytes_max` and
    /// `limits::smtp_reply_lines_max`; of no use after that.
    Result<std::optional<SmtpReply>> next(ByteView &bytes);

    /// A reply has begun and not ended.
    [[nodiscard]] bool is_inside() const { return line_.is_inside() || !reply_.lines.empty(); }

  private:
    Result<bool> add_line(std::string_view line);

    ServerLineReader line_;
    SmtpReply reply_;
};

} // namespace postrider::transport

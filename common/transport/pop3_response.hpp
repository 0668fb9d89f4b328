// Status lines and lists of a POP3 server (RFC 1939, RFC 2449), and what to tell an operator about
// a refusal. Bytes become lines in pop3_dialogue.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

namespace postrider::transport {

struct Pop3Status {
    bool ok = false;
    /// "IN-USE", "SYS/TEMP", … in upper case (RFC 2449 section 8, RFC 3206); empty where none is.
    std::string code;
    std::string text; // as it came, without the code: STAT's numbers. Not to be shown.

    /// "-ERR [IN-USE] text", made printable and cut to 200 bytes.
    [[nodiscard]] std::string shown() const;
};

/// "+OK" or "-ERR" in whatever case, a blank or the end, then anything.
Result<Pop3Status> parse_pop3_status(std::string_view line);

/// The error of a -ERR to a command that was to do `what` ("list the messages"). Also for a login
/// that failed: libcurl gives its text.
Error pop3_refusal(std::string_view what, const Pop3Status &status);

struct Pop3Capabilities {
    bool top = false;
    bool unique_ids = false; // UIDL
    bool pipelining = false;
    bool operator==(const Pop3Capabilities &) const = default;
};

/// One line of a CAPA list; what is not known is passed over.
void add_pop3_capability(Pop3Capabilities &found, std::string_view line);

/// A message in the maildrop. Numbers hold for this connection only.
struct Pop3Message {
    std::uint64_t number = 0; // from 1
    std::uint64_t bytes = 0;  // as the server counts them: a hint
    /// 1 to 70 characters (RFC 1939 section 7); empty where the server has none. Equal ones are
    /// allowed for equal messages.
    std::string unique_id;
    bool operator==(const Pop3Message &) const = default;
};

/// What STAT, LIST and UIDL say, put together. Of more than `limits::pop3_messages_max` messages
/// the ones with the highest numbers are kept, which are the newest.
class Pop3Maildrop {
  public:
    Pop3Maildrop() = default;
    /// `malformed` where it is not "count bytes".
    static Result<Pop3Maildrop> from_stat(std::string_view text);

    /// A line of LIST or UIDL. `malformed` where it is none, names a message that STAT does not
    /// count, or one that has been told before.
    Result<void> add_size(std::string_view line);
    Result<void> add_unique_id(std::string_view line);

    [[nodiscard]] bool has_unique_ids() const { return unique_ids_ == count_; }

    [[nodiscard]] bool has_sizes() const { return sizes_ == count_; }

    [[nodiscard]] std::uint64_t count() const { return count_; }

    /// Of the oldest, those that are not listed.
    [[nodiscard]] std::uint64_t left_out() const { return first_ - 1; }

    std::vector<Pop3Message> take_messages() && { return std::move(messages_); }

  private:
    /// The message of a line, nothing for one that is left out; takes its number from the line.
    Result<Pop3Message *> message_of(std::string_view &line);

    std::uint64_t count_ = 0;
    std::uint64_t first_ = 1; // number of the first one that is listed
    std::uint64_t sizes_ = 0; // lines that have come
    std::uint64_t unique_ids_ = 0;
    std::vector<bool> sized_;
    std::vector<Pop3Message> messages_;
};

} // namespace postrider::transport

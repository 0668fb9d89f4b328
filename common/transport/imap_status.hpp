// What an IMAP server says to a command or by the way: OK, NO, BAD, BYE with a response code
// (RFC 3501 section 7.1, RFC 5530), and what that means for whoever asked.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace postrider::transport::imap {

enum class Condition { ok, no, bad, bye, preauth };

/// Only what somebody acts on; everything else is `other`.
enum class Code {
    none,
    other,
    alert,
    already_exists,
    capability,
    closed,
    in_use,
    no_permission,
    nonexistent,
    over_quota,
    read_only,
    read_write,
    throttled,
    try_create,
    uid_next,
    uid_validity,
    unavailable,
};

struct Status {
    Condition condition = Condition::ok;
    Code code = Code::none;
    std::string argument;           // what stands behind the code within the brackets
    std::string text;               // for people, as it came
    Errc means = Errc::unavailable; // what a NO with this code asks for
    std::string_view hint = {};     // for an operator; a constant
};

/// `word` is OK, NO, BAD, BYE or PREAUTH, `text` what follows on the line.
Status parse_status(std::string_view word, std::string_view text);

/// A NO, BAD or BYE as an Error; `what` says what could not be done: "move mails to \"done\"".
Error error_of(const Status &status, std::string_view what);

} // namespace postrider::transport::imap

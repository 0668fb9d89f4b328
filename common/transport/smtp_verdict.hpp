// What a server's reply means for a mail, and what to tell an operator about it. Pure; the numbers
// are those of RFC 5321 section 4.2.3 and RFC 3463, the exceptions what servers were seen to do.
#pragma once

#include <optional>
#include <string_view>

#include "common/base/clock.hpp"
#include "common/base/error.hpp"
#include "common/transport/smtp_reply.hpp"

namespace postrider::transport {

/// What was said to the server before it replied.
enum class SmtpStage {
    sender,          // MAIL FROM
    first_recipient, // RCPT TO, none accepted before
    later_recipient, // RCPT TO, at least one accepted before
    data,            // DATA
    content,         // the mail with its final dot
};

enum class SmtpVerdict {
    accepted,
    /// Temporary, a full mailbox included: again by the usual schedule.
    try_again,
    /// The server asks strangers to come back: the first time after `greylisting_delay`.
    greylisted,
    /// At a recipient: the rest goes in a mail of its own, at once. When all recipients of a mail
    /// get it, the next mail has to have fewer of them.
    too_many_recipients,
    /// Never at this size.
    too_large,
    /// Mails come too fast, or the server goes away: nothing from this account for a while.
    slow_down,
    /// The address is wrong: the sender's at stage `sender`, otherwise the recipient's.
    refused_address,
    /// Forbidden, or taken for spam, or refused for a reason that no rule knows: for a person.
    refused_policy,
    /// The account, not the mail: user, password, or what it may do.
    login,
    /// The connection was lost after the final dot: it may have been accepted. Sent again only when
    /// no acknowledgement comes.
    unknown,
    /// The connection was lost before the final dot: nothing of it was delivered.
    not_sent,
};

/// The verdict's name as written above.
std::string_view name_of(SmtpVerdict verdict);

/// Between this and a minute more lies the first try after `greylisted`: most servers that do this
/// want five minutes.
inline constexpr Duration greylisting_delay = std::chrono::minutes{5};

/// Of a reply with 2xx, 4xx or 5xx; 354 to DATA is no reply to a mail yet. A server that
/// contradicts itself (550 4.2.0) is believed the milder of the two. Never `unknown` or `not_sent`.
SmtpVerdict judge_reply(const SmtpReply &reply, SmtpStage stage);

/// Who was to get the mail from whom, both checked addresses.
struct SmtpParties {
    std::string_view sender;
    std::string_view recipient;
};

/// The error of a verdict that judge_reply gave, but `accepted`.
Error reply_error(const SmtpReply &reply, SmtpStage stage, const SmtpParties &parties);

/// The error of `unknown` and `not_sent`; `reason` is why the connection was lost.
Error lost_error(SmtpVerdict verdict, const Error &reason, std::string_view recipient);

} // namespace postrider::transport

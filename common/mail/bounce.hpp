// Reads what mail systems send back about a mail that they could not deliver: which of our mails,
// which recipients, why. Delivery status notifications (RFC 3464), and the free texts of systems
// that do not know them.
//
// A bounce is a hint and nothing more. Anybody can write one, about any mail whose Message-ID they
// have seen. It may be shown, and it may hasten what would be tried anyway: another container,
// smaller parts, a longer pause. It never says that a mail arrived or that it did not.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.hpp"

namespace postrider::mail {

/// Grouped by what a sender may do.
enum class BounceReason {
    delayed,         // still being tried: nothing to do
    mailbox_full,    // passes, though systems call it permanent
    no_such_address, // the address, its domain, or the mailbox is gone
    policy,          // refused as spam, for its sender or for a rule: a human has to look
    too_large,       // smaller parts may pass
    content_refused, // the attachment was removed or refused: another container may pass
    unknown,
};

struct FailedRecipient {
    std::string address; // as the bounce says, printable; may be empty where it says nothing
    BounceReason reason = BounceReason::unknown;
    std::string status; // RFC 3463, such as "5.1.1"; may be empty
    std::string text;   // what the server said: one printable line of at most 200 bytes
};

struct Bounce {
    /// What may be a `message_name` of ours, in the order of how likely it is the mail that came
    /// back; at most `limits::bounce_names_max`. Others' Message-IDs may look the same: the sender
    /// knows which it has sent.
    std::vector<std::string> message_names;
    /// At most `limits::bounce_recipients_max`. Never empty: where no recipient is named, it holds
    /// one with an empty address.
    std::vector<FailedRecipient> recipients;
};

/// Nothing when the mail is no bounce, such as the answer of a vacation program or a notification
/// of success. `mail` may be cut: its first `limits::mail_first_look_bytes` are enough, and no more
/// is looked at. Never fails.
std::optional<Bounce> read_bounce(ByteView mail);

} // namespace postrider::mail

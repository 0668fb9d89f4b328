// How receiving for a mailbox fares: since when it fails, why, how often, and when it last worked.
// Written when that changes; the views `mailboxes` and `status` show it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/engine/session.hpp"
#include "common/engine/transport.hpp"

namespace postrider::engine {

struct MailboxHealth {
    std::optional<Timestamp> failing_since; // empty: it works, or was not tried yet
    std::uint64_t failures = 0;             // in a row
    std::string error;
    std::string hint;
    std::optional<Timestamp> worked_at;
};

/// Of a mailbox that is not declared any more nothing is noted. The first failure and the first
/// success behind it are events.
void note_receiving(const Session &session, const Receiving &receiving);

/// An event when 80 % are reached, and when it is less again.
void note_filled(const Session &session, const Filled &filled);

/// A mail of ours came by this mailbox.
void note_arrival(const Session &session, const std::string &mailbox);

MailboxHealth load_mailbox_health(Transaction &transaction, const std::string &mailbox);

/// SQL that holds where mails of the path `path` (an alias of @peer_path) go through the mailbox
/// `mailbox` (an alias of @mailbox).
std::string path_uses_mailbox(const std::string &path, const std::string &mailbox);

} // namespace postrider::engine

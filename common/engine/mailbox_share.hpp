// What peers may send through a mailbox of this node that is limited, and how often it is looked
// into: told to them in words of the task language, and obeyed of theirs. What comes is counted in
// the mailbox's budget like what is sent.
#pragma once

#include <cstdint>
#include <string>

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/wire/control.hpp"

namespace postrider::engine {

/// The peer does not know yet what it is to keep to.
bool is_share_news(const Session &session, const Peer &peer);

/// Queues that for it.
void tell_share(const Session &session, const Peer &peer);

/// Our control stream begins anew: word of it may have been lost.
void forget_that_share_was_told(const Session &session, const Peer &peer);

/// The peer asks it of us. An Error where it asks for what this version does not know; it is not
/// obeyed then.
Result<void> keep_to(const Session &session, const Peer &peer, const wire::KeepTo &asked);

/// A mail of so many bytes came through the mailbox.
void book_arrival(const Session &session, const std::string &mailbox, std::uint64_t bytes);

} // namespace postrider::engine

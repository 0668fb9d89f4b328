// Where two nodes meet: the address that a node gives of itself when it is paired, and what becomes
// of one that it is given.
#pragma once

#include <string>

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"

namespace postrider::engine {

/// Where the peer may reach this node: the first place that it shares with it ("maildir:/path"), or
/// the address of the mailbox that mails to it go through. Empty when there is none that can stand
/// in an invitation; the other side then names a place itself.
std::string own_address(const Session &session, const Peer &peer);

/// The peer's only path from now on: a mail address, "maildir:/path" or "/path", as a person has
/// named or seen it. `refused` for anything else, and for a mail address where this node has not
/// exactly one mailbox.
Result<void> meet_at(const Session &session, const Peer &peer, const std::string &address);

/// The same for what a peer has said of itself, which may be a mail address alone.
Result<void> meet_by_mail(const Session &session, const Peer &peer, const std::string &address);

} // namespace postrider::engine

// The end between two peers: the one that drops the other says so, in a last control message on
// stream 0, for a bounded time; the other holds nothing for it any more.
#pragma once

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

/// Of a peer that is dropped, keeps what it takes to tell it so and to hear that it knows: its
/// keys, its paths and stream 0, under a name that no text can say. False, and nothing done, where
/// it cannot be told.
bool say_farewell(const Session &session, const Peer &peer);

/// A mail of a peer that is leaving was taken: forgets it once it knows.
void forget_if_told(const Session &session, const Peer &peer);

/// Forgets peers that were not reached within limits::farewell_lifetime.
void end_farewells(const Session &session);

/// The node is to be a peer again: an earlier farewell to it ends.
void end_farewell_to(const Session &session, const NodeId &node);

/// The peer has dropped us. Our own tasks stay, to be offered should it be paired again.
Result<void> take_farewell(const Session &session, const Peer &peer);

/// Batches of the stream may be applied now. Of a peer that has left, its farewell may come again.
bool may_apply(const Session &session, const Peer &peer, const StreamKey &key);

/// Nothing goes to it but reports: it has left, and is told that its farewell was taken, or it is
/// two copies of one node.
bool is_only_told(const Session &session, const Peer &peer);

} // namespace postrider::engine

// KEEP: how long, or how much, is kept for peers that acknowledge nothing, and how long the logs
// are. A stream whose receiver stays silent for longer is stale: what waits in it is let go, so
// that the state tables stay bounded; with the first report of the peer it begins anew where the
// peer stands, and its tables are sent again whole.
#pragma once

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

/// How long history, events and refusals are kept: what NODE says in days or weeks.
Duration logs_kept(Transaction &transaction);

/// Lets go what waits in streams that have become stale, and sees to it that their peers are asked
/// where they stand.
void let_go_of_silent(const Session &session);

/// Offers of tasks without a load that nobody has answered for longer than NODE keeps: the queue is
/// not kept for them, and they load should they be accepted after all.
void let_go_for_old_offers(const Session &session);

bool is_let_go(Transaction &transaction, const StreamKey &key);

/// The receiver has acknowledged something of the stream.
void note_answered(const Session &session, const StreamKey &key);

/// The stream has begun anew where the peer stands.
void note_back(const Session &session, const StreamKey &key);

/// A peer of which something was let go is heard of: it is asked where it stands.
void ask_if_let_go(const Session &session, const Peer &peer);

} // namespace postrider::engine

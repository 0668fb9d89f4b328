// What both sides do when a receiver lacks the history that a batch is compressed with: it says so,
// and the sender makes another body of the same number and chain.
#pragma once

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

/// The bodies in the inbox whose history is not here are asked for without, at once. False: there
/// are none.
bool ask_without_history(const Session &session, const Peer &peer, IncomingRow &row);

/// Puts a body that needs no history in the place of the one in the outbox. False: it cannot be
/// made.
bool send_without_history(const Session &session, OutgoingRow &stream, std::uint64_t number);

} // namespace postrider::engine

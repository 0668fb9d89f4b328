// From the queue to sealed batches in the outbox.
#pragma once

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

/// Makes the next step of a stream, if its window is open and there is anything to send: one batch,
/// or several that belong together. Moves the stream's cursor over everything it looked at. Gives
/// the number of batches made.
std::size_t build_step(const Session &session, const Peer &peer, const StreamKey &key);

/// For a stream that may not build yet: moves its cursor over what holds nothing for it, and notes
/// where the first entry lies that does.
void look_ahead(const Session &session, const StreamKey &key);

/// Where the content key of an outbox row is sealed.
SealedPlace outbox_place(const StreamKey &key, std::uint64_t number);

} // namespace postrider::engine

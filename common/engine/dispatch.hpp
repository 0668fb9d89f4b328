// From the queue to sealed batches in the outbox.
#pragma once

#include "common/base/limits.hpp"
#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

/// How the queue is cut, in bytes of values. Tests cut smaller.
struct BatchSizes {
    /// A batch holds whole rows; between its cells and its raw bytes lie names and lengths.
    std::size_t piece_bytes = limits::own_batch_raw_bytes_max / 2;
    /// So much of the queue is composed into one step: enough for a week of work on a row to travel
    /// as one, little enough for memory.
    std::uint64_t step_bytes = limits::own_batch_raw_bytes_max;
    /// A chunk of a load.
    std::size_t chunk_bytes = limits::load_chunk_bytes;
};

/// Makes the next step of a stream, if its window is open and there is anything to send: one batch,
/// or several that belong together. Moves the stream's cursor over everything it looked at. Gives
/// the number of batches made.
std::size_t
build_step(const Session &session, const Peer &peer, const StreamKey &key, const BatchSizes &sizes);

/// For a stream that may not build yet: moves its cursor over what holds nothing for it, and notes
/// where the first entry lies that does.
void look_ahead(const Session &session, const StreamKey &key);

/// Where the content key of an outbox row is sealed.
SealedPlace outbox_place(const StreamKey &key, std::uint64_t number);

} // namespace postrider::engine

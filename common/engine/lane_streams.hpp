// Which streams carry which lanes (docs/decisions/lanes.md): opening them, moving tables from one
// to another, and letting them go. Rules B5 and B11 of docs/correctness.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/engine/session.hpp"
#include "common/engine/store/streams.hpp"
#include "common/wire/batch.hpp"

namespace postrider::engine {

/// A lane to a peer, as its tasks have it.
struct Lane {
    std::int64_t peer_id = 0;
    std::string name;
    Value pacing;
    Value priority;
};

std::optional<StreamKey> stream_of_lane(Transaction &transaction, const Lane &lane);

/// A stream for a lane that has none: one that was let go, or the next number.
StreamKey open_lane(const Session &session, const Lane &lane, std::uint64_t cursor);

/// Tables whose tasks stand in another lane than the one in whose stream they travel go on in that
/// of their tasks: from where they were, and behind what was sent of them.
void follow_lanes(const Session &session);

/// What other streams have on their way of the task's tables, made up to the queue position, comes
/// before what `later` will send.
void mark_older_batches(Transaction &transaction,
                        const StreamKey &later,
                        std::int64_t task_id,
                        std::uint64_t position);

/// The batches of other streams that the receiver has to apply before the next one of `stream`.
std::map<std::uint32_t, wire::Dependency> marked_batches(Transaction &transaction,
                                                         const StreamKey &stream);

/// What `stream` has sent after the number `last_kept` is given up: nothing waits for it any more.
/// Gives the streams that did, or whose batches on their way may name it.
std::vector<StreamKey>
forget_markers(Transaction &transaction, const StreamKey &stream, std::uint64_t last_kept);

/// Streams that carry no table any more, and nothing on its way, wait to be given to the next lane.
/// Markers that nothing on its way may name go, and what all streams have passed in the queue.
void prune_sending(Transaction &transaction);

} // namespace postrider::engine

// What comes next in the queue for a stream: whole steps composed to their net effect, or a single
// one that is too large for that, entry by entry (docs/decisions/large_steps.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "common/engine/lanes.hpp"
#include "common/engine/session.hpp"
#include "common/engine/store/streams.hpp"
#include "common/model/changeset.hpp"
#include "common/wire/batch.hpp"

namespace postrider::engine {

/// Where changes came into being, and the greatest collect number of each place.
using Origins = std::map<wire::Origin, std::uint64_t>;

/// Entries of the queue that are one step, from the first to the last position.
struct LargeStep {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

/// Steps behind a cursor, composed; or, where the next one is too large for that, where it lies.
struct Composed {
    Changeset changeset;
    Origins origins;
    std::uint64_t cursor = 0; // behind what was looked at
    std::optional<LargeStep> large_step;
};

/// As many steps behind `cursor` as make one of the stream (`BatchSizes::step_bytes`). What the
/// peer sent itself never goes back to it.
Composed compose_queue(const Session &session,
                       const StreamKey &key,
                       const SentTables &tables,
                       std::uint64_t cursor);

/// What the tables have in one entry.
struct SentEntry {
    std::uint64_t position = 0;
    Origins origins;
    Changeset changeset;
};

/// The first entry behind `position`, which is there.
SentEntry next_entry(const Session &session,
                     const StreamKey &key,
                     const SentTables &tables,
                     std::uint64_t position);

/// The tables' part of what an entry at that position holds.
Changeset select_entry(const Bytes &content, const SentTables &tables, std::uint64_t position);

} // namespace postrider::engine

// A step of several batches, written batch by batch in one transaction, so that one of them at a
// time lies in memory (docs/correctness.md, B10).
#pragma once

#include <optional>

#include "common/engine/apply_rows.hpp"
#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

/// First every row is written, batch by batch, then rows go, children before parents; foreign keys
/// are looked at when all is done. That is right for a step in which nothing has to be seen beside
/// something of another batch. Nothing is changed, and nothing given, where that is not so: a row
/// is refused, changes are parked, others refer to columns that are no key, or the shapes of tables
/// differ. The step is to be composed then.
std::optional<ApplyCounts> apply_piecewise(const Session &session,
                                           const Peer &peer,
                                           const IncomingRow &row,
                                           const stream::Step &step);

} // namespace postrider::engine

// ON ERROR PARK: what cannot be applied waits in `parked_row`, and the rest goes on
// (docs/correctness.md, C3).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/engine/apply_fitting.hpp"
#include "common/engine/hangs_on.hpp"
#include "common/engine/parked_rows.hpp"

namespace postrider::engine {

struct JoinedRow {
    std::int64_t parked_id = 0;
    Timestamp parked_at{};
};

/// What changes that arrived stand in for.
using JoinedRows = std::map<ChangePlace, JoinedRow>;

/// What is parked of the rows that arrive is composed under their new changes and taken out of
/// `parked_row`. A table that comes whole replaces all that is parked of it.
JoinedRows join_parked(const Session &session, const Peer &peer, std::vector<TargetTable> &targets);

/// Where changes come from.
struct Arrival {
    StreamKey stream;
    std::uint64_t batch_number = 0;
    bool had_parked = false; // something of the peer was parked before
};

/// Applies what can be applied and parks the rest. An Error when nothing may be applied: what is in
/// the way is nothing of a row's, or too much is parked.
Result<ApplyCounts> apply_or_park(const Session &session,
                                  const Peer &peer,
                                  const Arrival &arrival,
                                  std::vector<TargetTable> &targets);

/// The same without parking: all of it or nothing. What was parked before is part of it.
Result<ApplyCounts> apply_or_stop(const Session &session,
                                  const Peer &peer,
                                  const Arrival &arrival,
                                  std::vector<TargetTable> &targets);

struct Retried {
    std::size_t applied = 0;
    std::int64_t last = 0; // the parked row to go on behind; 0: that was all
};

/// Tries those that were parked after `after` again, as many as are tried at once, as one step.
/// What local writers did is collected first. What is applied goes on to others once more.
Retried retry_parked(const Session &session, const Peer &peer, std::int64_t after);

/// Tries everything once, or one row, and what of its peer's is tried with it. Gives what is left
/// in words.
Result<std::string> retry_parked_now(const Session &session, std::optional<std::int64_t> id);

/// Gives the change up: the row stays here as it is, and the sender is told.
Result<std::string> discard_parked(const Session &session, std::int64_t id);

} // namespace postrider::engine

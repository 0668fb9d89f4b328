// "Where is this row?": every place on this node's side of the way where a change of one row may be
// at the moment. Changes nothing.
#pragma once

#include <string>
#include <vector>

#include "common/engine/session.hpp"
#include "common/model/change.hpp"

namespace postrider::engine {

/// `place` is table, capture, queue, outbox or "the peer"; `peer` is empty where it concerns all of
/// them; `detail` a sentence.
struct TracePlace {
    std::string place;
    std::string peer;
    std::string detail;
};

/// `key` has one value for each column of the table's primary key, in key order. `refused` for a
/// table that is not here, or another number of values. Reads the queue whole: for people who look
/// for one row, not for programs that ask again and again.
Result<std::vector<TracePlace>>
trace(const Session &session, const std::string &table, const Key &key);

} // namespace postrider::engine

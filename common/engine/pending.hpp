// Envelopes that are carried by hand instead of by a path.
#pragma once

#include <string>
#include <vector>

#include "common/engine/session.hpp"

namespace postrider::engine {

/// What is due to this peer now, sealed and booked as sent. May leave the database only after the
/// commit and after the state file was written (`state_to_store`).
Result<std::vector<Bytes>> take_pending(const Session &session, const std::string &peer);

} // namespace postrider::engine

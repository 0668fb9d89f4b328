// Configuration that waits for the operator: shown with the peers that it concerns, and put to use
// by `approve_configuration`.
#pragma once

#include <map>
#include <string>

#include "common/engine/session.hpp"

namespace postrider::engine {

/// Peers whose rows of `peer` do not say what waits now, with what they should say; an empty text:
/// nothing waits any more.
std::map<std::int64_t, std::string> approvals_to_show(const Session &session);

/// Writes them down for the views, and tells what began to wait as an event.
void show_approvals(const Session &session);

/// The operator says that everything is as it should be: it is used from now on. Gives how many
/// rows were not approved before. `not_permitted`, and nothing is approved, where a row names what
/// he may not let the node use.
Result<std::size_t> approve_configuration(const Session &session);

} // namespace postrider::engine

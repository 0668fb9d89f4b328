// Attributes of peers, which conditions of tasks name as PEER.x: bound as parameters, never pasted
// into SQL.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/engine/declare_tasks.hpp"
#include "common/engine/session.hpp"

namespace postrider::engine {

using Attributes = std::map<std::string, Value>;

/// Text, number and boolean as values of their kind.
Attributes attributes_of(const task::Peer &peer);
/// Of a peer as it is declared now.
Attributes load_attributes(Transaction &transaction, std::int64_t peer_id);

/// Beside the condition's attributes; null for one that the peer has not.
std::vector<Value> bind_attributes(const dialect::Condition &condition,
                                   const Attributes &attributes);

/// Every peer of a task has the attributes that its conditions name. `text` is everything that is
/// declared.
Result<void> check_attributes(const dialect::Dialect &dialect,
                              const task::TaskText &text,
                              const std::vector<ResolvedTask> &tasks);

/// The attributes of a peer have changed: tables whose conditions lean on them are sent again
/// whole, and replace what the receivers have.
void reload_for_attributes(const Session &session, std::int64_t peer_id);

} // namespace postrider::engine

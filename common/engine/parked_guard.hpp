// The WHERE of RECEIVE where something is parked: a change is looked at as it will be written.
#pragma once

#include "common/engine/lanes.hpp"
#include "common/engine/store/peers.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// Takes away what lies outside of the condition, together with what is parked of the same row:
/// that is written with it. A table that comes whole replaces what is parked of it.
Result<void> guard_arriving(const Session &session,
                            const Peer &peer,
                            const TakenTable &taken,
                            const dialect::TableDescription &table,
                            TableChanges &changes);

} // namespace postrider::engine

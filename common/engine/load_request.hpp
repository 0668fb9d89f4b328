// Who asks for the rows of a table, and how. Each request, with those that are made before it is
// begun, is one load with its own progress; what is read for it goes to nobody else.
#pragma once

#include <cstdint>
#include <string>

#include "common/engine/database.hpp"
#include "common/engine/queue.hpp"

namespace postrider::engine {

/// `replacing`: the receiver removes what is not among the rows; so the table is read whole in one
/// step. The numbers stand in the table `load`.
enum class LoadKind : std::int64_t { rows = 1, replacing = 2 };

/// In the place of a peer.
inline constexpr std::int64_t everybody = 0;

/// The peer gets the rows of the table with what is collected next. A load of the table that is
/// under way goes on for the others, and is over for this peer. Nothing where the table is not
/// captured.
void request_load(Transaction &transaction,
                  const std::string &table,
                  LoadKind kind,
                  std::int64_t peer_id);

/// For whom the load is.
PeerSet peers_of_load(Transaction &transaction, std::int64_t load_id);

Receivers load_receivers(const PeerSet &peers);

/// Part of a condition: `peer`, a column or a parameter, is among those whom the load `l` is for.
std::string is_load_for(const std::string &peer);

/// The peer is gone; what it asked for goes to no other.
void end_loads_for(Transaction &transaction, std::int64_t peer_id);

/// The table is not captured any more.
void end_loads_of(Transaction &transaction, std::int64_t capture_id);

} // namespace postrider::engine

// Who asks for the rows of a table, and how: what is read goes to nobody else.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "common/engine/database.hpp"
#include "common/engine/queue.hpp"

namespace postrider::engine {

/// The numbers are those of `reload` of a capture. `replacing`: the receiver removes what is not
/// among the rows; so the table is read whole in one step.
enum class LoadKind : std::int64_t { rows = 1, replacing = 2 };

/// In the place of a peer.
inline constexpr std::int64_t everybody = 0;

/// The peer gets the rows of the table with what is collected next, together with those who wait
/// for them already; a load that is under way begins again with it. Nothing where the table is not
/// captured.
void request_load(Transaction &transaction,
                  const std::string &table,
                  LoadKind kind,
                  std::int64_t peer_id);

/// By capture: for whom its table is read. None that are named are everybody.
std::map<std::int64_t, PeerSet> peers_of_loads(Transaction &transaction);

Receivers load_receivers(const PeerSet &peers);

/// Part of a condition: `peer`, a column or a parameter, is among those for whom the table of the
/// capture `c` is read.
std::string is_load_for(const std::string &peer);

/// What was asked for is in the queue.
void forget_load_peers(Transaction &transaction, std::int64_t capture_id);

/// The peer is gone; what it asked for goes to no other.
void end_loads_for(Transaction &transaction, std::int64_t peer_id);

} // namespace postrider::engine

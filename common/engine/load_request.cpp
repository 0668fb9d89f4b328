// Requests, and what the queue and the views make of them.
#include "common/engine/load_request.hpp"

#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

/// In the place of a peer that is gone, so that nobody named does not become everybody.
constexpr std::int64_t nobody = -1;

} // namespace

void request_load(Transaction &transaction,
                  const std::string &table,
                  LoadKind kind,
                  std::int64_t peer_id) {
    transaction.execute("INSERT INTO @load_peer (capture_id, peer_id) SELECT capture_id, ?2"
                        " FROM @capture WHERE table_name = ?1"
                        " ON CONFLICT (capture_id, peer_id) DO NOTHING",
                        {Value::text(table), peer_id});
    transaction.execute("UPDATE @capture SET reload = ?2 WHERE table_name = ?1 AND reload < ?2",
                        {Value::text(table), static_cast<std::int64_t>(kind)});
}

std::map<std::int64_t, PeerSet> peers_of_loads(Transaction &transaction) {
    std::map<std::int64_t, PeerSet> peers;
    for (const Row &row : all_rows(transaction, "SELECT capture_id, peer_id FROM @load_peer")) {
        peers[integer_at(row, 0)].insert(integer_at(row, 1));
    }
    return peers;
}

Receivers load_receivers(const PeerSet &peers) {
    return peers.empty() || peers.contains(everybody) ? Receivers::all() : Receivers::only(peers);
}

std::string is_load_for(const std::string &peer) {
    return "(NOT EXISTS (SELECT 1 FROM @load_peer lp WHERE lp.capture_id = c.capture_id)"
           " OR EXISTS (SELECT 1 FROM @load_peer lp WHERE lp.capture_id = c.capture_id"
           " AND lp.peer_id IN (" +
           std::to_string(everybody) + ", " + peer + ")))";
}

void forget_load_peers(Transaction &transaction, std::int64_t capture_id) {
    transaction.execute("DELETE FROM @load_peer WHERE capture_id = ?1", {capture_id});
}

void end_loads_for(Transaction &transaction, std::int64_t peer_id) {
    transaction.execute("INSERT INTO @load_peer (capture_id, peer_id) SELECT capture_id, ?2"
                        " FROM @load_peer WHERE peer_id = ?1"
                        " ON CONFLICT (capture_id, peer_id) DO NOTHING",
                        {peer_id, nobody});
    transaction.execute("DELETE FROM @load_peer WHERE peer_id = ?1", {peer_id});
}

} // namespace postrider::engine

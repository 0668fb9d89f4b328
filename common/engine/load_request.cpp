// Requests, and what the queue and the views make of them.
#include "common/engine/load_request.hpp"

#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

void forget_unwanted_loads(Transaction &transaction) {
    transaction.execute("DELETE FROM @load WHERE load_id NOT IN (SELECT load_id FROM @load_peer)");
}

/// A load of the table that is not begun yet; 0 for none.
std::int64_t waiting_load(Transaction &transaction, std::int64_t capture_id, LoadKind kind) {
    const auto row = first_row(transaction,
                               "SELECT load_id FROM @load WHERE capture_id = ?1 AND kind = ?2"
                               " AND started_at IS NULL",
                               {capture_id, static_cast<std::int64_t>(kind)});
    return row ? integer_at(*row, 0) : 0;
}

std::int64_t add_load(Transaction &transaction, std::int64_t capture_id, LoadKind kind) {
    transaction.execute("INSERT INTO @load (load_id, capture_id, kind) VALUES"
                        " ((SELECT coalesce(max(load_id), 0) + 1 FROM @load), ?1, ?2)",
                        {capture_id, static_cast<std::int64_t>(kind)});
    return waiting_load(transaction, capture_id, kind);
}

bool is_for(Transaction &transaction, std::int64_t load_id, std::int64_t peer_id) {
    return first_row(transaction,
                     "SELECT 1 FROM @load_peer WHERE load_id = ?1 AND peer_id IN (?2, ?3)",
                     {load_id, peer_id, everybody})
        .has_value();
}

} // namespace

void request_load(Transaction &transaction,
                  const std::string &table,
                  LoadKind kind,
                  std::int64_t peer_id) {
    const auto capture = first_row(
        transaction, "SELECT capture_id FROM @capture WHERE table_name = ?1", {Value::text(table)});
    if (!capture) {
        return;
    }
    const std::int64_t capture_id = integer_at(*capture, 0);
    const std::int64_t whole = waiting_load(transaction, capture_id, LoadKind::replacing);
    if (whole != 0 && is_for(transaction, whole, peer_id)) {
        return; // it brings all rows, too
    }
    std::int64_t load_id = waiting_load(transaction, capture_id, kind);
    if (load_id == 0) {
        load_id = add_load(transaction, capture_id, kind);
    }
    transaction.execute("DELETE FROM @load_peer WHERE (peer_id = ?2 OR ?2 = ?3)"
                        " AND load_id IN (SELECT load_id FROM @load WHERE capture_id = ?1)",
                        {capture_id, peer_id, everybody});
    transaction.execute("INSERT INTO @load_peer (load_id, peer_id) VALUES (?1, ?2)",
                        {load_id, peer_id});
    forget_unwanted_loads(transaction);
}

PeerSet peers_of_load(Transaction &transaction, std::int64_t load_id) {
    PeerSet peers;
    for (const Row &row :
         all_rows(transaction, "SELECT peer_id FROM @load_peer WHERE load_id = ?1", {load_id})) {
        peers.insert(integer_at(row, 0));
    }
    return peers;
}

Receivers load_receivers(const PeerSet &peers) {
    return peers.contains(everybody) ? Receivers::all() : Receivers::only(peers);
}

std::string is_load_for(const std::string &peer) {
    return "EXISTS (SELECT 1 FROM @load_peer lp WHERE lp.load_id = l.load_id AND lp.peer_id IN (" +
           std::to_string(everybody) + ", " + peer + "))";
}

void end_loads_for(Transaction &transaction, std::int64_t peer_id) {
    transaction.execute("DELETE FROM @load_peer WHERE peer_id = ?1", {peer_id});
    forget_unwanted_loads(transaction);
}

void end_loads_of(Transaction &transaction, std::int64_t capture_id) {
    transaction.execute("DELETE FROM @load_peer WHERE load_id IN"
                        " (SELECT load_id FROM @load WHERE capture_id = ?1)",
                        {capture_id});
    forget_unwanted_loads(transaction);
}

} // namespace postrider::engine

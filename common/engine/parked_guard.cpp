// The joined changes stand in for those that came while the guard looks.
#include "common/engine/parked_guard.hpp"

#include <map>
#include <utility>

#include "common/engine/packed_key.hpp"
#include "common/engine/parked_rows.hpp"
#include "common/engine/refused_rows.hpp"

namespace postrider::engine {

namespace {

/// Changes as they came, by the keys of rows of which something is parked.
struct CameJoined {
    std::map<Key, postrider::Change> written; // others stand in for them
    std::map<Key, postrider::Change> gone;    // nothing is left to be written
};

CameJoined put_joined(const Session &session,
                      const Peer &peer,
                      const TableSchema &schema,
                      OneWayChanges &rows) {
    CameJoined came;
    const ParkedKeys parked = parked_keys(session.transaction, peer.peer_id, schema.name);
    for (auto row = rows.changes.begin(); !parked.empty() && row != rows.changes.end();) {
        const auto known = parked.find(packed_key(row->first));
        const auto place = row++;
        if (known == parked.end()) {
            continue;
        }
        const std::optional<ParkedChange> before = find_parked(session.transaction, known->second);
        if (auto net = compose_parked(*before, schema, place->second)) {
            came.written.emplace(place->first, std::exchange(place->second, *std::move(net)));
        } else {
            came.gone.emplace(place->first, std::move(place->second));
            rows.changes.erase(place);
        }
    }
    return came;
}

void put_back(CameJoined &&came, OneWayChanges &rows) {
    for (auto &[key, change] : came.written) {
        if (const auto inside = rows.changes.find(key); inside != rows.changes.end()) {
            inside->second = std::move(change);
        }
    }
    for (auto &[key, change] : came.gone) {
        rows.changes.emplace(key, std::move(change));
    }
}

} // namespace

Result<void> guard_arriving(const Session &session,
                            const Peer &peer,
                            const TakenTable &taken,
                            const dialect::TableDescription &table,
                            TableChanges &changes) {
    auto &rows = std::get<OneWayChanges>(changes.changes);
    if (rows.truncated) {
        // The guard tells what replaces the rows here one by one.
        delete_parked_table(session.transaction, peer.peer_id, changes.schema.name);
        return guard_rows(session, peer, taken, table, changes);
    }
    CameJoined came = put_joined(session, peer, changes.schema, rows);
    Result<void> guarded = guard_rows(session, peer, taken, table, changes);
    put_back(std::move(came), rows);
    return guarded;
}

} // namespace postrider::engine

// What is parked and what arrives of the same row become one change. In a file of its own: a
// planted fault of the simulation stands in for it.
#include "common/engine/packed_key.hpp"
#include "common/engine/park.hpp"

namespace postrider::engine {

JoinedRows
join_parked(const Session &session, const Peer &peer, std::vector<TargetTable> &targets) {
    JoinedRows joined;
    for (std::size_t index = 0; index < targets.size(); ++index) {
        TargetTable &target = targets[index];
        if (target.changes.truncated) {
            delete_parked_table(session.transaction, peer.peer_id, target.schema.name);
            continue;
        }
        const ParkedKeys keys = parked_keys(session.transaction, peer.peer_id, target.schema.name);
        auto &changes = target.changes.changes;
        for (auto arriving = changes.begin(); !keys.empty() && arriving != changes.end();) {
            const auto known = keys.find(packed_key(arriving->first));
            const auto place = arriving++;
            if (known == keys.end()) {
                continue;
            }
            const std::optional<ParkedChange> before =
                find_parked(session.transaction, known->second);
            delete_parked(session.transaction, known->second);
            joined.emplace(ChangePlace{index, place->first},
                           JoinedRow{before->parked_id, before->parked_at});
            if (auto net = compose_parked(*before, target.schema, place->second)) {
                place->second = *std::move(net);
            } else {
                changes.erase(place);
            }
        }
    }
    return joined;
}

} // namespace postrider::engine

// What waits for its hour, as the views show it.
#include <algorithm>

#include "common/engine/budgets.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/transmit.hpp"

namespace postrider::engine {

namespace {

/// A row of stream_out or peer_path that waits; `until` empty: it does not.
struct Wait {
    const char *table;
    const char *key; // the second column of the primary key
    std::int64_t number = 0;
    std::optional<Timestamp> until;
    std::string reason;
};

std::string tasks_of_lane(const Session &session, const LanePace &lane) {
    std::string names;
    for (const Row &row :
         all_rows(session.transaction,
                  "SELECT DISTINCT t.name FROM @task t JOIN @task_peer tp"
                  " ON tp.task_id = t.task_id JOIN @stream_out s ON s.peer_id = tp.peer_id"
                  " AND s.lane = t.lane WHERE s.peer_id = ?1 AND s.stream = ?2"
                  " AND t.direction = 'send' ORDER BY t.name",
                  {lane.key.peer_id, std::int64_t{lane.key.stream}})) {
        names += (names.empty() ? "\"" : ", \"") + text_at(row, 0) + "\"";
    }
    return names;
}

Wait wait_of(const Session &session, const LanePace &lane) {
    Wait wait{"stream_out", "stream", std::int64_t{lane.key.stream}, {}, {}};
    const Timestamp open = opens_at(session, lane);
    const Timestamp passage =
        Limits{session, lane, PeerPath{}}.next_passage(urgency_of(lane), wire_bytes_of_slice(1));
    if (lane.has_something() && std::max(open, passage) > session.now) {
        wait.until = std::max(open, passage);
        wait.reason =
            (open >= passage ? "the hours of " : "the budget of ") + tasks_of_lane(session, lane);
    }
    return wait;
}

std::string reason_of(const Session &session, const PeerPath &path, bool has_hours) {
    if (!has_hours && !path.pace.budget && !path.mailbox_budget) {
        return "the budget of its own mailbox";
    }
    const bool is_mailbox = has_hours ? opens_at(session, path.mailbox_hours) > session.now
                                      : !path.pace.budget.has_value();
    return (has_hours ? "the hours of " : "the budget of ") +
           (is_mailbox ? "mailbox \"" + path.mailbox + "\"" : "its path");
}

std::vector<Wait> waits_of(const Session &session, const Peer &peer) {
    std::vector<Wait> waits;
    bool wants_out = is_anything_due(session, peer) || has_control(session, peer);
    for (const LanePace &lane : lanes_to(session, peer.peer_id)) {
        waits.push_back(wait_of(session, lane));
        wants_out = wants_out || (lane.has_something() && !waits.back().until);
    }
    const Timestamp hours = paths_open_at(session, peer.peer_id);
    std::optional<Timestamp> until = hours;
    if (hours <= session.now && wants_out) {
        until = is_anything_due(session, peer) ? next_due(session, peer)
                                               : what_to_build(session, peer).later;
    }
    wants_out = wants_out && until && *until > session.now;
    for (const PeerPath &path : load_paths(session, peer.peer_id)) {
        Wait wait{"peer_path", "ordinal", path.ordinal, {}, {}};
        const bool is_limited =
            hours > session.now || path.pace.budget || path.mailbox_budget || path.asked.budget;
        if (wants_out && path.approved && is_limited && path.retry.failures == 0) {
            wait.until = until;
            wait.reason = reason_of(session, path, hours > session.now);
        }
        waits.push_back(std::move(wait));
    }
    return waits;
}

bool is_shown(const Session &session, const Peer &peer, const Wait &wait) {
    const Row row = *first_row(session.transaction,
                               std::string{"SELECT waits_until, waits_for FROM @"} + wait.table +
                                   " WHERE peer_id = ?1 AND " + wait.key + " = ?2",
                               {peer.peer_id, wait.number});
    return maybe_time_at(row, 0) == wait.until && text_at(row, 1) == wait.reason;
}

} // namespace

bool waits_changed(const Session &session, const Peer &peer) {
    const bool is_paced = first_row(session.transaction,
                                    "SELECT 1 FROM @stream_out WHERE peer_id = ?1"
                                    " AND (pacing <> '' OR waits_until IS NOT NULL)"
                                    " UNION ALL SELECT 1 FROM @peer_path WHERE peer_id = ?1"
                                    " AND (settings <> '' OR waits_until IS NOT NULL)"
                                    " UNION ALL SELECT 1 FROM @peer WHERE peer_id = ?1"
                                    " AND pace_kept <> ''"
                                    " UNION ALL SELECT 1 FROM @mailbox WHERE paced_since > 0"
                                    " UNION ALL SELECT 1 FROM @budget WHERE peer_id = ?2 LIMIT 1",
                                    {peer.peer_id, spent_by_all})
                              .has_value();
    if (!is_paced) {
        return false;
    }
    const std::vector<Wait> waits = waits_of(session, peer);
    return std::any_of(waits.begin(), waits.end(),
                       [&](const Wait &wait) { return !is_shown(session, peer, wait); });
}

void show_waits(const Session &session, const Peer &peer) {
    for (const Wait &wait : waits_of(session, peer)) {
        session.transaction.execute(
            std::string{"UPDATE @"} + wait.table +
                " SET waits_until = ?3, waits_for = ?4 WHERE peer_id = ?1 AND " + wait.key +
                " = ?2",
            {peer.peer_id, wait.number, stored(wait.until), Value::text(wait.reason)});
    }
}

} // namespace postrider::engine

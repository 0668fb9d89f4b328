// Reading what is known of lanes and paths, and asking the rules.
#include "common/engine/pacing.hpp"

#include <algorithm>

#include "common/engine/budgets.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/load_request.hpp"
#include "common/engine/mailbox_share.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

bool is_there(const Session &session, const char *query, std::initializer_list<Value> parameters) {
    return first_row(session.transaction, query, parameters).has_value();
}

/// The stream `s` has begun anew, its receiver does not know, and no table is to come whole in it,
/// which would tell.
std::string is_to_begin_empty() {
    return "(s.stream > 0 AND s.state = 0 AND s.awaits_position = 0 AND s.last_number = 0"
           " AND s.rebase_chain IS NOT NULL"
           " AND NOT EXISTS (SELECT 1 FROM @task_flow f JOIN @task_table tt"
           " ON tt.task_id = f.task_id AND tt.wire_name = f.wire_name JOIN @capture c"
           " ON c.table_name = tt.local_name JOIN @load l ON l.capture_id = c.capture_id"
           " WHERE f.peer_id = s.peer_id AND f.stream = s.stream AND l.finished_at IS NULL AND " +
           is_load_for("s.peer_id") + "))";
}

bool has_openings_ahead(const Session &session, const Peer &peer) {
    return is_there(session,
                    "SELECT 1 FROM @stream_out WHERE peer_id = ?1 AND pacing <> ''"
                    " AND (stepped_at > ?2 OR paced_since > ?2)"
                    " UNION ALL SELECT 1 FROM @peer_path WHERE peer_id = ?1 AND settings <> ''"
                    " AND (used_at > ?2 OR paced_since > ?2)"
                    " UNION ALL SELECT 1 FROM @mailbox WHERE used_at > ?2 OR paced_since > ?2"
                    " UNION ALL SELECT 1 FROM @budget WHERE peer_id IN (?1, ?3)"
                    " AND period_start > ?2 LIMIT 1",
                    {peer.peer_id, stored(session.now), spent_by_all});
}

/// Its own hours, and those of the mailbox.
Timestamp hours_open_at(const Session &session, const PeerPath &path) {
    return std::max(
        stream::next_opening(path.pace.schedule, path.use, local_zone(session), session.now),
        opens_at(session, path.mailbox_hours));
}

std::uint64_t queue_end(const Session &session) {
    const Row row = *first_row(session.transaction, "SELECT max(queue_position) FROM @queue");
    return from_stored(maybe_integer_at(row, 0).value_or(0));
}

void earlier(std::optional<Timestamp> &time, Timestamp other) {
    time = time ? std::min(*time, other) : other;
}

} // namespace

bool begins_empty(const Session &session, const StreamKey &key) {
    return first_row(session.transaction,
                     std::string{"SELECT 1 FROM @stream_out s WHERE s.peer_id = ?1"
                                 " AND s.stream = ?2 AND "} +
                         is_to_begin_empty(),
                     {key.peer_id, std::int64_t{key.stream}})
        .has_value();
}

bool has_control(const Session &session, const Peer &peer) {
    return is_there(session, "SELECT 1 FROM @control_out WHERE peer_id = ?1 LIMIT 1",
                    {peer.peer_id}) ||
           is_there(session, "SELECT 1 FROM @task_peer WHERE peer_id = ?1 AND state = 'waiting'",
                    {peer.peer_id}) ||
           is_there(session,
                    "SELECT 1 FROM @peer WHERE peer_id = ?1 AND asks_told <> asks_every"
                    " AND state <> 'leaving'",
                    {peer.peer_id}) ||
           is_share_news(session, peer);
}

std::vector<LanePace> lanes_to(const Session &session, std::int64_t peer_id) {
    std::vector<LanePace> lanes;
    for (const Row &row : all_rows(
             session.transaction,
             "SELECT s.stream, s.priority, s.pacing, s.paced_since, s.stepped_at, s.cursor,"
             " s.step_to, s.front, (SELECT q.created_at FROM @queue q"
             " WHERE q.queue_position = s.front AND s.front > s.cursor), s.begins_empty,"
             " s.lane = '', s.lane FROM (SELECT s.*, " +
                 is_to_begin_empty() +
                 " AS begins_empty FROM @stream_out s) AS s WHERE s.peer_id = ?1"
                 " AND (s.lane <> '' OR s.begins_empty OR EXISTS (SELECT 1 FROM @outbox o"
                 " WHERE o.peer_id = s.peer_id AND o.stream = s.stream))"
                 " ORDER BY s.stream > 0, s.priority, coalesce((SELECT o.body_total FROM @outbox o"
                 " WHERE o.peer_id = s.peer_id AND o.stream = s.stream ORDER BY o.number LIMIT 1),"
                 " 0), s.stream",
             {peer_id})) {
        LanePace lane;
        lane.key = {peer_id, static_cast<std::uint32_t>(integer_at(row, 0))};
        lane.priority = integer_at(row, 1);
        lane.pace = stored_pace(text_at(row, 2));
        lane.use = {time_at(row, 3), maybe_time_at(row, 4), maybe_time_at(row, 8)};
        lane.cursor = unsigned_at(row, 5);
        lane.step_to = unsigned_at(row, 6);
        lane.front = unsigned_at(row, 7);
        lane.begins_empty = integer_at(row, 9) != 0;
        lane.is_idle = integer_at(row, 10) != 0;
        lane.kinds = path_kinds_of_lane(text_at(row, 11));
        lanes.push_back(std::move(lane));
    }
    return lanes;
}

std::vector<PeerPath> paths_for(const Session &session, const LanePace &lane) {
    std::vector<PeerPath> all = load_paths(session, lane.key.peer_id);
    if (lane.kinds.empty()) {
        return all;
    }
    std::vector<PeerPath> out;
    for (const std::string &kind : lane.kinds) {
        std::copy_if(all.begin(), all.end(), std::back_inserter(out),
                     [&](const PeerPath &path) { return path.kind == kind; });
    }
    return out;
}

Timestamp opens_at(const Session &session, const LanePace &lane) {
    if (lane.cursor < lane.step_to || lane.pace.schedule.is_empty()) {
        return session.now;
    }
    return stream::next_opening(lane.pace.schedule, lane.use, local_zone(session), session.now);
}

Timestamp opens_at(const Session &session, const PeerPath &path) {
    return std::max(stream::next_try(path.retry, session.now), hours_open_at(session, path));
}

Timestamp opens_at(const Session &session, const Hours &hours) {
    return stream::next_opening(hours.schedule, hours.use, local_zone(session), session.now);
}

Timestamp paths_open_at(const Session &session, std::int64_t peer_id) {
    std::optional<Timestamp> open;
    for (const PeerPath &path : load_paths(session, peer_id)) {
        if (path.approved) {
            earlier(open, hours_open_at(session, path));
        }
    }
    return open.value_or(session.now);
}

Timestamp may_build_at(const Session &session, const LanePace &lane) {
    std::optional<Timestamp> open;
    bool is_limited = lane.pace.budget.has_value();
    for (const PeerPath &path : paths_for(session, lane)) {
        if (path.approved) {
            const Limits limits{session, lane, path};
            is_limited = is_limited || !limits.is_empty();
            earlier(open, std::max(hours_open_at(session, path),
                                   limits.next_passage(urgency_of(lane), wire_bytes_of_slice(1))));
        }
    }
    // What was built must go before more is: it would go no sooner, and what comes meanwhile would
    // go with it.
    if (is_limited && is_there(session,
                               "SELECT 1 FROM @outbox WHERE peer_id = ?1 AND stream = ?2"
                               " AND tries = 0 LIMIT 1",
                               {lane.key.peer_id, std::int64_t{lane.key.stream}})) {
        return Timestamp::max();
    }
    return std::max(opens_at(session, lane), open.value_or(session.now));
}

Buildable what_to_build(const Session &session, const Peer &peer) {
    Buildable out;
    const auto from = [&](Timestamp time) {
        if (time <= session.now) {
            out.now = true;
        } else if (time < Timestamp::max()) { // else sending goes before
            earlier(out.later, time);
        }
    };
    const std::uint64_t end = queue_end(session);
    for (const LanePace &lane : lanes_to(session, peer.peer_id)) {
        const bool is_control = lane.key.stream == control_stream;
        const bool has_any = is_control ? has_control(session, peer)
                                        : lane.begins_empty || (!lane.is_idle && lane.cursor < end);
        if (!has_any) {
            continue;
        }
        // A lane that waits looks once whether there is anything for it to wait for.
        const bool knows = is_control || lane.begins_empty || lane.has_something();
        from(knows ? may_build_at(session, lane) : session.now);
    }
    out.now = out.now || has_openings_ahead(session, peer);
    return out;
}

void note_step(const Session &session, const LanePace &lane) {
    if (!lane.pace.schedule.is_empty() && lane.cursor >= lane.step_to) {
        session.transaction.execute(
            "UPDATE @stream_out SET stepped_at = ?3, step_to = ?4 WHERE peer_id = ?1"
            " AND stream = ?2",
            {lane.key.peer_id, std::int64_t{lane.key.stream}, stored(session.now),
             stored(queue_end(session))});
    }
}

void note_path_used(const Session &session, std::int64_t peer_id, std::int64_t ordinal) {
    session.transaction.execute("UPDATE @peer_path SET used_at = ?3 WHERE peer_id = ?1"
                                " AND ordinal = ?2 AND settings <> ''",
                                {peer_id, ordinal, stored(session.now)});
}

void mend_openings(const Session &session, std::int64_t peer_id) {
    for (const auto &[table, column] :
         {std::pair{"stream_out", "stepped_at"}, std::pair{"stream_out", "paced_since"},
          std::pair{"peer_path", "used_at"}, std::pair{"peer_path", "paced_since"},
          std::pair{"budget", "period_start"}}) {
        session.transaction.execute(std::string{"UPDATE @"} + table + " SET " + column +
                                        " = ?2 WHERE peer_id IN (?1, ?3) AND " + column + " > ?2",
                                    {peer_id, stored(session.now), spent_by_all});
    }
    for (const char *column : {"used_at", "paced_since"}) {
        session.transaction.execute(std::string{"UPDATE @mailbox SET "} + column + " = ?1 WHERE " +
                                        column + " > ?1",
                                    {stored(session.now)});
    }
}

} // namespace postrider::engine

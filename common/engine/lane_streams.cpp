// The tables task_flow, stream_out and stream_marker.
#include "common/engine/lane_streams.hpp"

#include "common/engine/lanes.hpp"
#include "common/engine/load_request.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

void set_marker(Transaction &transaction,
                const StreamKey &later,
                const StreamKey &earlier,
                std::uint64_t number) {
    transaction.execute(
        "INSERT INTO @stream_marker (peer_id, stream, after_stream, incarnation, number,"
        " queue_position) SELECT ?1, ?2, stream, incarnation, ?4, cursor FROM @stream_out"
        " WHERE peer_id = ?1 AND stream = ?3 ON CONFLICT (peer_id, stream, after_stream)"
        " DO UPDATE SET number = excluded.number, queue_position = excluded.queue_position"
        " WHERE excluded.number > @stream_marker.number",
        {later.peer_id, std::int64_t{later.stream}, std::int64_t{earlier.stream}, stored(number)});
}

/// What `from` has to wait for, `there` waits for too. The batches that `from` has made last may be
/// older than that, and do not name it; or it has made none since.
void wait_as_well(Transaction &transaction, const StreamKey &from, const StreamKey &there) {
    transaction.execute(
        "INSERT INTO @stream_marker (peer_id, stream, after_stream, incarnation, number,"
        " queue_position) SELECT m.peer_id, ?3, m.after_stream, m.incarnation, m.number,"
        " m.queue_position FROM @stream_marker m WHERE m.peer_id = ?1 AND m.stream = ?2"
        " AND m.after_stream <> ?3 ON CONFLICT (peer_id, stream, after_stream)"
        " DO UPDATE SET number = excluded.number, queue_position = excluded.queue_position"
        " WHERE excluded.number > @stream_marker.number",
        {from.peer_id, std::int64_t{from.stream}, std::int64_t{there.stream}});
}

/// Tables of tasks of one lane, in the stream of another.
struct Movers {
    OutgoingRow from;
    Lane lane;
};

std::vector<Movers> all_movers(Transaction &transaction) {
    std::vector<Movers> movers;
    for (const Row &row : all_rows(
             transaction, "SELECT DISTINCT f.peer_id, f.stream, t.lane, t.pacing, t.priority"
                          " FROM @task_flow f JOIN @task t ON t.task_id = f.task_id"
                          " JOIN @stream_out s ON s.peer_id = f.peer_id AND s.stream = f.stream"
                          " WHERE t.lane <> s.lane ORDER BY f.peer_id, f.stream, t.lane")) {
        const StreamKey from{integer_at(row, 0), static_cast<std::uint32_t>(integer_at(row, 1))};
        movers.push_back({*load_outgoing(transaction, from),
                          {from.peer_id, text_at(row, 2), row.at(3), row.at(4)}});
    }
    return movers;
}

bool lane_keeps_history(const std::string &lane) {
    return !lane.ends_with(lane_without_history);
}

/// The receiver keeps it until a batch names a greater floor; the one that is kept here says which.
void forget_history(Transaction &transaction, const StreamKey &key) {
    const OutgoingRow row = *load_outgoing(transaction, key);
    const std::initializer_list<Value> parameters{key.peer_id, std::int64_t{key.stream},
                                                  stored(row.machine.last_number + 1), Bytes{}};
    transaction.execute("DELETE FROM @history_frame WHERE direction = 'sent' AND peer_id = ?1"
                        " AND stream = ?2 AND number < (SELECT max(h.number)"
                        " FROM @history_frame h WHERE h.direction = 'sent' AND h.peer_id = ?1"
                        " AND h.stream = ?2)",
                        {key.peer_id, std::int64_t{key.stream}});
    transaction.execute("UPDATE @history_frame SET floor = ?3, content = ?4"
                        " WHERE direction = 'sent' AND peer_id = ?1 AND stream = ?2",
                        parameters);
}

/// What was sent in a past that is forgotten here may still come to the receiver, in whatever
/// stream: nothing goes to it before it has said what did.
bool is_in_doubt(Transaction &transaction, std::int64_t peer_id) {
    return first_row(transaction,
                     "SELECT 1 FROM @stream_out WHERE peer_id = ?1 AND awaits_position = 1 LIMIT 1",
                     {peer_id})
        .has_value();
}

/// Whether the stream carries tables of no other lane.
bool carries_only(Transaction &transaction, const Movers &movers) {
    return !first_row(
        transaction,
        "SELECT 1 FROM @task_flow f JOIN @task t ON t.task_id = f.task_id"
        " WHERE f.peer_id = ?1 AND f.stream = ?2 AND t.lane <> ?3 LIMIT 1",
        {movers.lane.peer_id, std::int64_t{movers.from.key.stream}, Value::text(movers.lane.name)});
}

/// The hours are those of the lane from now on; what was used of them is kept.
void set_lane(const Session &session, const StreamKey &key, const Lane &lane) {
    session.transaction.execute("UPDATE @stream_out SET lane = ?3, pacing = ?4, priority = ?5,"
                                " paced_since = ?6 WHERE peer_id = ?1 AND stream = ?2",
                                {key.peer_id, std::int64_t{key.stream}, Value::text(lane.name),
                                 lane.pacing, lane.priority, stored(session.now)});
}

/// A lane begins with what its tables have used of hours and limits.
void copy_use(Transaction &transaction, const StreamKey &from, const StreamKey &to) {
    const std::initializer_list<Value> keys{from.peer_id, std::int64_t{from.stream},
                                            std::int64_t{to.stream}};
    transaction.execute("UPDATE @stream_out SET stepped_at = (SELECT s.stepped_at"
                        " FROM @stream_out s WHERE s.peer_id = ?1 AND s.stream = ?2)"
                        " WHERE peer_id = ?1 AND stream = ?3",
                        keys);
    transaction.execute("INSERT INTO @budget (peer_id, scope, number, period_start, used, last_at)"
                        " SELECT peer_id, scope, ?3, period_start, used, last_at FROM @budget"
                        " WHERE peer_id = ?1 AND number = ?2 AND scope <> 'path mails'"
                        " AND scope <> 'path bytes'",
                        keys);
}

/// The stream goes back to `position`; what it carries has been sent up to where it stood.
void go_back(Transaction &transaction, const StreamKey &key, std::uint64_t position) {
    const std::initializer_list<Value> parameters{key.peer_id, std::int64_t{key.stream},
                                                  stored(position)};
    transaction.execute("UPDATE @task_flow SET from_position = (SELECT s.cursor FROM @stream_out s"
                        " WHERE s.peer_id = ?1 AND s.stream = ?2)"
                        " WHERE peer_id = ?1 AND stream = ?2 AND from_position <"
                        " (SELECT s.cursor FROM @stream_out s"
                        " WHERE s.peer_id = ?1 AND s.stream = ?2 AND s.cursor > ?3)",
                        parameters);
    // An opening that was used up is not open again for what is behind.
    transaction.execute("UPDATE @stream_out SET cursor = ?3, front = 0,"
                        " step_to = CASE WHEN cursor < step_to THEN step_to ELSE 0 END"
                        " WHERE peer_id = ?1 AND stream = ?2 AND cursor > ?3",
                        parameters);
}

/// What a stream that is not open has on its way is lost to the tables that leave it.
void send_whole(Transaction &transaction, const Movers &movers) {
    for (const Row &row :
         all_rows(transaction,
                  "SELECT DISTINCT tt.local_name FROM @task_flow f JOIN @task t"
                  " ON t.task_id = f.task_id JOIN @task_table tt ON tt.task_id = f.task_id"
                  " AND tt.wire_name = f.wire_name"
                  " WHERE f.peer_id = ?1 AND f.stream = ?2 AND t.lane = ?3",
                  {movers.lane.peer_id, std::int64_t{movers.from.key.stream},
                   Value::text(movers.lane.name)})) {
        request_load(transaction, text_at(row, 0), LoadKind::replacing, movers.lane.peer_id);
    }
}

void join_lane(const Session &session, const Movers &movers, std::optional<StreamKey> there) {
    Transaction &transaction = session.transaction;
    const OutgoingRow &from = movers.from;
    const std::uint64_t position = load_outgoing(transaction, from.key)->cursor;
    if (there) {
        go_back(transaction, *there, position);
    } else {
        there = open_lane(session, movers.lane, position);
        copy_use(transaction, from.key, *there);
    }
    wait_as_well(transaction, from.key, *there);
    if (from.machine.state != stream::StreamState::open) {
        send_whole(transaction, movers);
    } else if (!from.machine.outbox.empty()) {
        set_marker(transaction, *there, from.key, from.machine.last_number);
    }
    transaction.execute(
        "UPDATE @task_flow SET stream = ?4,"
        " from_position = CASE WHEN from_position < ?5 THEN ?5 ELSE from_position END"
        " WHERE peer_id = ?1 AND stream = ?2"
        " AND task_id IN (SELECT t.task_id FROM @task t WHERE t.lane = ?3)",
        {movers.lane.peer_id, std::int64_t{from.key.stream}, Value::text(movers.lane.name),
         std::int64_t{there->stream}, stored(position)});
}

void let_streams_go(Transaction &transaction) {
    for (const Row &row :
         all_rows(transaction,
                  "SELECT s.peer_id, s.stream FROM @stream_out s"
                  " WHERE s.stream > 0 AND s.lane <> '' AND NOT EXISTS (SELECT 1 FROM @task_flow f"
                  " WHERE f.peer_id = s.peer_id AND f.stream = s.stream)"
                  " AND NOT EXISTS (SELECT 1 FROM @outbox o WHERE o.peer_id = s.peer_id"
                  " AND o.stream = s.stream)")) {
        const std::initializer_list<Value> key{row.at(0), row.at(1)};
        transaction.execute("UPDATE @stream_out SET lane = '', pacing = '', priority = 1,"
                            " stepped_at = NULL, step_to = 0, front = 0, waits_until = NULL,"
                            " waits_for = '' WHERE peer_id = ?1 AND stream = ?2",
                            key);
        transaction.execute("DELETE FROM @schema_out WHERE peer_id = ?1 AND stream = ?2", key);
        forget_history(transaction,
                       {integer_at(row, 0), static_cast<std::uint32_t>(integer_at(row, 1))});
        transaction.execute("DELETE FROM @budget WHERE peer_id = ?1 AND number = ?2"
                            " AND scope <> 'path mails' AND scope <> 'path bytes'",
                            key);
        transaction.execute("DELETE FROM @stream_marker WHERE peer_id = ?1 AND stream = ?2", key);
    }
}

} // namespace

std::optional<StreamKey> stream_of_lane(Transaction &transaction, const Lane &lane) {
    const auto row = first_row(transaction,
                               "SELECT stream FROM @stream_out"
                               " WHERE peer_id = ?1 AND lane = ?2 AND stream > 0",
                               {lane.peer_id, Value::text(lane.name)});
    if (!row) {
        return std::nullopt;
    }
    return StreamKey{lane.peer_id, static_cast<std::uint32_t>(integer_at(*row, 0))};
}

StreamKey open_lane(const Session &session, const Lane &lane, std::uint64_t cursor) {
    Transaction &transaction = session.transaction;
    let_streams_go(transaction);
    const auto idle = first_row(transaction,
                                "SELECT stream FROM @stream_out WHERE peer_id = ?1 AND stream > 0"
                                " AND lane = '' AND state = 0 ORDER BY stream LIMIT 1",
                                {lane.peer_id});
    const Row last = *first_row(
        transaction, "SELECT coalesce(max(stream), 0) FROM @stream_out WHERE peer_id = ?1",
        {lane.peer_id});
    const StreamKey key{lane.peer_id, static_cast<std::uint32_t>(idle ? integer_at(*idle, 0)
                                                                      : integer_at(last, 0) + 1)};
    if (!idle) {
        OutgoingRow row;
        row.key = key;
        row.machine.incarnation = session.identity.incarnation;
        row.machine.awaits_position = is_in_doubt(transaction, lane.peer_id);
        insert_outgoing(transaction, row);
    }
    set_lane(session, key, lane);
    transaction.execute("UPDATE @stream_out SET cursor = ?3 WHERE peer_id = ?1 AND stream = ?2",
                        {key.peer_id, std::int64_t{key.stream}, stored(cursor)});
    return key;
}

void follow_lanes(const Session &session) {
    for (const Movers &movers : all_movers(session.transaction)) {
        const auto there = stream_of_lane(session.transaction, movers.lane);
        if (!there && movers.from.machine.state == stream::StreamState::open &&
            lane_keeps_history(movers.from.lane) == lane_keeps_history(movers.lane.name) &&
            carries_only(session.transaction, movers)) {
            set_lane(session, movers.from.key, movers.lane);
        } else {
            join_lane(session, movers, there);
        }
    }
}

void mark_older_batches(Transaction &transaction,
                        const StreamKey &later,
                        std::int64_t task_id,
                        std::uint64_t position) {
    // A stream that is not open sends nothing more of its outbox, and gives it up when it goes on.
    for (const Row &row :
         all_rows(transaction,
                  "SELECT o.stream, max(o.number) FROM @outbox o JOIN @stream_out s"
                  " ON s.peer_id = o.peer_id AND s.stream = o.stream AND s.state = 0"
                  " JOIN @schema_out k ON k.peer_id = o.peer_id AND k.stream = o.stream"
                  " JOIN @task_table tt ON tt.wire_name = k.table_name"
                  " WHERE tt.task_id = ?3 AND o.peer_id = ?1 AND o.stream > 0 AND o.stream <> ?2"
                  " AND o.queue_to < ?4 GROUP BY o.stream",
                  {later.peer_id, std::int64_t{later.stream}, task_id, stored(position)})) {
        set_marker(transaction, later,
                   {later.peer_id, static_cast<std::uint32_t>(integer_at(row, 0))},
                   unsigned_at(row, 1));
    }
}

std::map<std::uint32_t, wire::Dependency> marked_batches(Transaction &transaction,
                                                         const StreamKey &stream) {
    std::map<std::uint32_t, wire::Dependency> marked;
    for (const Row &row :
         all_rows(transaction,
                  "SELECT m.after_stream, m.incarnation, m.number, m.queue_position"
                  " FROM @stream_marker m JOIN @stream_out s ON s.peer_id = m.peer_id"
                  " AND s.stream = m.after_stream"
                  " WHERE m.peer_id = ?1 AND m.stream = ?2 AND s.acknowledged < m.number",
                  {stream.peer_id, std::int64_t{stream.stream}})) {
        marked[static_cast<std::uint32_t>(integer_at(row, 0))] = {
            unsigned_at(row, 1), unsigned_at(row, 2), unsigned_at(row, 3)};
    }
    return marked;
}

std::vector<StreamKey>
forget_markers(Transaction &transaction, const StreamKey &stream, std::uint64_t last_kept) {
    std::vector<StreamKey> later;
    const std::string given_up = " WHERE peer_id = ?1 AND after_stream = ?2 AND number > ?3";
    const std::initializer_list<Value> parameters{stream.peer_id, std::int64_t{stream.stream},
                                                  stored(last_kept)};
    for (const Row &row :
         all_rows(transaction, "SELECT stream FROM @stream_marker" + given_up, parameters)) {
        later.push_back({stream.peer_id, static_cast<std::uint32_t>(integer_at(row, 0))});
    }
    transaction.execute("DELETE FROM @stream_marker" + given_up, parameters);
    return later;
}

void prune_sending(Transaction &transaction) {
    transaction.execute("DELETE FROM @stream_marker WHERE EXISTS (SELECT 1 FROM @stream_out s"
                        " WHERE s.peer_id = @stream_marker.peer_id"
                        " AND s.stream = @stream_marker.after_stream"
                        " AND s.acknowledged >= @stream_marker.number)"
                        " AND NOT EXISTS (SELECT 1 FROM @outbox o"
                        " WHERE o.peer_id = @stream_marker.peer_id"
                        " AND o.stream = @stream_marker.stream)");
    let_streams_go(transaction);
    prune_queue(transaction);
}

} // namespace postrider::engine

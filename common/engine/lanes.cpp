// Tasks, lanes and the streams that carry them.
#include "common/engine/lanes.hpp"

#include <sstream>

#include "common/engine/configuration_mac.hpp"
#include "common/engine/lane_streams.hpp"
#include "common/engine/load_request.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/store/rows.hpp"
#include "common/task/words.hpp"

namespace postrider::engine {

namespace {

std::vector<std::string> tables_of(Transaction &transaction, std::int64_t task_id) {
    std::vector<std::string> names;
    for (const Row &row : all_rows(
             transaction, "SELECT local_name FROM @task_table WHERE task_id = ?1", {task_id})) {
        names.push_back(text_at(row, 0));
    }
    return names;
}

/// For all who take part in the task, or will.
void load_for_all(Transaction &transaction,
                  const std::string &table,
                  LoadKind kind,
                  std::int64_t task_id) {
    for (const Row &peer :
         all_rows(transaction, "SELECT peer_id FROM @task_peer WHERE task_id = ?1", {task_id})) {
        request_load(transaction, table, kind, integer_at(peer, 0));
    }
}

/// The first load of a task's tables to a peer, but of those that went on all the time. One that
/// another form of the task, or another task, has sent before replaces what is there: rows may have
/// gone while nothing travelled.
void request_first_load(Transaction &transaction, std::int64_t task_id, std::int64_t peer_id) {
    for (const Row &table :
         all_rows(transaction,
                  "SELECT tt.local_name, EXISTS (SELECT 1 FROM @table_sent s WHERE s.peer_id = ?2"
                  " AND s.table_name = tt.wire_name) FROM @task_table tt WHERE tt.task_id = ?1"
                  " AND NOT EXISTS (SELECT 1 FROM @task_flow f WHERE f.task_id = ?1"
                  " AND f.peer_id = ?2 AND f.wire_name = tt.wire_name)",
                  {task_id, peer_id})) {
        request_load(transaction, text_at(table, 0),
                     integer_at(table, 1) != 0 ? LoadKind::replacing : LoadKind::rows, peer_id);
    }
}

/// Part of a condition: the task takes rows from the peer. Our own declaration is the permission,
/// whether or not its offer is out yet; a task of the peer's needs to have been accepted.
constexpr const char *takes_rows =
    " AND t.direction = 'receive' AND (tp.state IN ('active', 'offered') OR (tp.state = 'waiting'"
    " AND t.declared_by = (SELECT n.node_id FROM @node n)))";

/// Whether changes after `position` are no longer in the queue.
bool is_pruned_after(Transaction &transaction, std::uint64_t position) {
    return last_queue_position(transaction) > position &&
           !first_row(transaction, "SELECT 1 FROM @queue WHERE queue_position = ?1",
                      {stored(position + 1)});
}

struct TableOfTask {
    std::string local_name;
    std::string wire_name;
    std::string lane;
    std::uint64_t from_position = 0; // of what is sent
    task::Table clauses;             // its name is a stand-in
};

ColumnList columns_of(const task::Table &clauses, bool receives, const dialect::Dialect &dialect) {
    return clauses.columns ? ColumnList{clauses.columns->value, receives, dialect} : ColumnList{};
}

std::string where_of(const task::Table &clauses) {
    return clauses.where ? clauses.where->text : "";
}

/// Part of a condition: the peer takes part in the task, or took part in a form of it in which the
/// table was the same.
constexpr const char *is_sent_to =
    " t.direction = 'send' AND (tp.state = 'active' OR EXISTS (SELECT 1 FROM @task_flow f"
    " WHERE f.task_id = tp.task_id AND f.peer_id = tp.peer_id"
    " AND f.wire_name = @task_table.wire_name))";

/// The rows of task_table in tasks `t` with a part `tp` where `where` holds; ?1 is a peer. Every
/// one must be approved.
Result<std::vector<TableOfTask>> tables_of_tasks(const Session &session,
                                                 const std::string &where,
                                                 std::initializer_list<Value> parameters) {
    // The columns that are covered, in their order, and what they are covered by.
    constexpr std::size_t local_name_at = 2;
    constexpr std::size_t wire_name_at = 3;
    constexpr std::size_t columns_at = 4;
    constexpr std::size_t settings_at = 5;
    constexpr std::size_t task_name_at = 7;
    constexpr std::size_t lane_at = 8;
    constexpr std::size_t from_position_at = 9;
    std::vector<TableOfTask> tables;
    for (const Row &row :
         all_rows(session.transaction,
                  "SELECT " + covered_columns("task_table") +
                      ", (SELECT t.name FROM @task t WHERE t.task_id = @task_table.task_id)"
                      ", (SELECT t.lane FROM @task t WHERE t.task_id = @task_table.task_id)"
                      ", coalesce((SELECT f.from_position FROM @task_flow f WHERE f.peer_id = ?1"
                      " AND f.task_id = @task_table.task_id"
                      " AND f.wire_name = @task_table.wire_name), 0)"
                      " FROM @task_table WHERE EXISTS (SELECT 1 FROM @task t"
                      " JOIN @task_peer tp ON tp.task_id = t.task_id"
                      " WHERE t.task_id = @task_table.task_id AND " +
                      where + ")",
                  parameters)) {
        const std::string local_name = text_at(row, local_name_at);
        if (!is_approved(session.identity,
                         protected_row("task_table", std::span{row}.first(task_name_at)))) {
            return Error{Errc::refused,
                         "table \"" + local_name + "\" of task \"" + text_at(row, task_name_at) +
                             "\" is not approved",
                         "Its row in the state tables was edited by hand.",
                         "If it is as it should be, approve() it; else drop the task and declare it"
                         " again."};
        }
        Result<task::Table> clauses =
            task::parse_table("x " + text_at(row, columns_at) + " " + text_at(row, settings_at));
        if (!clauses) {
            return clauses.error();
        }
        tables.push_back({local_name, text_at(row, wire_name_at), text_at(row, lane_at),
                          unsigned_at(row, from_position_at), *std::move(clauses)});
    }
    return tables;
}

Result<std::set<std::string>>
local_names(const Session &session, const std::string &where, std::int64_t peer_id) {
    const Result<std::vector<TableOfTask>> found = tables_of_tasks(session, where, {peer_id});
    if (!found) {
        return found.error();
    }
    std::set<std::string> names;
    for (const TableOfTask &table : *found) {
        names.insert(table.local_name);
    }
    return names;
}

} // namespace

std::vector<std::string> path_kinds_of_lane(const std::string &lane) {
    std::vector<std::string> kinds;
    std::istringstream words{lane.substr(0, lane.find(','))};
    std::string word;
    words >> word;
    if (word != "BY") {
        return kinds;
    }
    while (words >> word && word != "AFTER") {
        if (word != "ELSE") {
            kinds.push_back(task::lower_ascii(word));
        }
    }
    return kinds;
}

Result<SentTables>
sent_tables(const Session &session, std::int64_t peer_id, const std::string &lane) {
    const Result<std::vector<TableOfTask>> found = tables_of_tasks(
        session, std::string{"tp.peer_id = ?1 AND t.lane = ?2 AND t.paused = 0 AND"} + is_sent_to,
        {peer_id, Value::text(lane)});
    if (!found) {
        return found.error();
    }
    SentTables tables;
    for (const TableOfTask &table : *found) {
        tables.emplace(table.local_name,
                       SentTable{.wire_name = table.wire_name,
                                 .columns = columns_of(table.clauses, false, session.dialect),
                                 .where = where_of(table.clauses),
                                 .without_delete = table.clauses.without_delete.has_value(),
                                 .from_position = table.from_position});
    }
    return tables;
}

Result<TakenTables> taken_tables(const Session &session, std::int64_t peer_id) {
    const Result<std::vector<TableOfTask>> found =
        tables_of_tasks(session, std::string{"tp.peer_id = ?1"} + takes_rows, {peer_id});
    if (!found) {
        return found.error();
    }
    TakenTables tables;
    for (const TableOfTask &table : *found) {
        tables.emplace(table.wire_name,
                       TakenTable{.local_name = table.local_name,
                                  .columns = columns_of(table.clauses, true, session.dialect),
                                  .where = where_of(table.clauses),
                                  .without_delete = table.clauses.without_delete.has_value(),
                                  .stops = table.lane.find(lane_that_stops) != std::string::npos});
    }
    return tables;
}

Result<std::set<std::string>> sent_on_tables(const Session &session, std::int64_t except_peer) {
    return local_names(session, std::string{"tp.peer_id <> ?1 AND"} + is_sent_to, except_peer);
}

Result<std::set<std::string>> otherwise_taken_tables(const Session &session,
                                                     std::int64_t except_peer) {
    return local_names(session, std::string{"tp.peer_id <> ?1"} + takes_rows, except_peer);
}

void activate_task(const Session &session, std::int64_t task_id, std::int64_t peer_id) {
    Transaction &transaction = session.transaction;
    const auto task = first_row(transaction,
                                "SELECT t.lane, t.no_load, tp.state, tp.offer_position, t.pacing,"
                                " t.priority"
                                " FROM @task t JOIN @task_peer tp ON tp.task_id = t.task_id"
                                " WHERE t.task_id = ?1 AND tp.peer_id = ?2",
                                {task_id, peer_id});
    if (!task || text_at(*task, 2) == "active") {
        return;
    }
    transaction.execute("UPDATE @task_peer SET state = 'active', reason = '', changed_at = ?3"
                        " WHERE task_id = ?1 AND peer_id = ?2",
                        {task_id, peer_id, stored(session.now)});
    const bool sends =
        first_row(transaction, "SELECT 1 FROM @task WHERE task_id = ?1 AND direction = 'send'",
                  {task_id})
            .has_value();
    if (!sends) {
        return;
    }
    const Lane lane{peer_id, text_at(*task, 0), task->at(4), task->at(5)};
    const std::uint64_t offered_at = unsigned_at(*task, 3);
    bool load = integer_at(*task, 1) == 0;
    auto key = stream_of_lane(transaction, lane);
    if (key) {
        // The stream may have passed over changes of these tables that were made after the offer.
        load = load || load_outgoing(transaction, *key)->cursor > offered_at;
    } else {
        // Nothing is kept for a peer that was revoked.
        load = load || is_pruned_after(transaction, offered_at);
        key = open_lane(session, lane, load ? last_queue_position(transaction) : offered_at);
    }
    if (load) {
        request_first_load(transaction, task_id, peer_id);
    }
    mark_older_batches(transaction, *key, task_id, offered_at);
    transaction.execute(
        "INSERT INTO @task_flow (task_id, peer_id, wire_name, stream, from_position)"
        " SELECT task_id, ?2, wire_name, ?3, ?4 FROM @task_table WHERE task_id = ?1"
        " ON CONFLICT (task_id, peer_id, wire_name) DO NOTHING",
        {task_id, peer_id, std::int64_t{key->stream}, stored(load ? 0 : offered_at)});
}

void end_flow(Transaction &transaction, std::int64_t task_id, std::int64_t peer_id) {
    transaction.execute("DELETE FROM @task_flow WHERE task_id = ?1 AND peer_id = ?2",
                        {task_id, peer_id});
}

void load_again(Transaction &transaction, std::int64_t task_id) {
    for (const std::string &table : tables_of(transaction, task_id)) {
        load_for_all(transaction, table, LoadKind::replacing, task_id);
    }
}

void send_again(Transaction &transaction,
                std::int64_t task_id,
                std::optional<std::int64_t> peer_id) {
    for (const std::string &table : tables_of(transaction, task_id)) {
        if (peer_id) {
            request_load(transaction, table, LoadKind::rows, *peer_id);
        } else {
            load_for_all(transaction, table, LoadKind::rows, task_id);
        }
    }
}

void replace_at_receivers(Transaction &transaction,
                          const std::string &table,
                          std::int64_t task_id) {
    load_for_all(transaction, table, LoadKind::replacing, task_id);
}

void pause_task(Transaction &transaction, std::int64_t task_id) {
    transaction.execute("UPDATE @task SET paused = 1 WHERE task_id = ?1", {task_id});
}

void resume_task(Transaction &transaction, std::int64_t task_id) {
    if (transaction.execute("UPDATE @task SET paused = 0 WHERE task_id = ?1 AND paused = 1",
                            {task_id}) > 0) {
        load_again(transaction, task_id);
    }
}

void open_control_stream(const Session &session, std::int64_t peer_id) {
    if (!load_outgoing(session.transaction, {peer_id, control_stream})) {
        OutgoingRow row;
        row.key = {peer_id, control_stream};
        row.lane = "control";
        row.machine.incarnation = session.identity.incarnation;
        insert_outgoing(session.transaction, row);
    }
}

void reload_streams(Transaction &transaction, std::int64_t peer_id) {
    for (const Row &row :
         all_rows(transaction,
                  "SELECT t.task_id FROM @task t JOIN @task_peer tp ON tp.task_id = t.task_id"
                  " WHERE tp.peer_id = ?1 AND t.direction = 'send'"
                  " AND t.paused = 0 AND (tp.state = 'active' OR EXISTS (SELECT 1"
                  " FROM @task_flow f WHERE f.task_id = t.task_id AND f.peer_id = ?1))",
                  {peer_id})) {
        for (const std::string &table : tables_of(transaction, integer_at(row, 0))) {
            request_load(transaction, table, LoadKind::replacing, peer_id);
        }
    }
}

void pass_over_queue(Transaction &transaction, const StreamKey &key) {
    transaction.execute(
        "UPDATE @task_flow SET from_position = ?3"
        " WHERE peer_id = ?1 AND stream = ?2 AND from_position < ?3",
        {key.peer_id, std::int64_t{key.stream}, stored(last_queue_position(transaction))});
}

} // namespace postrider::engine

// The rows of task, task_table, task_peer and capture.
#include "common/engine/declare_tasks.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "common/engine/configuration_mac.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/differences.hpp"
#include "common/engine/filtered_tables.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/kept_columns.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/load_request.hpp"
#include "common/engine/offers_out.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/table_names.hpp"
#include "common/engine/table_rights.hpp"
#include "common/task/check.hpp"
#include "common/task/words.hpp"

namespace postrider::engine {

namespace {

std::string wire_name_of(const task::Task &task,
                         const task::Table &table,
                         const dialect::TableDescription &description) {
    if (task.direction.value != task::Direction::receive) {
        return description.name;
    }
    std::string name;
    for (const task::Identifier &part : table.name.parts) {
        name += (name.empty() ? "" : ".") + part.text;
    }
    return name;
}

/// The clauses of a task's table against the table itself.
Result<void> resolve_clauses(Transaction &transaction,
                             const dialect::Dialect &dialect,
                             const task::Task &task,
                             ResolvedTable &table) {
    if (table.clauses.where) {
        if (const Result<void> usable =
                check_condition(transaction, dialect, table.clauses.where->text, table.description);
            !usable) {
            return task::placed(table.clauses.where->at, usable.error());
        }
    }
    if (!table.clauses.columns) {
        return {};
    }
    for (const task::TableColumn &column : task::listed_columns(table.clauses)) {
        const auto *computed = std::get_if<task::ComputedColumn>(&column.source);
        if (computed == nullptr) {
            continue;
        }
        const task::Sql sql = task::expression_of(*computed);
        if (const Result<void> usable =
                check_expression(transaction, dialect, sql.text, table.description);
            !usable) {
            return task::placed(sql.at, usable.error());
        }
    }
    const bool receives = task.direction.value == task::Direction::receive;
    const task::Position at = table.clauses.columns->at;
    Result<task::Columns> columns =
        resolve_columns(*table.clauses.columns, table.description, dialect, receives);
    if (!columns) {
        return columns.error();
    }
    table.columns = ColumnList{*columns, receives, dialect};
    table.clauses.columns->value = *std::move(columns);
    if (!receives) {
        return {};
    }
    std::set<std::string> coming;
    for (const dialect::ColumnDescription &column : table.description.columns) {
        if (table.columns.on_wire(column.name)) {
            coming.insert(column.name);
        }
    }
    if (const auto missing = missing_column(table.description, coming)) {
        return task::placed(at, needs_column(table.description, *missing));
    }
    return {};
}

bool sends(const ResolvedTask &task) {
    return task.task.direction.value == task::Direction::send;
}

/// A foreign key of `child` into a table of `parent`.
const dialect::ForeignKeyDescription *reference(const dialect::Dialect &dialect,
                                                const ResolvedTask &child,
                                                const ResolvedTask &parent,
                                                std::string &child_table) {
    for (const ResolvedTable &table : child.tables) {
        for (const auto &foreign_key : table.description.foreign_keys) {
            for (const ResolvedTable &other : parent.tables) {
                if (dialect.folded(foreign_key.parent) == dialect.folded(other.description.name)) {
                    child_table = table.description.name;
                    return &foreign_key;
                }
            }
        }
    }
    return nullptr;
}

wire::TaskName wire_task_name(Transaction &transaction, std::int64_t task_id) {
    const auto row =
        first_row(transaction, "SELECT declared_by, name FROM @task WHERE task_id = ?1", {task_id});
    ensure(row.has_value(), "a task that peers take part in has a row");
    return {fixed_at<16>(*row, 0), text_at(*row, 1)};
}

/// The peers that a task's statement names, by themselves or through groups.
std::set<std::int64_t> named_peers(Transaction &transaction, const task::Task &task) {
    std::set<std::int64_t> peers;
    for (const task::Name &name : task.peers) {
        for (const Row &row : all_rows(transaction,
                                       "SELECT peer_id FROM @peer WHERE name = ?1 UNION"
                                       " SELECT peer_id FROM @peer_group WHERE group_name = ?1",
                                       {Value::text(name.value)})) {
            peers.insert(integer_at(row, 0));
        }
    }
    return peers;
}

/// Ends a peer's part in a task; tells it if it may know of the task.
void release_peer(const Session &session, std::int64_t task_id, std::int64_t peer_id) {
    Transaction &transaction = session.transaction;
    const auto peer = load_peer(transaction, peer_id);
    const auto row =
        first_row(transaction, "SELECT state FROM @task_peer WHERE task_id = ?1 AND peer_id = ?2",
                  {task_id, peer_id});
    if (peer && row && is_paired(peer->state)) {
        queue_control(transaction, peer_id,
                      wire::OfferWithdrawn{wire_task_name(transaction, task_id)});
    }
    for (const char *table : {"task_flow", "task_peer"}) {
        transaction.execute(std::string{"DELETE FROM @"} + table +
                                " WHERE task_id = ?1 AND peer_id = ?2",
                            {task_id, peer_id});
    }
}

/// The table as one of our own tasks declares it; null: it does not.
const task::Table *find_clause(const task::Task &task, const task::Table &wanted) {
    for (const task::Table &table : task.tables) {
        if (table == wanted) {
            return &table;
        }
    }
    return nullptr;
}

/// What stays the same in a new form of one of our own tasks goes on. The other side of a task that
/// a peer declared may put the rows into another table than before, so it is loaded again; but
/// where it says NO LOAD that goes on too.
void end_changed_flows(const Session &session,
                       const NodeId &declared_by,
                       const ResolvedTask &task) {
    const auto before = first_row(session.transaction,
                                  "SELECT task_id, statement FROM @task"
                                  " WHERE declared_by = ?1 AND name = ?2",
                                  {stored(declared_by), Value::text(task.task.name.value)});
    if (!before) {
        return;
    }
    const Result<task::TaskText> parsed = task::parse_stored(text_at(*before, 1));
    ensure(parsed && parsed->statements.size() == 1, "the statement of a task was printed by us");
    const auto &old = std::get<task::Task>(parsed->statements.front());
    std::set<std::string> kept;
    const bool is_own = declared_by == session.identity.node;
    const bool loads = !task.task.load || task.task.load->value != task::Load::none;
    if ((is_own || !loads) && sends(task) && old.direction.value == task::Direction::send) {
        for (std::size_t index = 0; index < task.tables.size(); ++index) {
            if (find_clause(old, task.task.tables[index]) != nullptr) {
                kept.insert(task.tables[index].wire_name);
            }
        }
    }
    for (const Row &row : all_rows(session.transaction,
                                   "SELECT DISTINCT wire_name FROM @task_flow WHERE task_id = ?1",
                                   {integer_at(*before, 0)})) {
        if (!kept.contains(text_at(row, 0))) {
            session.transaction.execute("DELETE FROM @task_flow WHERE task_id = ?1"
                                        " AND wire_name = ?2",
                                        {integer_at(*before, 0), row.at(0)});
        }
    }
}

struct TablesToCapture {
    std::map<std::string, std::vector<std::string>> tables; // with the SQL of their tasks
    bool all_approved = true;
};

TablesToCapture tables_to_capture(const Session &session) {
    TablesToCapture out;
    for (const Row &row :
         all_rows(session.transaction, "SELECT tt.local_name, tt.task_id, tt.ordinal, tt.settings,"
                                       " tt.columns"
                                       " FROM @task_table tt JOIN @task t"
                                       " ON t.task_id = tt.task_id WHERE t.direction = 'send'")) {
        if (is_approved(session, {"task_table", {row.at(1), row.at(2)}})) {
            std::vector<std::string> &texts = out.tables[text_at(row, 0)];
            const Result<task::Table> clauses =
                task::parse_table("x " + text_at(row, 4) + " " + text_at(row, 3));
            for (const task::Sql &sql :
                 clauses ? task::sql_of(*clauses) : std::vector<task::Sql>{}) {
                texts.push_back(sql.text);
            }
        } else {
            out.all_approved = false;
        }
    }
    return out;
}

Result<void> capture_table(const Session &session,
                           const std::string &name,
                           const std::vector<std::string> &texts) {
    Transaction &transaction = session.transaction;
    const Result<dialect::TableDescription> table =
        describe_table(transaction, session.dialect, name);
    if (!table) {
        return table.error();
    }
    const std::vector<std::string> kept = columns_to_keep(session.dialect, *table, texts);
    transaction.execute("INSERT INTO @capture (table_name, fingerprint, kept, parts)"
                        " VALUES (?1, ?2, ?3, ?4)",
                        {Value::text(name), Value::text(dialect::fingerprint(*table)),
                         Value::text(print_kept(kept)), Value::text(print_kept(table->parts))});
    const auto id = first_row(transaction, "SELECT capture_id FROM @capture WHERE table_name = ?1",
                              {Value::text(name)});
    return install_capture(transaction, session.dialect, *table,
                           {integer_at(*id, 0), {.mask = false, .kept = kept}});
}

/// The capture of a table keeps what the filters of now need. One that is held is left to the next
/// look at it.
Result<void> keep_for_filters(const Session &session,
                              const std::string &name,
                              const std::vector<std::string> &texts) {
    Transaction &transaction = session.transaction;
    const Row capture = *first_row(
        transaction, "SELECT capture_id, with_mask, kept FROM @capture WHERE table_name = ?1",
        {Value::text(name)});
    const Result<dialect::TableDescription> table =
        describe_table(transaction, session.dialect, name);
    if (!table) {
        return {};
    }
    const std::vector<std::string> kept = columns_to_keep(session.dialect, *table, texts);
    if (print_kept(kept) == text_at(capture, 2)) {
        return {};
    }
    transaction.execute("UPDATE @capture SET kept = ?2 WHERE capture_id = ?1",
                        {integer_at(capture, 0), Value::text(print_kept(kept))});
    const Result<void> installed = install_capture(
        transaction, session.dialect, *table,
        {integer_at(capture, 0), {.mask = integer_at(capture, 1) != 0, .kept = kept}});
    if (const auto *keys = session.dialect.keys(); installed && keys != nullptr && !kept.empty()) {
        // The values that lie there may be of other columns.
        transaction.execute(keys->doubt_kept(integer_at(capture, 0)));
    }
    return installed || installed.error().code == Errc::refused ? Result<void>{} : installed;
}

} // namespace

Result<dialect::TableDescription> resolve_table(Transaction &transaction,
                                                const dialect::Dialect &dialect,
                                                const task::ObjectName &name) {
    const task::Position at = name.parts.front().at;
    const std::optional<task::Identifier> known = known_name(dialect, name);
    if (!known) {
        return task::mistake_at(at, "table " + task::print(name) + " is not in this database",
                                "Name the table alone, without a schema.");
    }
    Result<std::string> spelled = catalogue_name(list_tables(transaction, dialect), *known);
    if (!spelled) {
        return task::placed(at, spelled.error());
    }
    Result<dialect::TableDescription> description = describe_table(transaction, dialect, *spelled);
    if (!description) {
        return task::placed(at, description.error());
    }
    if (known->exact && description->name != known->text) {
        return task::mistake_at(at, "table " + task::print(name) + " does not exist",
                                "Did you mean \"" + description->name + "\"?");
    }
    const Result<void> fit = dialect.check_capturable(*description);
    if (!fit) {
        return task::placed(at, fit.error());
    }
    const Result<void> may = transaction.may_decide(description->name);
    if (!may) {
        return task::placed(at, may.error());
    }
    return description;
}

namespace {

/// What a task takes into a table that it may make: its name alone is known, until the peer tells
/// what the table is.
std::optional<dialect::TableDescription> table_to_make(Transaction &transaction,
                                                       const dialect::Dialect &dialect,
                                                       const task::Task &task,
                                                       const task::ObjectName &name) {
    const std::optional<task::Identifier> known = known_name(dialect, name);
    if (!task.create_missing || task.direction.value != task::Direction::receive || !known ||
        describe_table(transaction, dialect, known->text).has_value()) {
        return std::nullopt;
    }
    dialect::TableDescription table;
    table.name = known->text;
    return table;
}

} // namespace

Result<ResolvedTask>
resolve_task(Transaction &transaction, const dialect::Dialect &dialect, const task::Task &task) {
    ResolvedTask resolved{task, {}};
    for (const task::Table &table : task.tables) {
        const task::ObjectName &name = task::local_name(task, table);
        if (auto to_make = table_to_make(transaction, dialect, task, name)) {
            if (auto allowed = dialect.check_new_name(to_make->name); !allowed) {
                return task::placed(name.parts.front().at, allowed.error());
            }
            if (table.columns) {
                return task::mistake_at(table.columns->at,
                                        "table \"" + to_make->name +
                                            "\" is not here, so its columns cannot be listed",
                                        "Create it first, or leave the list out.");
            }
            if (table.where) {
                return task::mistake_at(table.where->at,
                                        "table \"" + to_make->name +
                                            "\" is not here, so WHERE cannot name its columns",
                                        "Create it first, or leave WHERE out.");
            }
            std::string made_after = wire_name_of(task, table, *to_make);
            resolved.tables.push_back(
                ResolvedTable{.description = *std::move(to_make),
                              .wire_name = std::move(made_after),
                              .suggestion = task::print(task::remote_name(task, table)),
                              .clauses = table,
                              .columns = {}});
            continue;
        }
        Result<dialect::TableDescription> description = resolve_table(transaction, dialect, name);
        if (!description) {
            return description.error();
        }
        std::string wire_name = wire_name_of(task, table, *description);
        ResolvedTable one{.description = *std::move(description),
                          .wire_name = std::move(wire_name),
                          .suggestion = task::print(task::remote_name(task, table)),
                          .clauses = table,
                          .columns = {}};
        if (const Result<void> fit = resolve_clauses(transaction, dialect, task, one); !fit) {
            return fit.error();
        }
        resolved.tables.push_back(std::move(one));
    }
    return resolved;
}

std::string lane_of(const task::Task &task) {
    std::string lane = task.by ? task::print(task.by->value) : "paths in order";
    const std::string pacing = task::print(task.pacing);
    if (!pacing.empty()) {
        lane += ", " + pacing;
    }
    if (task.priority && task.priority->value != task::Priority::normal) {
        lane += task.priority->value == task::Priority::high ? ", PRIORITY HIGH" : ", PRIORITY LOW";
    }
    const bool stops = task.on_error && task.on_error->value == task::OnError::stop;
    lane += stops ? std::string{lane_that_stops} : ", ON ERROR PARK";
    return task.no_history ? lane + std::string{lane_without_history} : lane;
}

Result<void> check_lanes(const dialect::Dialect &dialect, const std::vector<ResolvedTask> &tasks) {
    for (const ResolvedTask &child : tasks) {
        for (const ResolvedTask &parent : tasks) {
            if (!sends(child) || !sends(parent) || lane_of(child.task) == lane_of(parent.task)) {
                continue;
            }
            std::string table;
            if (const auto *foreign_key = reference(dialect, child, parent, table)) {
                return task::mistake_at(
                    child.task.name.at,
                    "table \"" + table + "\" of the task \"" + child.task.name.value +
                        "\" refers to table \"" + foreign_key->parent + "\" of the task \"" +
                        parent.task.name.value + "\", which travels in another lane",
                    "Give both tasks the same BY, schedule, priority and ON ERROR: rows that refer"
                    " to each other must arrive together.");
            }
        }
    }
    return {};
}

std::int64_t
find_task(Transaction &transaction, const NodeId &declared_by, const std::string &name) {
    const auto row =
        first_row(transaction, "SELECT task_id FROM @task WHERE declared_by = ?1 AND name = ?2",
                  {stored(declared_by), Value::text(name)});
    return row ? integer_at(*row, 0) : 0;
}

std::int64_t
store_task(const Session &session, const NodeId &declared_by, const ResolvedTask &resolved) {
    Transaction &transaction = session.transaction;
    const task::Task &task = resolved.task;
    end_changed_flows(session, declared_by, resolved);
    transaction.execute(
        "INSERT INTO @task (declared_by, name, direction, statement, lane, no_load, created_at,"
        " pacing, priority) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        " ON CONFLICT (declared_by, name) DO UPDATE SET"
        " direction = excluded.direction, statement = excluded.statement, lane = excluded.lane,"
        " no_load = excluded.no_load, pacing = excluded.pacing, priority = excluded.priority",
        {stored(declared_by), Value::text(task.name.value),
         Value::text(sends(resolved) ? "send" : "receive"), Value::text(task::print(task)),
         Value::text(lane_of(task)), stored(task.load && task.load->value == task::Load::none),
         stored(session.now), Value::text(task::print(task.pacing)),
         static_cast<std::int64_t>(task.priority ? task.priority->value : task::Priority::normal)});
    const std::int64_t task_id = find_task(transaction, declared_by, task.name.value);
    std::map<std::string, std::string> clauses_before;
    for (const Row &row : all_rows(transaction,
                                   "SELECT local_name, columns || '/' || settings FROM @task_table"
                                   " WHERE task_id = ?1",
                                   {task_id})) {
        clauses_before.emplace(text_at(row, 0), text_at(row, 1));
    }
    transaction.execute("DELETE FROM @task_table WHERE task_id = ?1", {task_id});
    std::int64_t ordinal = 0;
    for (const ResolvedTable &table : resolved.tables) {
        ++ordinal;
        const std::string columns =
            table.clauses.columns ? task::print(table.clauses.columns->value) : "";
        const std::string settings = task::print_clauses(table.clauses);
        transaction.execute(
            "INSERT INTO @task_table (task_id, ordinal, local_name, wire_name, columns, settings)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            {task_id, ordinal, Value::text(table.description.name), Value::text(table.wire_name),
             Value::text(columns), Value::text(settings)});
        const auto before = clauses_before.find(table.description.name);
        std::string clauses = columns;
        clauses += "/";
        clauses += settings;
        if (sends(resolved) && task.load && task.load->value == task::Load::none &&
            before != clauses_before.end() && before->second != clauses) {
            // Other rows or columns travel than those that are equal.
            replace_at_receivers(transaction, table.description.name, task_id);
        }
        protect(session, "task_table", {task_id, ordinal});
    }
    return task_id;
}

void update_task_peers(const Session &session, std::int64_t task_id, bool renewed) {
    Transaction &transaction = session.transaction;
    const auto row =
        first_row(transaction, "SELECT statement FROM @task WHERE task_id = ?1", {task_id});
    const Result<task::TaskText> parsed = task::parse_stored(text_at(*row, 0));
    ensure(parsed.has_value(), "the statement of a task was printed by us");
    const std::set<std::int64_t> wanted =
        named_peers(transaction, std::get<task::Task>(parsed->statements.at(0)));
    for (const Row &present :
         all_rows(transaction, "SELECT peer_id FROM @task_peer WHERE task_id = ?1", {task_id})) {
        if (!wanted.contains(integer_at(present, 0))) {
            release_peer(session, task_id, integer_at(present, 0));
        }
    }
    for (const std::int64_t peer_id : wanted) {
        transaction.execute(
            std::string{"INSERT INTO @task_peer (task_id, peer_id, offer_position, changed_at)"
                        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (task_id, peer_id) DO "} +
                (renewed ? "UPDATE SET state = 'waiting', reason = '',"
                           " offer_position = excluded.offer_position, offer_number = 0,"
                           " changed_at = excluded.changed_at"
                         : "NOTHING"),
            {task_id, peer_id, stored(last_queue_position(transaction)), stored(session.now)});
    }
}

void forget_task(Transaction &transaction, std::int64_t task_id) {
    for (const char *table : {"task_flow", "task_peer", "task_table", "task"}) {
        transaction.execute(std::string{"DELETE FROM @"} + table + " WHERE task_id = ?1",
                            {task_id});
    }
}

void drop_task(const Session &session, std::int64_t task_id) {
    for (const Row &row : all_rows(
             session.transaction, "SELECT peer_id FROM @task_peer WHERE task_id = ?1", {task_id})) {
        release_peer(session, task_id, integer_at(row, 0));
    }
    forget_task(session.transaction, task_id);
}

Result<CaptureChanges> update_captures(const Session &session) {
    Transaction &transaction = session.transaction;
    const dialect::Dialect &dialect = session.dialect;
    const TablesToCapture wanted = tables_to_capture(session);
    CaptureChanges changes;
    std::set<std::string> present;
    for (const Row &row : all_rows(transaction, "SELECT capture_id, table_name FROM @capture")) {
        if (wanted.tables.contains(text_at(row, 1)) || !wanted.all_approved) {
            present.insert(text_at(row, 1));
            continue;
        }
        remove_capture(transaction, dialect, integer_at(row, 0));
        end_loads_of(transaction, integer_at(row, 0));
        transaction.execute("DELETE FROM @capture WHERE capture_id = ?1", {integer_at(row, 0)});
        changes.removed.push_back(text_at(row, 1));
    }
    for (const auto &[name, texts] : wanted.tables) {
        const Result<void> kept = present.contains(name) ? keep_for_filters(session, name, texts)
                                                         : capture_table(session, name, texts);
        if (!kept) {
            return kept.error();
        }
        if (!present.contains(name)) {
            changes.installed.push_back(name);
        }
    }
    follow_rights(session);
    note_differences(session);
    return changes;
}

} // namespace postrider::engine

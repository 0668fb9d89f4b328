// Who sends a table reads it, who receives it reads and writes it.
#include "common/engine/table_rights.hpp"

#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/table_names.hpp"

namespace postrider::engine {

namespace {

constexpr Duration tell_missing_every = std::chrono::hours{1};

void add(TableUses &uses, const std::string &table, bool sends) {
    TableUse &use = uses[table];
    use.reads = true;
    use.writes = use.writes || !sends;
}

TableUse use_in(const TableUses &uses, const std::string &table) {
    const auto found = uses.find(table);
    return found == uses.end() ? TableUse{} : found->second;
}

/// Tables of which less is needed than before, and what is left of it.
TableUses shrunk(const TableUses &before, const TableUses &after) {
    TableUses found;
    for (const auto &[table, use] : before) {
        const TableUse left = use_in(after, table);
        if ((use.reads && !left.reads) || (use.writes && !left.writes)) {
            found.emplace(table, left);
        }
    }
    return found;
}

void note(Transaction &transaction, const std::string &table, const TableUse &use) {
    if (!use.reads) {
        transaction.execute("DELETE FROM @table_right WHERE table_name = ?1", {Value::text(table)});
        return;
    }
    transaction.execute("INSERT INTO @table_right (table_name, reads, writes) VALUES (?1, 1, ?2)"
                        " ON CONFLICT (table_name) DO UPDATE SET writes = excluded.writes",
                        {Value::text(table), stored(use.writes)});
}

void give(const Session &session, const std::string &table, const TableUse &use) {
    Transaction &transaction = session.transaction;
    if (!transaction.let_use(table, use)) {
        return; // it is still to be made
    }
    note(transaction, table, use);
    if (const Result<void> may = transaction.may_use(table, use); !may) {
        log_event(transaction, session.now,
                  {"rights_missing", std::nullopt, may.error().message, may.error().hint});
    }
}

} // namespace

TableUses stored_uses(Transaction &transaction) {
    TableUses uses;
    for (const Row &row :
         all_rows(transaction, "SELECT tt.local_name, t.direction FROM @task_table tt"
                               " JOIN @task t ON t.task_id = tt.task_id")) {
        add(uses, text_at(row, 0), text_at(row, 1) == "send");
    }
    return uses;
}

TableUses intended_uses(const dialect::Dialect &dialect, const Intention &intention) {
    TableUses uses;
    for (const ResolvedTask &task : intention.tasks) {
        const bool sends = task.task.direction.value == task::Direction::send;
        for (const ResolvedTable &table : task.tables) {
            add(uses, table.description.name, sends);
        }
    }
    for (const Mirror &mirror : remaining_mirrors(intention)) {
        const bool sends = mirror.task.direction.value == task::Direction::send;
        for (const task::Table &table : mirror.task.tables) {
            if (const auto known = known_name(dialect, task::local_name(mirror.task, table))) {
                add(uses, known->text, sends);
            }
        }
    }
    return uses;
}

TableUses given_uses(Transaction &transaction) {
    TableUses uses;
    for (const Row &row :
         all_rows(transaction, "SELECT table_name, reads, writes FROM @table_right")) {
        uses[text_at(row, 0)] = {integer_at(row, 1) != 0, integer_at(row, 2) != 0};
    }
    return uses;
}

ActionRows rights_rows(Transaction &transaction, const TableUses &given, const TableUses &uses) {
    ActionRows rows;
    for (const auto &[table, use] : uses) {
        if (const Result<void> may = transaction.may_use(table, use); !may) {
            rows.push_back({"create", "rights on table " + table, may.error().hint});
        }
    }
    for (const auto &[table, left] : shrunk(given, uses)) {
        rows.push_back({"drop", "rights on table " + table,
                        left.reads ? "All but reading." : "No task has the table any more."});
    }
    return rows;
}

void follow_rights(const Session &session) {
    Transaction &transaction = session.transaction;
    const TableUses uses = stored_uses(transaction);
    const TableUses given = given_uses(transaction);
    for (const auto &[table, without] : shrunk(uses, given)) {
        give(session, table, use_in(uses, table));
    }
    for (const auto &[table, left] : shrunk(given, uses)) {
        (void)transaction.let_use(table, left);
        note(transaction, table, left);
    }
}

bool may_read(const Session &session, const std::string &table) {
    const Result<void> may = session.transaction.may_use(table, {.reads = true});
    if (!may) {
        tell_rights_missing(session, may.error());
    }
    return may.has_value();
}

void tell_rights_missing(const Session &session, const Error &reason) {
    const EventRow event{"rights_missing", std::nullopt, reason.message, reason.hint};
    if (!is_told(session.transaction, session.now - tell_missing_every, event)) {
        log_event(session.transaction, session.now, event);
    }
}

} // namespace postrider::engine

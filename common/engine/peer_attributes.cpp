// From the words of PEER to parameters.
#include "common/engine/peer_attributes.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "common/engine/introspect.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/store/rows.hpp"
#include "common/task/check.hpp"

namespace postrider::engine {

namespace {

Value value_of(const task::Literal &literal) {
    switch (literal.kind) {
    case task::LiteralKind::text:
        return Value::text(literal.text);
    case task::LiteralKind::boolean:
        return std::int64_t{literal.text == "TRUE" ? 1 : 0};
    case task::LiteralKind::number:
        break;
    }
    std::int64_t integer = 0;
    const char *end = literal.text.data() + literal.text.size();
    const auto read = std::from_chars(literal.text.data(), end, integer);
    if (read.ec == std::errc{} && read.ptr == end) {
        return integer;
    }
    return Value::float64(std::strtod(literal.text.c_str(), nullptr));
}

bool takes_part(const task::Task &task, const task::Peer &peer) {
    return std::any_of(task.peers.begin(), task.peers.end(), [&](const task::Name &name) {
        return name.value == peer.name.value ||
               std::any_of(peer.groups.begin(), peer.groups.end(),
                           [&](const task::Name &group) { return group.value == name.value; });
    });
}

Result<void> check_attributes(const dialect::Dialect &dialect,
                              const ResolvedTask &task,
                              const task::Peer &peer) {
    const Attributes attributes = attributes_of(peer);
    for (const ResolvedTable &table : task.tables) {
        if (!table.clauses.where) {
            continue;
        }
        const Result<dialect::Condition> condition =
            dialect.read_condition(table.clauses.where->text, table.description);
        if (!condition) {
            return condition.error();
        }
        for (const std::string &name : condition->attributes) {
            if (!attributes.contains(name)) {
                return task::mistake_at(
                    table.clauses.where->at,
                    "the task \"" + task.task.name.value + "\" names PEER." + name +
                        ", which the peer \"" + peer.name.value + "\" has not",
                    "Declare it: PEER " + task::quote_name(peer.name.value) + " (" +
                        task::quote_name(name) + " = '…') with the peer's other clauses.");
            }
        }
    }
    return {};
}

} // namespace

Attributes attributes_of(const task::Peer &peer) {
    Attributes attributes;
    for (const task::Attribute &attribute : peer.attributes) {
        attributes.emplace(attribute.name.value, value_of(attribute.value));
    }
    return attributes;
}

Attributes load_attributes(Transaction &transaction, std::int64_t peer_id) {
    const auto row =
        first_row(transaction, "SELECT attributes FROM @peer WHERE peer_id = ?1", {peer_id});
    const std::string text = row ? text_at(*row, 0) : "";
    const Result<task::TaskText> parsed =
        task::parse_stored("PEER x" + (text.empty() ? "" : " (" + text + ")") + ";");
    return parsed ? attributes_of(std::get<task::Peer>(parsed->statements.at(0))) : Attributes{};
}

std::vector<Value> bind_attributes(const dialect::Condition &condition,
                                   const Attributes &attributes) {
    std::vector<Value> values;
    for (const std::string &name : condition.attributes) {
        const auto found = attributes.find(name);
        values.push_back(found == attributes.end() ? Value{} : found->second);
    }
    return values;
}

Result<void> check_attributes(const dialect::Dialect &dialect,
                              const task::TaskText &text,
                              const std::vector<ResolvedTask> &tasks) {
    for (const task::Statement &statement : text.statements) {
        const auto *peer = std::get_if<task::Peer>(&statement);
        for (const ResolvedTask &task : tasks) {
            if (peer == nullptr || !takes_part(task.task, *peer)) {
                continue;
            }
            if (Result<void> checked = check_attributes(dialect, task, *peer); !checked) {
                return checked;
            }
        }
    }
    return {};
}

void reload_for_attributes(const Session &session, std::int64_t peer_id) {
    for (const Row &row : all_rows(
             session.transaction,
             "SELECT tt.local_name, tt.columns, tt.settings FROM @task_table tt"
             " JOIN @task t ON t.task_id = tt.task_id JOIN @task_peer tp ON tp.task_id = t.task_id"
             " WHERE tp.peer_id = ?1 AND t.direction = 'send'",
             {peer_id})) {
        const Result<task::Table> clauses =
            task::parse_table("x " + text_at(row, 1) + " " + text_at(row, 2));
        if (!clauses || !clauses->where) {
            continue;
        }
        const Result<dialect::TableDescription> table =
            describe_table(session.transaction, session.dialect, text_at(row, 0));
        const auto condition = table ? session.dialect.read_condition(clauses->where->text, *table)
                                     : Result<dialect::Condition>{table.error()};
        if (condition && !condition->attributes.empty()) {
            replace_at_receivers(session.transaction, text_at(row, 0));
        }
    }
}

} // namespace postrider::engine

// From the words of PEER to parameters.
#include "common/engine/peer_attributes.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "common/engine/introspect.hpp"
#include "common/engine/load_request.hpp"
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

Error no_attribute(const ResolvedTask &task,
                   const task::Peer &peer,
                   const std::string &name,
                   task::Position at) {
    return task::mistake_at(at,
                            "the task \"" + task.task.name.value + "\" names PEER." + name +
                                ", which the peer \"" + peer.name.value + "\" has not",
                            "Declare it: PEER " + task::quote_name(peer.name.value) + " (" +
                                task::quote_name(name) + " = '…') with the peer's other clauses.");
}

/// Whether the SQL of a table's clauses names an attribute. One that the table has outgrown does
/// not.
bool names_attributes(const Session &session,
                      const std::string &table,
                      const task::Table &clauses) {
    const std::vector<task::Sql> all = task::sql_of(clauses);
    if (all.empty()) {
        return false;
    }
    const Result<dialect::TableDescription> description =
        describe_table(session.transaction, session.dialect, table);
    return description && std::any_of(all.begin(), all.end(), [&](const task::Sql &sql) {
               const auto read = session.dialect.read_condition(sql.text, *description);
               return read && !read->attributes.empty();
           });
}

Result<void> check_attributes(const dialect::Dialect &dialect,
                              const ResolvedTask &task,
                              const task::Peer &peer) {
    const Attributes attributes = attributes_of(peer);
    for (const ResolvedTable &table : task.tables) {
        for (const task::Sql &sql : task::sql_of(table.clauses)) {
            const Result<dialect::Condition> read =
                dialect.read_condition(sql.text, table.description);
            if (!read) {
                return read.error();
            }
            for (const std::string &name : read->attributes) {
                if (!attributes.contains(name)) {
                    return no_attribute(task, peer, name, sql.at);
                }
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
        if (clauses && names_attributes(session, text_at(row, 0), *clauses)) {
            request_load(session.transaction, text_at(row, 0), LoadKind::replacing, peer_id);
        }
    }
}

} // namespace postrider::engine

// From the text of a condition to the rows that go to a peer.
#include "common/engine/filtered_tables.hpp"

#include "common/engine/introspect.hpp"
#include "common/engine/peer_attributes.hpp"

namespace postrider::engine {

Result<void> check_condition(Transaction &transaction,
                             const dialect::Dialect &dialect,
                             const std::string &text,
                             const dialect::TableDescription &table) {
    const Result<dialect::Condition> condition = dialect.read_condition(text, table);
    if (!condition) {
        return condition.error();
    }
    const std::vector<std::string> key{table.columns.at(table.key.at(0)).name};
    const Result<void> prepared = transaction.attempt([&]() -> Result<void> {
        const std::vector<Value> nothing(condition->attributes.size());
        transaction
            .query(dialect.select_where(table, key, *condition, false) + " LIMIT 0",
                   Parameters{nothing})
            ->next();
        return {};
    });
    if (!prepared) {
        return Error{Errc::refused, "this condition cannot be used: the database does not take it",
                     prepared.error().message,
                     "Try it in: SELECT * FROM " + dialect.quote_identifier(table.name) +
                         " WHERE (" + text + ");"};
    }
    return {};
}

Result<RowFilter> row_filter(const Session &session,
                             std::int64_t peer_id,
                             const std::string &text,
                             const dialect::TableDescription &table) {
    Result<dialect::Condition> condition = session.dialect.read_condition(text, table);
    if (!condition) {
        return condition.error();
    }
    std::vector<Value> attributes =
        bind_attributes(*condition, load_attributes(session.transaction, peer_id));
    return RowFilter{table, *std::move(condition), std::move(attributes)};
}

void filter_tables(const Session &session,
                   std::int64_t peer_id,
                   const SentTables &tables,
                   Changeset &changeset) {
    for (auto &[name, changes] : changeset.tables) {
        const std::string &where = tables.at(name).where;
        if (where.empty()) {
            continue;
        }
        auto &rows = std::get<OneWayChanges>(changes.changes);
        const Result<dialect::TableDescription> table =
            describe_table(session.transaction, session.dialect, name);
        const Result<RowFilter> filter =
            table ? row_filter(session, peer_id, where, *table) : Result<RowFilter>{table.error()};
        if (!filter) {
            // The table was altered: it is held until its task is declared anew, or the column is
            // there again, and is then sent whole.
            rows = {};
            continue;
        }
        filter_changes(session.transaction, session.dialect, *filter, changes.schema, rows);
    }
}

} // namespace postrider::engine

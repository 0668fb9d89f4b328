// From the text of a condition or an expression to the rows that go to a peer.
#include "common/engine/filtered_tables.hpp"

#include "common/engine/introspect.hpp"
#include "common/engine/peer_attributes.hpp"

namespace postrider::engine {

namespace {

/// Whether the database takes a query that has the attributes as parameters.
Result<void>
check_prepared(Transaction &transaction, const std::string &query, std::size_t attributes) {
    return transaction.attempt([&]() -> Result<void> {
        const std::vector<Value> nothing(attributes);
        transaction.query(query + " LIMIT 0", Parameters{nothing})->next();
        return {};
    });
}

Error not_taken(const std::string &what, const Error &reason, const std::string &example) {
    return {Errc::refused, "this " + what + " cannot be used: the database does not take it",
            reason.message, "Try it in: " + example};
}

/// Of one table, in the changes that its task sends. False: it has outgrown an expression.
bool compute(const Session &session,
             std::int64_t peer_id,
             const std::string &name,
             const std::vector<ComputedSource> &computed,
             TableChanges &changes) {
    if (computed.empty()) {
        return true;
    }
    const Result<dialect::TableDescription> table =
        describe_table(session.transaction, session.dialect, name);
    auto column = static_cast<std::uint32_t>(changes.schema.columns.size());
    for (const ComputedSource &source : computed) {
        const Result<RowFilter> expression = table
                                                 ? row_filter(session, peer_id, source.sql, *table)
                                                 : Result<RowFilter>{table.error()};
        if (!expression) {
            return false;
        }
        add_computed(session, {*expression, column++}, changes);
    }
    return true;
}

} // namespace

Result<void> check_condition(Transaction &transaction,
                             const dialect::Dialect &dialect,
                             const std::string &text,
                             const dialect::TableDescription &table) {
    const Result<dialect::Condition> condition = dialect.read_condition(text, table);
    if (!condition) {
        return condition.error();
    }
    const std::vector<std::string> key{table.columns.at(table.key.at(0)).name};
    const Result<void> prepared =
        check_prepared(transaction, dialect.select_where(table, key, *condition, false),
                       condition->attributes.size());
    return prepared ? prepared
                    : not_taken("condition", prepared.error(),
                                "SELECT * FROM " + dialect.quote_table(table.name) + " WHERE (" +
                                    text + ");");
}

Result<void> check_expression(Transaction &transaction,
                              const dialect::Dialect &dialect,
                              const std::string &text,
                              const dialect::TableDescription &table) {
    const Result<dialect::Condition> expression = dialect.read_expression(text, table);
    if (!expression) {
        return expression.error();
    }
    const Result<void> prepared = check_prepared(
        transaction, dialect.select_computed(table, *expression), expression->attributes.size());
    return prepared
               ? prepared
               : not_taken("expression", prepared.error(),
                           "SELECT (" + text + ") FROM " + dialect.quote_table(table.name) + ";");
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

void compute_columns(const Session &session,
                     std::int64_t peer_id,
                     const SentTables &tables,
                     Changeset &changeset) {
    for (auto &[name, changes] : changeset.tables) {
        if (!compute(session, peer_id, name, tables.at(name).columns.computed(), changes)) {
            // It is held, as for a condition.
            std::get<OneWayChanges>(changes.changes) = {};
        }
    }
}

} // namespace postrider::engine

// The conditions and expressions of tasks against the tables of this database: checked when they
// are declared, and applied to what a stream sends.
#pragma once

#include "common/engine/lanes.hpp"
#include "common/engine/row_filter.hpp"

namespace postrider::engine {

/// Refused, with the reason, unless the database takes it and it looks at nothing but its row.
Result<void> check_condition(Transaction &transaction,
                             const dialect::Dialect &dialect,
                             const std::string &text,
                             const dialect::TableDescription &table);

Result<void> check_expression(Transaction &transaction,
                              const dialect::Dialect &dialect,
                              const std::string &text,
                              const dialect::TableDescription &table);

/// The condition, or expression, with the attributes of the peer. An error where the table has
/// outgrown it.
Result<RowFilter> row_filter(const Session &session,
                             std::int64_t peer_id,
                             const std::string &text,
                             const dialect::TableDescription &table);

/// Leaves of composed changes, under the tables' own names, what the peer gets.
void filter_tables(const Session &session,
                   std::int64_t peer_id,
                   const SentTables &tables,
                   Changeset &changeset);

/// Adds to composed changes, behind the tables' own columns, those that the tasks compute.
void compute_columns(const Session &session,
                     std::int64_t peer_id,
                     const SentTables &tables,
                     Changeset &changeset);

} // namespace postrider::engine

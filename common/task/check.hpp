// The two halves of `check`: each statement by itself, and the statements with each other.
#pragma once

#include <optional>

#include "common/base/error.hpp"
#include "common/task/model.hpp"

namespace postrider::task {

/// The first mistake, with its place.
using Mistake = std::optional<Error>;

Mistake check_statement(const Statement &statement);
/// Names given twice, things declared and dropped.
Mistake check_names(const TaskText &text);
/// One table, one task per peer and direction; one capture per table.
Mistake check_tables(const TaskText &text);
/// Every name that is used is declared.
Mistake check_references(const TaskText &text);

/// `refused`, with line and column unless the clause comes from no text.
Error mistake_at(Position at, std::string message, std::string hint);
/// The same error, told with that place.
Error placed(Position at, const Error &error);

/// The name by which the task's own database knows the table: right of AS where rows come in.
const ObjectName &local_name(const Task &task, const Table &table);
/// The columns that a table's clauses list; none where they list no columns.
std::vector<TableColumn> listed_columns(const Table &table);
/// The name of a listed column on the wire: right of AS in SEND, left of it in RECEIVE.
const std::string &name_on_wire(const TableColumn &column, bool receives);
/// An expression as SQL, `upper(name)` for `upper (name) AS …`.
Sql expression_of(const ComputedColumn &column);
/// The SQL of a table's clauses: its expressions, then its condition.
std::vector<Sql> sql_of(const Table &table);

/// The table's name at the other side.
const ObjectName &remote_name(const Task &task, const Table &table);

} // namespace postrider::task

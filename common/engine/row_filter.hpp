// Which of a table's changes go to a receiver of the rows that meet a condition, and as what
// (docs/correctness.md, A5).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/engine/session.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// What the receiver had of a row before a change.
enum class RowPast { unknown, absent, inside, outside };

/// What the change is to it; nothing: it need not know. `inside`: the row meets the condition now.
std::optional<Operation> filtered_operation(Operation operation, RowPast past, bool inside);

/// A table and the condition, or an expression, of a task that sends it.
struct RowFilter {
    dialect::TableDescription table;
    dialect::Condition condition;
    std::vector<Value> attributes;    // beside the condition's
    std::set<std::string> lossy = {}; // columns that are written as the nearest value
};

/// Leaves of the changes what the receiver has to know. A row that enters is there whole.
void filter_changes(Transaction &transaction,
                    const dialect::Dialect &dialect,
                    const RowFilter &filter,
                    const TableSchema &schema,
                    OneWayChanges &changes);

/// An expression that gives the changes a further column.
struct AddedColumn {
    const RowFilter &expression;
    std::uint32_t column = 0; // its number
};

/// Adds the column wherever a row does not end. A change that lacks what the expression needs is
/// left out: it is older than the task, which begins with a load.
void add_computed(const Session &session, const AddedColumn &added, TableChanges &changes);

/// Whether each of the images meets the condition. `columns` are those of the condition.
std::vector<bool> meet_condition(Transaction &transaction,
                                 const dialect::Dialect &dialect,
                                 const RowFilter &filter,
                                 const std::vector<std::vector<Value>> &images);

} // namespace postrider::engine

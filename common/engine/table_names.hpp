// Between the names of tables in a task text, which may have a schema before them, and the one name
// by which a database knows a table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/dialect/dialect.hpp"
#include "common/engine/database.hpp"
#include "common/task/check.hpp"
#include "common/task/model.hpp"

namespace postrider::engine {

/// Exact if all of its parts are; none for a table that cannot be in this database.
std::optional<task::Identifier> known_name(const dialect::Dialect &dialect,
                                           const task::ObjectName &name);

/// The one of these tables in its own spelling, the name itself where it is none of them; `refused`
/// where a name without quotes could be several.
Result<std::string> catalogue_name(const std::vector<std::string> &tables,
                                   const task::Identifier &name);

/// As task::check_tables, also by which of this database's tables the names mean: the text alone
/// does not say whether orders and "Orders" are one.
task::Mistake
check_tables_here(Transaction &transaction, const dialect::Dialect &dialect, task::TaskText text);

/// Every part exact.
task::ObjectName object_name(const dialect::Dialect &dialect, const std::string &known_name);

} // namespace postrider::engine

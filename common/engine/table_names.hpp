// Between the names of tables in a task text, which may have a schema before them, and the one name
// by which a database knows a table.
#pragma once

#include <optional>
#include <string>

#include "common/dialect/dialect.hpp"
#include "common/task/model.hpp"

namespace postrider::engine {

/// Exact if all of its parts are; none for a table that cannot be in this database.
std::optional<task::Identifier> known_name(const dialect::Dialect &dialect,
                                           const task::ObjectName &name);

/// Every part exact.
task::ObjectName object_name(const dialect::Dialect &dialect, const std::string &known_name);

} // namespace postrider::engine

// The node's own tables: one declaration for all engines, and what makes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/dialect/state_table.hpp"
#include "common/engine/database.hpp"

namespace postrider::engine {

/// Version of the state tables. A database with a higher one belongs to a newer Postrider and is
/// refused.
inline constexpr std::int64_t schema_version = 1;

/// In the order in which they are made. Times are milliseconds since 1970 UTC; booleans are 0 and
/// 1; columns named `…_sealed` are sealed under the secret file (docs/security.md, "Secrets at
/// rest").
std::vector<dialect::StateTable> state_tables();

/// What makes the tables and views and fills them for a new node: statements of the engine's SQL.
std::vector<std::string> state_script(const dialect::Dialect &dialect);

/// Makes the tables and views that are missing. Inside the caller's transaction.
void create_state_tables(Transaction &transaction, const dialect::Dialect &dialect);

/// Whether this database has state tables of the version that we know. `refused` for a newer one;
/// false: none at all. Those of an attached database are not meant.
Result<bool> has_state_tables(Transaction &transaction, const dialect::Dialect &dialect);

} // namespace postrider::engine

// What the apply role may do with users' tables, and the statements that change it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/engine/database.hpp"

#include "pg_extension/boundary.hpp"

namespace postrider::pg {

/// By the name that the engine has for it; invalid: it is not there.
Oid find_table(std::string_view name);

/// The role that this database's workers are. `refused`, with a hint: it cannot be used.
Result<Oid> apply_role();

/// What would give the role all that it lacks for that use, statement by statement; none: it lacks
/// nothing.
std::vector<std::string> missing_grants(Oid table, Oid role, engine::TableUse use);

/// What takes all that it has beyond that use; none: it has no more.
std::optional<std::string> needless_grants(Oid table, Oid role, engine::TableUse use);

/// Whether whoever acts now may grant rights on the schema of the table.
bool may_grant_schema(Oid table);

/// `refused`, with the grants that would let it, where the role lacks a right. A table that is not
/// there lacks none.
Result<void> check_use(std::string_view name, engine::TableUse use);

} // namespace postrider::pg

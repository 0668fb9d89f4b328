// Writes a changeset into the user's tables: in foreign-key order, never by delete-and-insert, so
// that nothing cascades that the sender did not delete (docs/correctness.md, C2).
#pragma once

#include <cstdint>
#include <vector>

#include "common/dialect/dialect.hpp"
#include "common/engine/database.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// Changes of one table, and the table that takes them.
struct TargetTable {
    dialect::TableDescription table;
    TableSchema schema; // of the changes: columns by name
    OneWayChanges changes;
};

struct ApplyCounts {
    std::uint64_t rows = 0;
    std::uint64_t missing = 0; // updates whose row is not here
};

/// Whether the table can take changes of that shape: `schema_mismatch` for a column that it lacks,
/// for one that new rows need and do not bring, or for another key.
Result<void> check_shape(const dialect::TableDescription &table,
                         const TableSchema &schema,
                         const OneWayChanges &changes);

/// All of it or, with an Error, nothing that may stay: the caller runs it in a savepoint.
/// `schema_mismatch` for a column that the table lacks, `conflict` for rows that its constraints
/// refuse.
Result<ApplyCounts> apply_rows(Transaction &transaction,
                               const dialect::Dialect &dialect,
                               const std::vector<TargetTable> &targets);

} // namespace postrider::engine

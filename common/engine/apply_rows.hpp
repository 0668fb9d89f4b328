// Writes a changeset into the user's tables: in foreign-key order, never by delete-and-insert, so
// that nothing cascades that the sender did not delete (docs/correctness.md, C2).
#pragma once

#include <cstdint>
#include <vector>

#include "common/engine/row_work.hpp"

namespace postrider::engine {

struct ApplyCounts {
    std::uint64_t rows = 0;
    std::uint64_t missing = 0; // updates whose row is not here
};

/// Builds the works of all targets, parents first. `schema_mismatch` for a shape that does not fit.
Result<std::vector<TableWork>> build_works(Transaction &transaction,
                                           const dialect::Dialect &dialect,
                                           const std::vector<TargetTable> &targets,
                                           const std::vector<std::set<Key>> &left_out = {});

/// All of it or, with an Error, nothing that may stay: the caller runs it in a savepoint.
/// `schema_mismatch` for a column that the table lacks, `conflict` for rows that its constraints
/// refuse.
Result<ApplyCounts> apply_rows(Transaction &transaction,
                               const dialect::Dialect &dialect,
                               const std::vector<TargetTable> &targets);

} // namespace postrider::engine

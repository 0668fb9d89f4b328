// Rows that were written and may not stay so: what the database looks at only at the end, and does
// not for what the engine writes, or what a statement has passed over without a word.
#pragma once

#include <vector>

#include "common/engine/row_work.hpp"

namespace postrider::engine {

struct LateRefusal {
    const RowBlock *block = nullptr;
    std::size_t index = 0; // in the block
    Error reason;
};

/// Those of the rows of the work that do not wait. Of rows of the work that share a unique value
/// the first is not among them, though it may be once the others are gone.
std::vector<LateRefusal>
late_refusals(Transaction &transaction, const dialect::Dialect &dialect, const TableWork &work);

} // namespace postrider::engine

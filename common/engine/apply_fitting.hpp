// Writes as much of a changeset as can be written: ON ERROR PARK.
#pragma once

#include <vector>

#include "common/engine/apply_rows.hpp"

namespace postrider::engine {

/// A change that is not applied, for a reason of its own or because it hangs on one that is not.
struct RefusedChange {
    std::size_t target = 0; // index into the targets
    Key key;                // as it came
    Error reason;
};

struct Fitting {
    ApplyCounts counts; // of what was applied
    std::vector<RefusedChange> refused;
};

/// Applies everything but what a constraint, a foreign key or the storage of this database refuses,
/// and what hangs on that: rows that refer to a refused one, rows that take a value which a refused
/// one does not give up, and deletions of rows to which a refused one still refers. The commit will
/// not fail for a foreign key. Where nothing is refused it costs what `apply_rows` does.
///
/// `pending`: rows that have changes waiting elsewhere; nothing to which they refer is deleted.
/// An Error when what is in the way is nothing of a row's.
Result<Fitting> apply_fitting(Transaction &transaction,
                              const dialect::Dialect &dialect,
                              const std::vector<TargetTable> &targets,
                              const std::vector<TargetTable> &pending);

} // namespace postrider::engine

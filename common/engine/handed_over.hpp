// Values that other rows refer to and that stay while their row becomes another: its key changes,
// or rows exchange what is unique of them. Who refers to such a value still refers to it then, as
// at the sender, where no action of a foreign key touched it (docs/correctness.md, C2).
#pragma once

#include <vector>

#include "common/engine/references.hpp"
#include "common/engine/row_work.hpp"

namespace postrider::engine {

/// Takes the values from the rows here that lose them, before anything of the step is written.
/// Those who refer to them stay as they are: the references are broken until the step is written,
/// and foreign keys are deferred.
void free_handed_over(Transaction &transaction,
                      const dialect::Dialect &dialect,
                      const References &references,
                      const std::vector<TableWork> &works);

} // namespace postrider::engine

// Values that a unique column holds for a moment, while rows exchange theirs.
#pragma once

#include "common/dialect/dialect.hpp"

namespace postrider::engine {

/// NULL where the column allows it, else a random value that nobody uses.
Value free_value(const dialect::Dialect &dialect, const dialect::ColumnDescription &column);

} // namespace postrider::engine

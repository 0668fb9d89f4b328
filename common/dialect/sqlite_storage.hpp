// Neutral values in SQLite's storage classes (the list stands in sqlite.hpp).
#pragma once

#include "common/base/result.hpp"
#include "common/model/value.hpp"

namespace postrider::dialect {

/// A value of kind null, int64, float64, text or bytes; `conflict` when there is no exact form.
Result<Value> to_sqlite_storage(const Value &value);

} // namespace postrider::dialect

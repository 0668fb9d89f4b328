// What a column of SQLite makes of values, and which of them it cannot hold exactly.
#pragma once

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::sqlite_text {

Result<Value> fit(const TableDescription &table,
                  const ColumnDescription &column,
                  const Value &value,
                  Exactness exactness);
std::string
narrower(const TableDescription &table, const ColumnDescription &column, const Type &from);

} // namespace postrider::dialect::sqlite_text

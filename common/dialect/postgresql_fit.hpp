// What a column of PostgreSQL makes of values, and which of them it cannot hold exactly.
#pragma once

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::postgresql_text {

/// As it is, since PostgreSQL has a type for every neutral kind; `conflict` for a text that none of
/// its types holds.
Result<Value> to_storage(const Value &value);

/// A value of the column's own kind, or a text that the type's input function is to read: for a
/// native column, and for json out of a text.
Result<Value> fit(const TableDescription &table,
                  const ColumnDescription &column,
                  const Value &value,
                  Exactness exactness);
std::string
narrower(const TableDescription &table, const ColumnDescription &column, const Type &from);

} // namespace postrider::dialect::postgresql_text

// What PostgreSQL's dialect knows of types and values.
#pragma once

#include <string>
#include <string_view>

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::pg_text {

/// Of a declared type as format_type prints it.
Type neutral_type(std::string_view declared);

/// The type, out of a closed list, of a column that holds what `column` of the other engine holds.
std::string declared_type(const Column &column, std::string_view engine);

Type pattern_type(const TableDescription &table, const ColumnDescription &column);
Result<Value> to_storage(const Value &value);
Result<Value> fit(const TableDescription &table,
                  const ColumnDescription &column,
                  const Value &value,
                  Exactness exactness);
std::string
narrower(const TableDescription &table, const ColumnDescription &column, const Type &from);

} // namespace postrider::dialect::pg_text

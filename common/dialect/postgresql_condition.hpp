// Conditions and expressions of tasks in PostgreSQL: what they may hold, and how they are
// evaluated.
#pragma once

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::postgresql_text {

Result<Condition> read_condition(std::string_view text, const TableDescription &table);
Result<Condition> read_expression(std::string_view text, const TableDescription &table);
std::string select_computed(const TableDescription &table, const Condition &expression);
std::string select_where(const TableDescription &table,
                         Names columns,
                         const Condition &condition,
                         bool one_row);

} // namespace postrider::dialect::postgresql_text

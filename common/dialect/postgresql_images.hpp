// Images of rows in PostgreSQL.
#pragma once

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::postgresql_text {

ImageStatements images(const TableDescription &table, Names columns);
std::string select_images(const TableDescription &table, const Condition &condition);
std::string select_values(const TableDescription &table, const Condition &expression);

} // namespace postrider::dialect::postgresql_text

// Statements for rows of a user's table in PostgreSQL.
#pragma once

#include <optional>
#include <string>

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::postgresql_text {

/// `before`"column" = ?n for every key column, counted from `first`.
std::string
same_key(const TableDescription &table, std::size_t first, std::string_view before = "");

/// `t."column"` = value out of a list for every key column, lists counted from `first`.
std::string same_listed_key(const TableDescription &table, std::size_t first);

std::optional<Error> why_not_updated(const TableDescription &table,
                                     const ColumnDescription &column);
BlockStatement find_different(const TableDescription &table, Names columns);

std::string insert(const TableDescription &table, Names columns);
std::string upsert(const TableDescription &table, Names columns);
std::string update(const TableDescription &table, Names columns);
std::string remove(const TableDescription &table);
std::string upsert_many(const TableDescription &table, Names columns);
std::string copy_new(const TableDescription &table, Names columns);
std::string update_many(const TableDescription &table, Names columns);
std::string remove_many(const TableDescription &table);
std::string select_row(const TableDescription &table, Names columns);
std::string select_all(const TableDescription &table, Names columns);
std::string select_behind(const TableDescription &table, Names columns, const RowsBehind &rows);

} // namespace postrider::dialect::postgresql_text

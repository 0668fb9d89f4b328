// Statements for rows of a user's table in SQLite, and the exact comparison of keys that capture
// shares with them.
#pragma once

#include <functional>
#include <string>

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::sqlite_text {

std::string identifier(std::string_view name);

/// The collation by which SQLite tells keys apart: "BINARY" unless the column says otherwise.
std::string key_collation(const TableDescription &table, std::size_t key_position);

/// One that every connection has.
bool is_built_in_collation(std::string_view collation);

/// 1 and 1.0 are one key for SQLite but two for us: only where a column keeps both.
bool mixes_number_types(const TableDescription &table, std::size_t key_position);

/// `alias`."column" equals `value(key position)` to the bit for every key column. The plain
/// comparison comes first, since it can use the primary key's index.
std::string same_key(const TableDescription &table,
                     std::string_view alias,
                     const std::function<std::string(std::size_t)> &value);

std::string insert(const TableDescription &table, Names columns);
std::string upsert(const TableDescription &table, Names columns);
std::string update(const TableDescription &table, Names columns);
std::string remove(const TableDescription &table);
std::string select_row(const TableDescription &table, Names columns);
std::string select_all(const TableDescription &table, Names columns);

std::string select_behind(const TableDescription &table, Names columns, const RowsBehind &rows);

} // namespace postrider::dialect::sqlite_text

// CREATE TABLE and ADD COLUMN of SQLite for tables that another database describes.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/dialect/new_table.hpp"
#include "common/dialect/table_description.hpp"

namespace postrider::dialect::sqlite_text {

/// The declared type, out of a closed list, of a column that holds what a column of `type` holds.
/// Between SQLite databases it has the same affinity, so that it changes no value that the other
/// one did not change; elsewhere what is no number of SQLite's is kept as text.
std::string declared_type(const Type &type, Affinity affinity, bool same_engine);

/// The column's type, with another declared type where the table keeps values in it that the
/// declared one would not keep: any value in ANY of a STRICT table (`is_usual` is false then), text
/// in an INTEGER key that is not the rowid.
Type pattern_type(const TableDescription &table, const ColumnDescription &column, bool is_usual);

/// Why a table of ours cannot bear the name.
Result<void> check_new_name(std::string_view name);

std::string create_table(const NewTable &table, const std::vector<std::string> &types);
std::string add_column(std::string_view table, std::string_view column, std::string_view type);

} // namespace postrider::dialect::sqlite_text

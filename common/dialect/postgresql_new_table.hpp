// CREATE TABLE and ADD COLUMN of PostgreSQL for tables that another database describes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/dialect/new_table.hpp"

namespace postrider::dialect::postgresql_text {

/// Why a table of ours cannot bear the name.
Result<void> check_new_name(std::string_view name);

/// `types` are those of the columns, out of a closed list.
std::string create_missing_table(const NewTable &table, const std::vector<std::string> &types);
/// Once its parents are there; empty for a table that has none.
std::string add_missing_foreign_keys(const NewTable &table);
std::string
add_missing_column(std::string_view table, std::string_view column, std::string_view type);

} // namespace postrider::dialect::postgresql_text

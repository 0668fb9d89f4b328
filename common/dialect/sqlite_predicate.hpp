// What the catalogue tells only in the text of a definition: the condition of a partial index, the
// collations of columns.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace postrider::dialect::sqlite_text {

/// What follows the WHERE outside of parentheses, strings, quoted names and comments; empty when
/// there is none. The text comes from the catalogue, so SQLite has already accepted it.
std::string index_predicate(std::string_view create_index);

/// Column → the collation that its definition names.
std::map<std::string, std::string> column_collations(std::string_view create_table);

} // namespace postrider::dialect::sqlite_text

// Finds the condition of a partial index in the text of its CREATE INDEX.
#pragma once

#include <string>
#include <string_view>

namespace postrider::dialect::sqlite_text {

/// What follows the WHERE outside of parentheses, strings, quoted names and comments; empty when
/// there is none. The text comes from the catalogue, so SQLite has already accepted it.
std::string index_predicate(std::string_view create_index);

} // namespace postrider::dialect::sqlite_text

// Queries of PostgreSQL's catalogue. Numbers come as bigint and names as text, since that is what
// the engine reads.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace postrider::dialect::postgresql_text {

std::string describe_table();
std::string describe_columns();
/// ?1 = table: attnum, name.
std::string number_columns();
std::string describe_parts();
std::string describe_indexes();
std::string describe_foreign_keys();
std::string list_tables();
std::string list_referring_tables();
std::string schema_version();

/// A row for each column that is compared otherwise than byte by byte: its quoted name, COLLATE,
/// and by what.
std::string table_definition();
std::map<std::string, std::string> column_collations(std::string_view definition);

/// What follows the WHERE in what pg_get_indexdef gives; empty when there is none.
std::string index_predicate(std::string_view create_index);

} // namespace postrider::dialect::postgresql_text

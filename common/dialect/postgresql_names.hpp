// Names in PostgreSQL's texts: of tables with their schemas, of columns, of placeholders.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::postgresql_text {

std::string identifier(std::string_view name);

/// A table's schema and its name therein, out of the one name by which it is known.
struct TableName {
    std::string schema;
    std::string table;
};

TableName split_name(std::string_view canonical);

/// What `split_name` splits, without the schema where that is the one that need not be named; none
/// for parts that no canonical name can have.
std::optional<std::string> known_name(Names parts);
std::vector<std::string> name_parts(std::string_view canonical);

/// Both parts, each quoted.
std::string table_name(std::string_view canonical);

/// Quoted columns with commas between, each behind `before`.
std::string column_list(Names columns, std::string_view before = "");

std::string placeholder(std::size_t number);

/// ?first … with commas between.
std::string placeholder_list(std::size_t first, std::size_t count);

/// Quoted only where the server would take the bare word for something else.
std::string plain_word(std::string_view name);

} // namespace postrider::dialect::postgresql_text

// No default, check, collation or expression: every word is ours, every name is quoted.
#include "common/dialect/postgresql_new_table.hpp"

#include <algorithm>

#include "common/base/utf8.hpp"
#include "common/dialect/postgresql_names.hpp"
#include "common/dialect/sql_text.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

/// The server cuts longer ones (NAMEDATALEN).
constexpr std::size_t pg_name_bytes_max = 63;

bool can_be_name(std::string_view name) {
    return !name.empty() && name.size() <= pg_name_bytes_max && is_utf8(name) &&
           name.find('\0') == std::string_view::npos;
}

Error cannot_bear(std::string message) {
    return {
        Errc::refused, std::move(message), {}, "Give the table another name here: AS in the task."};
}

bool is_in_key(const NewTable &table, std::uint32_t column) {
    return std::find(table.key.begin(), table.key.end(), column) != table.key.end();
}

/// Deferrable, so that the rows of a step may come in any order.
std::string foreign_key_definition(const NewForeignKey &key) {
    return "FOREIGN KEY (" + column_list(key.columns) + ") REFERENCES " + table_name(key.parent) +
           "(" + column_list(key.parent_columns) + ") DEFERRABLE";
}

} // namespace

Result<void> check_new_name(std::string_view name) {
    const TableName parts = split_name(name);
    if (!can_be_name(parts.schema) || !can_be_name(parts.table) ||
        parts.table.find('.') != std::string::npos) {
        return cannot_bear("the name of a table that is to be made here is not one that it can"
                           " have");
    }
    if (parts.schema.starts_with("pg_") || parts.schema == "information_schema" ||
        parts.schema == "postrider") {
        return cannot_bear("a table cannot be made with the name \"" +
                           printable(std::string{name}) + "\": its schema belongs to the system");
    }
    return {};
}

std::string create_missing_table(const NewTable &table, const std::vector<std::string> &types) {
    std::string body;
    for (std::uint32_t index = 0; index < table.columns.size(); ++index) {
        const Column &column = table.columns[index];
        append(body, ", ",
               identifier(column.name) + " " + types[index] +
                   (is_in_key(table, index) || !column.nullable ? " NOT NULL" : ""));
    }
    std::vector<std::string> key;
    for (const std::uint32_t index : table.key) {
        key.push_back(table.columns[index].name);
    }
    append(body, ", ", "PRIMARY KEY (" + column_list(key) + ")");
    return "CREATE TABLE " + table_name(table.name) + "(" + body + ")";
}

std::string add_missing_foreign_keys(const NewTable &table) {
    std::string added;
    for (const NewForeignKey &foreign_key : table.foreign_keys) {
        append(added, ", ", "ADD " + foreign_key_definition(foreign_key));
    }
    return added.empty() ? added : "ALTER TABLE " + table_name(table.name) + " " + added;
}

std::string
add_missing_column(std::string_view table, std::string_view column, std::string_view type) {
    return "ALTER TABLE " + table_name(table) + " ADD COLUMN " + identifier(column) + " " +
           std::string{type};
}

} // namespace postrider::dialect::postgresql_text

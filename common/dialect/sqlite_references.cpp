// The parent is always p, the child c. A plus takes a column's own affinity away.
#include "common/dialect/sqlite_references.hpp"

#include "common/dialect/sql_text.hpp"
#include "common/dialect/sqlite_rows.hpp"

namespace postrider::dialect::sqlite_text {

namespace {

std::string table_in_main(const TableDescription &table) {
    return "main." + identifier(table.name);
}

std::string joined(const Reference &reference) {
    std::string condition;
    for (std::size_t index = 0; index < reference.key.columns.size(); ++index) {
        append(condition, " AND ",
               "p." + identifier(reference.key.parent_columns.at(index)) + " = +c." +
                   identifier(reference.key.columns[index]));
    }
    return condition;
}

std::string child_key(const TableDescription &table) {
    return same_key(table, "c.",
                    [](std::size_t position) { return "?" + std::to_string(position + 1); });
}

std::string referring_to_parameters(const Reference &reference) {
    std::string condition;
    for (std::size_t index = 0; index < reference.key.columns.size(); ++index) {
        append(condition, " AND ",
               "c." + identifier(reference.key.columns[index]) + " = ?" +
                   std::to_string(index + 1));
    }
    return condition;
}

std::string without_parent(const Reference &reference) {
    std::string condition;
    for (const std::string &column : reference.key.columns) {
        append(condition, " AND ", "c." + identifier(column) + " IS NOT NULL");
    }
    return condition + " AND NOT EXISTS (SELECT 1 FROM " + table_in_main(*reference.parent) +
           " AS p WHERE " + joined(reference) + ")";
}

} // namespace

std::string find_orphan(const Reference &reference) {
    return "SELECT 1 FROM " + table_in_main(*reference.child) + " AS c WHERE " +
           child_key(*reference.child) + " AND " + without_parent(reference);
}

std::string find_parent(const Reference &reference) {
    std::string key;
    for (const std::uint32_t column : reference.parent->key) {
        append(key, ", ", "p." + identifier(reference.parent->columns[column].name));
    }
    return "SELECT " + key + " FROM " + table_in_main(*reference.child) + " AS c JOIN " +
           table_in_main(*reference.parent) + " AS p ON " + joined(reference) + " WHERE " +
           child_key(*reference.child);
}

std::string select_referring(const Reference &reference, Names columns) {
    std::string list;
    for (const std::string &column : columns) {
        append(list, ", ", "c." + identifier(column));
    }
    return "SELECT " + list + " FROM " + table_in_main(*reference.child) + " AS c WHERE " +
           referring_to_parameters(reference);
}

std::string find_referring(const Reference &reference) {
    return "SELECT 1 FROM " + table_in_main(*reference.child) + " AS c WHERE " +
           referring_to_parameters(reference) + " AND " + without_parent(reference) + " LIMIT 1";
}

} // namespace postrider::dialect::sqlite_text

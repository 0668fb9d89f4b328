// The parent is always p, the child c.
#include "common/dialect/postgresql_references.hpp"

#include "common/dialect/postgresql_names.hpp"
#include "common/dialect/postgresql_rows.hpp"
#include "common/dialect/sql_text.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

std::string from_child(const Reference &reference) {
    return " FROM " + table_name(reference.child->name) + " AS c";
}

std::string parent(const Reference &reference) {
    return table_name(reference.parent->name) + " AS p";
}

std::string same_columns(const Reference &reference) {
    std::string condition;
    for (std::size_t index = 0; index < reference.key.columns.size(); ++index) {
        append(condition, " AND ",
               "p." + identifier(reference.key.parent_columns.at(index)) + " = c." +
                   identifier(reference.key.columns[index]));
    }
    return condition;
}

std::string has_parameters(const Reference &reference) {
    std::string condition;
    std::size_t number = 0;
    for (const std::string &column : reference.key.columns) {
        append(condition, " AND ", "c." + identifier(column) + " = " + placeholder(++number));
    }
    return condition;
}

std::string lacks_parent(const Reference &reference) {
    return refers(reference) + " AND NOT EXISTS (SELECT 1 FROM " + parent(reference) + " WHERE " +
           same_columns(reference) + ")";
}

} // namespace

std::string refers(const Reference &reference) {
    std::string condition;
    for (const std::string &column : reference.key.columns) {
        append(condition, reference.key.match_full ? " OR " : " AND ",
               "c." + identifier(column) + " IS NOT NULL");
    }
    return reference.key.match_full ? "(" + condition + ")" : condition;
}

std::string find_orphan(const Reference &reference) {
    return "SELECT 1" + from_child(reference) + " WHERE " + same_key(*reference.child, 1, "c.") +
           " AND " + lacks_parent(reference);
}

std::string find_parent(const Reference &reference) {
    std::string key;
    for (const std::uint32_t column : reference.parent->key) {
        append(key, ", ", "p." + identifier(reference.parent->columns[column].name));
    }
    return "SELECT " + key + from_child(reference) + " JOIN " + parent(reference) + " ON " +
           same_columns(reference) + " WHERE " + same_key(*reference.child, 1, "c.");
}

std::string find_referring(const Reference &reference) {
    return "SELECT 1" + from_child(reference) + " WHERE " + has_parameters(reference) + " AND " +
           lacks_parent(reference) + " LIMIT 1";
}

std::string select_referring(const Reference &reference, Names columns) {
    return "SELECT " + column_list(columns, "c.") + from_child(reference) + " WHERE " +
           has_parameters(reference);
}

} // namespace postrider::dialect::postgresql_text

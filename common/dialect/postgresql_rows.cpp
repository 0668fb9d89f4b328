// Plain statements: keys that are equal for the server are one key.
#include "common/dialect/postgresql_rows.hpp"

#include <algorithm>

#include "common/dialect/postgresql_lists.hpp"
#include "common/dialect/postgresql_names.hpp"
#include "common/dialect/sql_text.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

/// As the columns themselves are ordered, so that the index of the key gives the rows.
std::string key_order(const TableDescription &table) {
    std::string order;
    for (const std::uint32_t column : table.key) {
        append(order, ", ", identifier(table.columns[column].name));
    }
    return order;
}

/// Values that are equal but not the same (1.0 and 1.00, 0.0 and -0.0, 24 hours and one day): an
/// upsert then has to write the key as well. Elsewhere that would only cost time.
bool has_spellings(const ColumnDescription &column) {
    switch (column.type.kind) {
    case Kind::boolean:
    case Kind::int64:
    case Kind::bytes:
    case Kind::uuid:
    case Kind::date:
    case Kind::time:
    case Kind::time_with_zone:
    case Kind::timestamp:
    case Kind::timestamp_with_zone:
    case Kind::bits:
        return false;
    case Kind::text:
        return column.collation != "BINARY";
    default:
        return true;
    }
}

/// Its value can be inserted, but no UPDATE may write it.
bool is_identity(const ColumnDescription &column) {
    return column.default_sql == "identity always";
}

bool is_updated(const TableDescription &table, std::string_view name) {
    const ColumnDescription *column = table.find_column(name);
    return column == nullptr || !why_not_updated(table, *column);
}

bool is_written_by_upsert(const TableDescription &table, std::string_view column) {
    for (const std::uint32_t key : table.key) {
        if (table.columns[key].name == column) {
            return has_spellings(table.columns[key]);
        }
    }
    return is_updated(table, column);
}

std::string select(const TableDescription &table, Names columns) {
    return "SELECT " + column_list(columns) + " FROM " + table_name(table.name);
}

std::string insert_into(const TableDescription &table, Names columns) {
    return "INSERT INTO " + table_name(table.name) + "(" + column_list(columns) +
           ") OVERRIDING SYSTEM VALUE ";
}

std::string on_conflict(const TableDescription &table, Names columns) {
    std::string target;
    for (const std::uint32_t column : table.key) {
        append(target, ", ", identifier(table.columns[column].name));
    }
    std::string assignments;
    for (const std::string &column : columns) {
        if (is_written_by_upsert(table, column)) {
            append(assignments, ", ", identifier(column) + " = excluded." + identifier(column));
        }
    }
    return " ON CONFLICT (" + target + ") DO " +
           (assignments.empty() ? "NOTHING" : "UPDATE SET " + assignments);
}

/// What an update of columns says with values that are written as `given` says: assignments to
/// those that it can write, and conditions on the others, so that each value has a type.
struct UpdateParts {
    std::string assignments;
    std::string conditions;
};

UpdateParts
update_parts(const TableDescription &table, Names columns, std::string (*given)(std::size_t)) {
    UpdateParts parts;
    std::size_t number = 0;
    for (const std::string &column : columns) {
        const std::string value = given(++number);
        if (is_updated(table, column)) {
            append(parts.assignments, ", ", identifier(column) + " = " + value);
        } else {
            parts.conditions += " AND t." + identifier(column) + " IS NOT DISTINCT FROM " + value;
        }
    }
    return parts;
}

/// A row that has what cannot be written counts as written.
std::string update_or_look(const TableDescription &table, const std::string &assignments) {
    const std::string as_t = table_name(table.name) + " AS t";
    return assignments.empty() ? "SELECT 1 FROM " + as_t : "UPDATE " + as_t + " SET " + assignments;
}

std::string any_different(Names columns, std::size_t first, std::string (*given)(std::size_t)) {
    std::string condition;
    for (const std::string &column : columns) {
        append(condition, " OR ",
               "t." + identifier(column) + " IS DISTINCT FROM " + given(first++));
    }
    return "(" + condition + ")";
}

} // namespace

std::optional<Error> why_not_updated(const TableDescription &table,
                                     const ColumnDescription &column) {
    const auto index = static_cast<std::uint32_t>(&column - table.columns.data());
    if (!is_identity(column) || table.is_key(index)) {
        return std::nullopt;
    }
    return Error{Errc::conflict,
                 "column " + quoted(column.name, '"') +
                     " is GENERATED ALWAYS AS IDENTITY, so that no UPDATE can write it",
                 {},
                 "ALTER TABLE " + table_name(table.name) + " ALTER COLUMN " +
                     identifier(column.name) + " SET GENERATED BY DEFAULT;"};
}

BlockStatement find_different(const TableDescription &table, Names columns) {
    const std::size_t key = table.key.size();
    const std::string as_t = table_name(table.name) + " AS t";
    return {.one_row = "SELECT 1 FROM " + as_t + " WHERE " + same_key(table, 1, "t.") + " AND " +
                       any_different(columns, key + 1, placeholder),
            .many_rows = "SELECT k.number FROM " + rows_of_lists(key + columns.size(), true) +
                         " JOIN " + as_t + " ON " + same_listed_key(table, 1) + " WHERE " +
                         any_different(columns, key + 1, listed)};
}

std::string same_listed_key(const TableDescription &table, std::size_t first) {
    std::string condition;
    for (const std::uint32_t column : table.key) {
        append(condition, " AND ",
               "t." + identifier(table.columns[column].name) + " = " + listed(first++));
    }
    return condition;
}

std::string same_key(const TableDescription &table, std::size_t first, std::string_view before) {
    std::string condition;
    for (const std::uint32_t column : table.key) {
        append(condition, " AND ",
               std::string{before} + identifier(table.columns[column].name) + " = " +
                   placeholder(first++));
    }
    return condition;
}

std::string insert(const TableDescription &table, Names columns) {
    return insert_into(table, columns) + "VALUES (" + placeholder_list(1, columns.size()) + ")";
}

std::string upsert(const TableDescription &table, Names columns) {
    return insert(table, columns) + on_conflict(table, columns);
}

std::string copy_new(const TableDescription &table, Names columns) {
    return "COPY " + table_name(table.name) + "(" + column_list(columns) +
           ") FROM STDIN WITH (FORMAT binary)";
}

std::string upsert_many(const TableDescription &table, Names columns) {
    return insert_into(table, columns) + "SELECT " + all_listed(columns.size()) + " FROM " +
           rows_of_lists(columns.size(), false) + on_conflict(table, columns);
}

/// Two spellings of one key would be one row, which an UPDATE writes but once, and nobody knows
/// with which values: such rows are written one by one.
std::string update_many(const TableDescription &table, Names columns) {
    const bool is_exact =
        std::none_of(table.key.begin(), table.key.end(),
                     [&](std::uint32_t column) { return has_spellings(table.columns[column]); });
    if (!is_exact) {
        return "";
    }
    const UpdateParts parts = update_parts(table, columns, listed);
    const std::string lists = rows_of_lists(columns.size() + table.key.size(), false);
    return update_or_look(table, parts.assignments) +
           (parts.assignments.empty() ? " CROSS JOIN " : " FROM ") + lists + " WHERE " +
           same_listed_key(table, columns.size() + 1) + parts.conditions;
}

std::string remove_many(const TableDescription &table) {
    return "DELETE FROM " + table_name(table.name) + " AS t USING " +
           rows_of_lists(table.key.size(), false) + " WHERE " + same_listed_key(table, 1);
}

std::string update(const TableDescription &table, Names columns) {
    const UpdateParts parts = update_parts(table, columns, placeholder);
    return update_or_look(table, parts.assignments) + " WHERE " +
           same_key(table, columns.size() + 1, "t.") + parts.conditions;
}

std::string remove(const TableDescription &table) {
    return "DELETE FROM " + table_name(table.name) + " WHERE " + same_key(table, 1);
}

std::string select_row(const TableDescription &table, Names columns) {
    return select(table, columns) + " WHERE " + same_key(table, 1);
}

std::string select_all(const TableDescription &table, Names columns) {
    return select(table, columns) + " ORDER BY " + key_order(table);
}

std::string select_behind(const TableDescription &table, Names columns, const RowsBehind &rows) {
    std::string condition;
    std::size_t number = 0;
    for (const std::string &column : rows.matched) {
        append(condition, " AND ", identifier(column) + " = " + placeholder(++number));
    }
    const std::string key = key_order(table);
    if (rows.behind_key) {
        append(condition, " AND ",
               "(" + key + ") > (" + placeholder_list(number + 1, table.key.size()) + ")");
    }
    return select(table, columns) + (condition.empty() ? "" : " WHERE " + condition) +
           " ORDER BY " + key;
}

} // namespace postrider::dialect::postgresql_text

// Every writing statement says OR ABORT: a table declared UNIQUE ON CONFLICT REPLACE would
// otherwise delete other rows behind our back.
#include "common/dialect/sqlite_rows.hpp"

#include <algorithm>

#include "common/dialect/sql_text.hpp"

namespace postrider::dialect::sqlite_text {

std::string identifier(std::string_view name) {
    return quoted(name, '"');
}

std::string key_collation(const TableDescription &table, std::size_t key_position) {
    const std::string &column = table.columns[table.key[key_position]].name;
    for (const IndexDescription &index : table.indexes) {
        for (const IndexColumn &each : index.columns) {
            if (index.primary && each.name == column) {
                return each.collation;
            }
        }
    }
    return "BINARY"; // an alias of the rowid has no index
}

bool is_built_in_collation(std::string_view collation) {
    const std::string name = lower_ascii(collation);
    return name == "binary" || name == "nocase" || name == "rtrim";
}

bool mixes_number_types(const TableDescription &table, std::size_t key_position) {
    return table.columns[table.key[key_position]].affinity == Affinity::none;
}

std::string same_key(const TableDescription &table,
                     std::string_view alias,
                     const std::function<std::string(std::size_t)> &value) {
    std::string condition;
    for (std::size_t position = 0; position < table.key.size(); ++position) {
        const std::string column =
            std::string{alias} + identifier(table.columns[table.key[position]].name);
        append(condition, " AND ", column + " = " + value(position));
        if (key_collation(table, position) != "BINARY") {
            condition += " AND " + column + " = " + value(position) + " COLLATE BINARY";
        }
        if (mixes_number_types(table, position)) {
            condition += " AND typeof(" + column + ") = typeof(" + value(position) + ")";
        }
    }
    return condition;
}

namespace {

std::string parameter(std::size_t number) {
    return "?" + std::to_string(number);
}

std::string main_table(const TableDescription &table) {
    return "main." + identifier(table.name);
}

std::string list(Names columns) {
    std::string text;
    for (const std::string &column : columns) {
        append(text, ", ", identifier(column));
    }
    return text;
}

/// The key as parameters that follow `before` others.
std::string key_parameters(const TableDescription &table, std::size_t before) {
    return same_key(table, "",
                    [before](std::size_t position) { return parameter(before + position + 1); });
}

/// The column of the key as its index compares it: rows that the column's own collation takes for
/// equal differ there.
std::string key_column(const TableDescription &table, std::size_t position) {
    const ColumnDescription &column = table.columns[table.key[position]];
    const std::string collation = key_collation(table, position);
    const bool differs = lower_ascii(collation) != lower_ascii(column.collation);
    return identifier(column.name) + (differs ? " COLLATE " + identifier(collation) : "");
}

/// Two spellings of a key that SQLite takes for one ('a' and 'A' under NOCASE, 1 and 1.0, 0.0 and
/// -0.0): an upsert then has to write the key as well. Elsewhere that would only cost time.
bool key_has_spellings(const TableDescription &table, std::string_view column) {
    for (std::size_t position = 0; position < table.key.size(); ++position) {
        const ColumnDescription &key = table.columns[table.key[position]];
        if (key.name == column) {
            return key_collation(table, position) != "BINARY" || key.affinity == Affinity::none ||
                   key.affinity == Affinity::real;
        }
    }
    return true; // not in the key
}

} // namespace

std::string insert(const TableDescription &table, Names columns) {
    std::string values;
    for (std::size_t index = 0; index < columns.size(); ++index) {
        append(values, ", ", parameter(index + 1));
    }
    return "INSERT OR ABORT INTO " + main_table(table) + "(" + list(columns) + ") VALUES(" +
           values + ")";
}

std::string upsert(const TableDescription &table, Names columns) {
    std::string target;
    for (const std::uint32_t column : table.key) {
        append(target, ", ", identifier(table.columns[column].name));
    }
    std::string assignments;
    for (const std::string &column : columns) {
        if (key_has_spellings(table, column)) {
            append(assignments, ", ", identifier(column) + " = excluded." + identifier(column));
        }
    }
    return insert(table, columns) + " ON CONFLICT(" + target + ") DO " +
           (assignments.empty() ? "NOTHING" : "UPDATE SET " + assignments);
}

std::string update(const TableDescription &table, Names columns) {
    std::string assignments;
    for (std::size_t index = 0; index < columns.size(); ++index) {
        append(assignments, ", ", identifier(columns[index]) + " = " + parameter(index + 1));
    }
    return "UPDATE OR ABORT " + main_table(table) + " SET " + assignments + " WHERE " +
           key_parameters(table, columns.size());
}

std::string remove(const TableDescription &table) {
    return "DELETE FROM " + main_table(table) + " WHERE " + key_parameters(table, 0);
}

std::string select_row(const TableDescription &table, Names columns) {
    return "SELECT " + list(columns) + " FROM " + main_table(table) + " WHERE " +
           key_parameters(table, 0);
}

std::string select_all(const TableDescription &table, Names columns) {
    std::string order;
    for (std::size_t position = 0; position < table.key.size(); ++position) {
        append(order, ", ", key_column(table, position));
    }
    return "SELECT " + list(columns) + " FROM " + main_table(table) + " ORDER BY " + order;
}

std::string select_behind(const TableDescription &table, Names columns, const RowsBehind &rows) {
    std::string condition;
    std::size_t number = 0;
    for (const std::string &column : rows.matched) {
        append(condition, " AND ", identifier(column) + " = " + parameter(++number));
    }
    std::string key;
    std::string bound;
    for (std::size_t position = 0; position < table.key.size(); ++position) {
        append(key, ", ", key_column(table, position));
        append(bound, ", ", parameter(++number));
    }
    if (rows.behind_key) {
        append(condition, " AND ", "(" + key + ") > (" + bound + ")");
    }
    return "SELECT " + list(columns) + " FROM " + main_table(table) +
           (condition.empty() ? "" : " WHERE " + condition) + " ORDER BY " + key;
}

} // namespace postrider::dialect::sqlite_text

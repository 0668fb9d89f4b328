// One temporary table of a connection holds the images of every table as the text forms of their
// values: nothing is made anew from condition to condition, and nothing depends on a user's types.
// The text form gives the same value again. Behind a UNION with no rows of the table itself the
// values have its columns' types and collations.
#include "common/dialect/postgresql_images.hpp"

#include "common/dialect/postgresql_names.hpp"
#include "common/dialect/sql_text.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

constexpr std::string_view image_table = "pg_temp.postrider_image";

/// As the catalogue spells it. A column that the table does not have is compared with nothing.
std::string column_type(const TableDescription &table, std::string_view name) {
    const ColumnDescription *column = table.find_column(name);
    return column == nullptr || column->type.native_name.empty() ? "text"
                                                                 : column->type.native_name;
}

std::string select_of_images(const TableDescription &table,
                             const Condition &condition,
                             const std::string &what) {
    std::string own;
    std::string values;
    std::size_t number = 0;
    for (const std::string &name : condition.columns) {
        own += ", " + identifier(name);
        values += ", CAST(i.fields[" + std::to_string(++number) + "] AS " +
                  column_type(table, name) + ")";
    }
    return "SELECT " + what + " FROM (SELECT CAST(NULL AS bigint) AS postrider_row" + own +
           " FROM " + table_name(table.name) + " WHERE false UNION ALL SELECT i.number" + values +
           " FROM " + std::string{image_table} + " AS i) AS image ORDER BY image.postrider_row";
}

} // namespace

ImageStatements images(const TableDescription &table, Names columns) {
    std::string fields;
    std::size_t number = 0;
    for (const std::string &name : columns) {
        append(fields, ", ",
               "CAST(CAST(" + placeholder(++number) + " AS " + column_type(table, name) +
                   ") AS text)");
    }
    const std::string where{image_table};
    return {.create = "CREATE TEMPORARY TABLE IF NOT EXISTS " + where +
                      "(number bigint GENERATED ALWAYS AS IDENTITY, fields text[] NOT NULL)"
                      " ON COMMIT DELETE ROWS",
            .clear = "DELETE FROM " + where,
            .insert =
                "INSERT INTO " + where + "(fields) VALUES (CAST(ARRAY[" + fields + "] AS text[]))"};
}

std::string select_images(const TableDescription &table, const Condition &condition) {
    return select_of_images(table, condition,
                            "CAST(CASE WHEN (" + condition.sql + ") THEN 1 ELSE 0 END AS bigint)");
}

std::string select_values(const TableDescription &table, const Condition &expression) {
    return select_of_images(table, expression, "(" + expression.sql + ")");
}

} // namespace postrider::dialect::postgresql_text

// No default, check, collation or expression: every word is ours, every name is quoted.
#include "common/dialect/sqlite_new_table.hpp"

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/dialect/sql_text.hpp"
#include "common/dialect/sqlite_rows.hpp"

namespace postrider::dialect::sqlite_text {

namespace {

std::string lengths(const Type &type) {
    if (type.precision < 1) {
        return "";
    }
    return "(" + std::to_string(type.precision) +
           (type.scale >= 0 ? "," + std::to_string(type.scale) : "") + ")";
}

std::string text_type(const Type &type) {
    return type.kind == Kind::text && type.precision > 0 && type.scale < 0
               ? "VARCHAR" + lengths(type)
               : "TEXT";
}

/// All of them have the affinity NUMERIC.
std::string numeric_type(const Type &type) {
    switch (type.kind) {
    case Kind::boolean:
        return "BOOLEAN";
    case Kind::uuid:
        return "UUID";
    case Kind::json:
        return "JSON";
    case Kind::timestamp_with_zone:
        return "TIMESTAMPTZ";
    case Kind::timestamp:
        return "DATETIME";
    case Kind::date:
        return "DATE";
    case Kind::time:
        return "TIME";
    case Kind::decimal:
        return "DECIMAL" + lengths(type);
    default:
        return "NUMERIC";
    }
}

std::string type_of_sqlite(const Type &type, Affinity affinity) {
    switch (affinity) {
    case Affinity::integer:
        // A single key of the very type INTEGER takes nothing but integers.
        return lower_ascii(type.native_name) == "integer" ? "INTEGER" : "INT";
    case Affinity::text:
        return text_type(type);
    case Affinity::real:
        return "REAL";
    case Affinity::numeric:
        return numeric_type(type);
    case Affinity::none:
        break;
    }
    return type.kind == Kind::bytes ? "BLOB" : "";
}

std::string type_of_others(const Type &type) {
    switch (type.kind) {
    case Kind::boolean:
        return "BOOLEAN";
    case Kind::int64:
        return "INTEGER";
    case Kind::float64:
    case Kind::float32:
        return "REAL";
    case Kind::bytes:
        return "BLOB";
    default:
        return text_type(type);
    }
}

std::string name_list(const std::vector<std::string> &names) {
    std::string text;
    for (const std::string &name : names) {
        append(text, ", ", identifier(name));
    }
    return text;
}

bool is_key(const NewTable &table, std::uint32_t column) {
    for (const std::uint32_t index : table.key) {
        if (index == column) {
            return true;
        }
    }
    return false;
}

} // namespace

std::string declared_type(const Type &type, Affinity affinity, bool same_engine) {
    return same_engine ? type_of_sqlite(type, affinity) : type_of_others(type);
}

Type pattern_type(const TableDescription &table, const ColumnDescription &column, bool is_usual) {
    Type type = column.type;
    if (!is_usual) {
        type.native_name.clear();
        return type;
    }
    bool has_key_index = table.without_rowid;
    for (const IndexDescription &index : table.indexes) {
        has_key_index = has_key_index || index.primary;
    }
    const bool is_only_key = table.key.size() == 1 && &table.columns[table.key.front()] == &column;
    if (is_only_key && has_key_index && lower_ascii(type.native_name) == "integer") {
        type.native_name = "INT";
    }
    return type;
}

Result<void> check_new_name(std::string_view name) {
    const std::string lower = lower_ascii(name);
    const auto refused = [](std::string message) {
        return Error{Errc::refused,
                     std::move(message),
                     {},
                     "Give the table another name here: AS in the task."};
    };
    if (name.empty() || name.size() > limits::name_bytes_max || !is_utf8(name) ||
        name.find('\0') != std::string_view::npos) {
        return refused("the name of a table that is to be made here is not one that it can have");
    }
    if (lower.starts_with("sqlite_") || lower.starts_with("postrider_")) {
        return refused("a table cannot be made with the name \"" + printable(name) +
                       "\": tables of the system begin so");
    }
    return {};
}

std::string create_table(const NewTable &table, const std::vector<std::string> &types) {
    std::string body;
    for (std::uint32_t index = 0; index < table.columns.size(); ++index) {
        const Column &column = table.columns[index];
        append(body, ", ",
               identifier(column.name) + (types[index].empty() ? "" : " " + types[index]) +
                   (is_key(table, index) || !column.nullable ? " NOT NULL" : ""));
    }
    std::vector<std::string> key;
    for (const std::uint32_t index : table.key) {
        key.push_back(table.columns[index].name);
    }
    append(body, ", ", "PRIMARY KEY(" + name_list(key) + ")");
    for (const NewForeignKey &foreign_key : table.foreign_keys) {
        append(body, ", ",
               "FOREIGN KEY(" + name_list(foreign_key.columns) + ") REFERENCES " +
                   identifier(foreign_key.parent) + "(" + name_list(foreign_key.parent_columns) +
                   ")");
    }
    return "CREATE TABLE main." + identifier(table.name) + "(" + body + ")";
}

std::string add_column(std::string_view table, std::string_view column, std::string_view type) {
    return "ALTER TABLE main." + identifier(table) + " ADD COLUMN " + identifier(column) +
           (type.empty() ? "" : " " + std::string{type});
}

} // namespace postrider::dialect::sqlite_text

// Lookups in a table's description, its neutral schema and its fingerprint.
#include "common/dialect/table_description.hpp"

#include <algorithm>

#include "common/dialect/sql_text.hpp"

namespace postrider::dialect {

const ColumnDescription *TableDescription::find_column(std::string_view column) const {
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const auto &each) { return each.name == column; });
    return found == columns.end() ? nullptr : &*found;
}

bool TableDescription::is_key(std::uint32_t column) const {
    return std::find(key.begin(), key.end(), column) != key.end();
}

TableSchema TableDescription::schema() const {
    TableSchema schema;
    schema.name = name;
    std::vector<std::uint32_t> position(columns.size());
    for (std::size_t index = 0; index < columns.size(); ++index) {
        const ColumnDescription &column = columns[index];
        if (!column.hidden && column.generated == Generated::no) {
            position[index] = static_cast<std::uint32_t>(schema.columns.size());
            schema.columns.push_back({column.name, column.type, !column.not_null});
        }
    }
    for (const std::uint32_t column : key) {
        schema.key.push_back(position[column]);
        schema.columns[position[column]].nullable = false;
    }
    return schema;
}

namespace {

void add_columns(std::string &text, const TableDescription &table) {
    for (const ColumnDescription &column : table.columns) {
        text += "column " + quoted(column.name, '"') + ' ' + quoted(column.type.native_name, '\'') +
                (column.not_null ? " not null" : "");
        if (!column.default_sql.empty()) {
            text += " default " + quoted(column.default_sql, '\'');
        }
        if (lower_ascii(column.collation) != "binary") {
            text += " collate " + quoted(column.collation, '"');
        }
        if (column.generated != Generated::no) {
            text += column.generated == Generated::stored ? " stored" : " computed";
        }
        text += column.hidden ? " hidden\n" : "\n";
    }
    text += "key";
    for (const std::uint32_t column : table.key) {
        text += ' ' + quoted(table.columns[column].name, '"');
    }
    text += '\n';
}

std::string line_of(const IndexDescription &index) {
    std::string line = "unique";
    for (const IndexColumn &column : index.columns) {
        line += ' ' + quoted(column.name, '"') + " collate " + column.collation;
    }
    if (!index.predicate.empty()) {
        line += " where " + quoted(index.predicate, '\'');
    }
    return line;
}

std::string line_of(const ForeignKeyDescription &foreign_key) {
    std::string line = "foreign key";
    for (const std::string &column : foreign_key.columns) {
        line += ' ' + quoted(column, '"');
    }
    line += " references " + quoted(foreign_key.parent, '"');
    for (const std::string &column : foreign_key.parent_columns) {
        line += ' ' + quoted(column, '"');
    }
    line += " on update " + std::to_string(static_cast<int>(foreign_key.on_update)) +
            " on delete " + std::to_string(static_cast<int>(foreign_key.on_delete));
    for (const std::string &column : foreign_key.cleared_on_delete) {
        line += ' ' + quoted(column, '"');
    }
    line += foreign_key.match_full ? " match full" : "";
    return line;
}

} // namespace

std::string fingerprint(const TableDescription &table) {
    std::string text = "table " + quoted(table.name, '"') +
                       (table.without_rowid ? " without rowid" : "") +
                       (table.strict ? " strict\n" : "\n");
    add_columns(text, table);
    // The catalogue's order of indexes and foreign keys changes with a dump and reload.
    std::vector<std::string> lines;
    for (const IndexDescription &index : table.indexes) {
        if (index.unique) {
            lines.push_back(line_of(index));
        }
    }
    for (const ForeignKeyDescription &foreign_key : table.foreign_keys) {
        lines.push_back(line_of(foreign_key));
    }
    std::sort(lines.begin(), lines.end());
    for (const std::string &line : lines) {
        text += line + '\n';
    }
    return text;
}

} // namespace postrider::dialect

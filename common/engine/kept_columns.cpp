// Names of columns in and out of the row of a capture.
#include "common/engine/kept_columns.hpp"

#include <set>

#include "common/task/task_text.hpp"

namespace postrider::engine {

std::string print_kept(const std::vector<std::string> &names) {
    std::vector<task::TableColumn> columns;
    columns.reserve(names.size());
    for (const std::string &name : names) {
        columns.push_back({task::PlainColumn{{name, true, {}}, std::nullopt}, {}, {}, {}});
    }
    return columns.empty() ? "" : task::print(task::Columns{std::move(columns)});
}

std::vector<std::string> read_kept(const std::string &text) {
    std::vector<std::string> names;
    if (text.empty()) { // as for most tables, in each round
        return names;
    }
    const Result<task::Table> table = task::parse_table("x " + text);
    const auto *columns = table && table->columns
                              ? std::get_if<std::vector<task::TableColumn>>(&table->columns->value)
                              : nullptr;
    if (columns != nullptr) {
        for (const task::TableColumn &column : *columns) {
            if (const auto *plain = std::get_if<task::PlainColumn>(&column.source)) {
                names.push_back(plain->name.text);
            }
        }
    }
    return names;
}

std::vector<std::string> columns_to_keep(const dialect::Dialect &dialect,
                                         const dialect::TableDescription &table,
                                         const std::vector<std::string> &texts) {
    std::set<std::string> named;
    for (const std::string &text : texts) {
        // One that the table has outgrown lets nothing pass until its task is declared anew.
        if (const Result<dialect::Condition> read = dialect.read_condition(text, table)) {
            named.insert(read->columns.begin(), read->columns.end());
        }
    }
    std::vector<std::string> kept;
    for (std::uint32_t index = 0; index < table.columns.size(); ++index) {
        if (!table.is_key(index) && named.contains(table.columns[index].name)) {
            kept.push_back(table.columns[index].name);
        }
    }
    return kept;
}

Result<void> check_kept(const dialect::TableDescription &table,
                        const std::vector<std::string> &kept) {
    for (const std::string &name : kept) {
        const dialect::ColumnDescription *column = table.find_column(name);
        if (column == nullptr || column->generated != dialect::Generated::no) {
            return Error{Errc::refused,
                         "table \"" + table.name + "\" has no column \"" + name +
                             "\", which a WHERE or an expression of a task names",
                         {},
                         "Declare the task again with the columns that there are."};
        }
    }
    return {};
}

} // namespace postrider::engine

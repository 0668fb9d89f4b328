// Which columns stand under unique indexes.
#include "common/engine/unique_values.hpp"

#include <algorithm>
#include <set>

#include "common/engine/free_value.hpp"

namespace postrider::engine {

namespace {

std::set<std::string> unique_columns(const dialect::TableDescription &table) {
    std::set<std::string> key;
    for (const std::uint32_t index : table.key) {
        key.insert(table.columns[index].name);
    }
    std::set<std::string> names;
    for (const dialect::IndexDescription &index : table.indexes) {
        if (!index.unique || index.primary) {
            continue;
        }
        for (const dialect::IndexColumn &column : index.columns) {
            const dialect::ColumnDescription *found = table.find_column(column.name);
            if (found != nullptr && found->generated == dialect::Generated::no &&
                !key.contains(column.name)) {
                names.insert(column.name);
            }
        }
    }
    return names;
}

} // namespace

bool has_unique_values(const dialect::TableDescription &table) {
    return std::any_of(
        table.indexes.begin(), table.indexes.end(),
        [](const dialect::IndexDescription &index) { return index.unique && !index.primary; });
}

void give_up_unique_values(Transaction &transaction,
                           const dialect::Dialect &dialect,
                           const WrittenColumns &written,
                           const Key &key) {
    const std::set<std::string> unique = unique_columns(written.table);
    std::vector<std::string> columns;
    std::vector<Value> parameters;
    for (const std::string &name : written.columns) {
        if (unique.contains(name)) {
            columns.push_back(name);
            parameters.push_back(free_value(dialect, *written.table.find_column(name)));
        }
    }
    if (columns.empty()) {
        return;
    }
    parameters.insert(parameters.end(), key.begin(), key.end());
    transaction.execute(dialect.update(written.table, columns), Parameters{parameters});
}

} // namespace postrider::engine

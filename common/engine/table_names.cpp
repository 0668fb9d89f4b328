// The dialect knows what a schema is.
#include "common/engine/table_names.hpp"

#include <algorithm>
#include <vector>

#include "common/base/comma_list.hpp"
#include "common/engine/introspect.hpp"
#include "common/task/words.hpp"

namespace postrider::engine {

std::optional<task::Identifier> known_name(const dialect::Dialect &dialect,
                                           const task::ObjectName &name) {
    std::vector<std::string> parts;
    for (const task::Identifier &part : name.parts) {
        parts.push_back(part.text);
    }
    std::optional<std::string> known = dialect.known_name(parts);
    if (!known) {
        return std::nullopt;
    }
    const bool exact = std::all_of(name.parts.begin(), name.parts.end(),
                                   [](const task::Identifier &part) { return part.exact; });
    return task::Identifier{*std::move(known), exact, name.parts.front().at};
}

Result<std::string> catalogue_name(const std::vector<std::string> &tables,
                                   const task::Identifier &name) {
    std::vector<std::string> candidates;
    for (const std::string &each : tables) {
        if (each == name.text) {
            return each;
        }
        if (!name.exact && task::lower_ascii(each) == task::lower_ascii(name.text)) {
            candidates.push_back(each);
        }
    }
    if (candidates.size() > 1) {
        return Error{Errc::refused,
                     "table \"" + name.text + "\" could be any of " + comma_list(candidates),
                     {},
                     "Write the name in double quotes, exactly as one of them."};
    }
    return candidates.empty() ? name.text : candidates.front();
}

namespace {

/// As the catalogue has it; left alone where it is no table of this database.
void spell(const dialect::Dialect &dialect,
           const std::vector<std::string> &tables,
           task::ObjectName &name) {
    const auto known = known_name(dialect, name);
    const Result<std::string> spelled =
        known ? catalogue_name(tables, *known) : Error{Errc::refused, "not in this database"};
    if (spelled && std::find(tables.begin(), tables.end(), *spelled) != tables.end()) {
        const task::Position at = name.parts.front().at;
        name = object_name(dialect, *spelled);
        name.parts.front().at = at;
    }
}

} // namespace

task::Mistake
check_tables_here(Transaction &transaction, const dialect::Dialect &dialect, task::TaskText text) {
    if (auto mistake = task::check_tables(text)) {
        return mistake;
    }
    const std::vector<std::string> tables = list_tables(transaction, dialect);
    for (task::Statement &statement : text.statements) {
        auto *task = std::get_if<task::Task>(&statement);
        if (task == nullptr || task->on) {
            continue;
        }
        for (task::Table &table : task->tables) {
            // The name at the other side stays as it was written.
            table.as = table.as.value_or(table.name);
            const bool receives = task->direction.value == task::Direction::receive;
            spell(dialect, tables, receives ? *table.as : table.name);
        }
    }
    return task::check_tables(text);
}

task::ObjectName object_name(const dialect::Dialect &dialect, const std::string &known_name) {
    task::ObjectName name;
    for (std::string &part : dialect.name_parts(known_name)) {
        name.parts.push_back({std::move(part), true});
    }
    return name;
}

} // namespace postrider::engine

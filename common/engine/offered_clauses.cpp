// Words: COLUMNS, the list is as it stands in the schema; PRESENT COLUMNS, the same but for columns
// that the mirror's table lacks; WITHOUT DELETE.
#include "common/engine/offered_clauses.hpp"

#include <algorithm>

namespace postrider::engine {

namespace {

constexpr const char *listed = "COLUMNS";
constexpr const char *listed_where_present = "PRESENT COLUMNS";
constexpr const char *without_delete = "WITHOUT DELETE";

void add_word(std::string &words, const char *word) {
    words += (words.empty() ? "" : ", ") + std::string{word};
}

bool has_word(const std::string &words, const std::string &word) {
    return (", " + words + ", ").find(", " + word + ", ") != std::string::npos;
}

} // namespace

std::string table_option(std::size_t number) {
    return "table " + std::to_string(number);
}

std::string offered_clauses(const task::Task &task, const task::Table &table) {
    std::string words;
    if (table.columns && std::holds_alternative<task::AllColumnsExcept>(table.columns->value)) {
        // Whoever sends all but some columns sends new ones too, and its mirror takes them. The
        // mirror of a receiver has to leave some out.
        if (task.direction.value == task::Direction::receive) {
            add_word(words, listed_where_present);
        }
    } else if (table.columns) {
        add_word(words, listed);
    }
    if (table.without_delete) {
        add_word(words, without_delete);
    }
    return words;
}

void take_offered_clauses(const std::string &option,
                          const TableSchema &offered,
                          const dialect::TableDescription &local,
                          task::Table &table) {
    const bool where_present = has_word(option, listed_where_present);
    if (where_present || has_word(option, listed)) {
        const TableSchema ours = local.schema();
        const auto is_here = [&ours](const Column &column) {
            return std::any_of(ours.columns.begin(), ours.columns.end(),
                               [&](const Column &each) { return each.name == column.name; });
        };
        std::vector<task::TableColumn> columns;
        for (const Column &column : offered.columns) {
            if (!where_present || is_here(column)) {
                columns.push_back(
                    {task::PlainColumn{{column.name, true, {}}, std::nullopt}, {}, {}, {}});
            }
        }
        table.columns = {task::Columns{std::move(columns)}, {}};
    }
    if (has_word(option, without_delete)) {
        table.without_delete = task::Position{};
    }
}

} // namespace postrider::engine

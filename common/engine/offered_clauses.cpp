// Words: COLUMNS, the list is as it stands in the schema; PRESENT COLUMNS, the same but for columns
// that the mirror's table lacks; WITHOUT DELETE.
#include "common/engine/offered_clauses.hpp"

#include <algorithm>

#include "common/base/utf8.hpp"
#include "common/engine/kept_columns.hpp"
#include "common/task/check.hpp"
#include "common/task/task_text.hpp"

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

std::string clause_words(const task::Task &task, const task::Table &table) {
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

} // namespace

std::string table_option(std::size_t number) {
    return "table " + std::to_string(number);
}

std::string lossy_option(std::size_t number) {
    return table_option(number) + " lossy";
}

std::string private_option(std::size_t number) {
    return table_option(number) + " private";
}

OfferedClauses offered_clauses(const task::Task &task, const task::Table &table) {
    const bool receives = task.direction.value == task::Direction::receive;
    std::vector<std::string> lossy;
    std::vector<std::string> hidden;
    for (const task::TableColumn &column : task::listed_columns(table)) {
        // Each side is told what it has to obey.
        if (column.lossy && !receives) {
            lossy.push_back(task::name_on_wire(column, receives));
        }
        if (column.is_private && receives) {
            hidden.push_back(task::name_on_wire(column, receives));
        }
    }
    return {clause_words(task, table), print_kept(lossy), print_kept(hidden)};
}

void take_offered_clauses(const OfferedClauses &clauses,
                          const TableSchema &offered,
                          const dialect::TableDescription &local,
                          task::Table &table) {
    const bool where_present = has_word(clauses.words, listed_where_present);
    const std::vector<std::string> lossy = read_kept(clauses.lossy);
    const std::vector<std::string> hidden = read_kept(clauses.hidden);
    const auto holds = [](const std::vector<std::string> &names, const std::string &name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (where_present || has_word(clauses.words, listed)) {
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
                if (holds(lossy, column.name)) {
                    columns.back().lossy.emplace();
                }
                if (holds(hidden, column.name)) {
                    columns.back().is_private.emplace();
                }
            }
        }
        table.columns = {task::Columns{std::move(columns)}, {}};
    }
    if (has_word(clauses.words, without_delete)) {
        table.without_delete = task::Position{};
    }
}

Result<void> take_pacing(const wire::Offer &offer, task::Task &task) {
    const auto pacing = offer.options.find("pacing");
    const auto priority = offer.options.find("priority");
    const bool we_send = offer.direction == wire::Direction::send;
    if (we_send && pacing != offer.options.end()) {
        const Result<task::Pacing> parsed = task::parse_pacing(pacing->second);
        if (!parsed) {
            return Error{Errc::refused,
                         "the offer suggests the hours \"" + printable(pacing->second) +
                             "\", which this node does not understand",
                         {},
                         "Let the peer correct them, or update Postrider on this node."};
        }
        task.pacing = *parsed;
    }
    if (we_send && priority != offer.options.end()) {
        const Result<task::Priority> parsed = task::parse_priority(priority->second);
        if (!parsed) {
            return Error{Errc::refused,
                         parsed.error().message,
                         {},
                         "Let the peer correct PRIORITY in its task."};
        }
        task.priority = {*parsed, {}};
    }
    return {};
}

} // namespace postrider::engine

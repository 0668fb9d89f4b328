// Those who refer to a value look away for the moment in which its row gives it up.
#include "common/engine/handed_over.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "common/engine/free_value.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/unique_values.hpp"

namespace postrider::engine {

namespace {

bool has_name(const std::vector<std::string> &names, const std::string &name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// One of the columns of the reference; where possible one by which nobody knows the row.
std::string column_to_write(const dialect::Reference &reference) {
    const std::vector<std::string> key = key_names(*reference.child);
    for (const std::string &column : reference.key.columns) {
        if (!has_name(key, column)) {
            return column;
        }
    }
    return reference.key.columns.front();
}

/// A reference to other columns of a table than its key, and what the step gives these.
class HandedOver {
  public:
    HandedOver(Transaction &transaction,
               const dialect::Dialect &dialect,
               const TableWork &work,
               const dialect::Reference &reference)
        : transaction_(transaction),
          dialect_(dialect),
          work_(work),
          reference_(reference),
          column_(column_to_write(reference)) {
        for (const RowBlock &block : work.writes) {
            for (std::size_t index = 0; index < block.rows.size(); ++index) {
                if (auto values = given_values(block, index, columns())) {
                    given_.insert(*std::move(values));
                }
            }
        }
    }

    [[nodiscard]] const std::vector<std::string> &columns() const {
        return reference_.key.parent_columns;
    }

    /// The values that the row has here and that another gets.
    [[nodiscard]] std::optional<Row> lost_by(const RowBlock &block, std::size_t index) const {
        const auto becomes = given_values(block, index, columns());
        const bool stays = !becomes && &block != &work_.removals;
        if (given_.empty() || stays) {
            return std::nullopt;
        }
        const Key key = work_.key_of(block.rows[index]);
        const auto found = transaction_.query(dialect_.select_row(work_.target->table, columns()),
                                              Parameters{key});
        const Row *here = found->next();
        const bool is_lost = here != nullptr && becomes != *here && given_.contains(*here);
        return is_lost ? std::optional<Row>{*here} : std::nullopt;
    }

    /// Those who refer to the values refer to something that nobody has.
    void look_away(const Row &values) {
        const dialect::TableDescription &child = *reference_.child;
        looking_away_.clear();
        if (child.key.empty()) {
            return;
        }
        std::vector<std::string> asked = key_names(child);
        const auto in_key = std::find(asked.begin(), asked.end(), column_);
        const auto position = static_cast<std::size_t>(in_key - asked.begin());
        const bool is_in_key = in_key != asked.end();
        asked.push_back(column_);
        for (const FoundRow &found : transaction_.query_block(
                 {.one_row = dialect_.select_referring(reference_, asked), .by_owners = true},
                 std::span{&values, 1})) {
            looking_away_.push_back({{found.row.begin(), found.row.end() - 1}, found.row.back()});
        }
        for (Referring &row : looking_away_) {
            const Value nobodys = free_value(dialect_, *child.find_column(column_));
            write(nobodys, row.key);
            if (is_in_key) {
                row.key[position] = nobodys;
            }
        }
    }

    void look_back() {
        for (const Referring &row : looking_away_) {
            write(row.value, row.key);
        }
    }

  private:
    struct Referring {
        Key key;
        Value value;
    };

    void write(const Value &value, const Key &key) {
        Row parameters{value};
        parameters.insert(parameters.end(), key.begin(), key.end());
        constexpr std::size_t first = 0;
        const BlockOutcome outcome = transaction_.execute_block(
            {.one_row = dialect_.update(*reference_.child, dialect::Names{&column_, 1}),
             .by_owners = true},
            std::span{&parameters, 1}, std::span{&first, 1});
        if (!outcome.refused.empty()) {
            throw DatabaseError{DatabaseError::Reason::constraint,
                                {Errc::conflict, "a row cannot look away", {}, {}}};
        }
    }

    Transaction &transaction_;
    const dialect::Dialect &dialect_;
    const TableWork &work_;
    const dialect::Reference &reference_;
    const std::string column_; // of the child
    std::set<Row> given_;
    std::vector<Referring> looking_away_;
};

/// The rows of one table.
class Giver {
  public:
    Giver(Transaction &transaction,
          const dialect::Dialect &dialect,
          const References &references,
          const TableWork &work)
        : transaction_(transaction), dialect_(dialect), work_(work) {
        for (const dialect::Reference *reference : references.to(work.target->table.name)) {
            if (!leads_to_key(*reference)) {
                references_.emplace_back(transaction, dialect, work, *reference);
            }
        }
    }

    void free() {
        if (references_.empty()) {
            return;
        }
        for (const RowBlock &block : work_.writes) {
            free(block);
        }
        free(work_.removals);
    }

  private:
    void free(const RowBlock &block) {
        for (std::size_t index = 0; index < block.rows.size(); ++index) {
            std::vector<std::pair<HandedOver *, Row>> lost;
            std::vector<std::string> columns;
            for (HandedOver &reference : references_) {
                if (auto values = reference.lost_by(block, index)) {
                    lost.emplace_back(&reference, *std::move(values));
                    columns.insert(columns.end(), reference.columns().begin(),
                                   reference.columns().end());
                }
            }
            if (lost.empty()) {
                continue;
            }
            std::sort(columns.begin(), columns.end());
            columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
            // A value that a condition of a table refuses frees nothing: foreign keys act then.
            (void)transaction_.attempt([&]() -> Result<void> {
                for (auto &[reference, values] : lost) {
                    reference->look_away(values);
                }
                give_up_unique_values(transaction_, dialect_, {work_.target->table, columns},
                                      work_.key_of(block.rows[index]));
                for (auto &[reference, values] : lost) {
                    reference->look_back();
                }
                return {};
            });
        }
    }

    Transaction &transaction_;
    const dialect::Dialect &dialect_;
    const TableWork &work_;
    std::vector<HandedOver> references_;
};

} // namespace

void free_handed_over(Transaction &transaction,
                      const dialect::Dialect &dialect,
                      const References &references,
                      const std::vector<TableWork> &works) {
    for (const TableWork &work : works) {
        if (has_unique_values(work.target->table)) {
            Giver{transaction, dialect, references, work}.free();
        }
    }
}

} // namespace postrider::engine

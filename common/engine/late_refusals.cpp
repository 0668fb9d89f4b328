// Set by set; nothing is asked where a table has no such constraint.
#include "common/engine/late_refusals.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

namespace postrider::engine {

namespace {

std::vector<std::size_t> written(const RowBlock &block) {
    std::vector<std::size_t> indexes;
    for (std::size_t index = 0; index < block.rows.size(); ++index) {
        if (!std::binary_search(block.waiting.begin(), block.waiting.end(), index)) {
            indexes.push_back(index);
        }
    }
    return indexes;
}

/// What the row of the block gives the columns; nothing where it leaves one as it is, or null.
std::optional<Row> given_without_null(const RowBlock &block,
                                      std::size_t index,
                                      const std::vector<std::string> &columns) {
    std::optional<Row> values = given_values(block, index, columns);
    const bool has_null = values && std::any_of(values->begin(), values->end(),
                                                [](const Value &value) { return value.is_null(); });
    return has_null ? std::nullopt : std::move(values);
}

/// Columns of a block that none of its updates can have written.
class UnwrittenColumns {
  public:
    UnwrittenColumns(Transaction &transaction,
                     const dialect::Dialect &dialect,
                     const TableWork &work)
        : transaction_(transaction), dialect_(dialect), work_(work) {}

    void look_at(const RowBlock &block, std::vector<LateRefusal> &refused) const {
        const dialect::TableDescription &table = work_.target->table;
        std::vector<std::string> columns;
        std::optional<Error> reason;
        for (const std::string &name : block.columns) {
            if (auto why = dialect_.why_not_updated(table, *table.find_column(name))) {
                columns.push_back(name);
                reason = reason ? std::move(reason) : std::move(why);
            }
        }
        if (columns.empty()) {
            return;
        }
        const std::vector<std::size_t> places = written(block);
        std::vector<Row> asked;
        for (const std::size_t place : places) {
            asked.push_back(work_.key_of(block.rows[place]));
            for (const std::string &name : columns) {
                const auto found = std::find(block.columns.begin(), block.columns.end(), name);
                const auto position = static_cast<std::size_t>(found - block.columns.begin());
                asked.back().push_back(block.rows[place][position]);
            }
        }
        for (const FoundRow &found :
             transaction_.query_block(dialect_.find_different(table, columns), asked)) {
            refused.push_back({&block, places[found.index], *reason});
        }
    }

  private:
    Transaction &transaction_;
    const dialect::Dialect &dialect_;
    const TableWork &work_;
};

/// Constraints that are deferrable.
class DeferredConstraints {
  public:
    DeferredConstraints(Transaction &transaction,
                        const dialect::Dialect &dialect,
                        const TableWork &work)
        : transaction_(transaction), work_(work) {
        const auto &indexes = work.target->table.indexes;
        if (std::none_of(indexes.begin(), indexes.end(),
                         [](const auto &index) { return index.deferrable; })) {
            return;
        }
        check_ = dialect.check_deferred(work.target->table);
    }

    void look_at(const RowBlock &block) {
        if (check_.one_row.empty()) {
            return;
        }
        const std::vector<std::size_t> places = written(block);
        std::vector<Row> keys;
        std::vector<std::size_t> indexes;
        for (const std::size_t place : places) {
            indexes.push_back(keys.size());
            keys.push_back(work_.key_of(block.rows[place]));
        }
        for (const std::size_t index : transaction_.execute_block(check_, keys, indexes).refused) {
            const BlockOutcome again = transaction_.execute_block(check_, keys, std::array{index});
            refused_.push_back({&block, places[index], again.reason});
        }
    }

    /// Those that another one of them does not excuse.
    void add_to(std::vector<LateRefusal> &refused) {
        std::vector<bool> is_first(refused_.size(), false);
        std::vector<bool> is_later(refused_.size(), false);
        for (const dialect::IndexDescription &index : work_.target->table.indexes) {
            std::vector<std::string> columns;
            for (const dialect::IndexColumn &column : index.columns) {
                columns.push_back(column.name);
            }
            std::map<Row, std::size_t> firsts;
            for (std::size_t place = 0; place < refused_.size(); ++place) {
                const LateRefusal &each = refused_[place];
                auto values = index.deferrable && index.unique
                                  ? given_without_null(*each.block, each.index, columns)
                                  : std::nullopt;
                if (!values) {
                    continue;
                }
                const auto [first, is_new] = firsts.try_emplace(*std::move(values), place);
                is_later[place] = is_later[place] || !is_new;
                is_first[first->second] = is_first[first->second] || !is_new;
            }
        }
        for (std::size_t place = 0; place < refused_.size(); ++place) {
            if (is_later[place] || !is_first[place]) {
                refused.push_back(std::move(refused_[place]));
            }
        }
    }

  private:
    Transaction &transaction_;
    const TableWork &work_;
    dialect::BlockStatement check_;
    std::vector<LateRefusal> refused_;
};

} // namespace

std::vector<LateRefusal>
late_refusals(Transaction &transaction, const dialect::Dialect &dialect, const TableWork &work) {
    std::vector<LateRefusal> refused;
    DeferredConstraints deferred{transaction, dialect, work};
    for (const RowBlock &block : work.writes) {
        UnwrittenColumns{transaction, dialect, work}.look_at(block, refused);
        deferred.look_at(block);
    }
    deferred.add_to(refused);
    return refused;
}

} // namespace postrider::engine

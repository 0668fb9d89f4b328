// Changes of one table as rows of statements, ready to be written.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "common/dialect/dialect.hpp"
#include "common/engine/database.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// Changes of one table, and the table that takes them.
struct TargetTable {
    dialect::TableDescription table;
    TableSchema schema; // of the changes: columns by name
    OneWayChanges changes;
    std::set<std::string> lossy = {}; // columns that may take the nearest value
};

/// Rows of one statement: the same columns for each, the key last, in the table's own order.
struct RowBlock {
    std::vector<std::string> columns;
    std::vector<Row> rows;            // beside `columns`
    std::vector<const Key *> keys;    // beside `rows`: as they came
    std::vector<std::size_t> lots;    // beside `rows`, rising: those of one lot are neighbours
    std::vector<std::size_t> waiting; // rows that are not written yet
    dialect::BlockStatement statement;
    bool is_update = false;
    std::size_t missing = 0; // rows of an update that are not here; counted as they are written
};

/// A change whose values this database cannot hold.
struct UnfitRow {
    const Key *key = nullptr;
    Error reason;
};

struct TableWork {
    const TargetTable *target = nullptr;
    std::vector<std::string> key_columns;
    std::vector<RowBlock> writes; // the upserts, and an update for each set of columns
    RowBlock removals;            // the key alone
    std::vector<UnfitRow> unfit;
    bool has_other_forms = false; // a key that the table may hold in another form, as '5' for 5
    std::deque<Key> absent_keys;  // of rows that are removed for not being among the changes

    [[nodiscard]] Key key_of(const std::vector<Value> &row) const {
        return {row.end() - static_cast<std::ptrdiff_t>(key_columns.size()), row.end()};
    }

    [[nodiscard]] std::vector<RowBlock *> write_blocks() {
        std::vector<RowBlock *> blocks;
        for (RowBlock &block : writes) {
            blocks.push_back(&block);
        }
        return blocks;
    }

    /// Updates whose row was not here.
    [[nodiscard]] std::size_t missing() const;
};

std::vector<std::string> key_names(const TableSchema &schema);
std::vector<std::string> key_names(const dialect::TableDescription &table);

/// A key as it came, in the order of the table's own. Both have the same columns.
Key own_key(const TargetTable &target, const Key &key);

/// Whether the table can take changes of that shape: `schema_mismatch` for a column that it lacks,
/// for one that new rows need and do not bring, or for another key.
Result<void> check_shape(const dialect::TableDescription &table,
                         const TableSchema &schema,
                         const OneWayChanges &changes);

/// The work of a target whose shape fits, without the changes of the keys that are `left_out`.
/// Points into `target`.
TableWork build_work(Transaction &transaction,
                     const dialect::Dialect &dialect,
                     const TargetTable &target,
                     const std::set<Key> &left_out);

/// Runs the statements of blocks of one table for the rows that wait; those that a constraint
/// refuses wait on. Lot by lot: a page is read and written once, whatever is done to the rows on
/// it.
void run_blocks(Transaction &transaction, std::span<RowBlock *const> blocks);

/// Runs the statement for one row. An Error when the row is refused, whatever the reason lies in.
Result<void> run_one(Transaction &transaction, RowBlock &block, std::size_t index);

/// What the row of the block gives the columns; nothing when it leaves one as it is.
std::optional<Row>
given_values(const RowBlock &block, std::size_t index, const std::vector<std::string> &columns);

} // namespace postrider::engine

// Writes parents first, then deletes children first, then what had to wait for the deletes.
#include "common/engine/apply_rows.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "common/engine/column_list.hpp"
#include "common/engine/foreign_keys.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/unique_values.hpp"

namespace postrider::engine {

namespace {

/// Rows of one statement: the same columns for each, the key last, in the table's own order.
struct Block {
    std::vector<std::string> columns;
    std::vector<std::vector<Value>> rows; // beside `columns`
    std::vector<std::size_t> waiting;     // rows that are not written yet
    std::string sql;
};

struct TableWork {
    const TargetTable *target = nullptr;
    std::vector<std::string> key_columns;
    std::vector<Block> writes; // the upserts, and an update for each set of columns
    Block removals;            // the key alone
    std::uint64_t missing = 0; // updates whose row is not here

    [[nodiscard]] Key key_of(const std::vector<Value> &row) const {
        return {row.end() - static_cast<std::ptrdiff_t>(key_columns.size()), row.end()};
    }
};

void add_row(Block &block, std::vector<Value> row) {
    block.waiting.push_back(block.rows.size());
    block.rows.push_back(std::move(row));
}

/// Which columns of the changes the table takes: all but those that it computes itself.
std::set<std::uint32_t> taken_columns(const TargetTable &target) {
    std::set<std::uint32_t> taken;
    for (std::uint32_t index = 0; index < target.schema.columns.size(); ++index) {
        const dialect::ColumnDescription *column =
            target.table.find_column(target.schema.columns[index].name);
        if (column->generated == dialect::Generated::no) {
            taken.insert(index);
        }
    }
    return taken;
}

std::vector<std::string> key_names(const TableSchema &schema) {
    std::vector<std::string> names;
    for (const std::uint32_t index : schema.key) {
        names.push_back(schema.columns[index].name);
    }
    return names;
}

std::vector<std::string> key_names(const dialect::TableDescription &table) {
    std::vector<std::string> names;
    for (const std::uint32_t index : table.key) {
        names.push_back(table.columns[index].name);
    }
    return names;
}

/// Where the columns of the table's key stand in a key as it came. Both have the same columns.
std::vector<std::size_t> key_order(const TargetTable &target) {
    const std::vector<std::string> came = key_names(target.schema);
    std::vector<std::size_t> order;
    for (const std::string &name : key_names(target.table)) {
        order.push_back(
            static_cast<std::size_t>(std::find(came.begin(), came.end(), name) - came.begin()));
    }
    return order;
}

/// Every value in the storage form of the engine, or why a value cannot be held.
Result<std::vector<Value>> to_storage(const dialect::Dialect &dialect, std::vector<Value> values) {
    for (Value &value : values) {
        Result<Value> stored_value = dialect.to_storage(value);
        if (!stored_value) {
            return stored_value.error();
        }
        value = *std::move(stored_value);
    }
    return values;
}

class WorkBuilder {
  public:
    WorkBuilder(Transaction &transaction,
                const dialect::Dialect &dialect,
                const TargetTable &target)
        : transaction_(transaction), dialect_(dialect), target_(target) {}

    Result<TableWork> build() {
        work_.target = &target_;
        if (Result<void> fits = check_shape(target_.table, target_.schema, target_.changes);
            !fits) {
            return fits.error();
        }
        work_.key_columns = key_names(target_.table);
        work_.removals.columns = work_.key_columns;
        work_.removals.sql = dialect_.remove(target_.table);
        order_ = key_order(target_);
        taken_ = taken_columns(target_);
        for (const auto &[key_values, change] : target_.changes.changes) {
            Result<void> added = add(key_values, change);
            if (!added) {
                return added.error();
            }
        }
        if (target_.changes.truncated) {
            add_absent();
        }
        return std::move(work_);
    }

  private:
    Result<void> add(const Key &key, const Change &change) {
        std::vector<std::string> columns;
        std::vector<Value> row;
        for (std::size_t index = 0; index < change.new_values.columns.size(); ++index) {
            if (taken_.contains(change.new_values.columns[index])) {
                columns.push_back(target_.schema.columns[change.new_values.columns[index]].name);
                row.push_back(change.new_values.values[index]);
            }
        }
        columns.insert(columns.end(), work_.key_columns.begin(), work_.key_columns.end());
        for (const std::size_t position : order_) {
            row.push_back(key[position]);
        }
        Result<std::vector<Value>> stored_row = to_storage(dialect_, std::move(row));
        if (!stored_row) {
            return stored_row.error();
        }
        if (change.operation == Operation::remove || change.operation == Operation::leave) {
            add_row(work_.removals, *std::move(stored_row));
            return {};
        }
        stays_.insert(work_.key_of(*stored_row));
        if (change.operation == Operation::update) {
            add_update(columns, *std::move(stored_row));
        } else {
            add_row(block_for(columns, dialect_.upsert(target_.table, columns)),
                    *std::move(stored_row));
        }
        return {};
    }

    void add_update(const std::vector<std::string> &columns, std::vector<Value> row) {
        const Key key = work_.key_of(row);
        const auto here = transaction_.query(dialect_.select_row(target_.table, work_.key_columns),
                                             Parameters{key});
        if (here->next() == nullptr) {
            ++work_.missing;
            return;
        }
        const std::vector<std::string> changed(
            columns.begin(), columns.end() - static_cast<std::ptrdiff_t>(work_.key_columns.size()));
        add_row(block_for(columns, dialect_.update(target_.table, changed)), std::move(row));
    }

    Block &block_for(const std::vector<std::string> &columns, const std::string &sql) {
        for (Block &block : work_.writes) {
            if (block.sql == sql) {
                return block;
            }
        }
        return work_.writes.emplace_back(
            Block{.columns = columns, .rows = {}, .waiting = {}, .sql = sql});
    }

    /// The sender's table was sent whole: what is not among its rows goes. A key may be stored here
    /// in another form than the one in which it came, as 5 is '5' in a column of text; which row it
    /// names only the database can tell.
    void add_absent() {
        std::set<Key> absent;
        for (Row &key :
             all_rows(transaction_, dialect_.select_all(target_.table, work_.key_columns))) {
            absent.insert(std::move(key));
        }
        const std::string find = dialect_.select_row(target_.table, work_.key_columns);
        for (const Key &key : stays_) {
            if (absent.empty()) {
                return;
            }
            if (absent.erase(key) == 0) {
                const auto here = transaction_.query(find, Parameters{key});
                if (const Row *row = here->next()) {
                    absent.erase(*row);
                }
            }
        }
        for (const Key &key : absent) {
            add_row(work_.removals, key);
        }
    }

    Transaction &transaction_;
    const dialect::Dialect &dialect_;
    const TargetTable &target_;
    std::vector<std::size_t> order_;
    std::set<std::uint32_t> taken_;
    std::set<Key> stays_;
    TableWork work_;
};

/// Runs the statement for the rows that wait; those that a constraint refuses wait on.
void run(Transaction &transaction, Block &block) {
    if (block.waiting.empty()) {
        return;
    }
    std::vector<std::vector<Value>> columns(block.columns.size());
    for (const std::size_t index : block.waiting) {
        for (std::size_t column = 0; column < columns.size(); ++column) {
            columns[column].push_back(block.rows[index][column]);
        }
    }
    const std::vector<BlockColumn> views(columns.begin(), columns.end());
    std::vector<std::size_t> refused;
    for (const std::size_t index : transaction.execute_block(block.sql, views)) {
        refused.push_back(block.waiting[index]);
    }
    block.waiting = std::move(refused);
}

void write_all(Transaction &transaction, std::vector<TableWork> &works) {
    for (TableWork &work : works) {
        for (Block &block : work.writes) {
            run(transaction, block);
        }
    }
}

std::size_t waiting_rows(const std::vector<TableWork> &works) {
    std::size_t rows = 0;
    for (const TableWork &work : works) {
        for (const Block &block : work.writes) {
            rows += block.waiting.size();
        }
    }
    return rows;
}

/// Values that rows exchange among themselves: the rows that wait give theirs up first.
void free_unique_values(Transaction &transaction,
                        const dialect::Dialect &dialect,
                        const std::vector<TableWork> &works) {
    for (const TableWork &work : works) {
        for (const Block &block : work.writes) {
            for (const std::size_t index : block.waiting) {
                give_up_unique_values(transaction, dialect, {work.target->table, block.columns},
                                      work.key_of(block.rows[index]));
            }
        }
    }
}

Error stuck(const std::vector<TableWork> &works) {
    std::string table;
    for (const TableWork &work : works) {
        for (const Block &block : work.writes) {
            if (!block.waiting.empty() && table.empty()) {
                table = work.target->table.name;
            }
        }
    }
    return {Errc::conflict,
            std::to_string(waiting_rows(works)) +
                " rows cannot be written, the first into table \"" + table +
                "\": a constraint refuses them",
            "A row that is only here holds a unique value, or the table has a condition that the "
            "sender's has not.",
            "Change the row or the constraint here; the batch is tried again by itself."};
}

Result<void> finish_waiting(Transaction &transaction,
                            const dialect::Dialect &dialect,
                            std::vector<TableWork> &works) {
    bool freed = false;
    while (const std::size_t before = waiting_rows(works)) {
        write_all(transaction, works);
        if (waiting_rows(works) < before) {
            continue;
        }
        if (freed) {
            return stuck(works);
        }
        free_unique_values(transaction, dialect, works);
        freed = true;
    }
    return {};
}

Result<void> remove_all(Transaction &transaction, std::vector<TableWork> &works) {
    // NOLINTNEXTLINE(modernize-loop-convert): clang 14 cannot compile the library's reverse view
    for (auto work = works.rbegin(); work != works.rend(); ++work) {
        run(transaction, work->removals);
        if (!work->removals.waiting.empty()) {
            return Error{Errc::conflict,
                         std::to_string(work->removals.waiting.size()) + " rows of table \"" +
                             work->target->table.name +
                             "\" cannot be deleted: other rows refer to them",
                         {},
                         "Delete the rows that refer to them; the batch is tried again by itself."};
        }
    }
    return {};
}

} // namespace

Result<void> check_shape(const dialect::TableDescription &table,
                         const TableSchema &schema,
                         const OneWayChanges &changes) {
    std::set<std::string> coming;
    for (const Column &column : schema.columns) {
        coming.insert(column.name);
        if (table.find_column(column.name) == nullptr) {
            return Error{Errc::schema_mismatch,
                         "table \"" + table.name + "\" has no column \"" + column.name + "\"",
                         "The sender's table has it.",
                         "Add the column here; the batch is tried again by itself."};
        }
    }
    const std::vector<std::string> theirs = key_names(schema);
    const std::vector<std::string> ours = key_names(table);
    if (std::set(theirs.begin(), theirs.end()) != std::set(ours.begin(), ours.end())) {
        return Error{Errc::schema_mismatch,
                     "table \"" + table.name + "\" has another primary key than the sender's",
                     {},
                     "Give both tables the same primary key; the batch is tried again by itself."};
    }
    const auto missing = missing_column(table, coming);
    const bool brings_rows =
        std::any_of(changes.changes.begin(), changes.changes.end(), [](const auto &row) {
            return row.second.operation == Operation::insert ||
                   row.second.operation == Operation::upsert;
        });
    return missing && brings_rows ? Result<void>{needs_column(table, *missing)} : Result<void>{};
}

Result<ApplyCounts> apply_rows(Transaction &transaction,
                               const dialect::Dialect &dialect,
                               const std::vector<TargetTable> &targets) {
    transaction.defer_foreign_keys();
    ApplyCounts counts;
    std::vector<TableWork> works;
    std::vector<const dialect::TableDescription *> tables;
    tables.reserve(targets.size());
    for (const TargetTable &target : targets) {
        tables.push_back(&target.table);
    }
    for (const std::size_t index : parents_first(tables)) {
        Result<TableWork> work = WorkBuilder{transaction, dialect, targets[index]}.build();
        if (!work) {
            return work.error();
        }
        counts.rows += targets[index].changes.changes.size();
        counts.missing += work->missing;
        works.push_back(*std::move(work));
    }
    // Rows that point elsewhere now do so before the row they pointed to goes, or its deletion
    // would take them with it.
    write_all(transaction, works);
    Result<void> removed = remove_all(transaction, works);
    if (!removed) {
        return removed.error();
    }
    Result<void> finished = finish_waiting(transaction, dialect, works);
    if (!finished) {
        return finished.error();
    }
    return counts;
}

} // namespace postrider::engine

// A statement for each operation and set of columns; what is here already decides little: only an
// update asks whether its row is.
#include "common/engine/row_work.hpp"

#include <algorithm>

#include "common/engine/column_list.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

void add_row(RowBlock &block, const Key *key, std::vector<Value> row) {
    block.waiting.push_back(block.rows.size());
    block.rows.push_back(std::move(row));
    block.keys.push_back(key);
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
Result<std::vector<Value>> in_storage(const dialect::Dialect &dialect, std::vector<Value> values) {
    for (Value &value : values) {
        Result<Value> stored_value = dialect.to_storage(value);
        if (!stored_value) {
            return stored_value.error();
        }
        value = *std::move(stored_value);
    }
    return values;
}

/// Whether a column of that affinity turns the value into one of another storage class.
bool is_turned(dialect::Affinity affinity, const Value &value) {
    const bool is_text = value.as<Text>() != nullptr;
    const bool is_integer = value.as<std::int64_t>() != nullptr;
    const bool is_real = value.as<Float64>() != nullptr;
    switch (affinity) {
    case dialect::Affinity::none:
        return false;
    case dialect::Affinity::text:
        return is_integer || is_real;
    case dialect::Affinity::real:
        return is_text || is_integer;
    case dialect::Affinity::integer:
    case dialect::Affinity::numeric:
        break;
    }
    return is_text || is_real;
}

class WorkBuilder {
  public:
    WorkBuilder(Transaction &transaction,
                const dialect::Dialect &dialect,
                const TargetTable &target,
                const std::set<Key> &left_out)
        : transaction_(transaction), dialect_(dialect), target_(target), left_out_(left_out) {}

    TableWork build() {
        work_.target = &target_;
        work_.key_columns = key_names(target_.table);
        work_.removals.columns = work_.key_columns;
        work_.removals.sql = dialect_.remove(target_.table);
        order_ = key_order(target_);
        taken_ = taken_columns(target_);
        for (const auto &[key_values, change] : target_.changes.changes) {
            add(key_values, change);
        }
        if (target_.changes.truncated) {
            add_absent();
        }
        return std::move(work_);
    }

  private:
    void add(const Key &key, const postrider::Change &change) {
        if (left_out_.contains(key)) {
            leave_out(key, change);
            return;
        }
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
        Result<std::vector<Value>> stored_row = fitted(columns, std::move(row));
        if (!stored_row) {
            work_.unfit.push_back({&key, stored_row.error()});
            leave_out(key, change);
            return;
        }
        note_form(work_.key_of(*stored_row));
        if (change.operation == Operation::remove || change.operation == Operation::leave) {
            add_row(work_.removals, &key, *std::move(stored_row));
            return;
        }
        stays_.insert(work_.key_of(*stored_row));
        if (change.operation == Operation::update) {
            add_update(columns, key, *std::move(stored_row));
        } else {
            add_row(block_for(columns, dialect_.upsert(target_.table, columns)), &key,
                    *std::move(stored_row));
        }
    }

    /// Every value as its column takes it, or why one cannot.
    Result<std::vector<Value>> fitted(const std::vector<std::string> &columns,
                                      std::vector<Value> values) const {
        for (std::size_t index = 0; index < values.size(); ++index) {
            const std::string &name = columns[index];
            Result<Value> fit =
                dialect_.fit(target_.table, *target_.table.find_column(name), values[index],
                             target_.lossy.contains(name) ? dialect::Exactness::nearest
                                                          : dialect::Exactness::exact);
            if (!fit) {
                return fit.error();
            }
            values[index] = *std::move(fit);
        }
        return values;
    }

    void note_form(const Key &key) {
        for (std::size_t position = 0; position < key.size(); ++position) {
            const dialect::ColumnDescription &column =
                target_.table.columns[target_.table.key[position]];
            work_.has_other_forms =
                work_.has_other_forms || is_turned(column.affinity, key[position]);
        }
    }

    /// What is here of the row stays as it is, in a table that comes whole too.
    void leave_out(const Key &key, const postrider::Change &change) {
        const bool ends =
            change.operation == Operation::remove || change.operation == Operation::leave;
        Result<std::vector<Value>> stored_key = in_storage(dialect_, own_key(target_, key));
        if (!ends && stored_key) {
            stays_.insert(*std::move(stored_key));
        }
    }

    void
    add_update(const std::vector<std::string> &columns, const Key &came, std::vector<Value> row) {
        const Key key = work_.key_of(row);
        const auto here = transaction_.query(dialect_.select_row(target_.table, work_.key_columns),
                                             Parameters{key});
        if (here->next() == nullptr) {
            ++work_.missing;
            return;
        }
        const std::vector<std::string> changed(
            columns.begin(), columns.end() - static_cast<std::ptrdiff_t>(work_.key_columns.size()));
        if (changed.empty()) {
            return; // only what the table computes itself
        }
        add_row(block_for(columns, dialect_.update(target_.table, changed)), &came, std::move(row));
    }

    RowBlock &block_for(const std::vector<std::string> &columns, const std::string &sql) {
        for (RowBlock &block : work_.writes) {
            if (block.sql == sql) {
                return block;
            }
        }
        return work_.writes.emplace_back(
            RowBlock{.columns = columns, .rows = {}, .keys = {}, .waiting = {}, .sql = sql});
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
            Key came(key.size());
            for (std::size_t position = 0; position < key.size(); ++position) {
                came.at(order_[position]) = key[position];
            }
            if (!left_out_.contains(came)) {
                work_.absent_keys.push_back(std::move(came));
                add_row(work_.removals, &work_.absent_keys.back(), key);
            }
        }
    }

    Transaction &transaction_;
    const dialect::Dialect &dialect_;
    const TargetTable &target_;
    const std::set<Key> &left_out_;
    std::vector<std::size_t> order_;
    std::set<std::uint32_t> taken_;
    std::set<Key> stays_;
    TableWork work_;
};

} // namespace

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

Key own_key(const TargetTable &target, const Key &key) {
    Key own;
    for (const std::size_t position : key_order(target)) {
        own.push_back(key.at(position));
    }
    return own;
}

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

TableWork build_work(Transaction &transaction,
                     const dialect::Dialect &dialect,
                     const TargetTable &target,
                     const std::set<Key> &left_out) {
    return WorkBuilder{transaction, dialect, target, left_out}.build();
}

void run_block(Transaction &transaction, RowBlock &block) {
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

Result<void> run_one(Transaction &transaction, const RowBlock &block, std::size_t index) {
    return transaction.attempt([&]() -> Result<void> {
        transaction.execute(block.sql, Parameters{block.rows[index]});
        return {};
    });
}

} // namespace postrider::engine

// A statement for each operation and set of columns. What is here already decides nothing.
#include "common/engine/row_work.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "common/dialect/sql_text.hpp"
#include "common/engine/column_list.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

/// Some pages of most tables.
constexpr std::size_t lot_rows = 256;

void add_row(RowBlock &block, const Key *key, std::vector<Value> row, std::size_t place) {
    block.waiting.push_back(block.rows.size());
    block.lots.push_back(place / lot_rows);
    block.rows.push_back(std::move(row));
    block.keys.push_back(key);
}

/// The table takes all columns of the changes but those that it computes itself.
bool is_taken(const TargetTable &target, std::uint32_t column) {
    return target.table.find_column(target.schema.columns[column].name)->generated ==
           dialect::Generated::no;
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

/// Whether another value may be equal to it (1.0 and 1, 24 hours and a day), where databases have
/// values of such kinds.
bool has_spellings(const Value &value) {
    if (const auto *decimal = value.as<Decimal>()) {
        return decimal->digits.find('.') != std::string::npos && decimal->digits.back() == '0';
    }
    return value.as<Interval>() != nullptr || value.as<Native>() != nullptr;
}

/// Whether the column may hold the value in another form: as one of another storage class, or in
/// other letters.
bool has_other_form(const dialect::ColumnDescription &column, const Value &value) {
    if (has_spellings(value)) {
        return true;
    }
    const bool is_text = value.as<Text>() != nullptr;
    if (is_text && dialect::lower_ascii(column.collation) != "binary") {
        return true;
    }
    const bool is_integer = value.as<std::int64_t>() != nullptr;
    const bool is_real = value.as<Float64>() != nullptr;
    switch (column.affinity) {
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
        work_.removals.statement = {.one_row = dialect_.remove(target_.table),
                                    .many_rows = dialect_.remove_many(target_.table)};
        order_ = key_order(target_);
        for (const Column &column : target_.schema.columns) {
            takers_.push_back({target_.table.find_column(column.name),
                               target_.lossy.contains(column.name) ? dialect::Exactness::nearest
                                                                   : dialect::Exactness::exact});
        }
        for (const auto &[key_values, change] : target_.changes.changes) {
            add(key_values, change);
        }
        if (target_.changes.truncated) {
            add_absent();
        }
        return std::move(work_);
    }

  private:
    /// What changes of one operation and set of columns become.
    struct Form {
        bool ends = false;                // the row goes
        std::vector<std::size_t> taken;   // which values of the change are written
        std::optional<std::size_t> block; // in `writes`
    };

    /// What takes a column of the changes here.
    struct Taker {
        const dialect::ColumnDescription *column = nullptr;
        dialect::Exactness exactness = dialect::Exactness::exact;
    };

    void add(const Key &key, const postrider::Change &change) {
        ++place_;
        const Form &form = form_of(change);
        if (left_out_.contains(key)) {
            leave_out(key, form);
            return;
        }
        Result<Row> row = stored_row(key, change, form);
        if (!row) {
            work_.unfit.push_back({&key, row.error()});
            leave_out(key, form);
            return;
        }
        note_key(*row, form);
        if (form.ends) {
            add_row(work_.removals, &key, *std::move(row), place_);
        } else if (form.block) {
            add_row(work_.writes[*form.block], &key, *std::move(row), place_);
        }
    }

    const Form &form_of(const postrider::Change &change) {
        const auto [known, is_new] =
            forms_.try_emplace({change.operation, change.new_values.columns});
        if (is_new) {
            known->second = new_form(change);
        }
        return known->second;
    }

    Form new_form(const postrider::Change &change) {
        Form form;
        form.ends = ends_row(change.operation);
        if (form.ends) {
            return form;
        }
        std::vector<std::string> columns;
        for (std::size_t index = 0; index < change.new_values.columns.size(); ++index) {
            const std::uint32_t column = change.new_values.columns[index];
            if (is_taken(target_, column)) {
                form.taken.push_back(index);
                columns.push_back(target_.schema.columns[column].name);
            }
        }
        const bool is_update = change.operation == Operation::update;
        if (is_update && columns.empty()) {
            return form; // only what the table computes itself
        }
        dialect::BlockStatement statement;
        if (is_update) {
            statement = {.one_row = dialect_.update(target_.table, columns),
                         .many_rows = dialect_.update_many(target_.table, columns)};
        }
        columns.insert(columns.end(), work_.key_columns.begin(), work_.key_columns.end());
        if (!is_update) {
            statement = {.one_row = dialect_.upsert(target_.table, columns),
                         .many_rows = dialect_.upsert_many(target_.table, columns),
                         .many_new_rows = dialect_.insert_many(target_.table, columns)};
        }
        form.block = block_for({.columns = columns,
                                .rows = {},
                                .keys = {},
                                .lots = {},
                                .waiting = {},
                                .statement = std::move(statement),
                                .is_update = is_update});
        return form;
    }

    std::size_t block_for(RowBlock wanted) {
        for (std::size_t index = 0; index < work_.writes.size(); ++index) {
            if (work_.writes[index].statement == wanted.statement) {
                return index;
            }
        }
        work_.writes.push_back(std::move(wanted));
        return work_.writes.size() - 1;
    }

    /// The values that are written and the key, as their columns take them; or why one cannot.
    [[nodiscard]] Result<Row>
    stored_row(const Key &key, const postrider::Change &change, const Form &form) const {
        Row row;
        row.reserve(form.taken.size() + order_.size());
        Result<void> fits;
        for (const std::size_t position : form.taken) {
            fits =
                put(row, change.new_values.columns[position], change.new_values.values[position]);
            if (!fits) {
                return fits.error();
            }
        }
        for (const std::size_t position : order_) {
            fits = put(row, target_.schema.key[position], key[position]);
            if (!fits) {
                return fits.error();
            }
        }
        return row;
    }

    [[nodiscard]] Result<void> put(Row &row, std::uint32_t column, const Value &value) const {
        const Taker &taker = takers_[column];
        Result<Value> fit = dialect_.fit(target_.table, *taker.column, value, taker.exactness);
        if (!fit) {
            return fit.error();
        }
        row.push_back(*std::move(fit));
        return {};
    }

    void note_key(const Row &row, const Form &form) {
        const std::size_t first = row.size() - order_.size();
        for (std::size_t position = 0; position < order_.size(); ++position) {
            const dialect::ColumnDescription &column =
                target_.table.columns[target_.table.key[position]];
            work_.has_other_forms =
                work_.has_other_forms || has_other_form(column, row[first + position]);
        }
        if (target_.changes.truncated && !form.ends) {
            stays_.insert(work_.key_of(row));
        }
    }

    /// What is here of the row stays as it is, in a table that comes whole too.
    void leave_out(const Key &key, const Form &form) {
        Result<Row> stored_key = stored_row(key, {}, {});
        if (!form.ends && stored_key) {
            stays_.insert(*std::move(stored_key));
        }
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
                add_row(work_.removals, &work_.absent_keys.back(), key, ++place_);
            }
        }
    }

    Transaction &transaction_;
    const dialect::Dialect &dialect_;
    const TargetTable &target_;
    const std::set<Key> &left_out_;
    std::vector<std::size_t> order_;
    std::vector<Taker> takers_; // by columns of the schema
    std::map<std::pair<Operation, std::vector<std::uint32_t>>, Form> forms_;
    std::set<Key> stays_;
    std::size_t place_ = 0; // among the rows, by key
    TableWork work_;
};

/// Runs the rows that wait in a block, lot by lot.
class BlockRun {
  public:
    static constexpr std::size_t no_lot = std::numeric_limits<std::size_t>::max();

    explicit BlockRun(RowBlock &block) : block_(&block) {}

    [[nodiscard]] std::size_t next_lot() const {
        return next_ == block_->waiting.size() ? no_lot : block_->lots[block_->waiting[next_]];
    }

    /// The rows of the lots before `end`.
    void run(Transaction &transaction, std::size_t end) {
        const std::size_t first = next_;
        while (next_lot() < end) {
            ++next_;
        }
        if (next_ == first) {
            return;
        }
        const BlockOutcome outcome =
            transaction.execute_block(block_->statement, block_->rows,
                                      std::span{block_->waiting}.subspan(first, next_ - first));
        refused_.insert(refused_.end(), outcome.refused.begin(), outcome.refused.end());
        block_->missing += block_->is_update ? outcome.without_effect : 0;
    }

    void finish() { block_->waiting = std::move(refused_); }

  private:
    RowBlock *block_;
    std::size_t next_ = 0; // of those that wait
    std::vector<std::size_t> refused_;
};

} // namespace

std::size_t TableWork::missing() const {
    std::size_t rows = 0;
    for (const RowBlock &block : writes) {
        rows += block.missing;
    }
    return rows;
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

void run_blocks(Transaction &transaction, std::span<RowBlock *const> blocks) {
    std::vector<BlockRun> runs;
    for (RowBlock *block : blocks) {
        runs.emplace_back(*block);
    }
    const auto next_lot = [&] {
        std::size_t lot = BlockRun::no_lot;
        for (const BlockRun &run : runs) {
            lot = std::min(lot, run.next_lot());
        }
        return lot;
    };
    const auto waiting = std::count_if(runs.begin(), runs.end(), [](const BlockRun &run) {
        return run.next_lot() != BlockRun::no_lot;
    });
    for (std::size_t lot = next_lot(); lot != BlockRun::no_lot; lot = next_lot()) {
        for (BlockRun &run : runs) {
            run.run(transaction, waiting == 1 ? BlockRun::no_lot : lot + 1);
        }
    }
    for (BlockRun &run : runs) {
        run.finish();
    }
}

Result<void> run_one(Transaction &transaction, RowBlock &block, std::size_t index) {
    return transaction.attempt([&]() -> Result<void> {
        const std::int64_t rows =
            transaction.execute(block.statement.one_row, Parameters{block.rows[index]});
        block.missing += block.is_update && rows == 0 ? 1 : 0;
        return {};
    });
}

std::optional<Row>
given_values(const RowBlock &block, std::size_t index, const std::vector<std::string> &columns) {
    Row values;
    for (const std::string &name : columns) {
        const auto found = std::find(block.columns.begin(), block.columns.end(), name);
        if (found == block.columns.end()) {
            return std::nullopt;
        }
        values.push_back(
            block.rows[index][static_cast<std::size_t>(found - block.columns.begin())]);
    }
    return values;
}

} // namespace postrider::engine

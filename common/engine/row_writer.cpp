// The order of writes, and what helps where no order does.
#include "common/engine/row_writer.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "common/engine/handed_over.hpp"
#include "common/engine/unique_values.hpp"

namespace postrider::engine {

namespace {

void join(RowKeys &rows, const RowKeys &others) {
    for (const auto &[table, keys] : others) {
        rows[table].insert(keys.begin(), keys.end());
    }
}

std::vector<std::string> names_of_all(const dialect::TableDescription &table) {
    std::vector<std::string> names;
    for (const dialect::ColumnDescription &column : table.columns) {
        names.push_back(column.name);
    }
    return names;
}

/// The key as the table stores it; nothing when there is no such row.
std::optional<Key> key_here(Transaction &transaction,
                            const dialect::Dialect &dialect,
                            const TableWork &work,
                            const std::vector<Value> &row) {
    const Key key = work.key_of(row);
    const auto found = transaction.query(dialect.select_row(work.target->table, work.key_columns),
                                         Parameters{key});
    const Row *here = found->next();
    return here == nullptr ? std::nullopt : std::optional<Key>{*here};
}

} // namespace

void RowWriter::run(std::span<RowBlock *const> blocks) {
    if (!one_by_one_) {
        run_blocks(transaction_, blocks);
        return;
    }
    for (RowBlock *block : blocks) {
        std::erase_if(block->waiting, [&](std::size_t index) {
            return run_one(transaction_, *block, index).has_value();
        });
    }
}

void RowWriter::run(RowBlock &block) {
    run(std::array{&block});
}

/// Whether nobody misses the rows that go, whenever they go. Not asked for a few rows: the
/// catalogue would cost more than the other order of writing saves.
bool RowWriter::may_remove_at_once(const TableWork &work) const {
    const RowBlock &removals = work.removals;
    const bool is_large = !removals.waiting.empty() && removals.lots[removals.waiting.back()] > 0;
    return is_large && !work.has_other_forms && references_.to(work.target->table.name).empty();
}

void RowWriter::write_all() {
    for (TableWork &work : works_) {
        std::vector<RowBlock *> blocks = work.write_blocks();
        if (may_remove_at_once(work)) {
            blocks.push_back(&work.removals);
        }
        run(blocks);
    }
}

std::size_t RowWriter::waiting_writes() const {
    std::size_t rows = 0;
    for (const TableWork &work : works_) {
        for (const RowBlock &block : work.writes) {
            rows += block.waiting.size();
        }
    }
    return rows;
}

std::size_t RowWriter::waiting_removals() const {
    std::size_t rows = 0;
    for (const TableWork &work : works_) {
        rows += work.removals.waiting.size();
    }
    return rows;
}

void RowWriter::write_until_stuck() {
    for (std::size_t before = waiting_writes(); before > 0;) {
        write_all();
        const std::size_t after = waiting_writes();
        if (after == before) {
            return;
        }
        before = after;
    }
}

RowKeys RowWriter::what_waits() const {
    RowKeys rows;
    for (const TableWork &work : works_) {
        for (const RowBlock &block : work.writes) {
            for (const std::size_t index : block.waiting) {
                if (auto key = key_here(transaction_, dialect_, work, block.rows[index])) {
                    rows[work.target->table.name].insert(*std::move(key));
                }
            }
        }
    }
    return rows;
}

/// At the sender a key became one that is the same here (5 and '5'): the row was written, and is
/// not to go.
void RowWriter::pass_over_respelled(TableWork &work) {
    if (!work.has_other_forms || work.removals.waiting.empty()) {
        return;
    }
    std::set<Key> written;
    for (const RowBlock &block : work.writes) {
        for (const std::vector<Value> &row : block.rows) {
            if (auto key = key_here(transaction_, dialect_, work, row)) {
                written.insert(*std::move(key));
            }
        }
    }
    std::erase_if(work.removals.waiting, [&](std::size_t index) {
        const auto key = key_here(transaction_, dialect_, work, work.removals.rows[index]);
        return key && written.contains(*key);
    });
}

void RowWriter::run_removals(TableWork &work, const std::set<Key> &but) {
    std::vector<std::size_t> kept;
    std::erase_if(work.removals.waiting, [&](std::size_t index) {
        const auto key = key_here(transaction_, dialect_, work, work.removals.rows[index]);
        const bool keep = key && but.contains(*key);
        if (keep) {
            kept.push_back(index);
        }
        return keep;
    });
    run(work.removals);
    work.removals.waiting.insert(work.removals.waiting.end(), kept.begin(), kept.end());
    std::sort(work.removals.waiting.begin(), work.removals.waiting.end());
}

/// Whether any row went.
bool RowWriter::remove_some(const RowKeys &but) {
    const std::size_t before = waiting_removals();
    // NOLINTNEXTLINE(modernize-loop-convert): clang 14 cannot compile the library's reverse view
    for (auto work = works_.rbegin(); work != works_.rend(); ++work) {
        const auto kept = but.find(work->target->table.name);
        if (kept != but.end()) {
            run_removals(*work, kept->second);
        } else if (!work->removals.waiting.empty()) {
            run(work->removals);
        }
    }
    return waiting_removals() < before;
}

/// Rows of one table, or of tables in a circle, may have to go before others.
void RowWriter::remove_all(const RowKeys &but) {
    while (waiting_removals() > 0 && remove_some(but)) {
    }
}

/// Those of the columns to which the row of the block gives another value than it has here: what
/// stays is in nobody's way, and who refers to it would lose it.
std::vector<std::string> RowWriter::changed_columns(const TableWork &work,
                                                    const RowBlock &block,
                                                    std::size_t index,
                                                    const std::vector<std::string> &columns) {
    const Key key = work.key_of(block.rows[index]);
    const auto found =
        transaction_.query(dialect_.select_row(work.target->table, columns), Parameters{key});
    const Row *here = found->next();
    std::vector<std::string> changed;
    for (std::size_t position = 0; here != nullptr && position < columns.size(); ++position) {
        const auto given = std::find(block.columns.begin(), block.columns.end(), columns[position]);
        if (given == block.columns.end() ||
            block.rows[index][static_cast<std::size_t>(given - block.columns.begin())] !=
                (*here)[position]) {
            changed.push_back(columns[position]);
        }
    }
    return changed;
}

void RowWriter::free_values_of(const TableWork &work,
                               const RowBlock &block,
                               const std::vector<std::string> &columns) {
    for (const std::size_t index : block.waiting) {
        const std::vector<std::string> changed = changed_columns(work, block, index, columns);
        // A value that a condition of the table refuses frees nothing: the row waits on.
        (void)transaction_.attempt([&]() -> Result<void> {
            give_up_unique_values(transaction_, dialect_, {work.target->table, changed},
                                  work.key_of(block.rows[index]));
            return {};
        });
    }
}

/// Values that rows exchange among themselves: those that wait give theirs up first, and so do
/// those that will go.
void RowWriter::free_unique_values() {
    for (const TableWork &work : works_) {
        for (const RowBlock &block : work.writes) {
            free_values_of(work, block, block.columns);
        }
        free_values_of(work, work.removals, names_of_all(work.target->table));
    }
    freed_ = true;
}

void RowWriter::finish() {
    write_until_stuck();
    if (waiting_writes() > 0 && !freed_) {
        free_unique_values();
        write_until_stuck();
    }
}

/// Rows that refer to freed values have followed them (ON UPDATE CASCADE, SET NULL). Those of the
/// step are written once more: as they should be they stand in the step.
void RowWriter::write_followers() {
    for (TableWork &work : works_) {
        if (references_.from(work.target->table.name).empty()) {
            continue;
        }
        for (RowBlock &block : work.writes) {
            std::vector<std::size_t> refused = block.waiting;
            block.waiting.clear();
            for (std::size_t index = 0; index < block.rows.size(); ++index) {
                if (!std::binary_search(refused.begin(), refused.end(), index)) {
                    block.waiting.push_back(index);
                }
            }
            block.missing = 0; // all that were written are counted anew
            run(block);
            block.waiting.insert(block.waiting.end(), refused.begin(), refused.end());
            std::sort(block.waiting.begin(), block.waiting.end());
        }
    }
}

void RowWriter::write() {
    if (!keeps_references()) {
        free_handed_over(transaction_, dialect_, references_, works_);
    }
    write_all();
    for (TableWork &work : works_) {
        pass_over_respelled(work);
    }
    // Rows that point elsewhere now do so before the row they pointed to goes, or its deletion
    // would take them with it. For those that wait, it stays until they are written.
    RowKeys held;
    if (waiting_writes() > 0 && waiting_removals() > 0) {
        held = references_.ancestors_of(what_waits());
    }
    join(held, kept_);
    remove_all(held);
    if (keeps_references() && waiting_writes() > 0) {
        keeper_->act(); // what goes with them may be in the way
    }
    finish();
    if (waiting_removals() > 0) {
        remove_all(kept_);
        finish();
    }
    if (freed_ && !keeps_references()) {
        write_followers();
    }
}

} // namespace postrider::engine

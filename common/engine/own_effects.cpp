// From the rows that a step deletes or changes down along the foreign keys that act.
#include "common/engine/own_effects.hpp"

#include <algorithm>
#include <set>

#include "common/dialect/sql_text.hpp"
#include "common/engine/kept_columns.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

bool acts(dialect::ForeignKeyAction action) {
    return action == dialect::ForeignKeyAction::cascade ||
           action == dialect::ForeignKeyAction::set_null ||
           action == dialect::ForeignKeyAction::set_default;
}

bool has_name(const std::vector<std::string> &names, const std::string &name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_any(const std::vector<std::string> &names, const std::vector<std::string> &among) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string &name) { return has_name(among, name); });
}

bool has_all(const std::vector<std::string> &names, const std::vector<std::string> &among) {
    return std::all_of(names.begin(), names.end(),
                       [&](const std::string &name) { return has_name(among, name); });
}

/// Whether the row, as it will be written, gives the columns other values.
bool gives_others(const RowBlock &block,
                  std::size_t index,
                  const std::vector<std::string> &columns,
                  const Row &before) {
    for (std::size_t position = 0; position < columns.size(); ++position) {
        const auto found = std::find(block.columns.begin(), block.columns.end(), columns[position]);
        const auto at = static_cast<std::size_t>(found - block.columns.begin());
        if (found != block.columns.end() && block.rows[index][at] != before.at(position)) {
            return true;
        }
    }
    return false;
}

} // namespace

OwnEffects::OwnEffects(Transaction &transaction, const dialect::Dialect &dialect)
    : transaction_(transaction), dialect_(dialect) {
    if (dialect.keys() == nullptr) {
        return; // the triggers of the log note what the foreign keys do
    }
    // A capture that is held gets all its rows read again once it is mended.
    for (const Row &row : all_rows(transaction, "SELECT table_name, capture_id, with_mask, kept"
                                                " FROM @capture WHERE held = ''")) {
        captures_.emplace(
            dialect::lower_ascii(text_at(row, 0)),
            Capture{integer_at(row, 1),
                    {.mask = integer_at(row, 2) != 0, .kept = read_kept(text_at(row, 3))}});
    }
}

const Capture *OwnEffects::capture_of(const std::string &table) const {
    const auto found = captures_.find(dialect::lower_ascii(table));
    return found == captures_.end() ? nullptr : &found->second;
}

bool OwnEffects::may_come_of(const std::vector<TableWork> &works) const {
    return !captures_.empty() && std::any_of(works.begin(), works.end(), [](const TableWork &work) {
        const auto &indexes = work.target->table.indexes;
        return !work.removals.rows.empty() ||
               std::any_of(indexes.begin(), indexes.end(),
                           [](const dialect::IndexDescription &index) {
                               return index.unique && !index.primary;
                           });
    });
}

void OwnEffects::mark(const std::vector<TableWork> &works, const References &references) {
    for (const TableWork &work : works) {
        look_at(work, references);
    }
    std::set<std::pair<const dialect::Reference *, Row>> seen;
    while (!todo_.empty()) {
        const Touched touched = std::move(todo_.back());
        todo_.pop_back();
        if (seen.emplace(touched.reference, touched.values).second) {
            touch(touched, references);
        }
    }
}

void OwnEffects::look_at(const TableWork &work, const References &references) {
    for (const dialect::Reference *reference : references.to(work.target->table.name)) {
        if (acts(reference->key.on_delete)) {
            look_at_removals(work, *reference);
        }
        if (acts(reference->key.on_update) &&
            !has_all(reference->key.parent_columns, work.key_columns)) {
            look_at_writes(work, *reference);
        }
    }
}

void OwnEffects::look_at_removals(const TableWork &work, const dialect::Reference &reference) {
    const std::string sql = dialect_.select_row(work.target->table, reference.key.parent_columns);
    for (const std::vector<Value> &key : work.removals.rows) {
        const auto found = transaction_.query(sql, Parameters{key});
        if (const Row *row = found->next()) {
            todo_.push_back({&reference, *row, true});
        }
    }
}

void OwnEffects::look_at_writes(const TableWork &work, const dialect::Reference &reference) {
    const std::vector<std::string> &columns = reference.key.parent_columns;
    const std::string sql = dialect_.select_row(work.target->table, columns);
    for (const RowBlock &block : work.writes) {
        for (std::size_t index = 0; index < block.rows.size(); ++index) {
            const Key key = work.key_of(block.rows[index]);
            const auto found = transaction_.query(sql, Parameters{key});
            const Row *row = found->next();
            if (row != nullptr && gives_others(block, index, columns, *row)) {
                todo_.push_back({&reference, *row, false});
            }
        }
    }
}

void OwnEffects::touch(const Touched &touched, const References &references) {
    const dialect::Reference &reference = *touched.reference;
    const dialect::TableDescription &child = *reference.child;
    if (const Capture *capture = capture_of(child.name)) {
        // Without its key table the capture is made anew, and all rows are read again.
        const Result<void> marked = transaction_.attempt([&]() -> Result<void> {
            transaction_.execute(
                dialect_.keys()->mark_children(child, reference.key, capture->id, capture->options),
                Parameters{touched.values});
            return {};
        });
        marked_ = marked_ || marked.has_value();
    }
    const bool goes = touched.goes && reference.key.on_delete == dialect::ForeignKeyAction::cascade;
    for (const dialect::Reference *next : references.to(child.name)) {
        const bool follows = goes ? acts(next->key.on_delete)
                                  : acts(next->key.on_update) &&
                                        has_any(next->key.parent_columns, reference.key.columns);
        if (!follows) {
            continue;
        }
        const auto rows =
            transaction_.query(dialect_.select_referring(reference, next->key.parent_columns),
                               Parameters{touched.values});
        while (const Row *row = rows->next()) {
            todo_.push_back({next, *row, goes});
        }
    }
}

void OwnEffects::drop_written(const std::vector<TableWork> &works) {
    for (const TableWork &work : works) {
        const Capture *capture = marked_ ? capture_of(work.target->table.name) : nullptr;
        if (capture == nullptr) {
            continue;
        }
        for (const RowBlock &block : work.writes) {
            drop_rows(work, block, *capture);
        }
        drop_rows(work, work.removals, *capture);
    }
}

void OwnEffects::drop_rows(const TableWork &work, const RowBlock &block, const Capture &capture) {
    const std::string sql =
        dialect_.keys()->unmark_key(work.target->table, capture.id, capture.options);
    for (const std::vector<Value> &row : block.rows) {
        const Key key = work.key_of(row);
        (void)transaction_.attempt([&]() -> Result<void> {
            transaction_.execute(sql, Parameters{key});
            return {};
        });
    }
}

} // namespace postrider::engine

// Many rows are asked about at once, and nothing where a table stands at no foreign key.
#include "common/engine/reference_keeper.hpp"

#include <algorithm>
#include <numeric>

namespace postrider::engine {

namespace {

using dialect::ForeignKeyAction;

/// Rows of one question; more would only take memory.
constexpr std::size_t rows_asked_at_once = 1000;

bool is_among(const std::vector<std::string> &names, const std::string &name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool meet(const std::vector<std::string> &names, const std::vector<std::string> &others) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string &name) { return is_among(others, name); });
}

std::size_t place_of(const std::vector<std::string> &names, const std::string &name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

bool has_null(const Row &values) {
    return std::any_of(values.begin(), values.end(),
                       [](const Value &value) { return value.is_null(); });
}

/// What the row of a block makes of values; nothing where it leaves them as they are.
std::optional<Row> changed(const RowBlock &block,
                           std::size_t index,
                           const std::vector<std::string> &columns,
                           const Row &before) {
    Row after = before;
    for (std::size_t position = 0; position < columns.size(); ++position) {
        const std::size_t place = place_of(block.columns, columns[position]);
        if (place < block.columns.size()) {
            after[position] = block.rows[index][place];
        }
    }
    return after == before ? std::nullopt : std::optional{std::move(after)};
}

bool is_written(const RowBlock &block, std::size_t index) {
    return !std::binary_search(block.waiting.begin(), block.waiting.end(), index);
}

/// Calls `take` with the keys of some rows of the block at a time, and where they stand in it.
template <typename Wanted, typename Take>
void each_lot(const TableWork &work,
              const RowBlock &block,
              const Wanted &wanted,
              const Take &take) {
    std::vector<Row> keys;
    std::vector<std::size_t> places;
    for (std::size_t index = 0; index < block.rows.size(); ++index) {
        if (wanted(index)) {
            keys.push_back(work.key_of(block.rows[index]));
            places.push_back(index);
        }
        if (keys.size() == rows_asked_at_once) {
            take(keys, places);
            keys.clear();
            places.clear();
        }
    }
    if (!keys.empty()) {
        take(keys, places);
    }
}

ForeignKeyAction action_of(const dialect::Reference &reference, bool goes) {
    return goes ? reference.key.on_delete : reference.key.on_update;
}

bool does_something(ForeignKeyAction action) {
    return action != ForeignKeyAction::none && action != ForeignKeyAction::restrict;
}

/// The columns of the children that the action writes.
const std::vector<std::string> &written_columns(const dialect::Reference &reference, bool goes) {
    const std::vector<std::string> &some = reference.key.cleared_on_delete;
    return goes && !some.empty() ? some : reference.key.columns;
}

/// What the foreign key gives those who refer to what was lost; nothing where they go too.
std::optional<Row> given_to_children(const dialect::Reference &reference,
                                     const std::optional<Row> &becomes) {
    const ForeignKeyAction action = action_of(reference, !becomes);
    if (action == ForeignKeyAction::cascade) {
        return becomes;
    }
    return Row(written_columns(reference, !becomes).size());
}

/// Whether a child may refer to nothing that is there once the action was carried out on it.
bool may_leave_orphans(const dialect::Reference &reference, bool goes) {
    const ForeignKeyAction action = action_of(reference, goes);
    return action == ForeignKeyAction::set_default ||
           (action == ForeignKeyAction::set_null && reference.key.match_full &&
            written_columns(reference, goes).size() < reference.key.columns.size());
}

} // namespace

void ReferenceKeeper::look_before(const TableWork &work) {
    const bool may_lose =
        !work.removals.rows.empty() ||
        std::any_of(
            work.target->table.indexes.begin(), work.target->table.indexes.end(),
            [](const dialect::IndexDescription &index) { return index.unique && !index.primary; });
    if (!is_needed() || !may_lose) {
        return;
    }
    for (const dialect::Reference *reference : references_.to(work.target->table.name)) {
        look_at(work, work.removals, *reference);
        for (const RowBlock &block : work.writes) {
            if (!leads_to_key(*reference) && meet(reference->key.parent_columns, block.columns)) {
                look_at(work, block, *reference);
            }
        }
    }
}

void ReferenceKeeper::look_at(const TableWork &work,
                              const RowBlock &block,
                              const dialect::Reference &reference) {
    const std::vector<std::string> &columns = reference.key.parent_columns;
    const dialect::BlockStatement select = kept_->select_rows(work.target->table, columns);
    const bool goes = &block == &work.removals;
    each_lot(
        work, block, [](std::size_t) { return true; },
        [&](const std::vector<Row> &keys, const std::vector<std::size_t> &places) {
            for (FoundRow &found : transaction_.query_block(select, keys)) {
                const std::size_t place = places[found.index];
                std::optional<Row> becomes =
                    goes ? std::nullopt : changed(block, place, columns, found.row);
                if ((goes || becomes) && !has_null(found.row)) {
                    const Key *key = block.keys.empty() ? nullptr : block.keys[place];
                    lost_.push_back(
                        {{&work, key, &reference}, std::move(found.row), std::move(becomes)});
                }
            }
        });
}

void ReferenceKeeper::act() {
    stranding_.clear();
    seen_.clear();
    std::vector<Lost> level = lost_;
    while (!level.empty()) {
        std::vector<Lost> next;
        for (const auto &[reference, lost] : not_seen(std::move(level))) {
            act_along(*reference, lost, next);
        }
        level = std::move(next);
    }
}

/// Foreign keys may lead in a circle.
ReferenceKeeper::ByReference ReferenceKeeper::not_seen(std::vector<Lost> lost) {
    ByReference sorted;
    for (Lost &each : lost) {
        if (seen_.emplace(each.row.reference, each.values).second) {
            sorted[each.row.reference].push_back(std::move(each));
        }
    }
    return sorted;
}

std::vector<FoundRow> ReferenceKeeper::stranded(const dialect::Reference &reference,
                                                const std::vector<Lost> &lost,
                                                const std::vector<std::string> &columns) const {
    std::vector<Row> values;
    values.reserve(lost.size());
    for (const Lost &each : lost) {
        values.push_back(each.values);
    }
    return transaction_.query_block(kept_->find_stranded(reference, columns), values);
}

/// Those of a child's columns to which others refer in turn.
std::vector<std::string> ReferenceKeeper::columns_below(const dialect::Reference &reference) const {
    std::vector<std::string> columns;
    for (const dialect::Reference *next : references_.to(reference.child->name)) {
        for (const std::string &column : next->key.parent_columns) {
            if (!is_among(columns, column)) {
                columns.push_back(column);
            }
        }
    }
    return columns;
}

void ReferenceKeeper::act_along(const dialect::Reference &reference,
                                const std::vector<Lost> &lost,
                                std::vector<Lost> &next) {
    const std::vector<std::string> key = key_names(*reference.child);
    const bool is_unsure =
        !key.empty() && (may_leave_orphans(reference, true) || may_leave_orphans(reference, false));
    std::vector<std::string> columns = columns_below(reference);
    const auto below = static_cast<std::ptrdiff_t>(columns.size());
    if (is_unsure) {
        columns.insert(columns.end(), key.begin(), key.end());
    }
    std::vector<Lost> acted_on;
    std::vector<Row> unsure; // keys of children
    std::vector<const Lost *> parents;
    std::set<std::size_t> known;
    for (const FoundRow &found : stranded(reference, lost, columns)) {
        const Lost &parent = lost[found.index];
        const bool acts = does_something(action_of(reference, !parent.becomes));
        const bool is_first = known.insert(found.index).second;
        if (!acts || parent.is_unknown) {
            if (is_first) {
                stranding_.push_back(parent.row);
            }
            continue;
        }
        follow(parent, columns, found.row, next);
        if (is_unsure && may_leave_orphans(reference, !parent.becomes)) {
            unsure.emplace_back(found.row.begin() + below, found.row.end());
            parents.push_back(&parent);
        }
        if (is_first) {
            acted_on.push_back(parent);
        }
    }
    if (!acted_on.empty()) {
        carry_out(reference, acted_on);
    }
    for (const FoundRow &found : transaction_.query_block(kept_->find_orphans(reference), unsure)) {
        stranding_.push_back(parents[found.index]->row);
    }
}

/// Those who refer to the child lose what it had.
void ReferenceKeeper::follow(const Lost &parent,
                             const std::vector<std::string> &columns,
                             const Row &child,
                             std::vector<Lost> &next) const {
    const dialect::Reference &reference = *parent.row.reference;
    const std::vector<std::string> &given = written_columns(reference, !parent.becomes);
    const ForeignKeyAction action = action_of(reference, !parent.becomes);
    const std::optional<Row> becomes = given_to_children(reference, parent.becomes);
    for (const dialect::Reference *below : references_.to(reference.child->name)) {
        const std::vector<std::string> &named = below->key.parent_columns;
        if (becomes && !meet(named, given)) {
            continue;
        }
        Row values;
        for (const std::string &column : named) {
            values.push_back(child.at(place_of(columns, column)));
        }
        if (has_null(values)) {
            continue;
        }
        std::optional<Row> after = becomes ? std::optional{values} : std::nullopt;
        for (std::size_t position = 0; after && position < named.size(); ++position) {
            const std::size_t place = place_of(given, named[position]);
            if (place < given.size()) {
                (*after)[position] = (*becomes)[place];
            }
        }
        next.push_back({{parent.row.work, parent.row.key, below},
                        std::move(values),
                        std::move(after),
                        action == ForeignKeyAction::set_default});
    }
}

/// What a statement is refused for, or what a default leaves as it was, strands its parent.
void ReferenceKeeper::carry_out(const dialect::Reference &reference,
                                const std::vector<Lost> &lost) {
    bool may_stay = false; // although it was acted on
    for (const bool goes : {true, false}) {
        const ForeignKeyAction action = action_of(reference, goes);
        const bool moves = !goes && action == ForeignKeyAction::cascade;
        std::vector<Row> rows;
        std::vector<const Lost *> places;
        for (const Lost &each : lost) {
            if (each.becomes.has_value() != goes) {
                rows.push_back(each.values);
                places.push_back(&each);
            }
            if (each.becomes && moves) {
                rows.back().insert(rows.back().end(), each.becomes->begin(), each.becomes->end());
            }
        }
        if (rows.empty()) {
            continue;
        }
        dialect::BlockStatement statement =
            moves ? kept_->move_stranded(reference)
                  : kept_->clear_stranded(reference, written_columns(reference, goes),
                                          action == ForeignKeyAction::set_default);
        if (goes && action == ForeignKeyAction::cascade) {
            statement = kept_->remove_stranded(reference);
        }
        std::vector<std::size_t> indexes(rows.size());
        std::iota(indexes.begin(), indexes.end(), std::size_t{0});
        for (const std::size_t refused :
             transaction_.execute_block(statement, rows, indexes).refused) {
            stranding_.push_back(places[refused]->row);
            may_stay = true;
        }
        may_stay = may_stay || action == ForeignKeyAction::set_default;
    }
    const std::vector<FoundRow> left = stranded(reference, lost, {});
    if (!left.empty() && !may_stay) {
        throw DatabaseError{DatabaseError::Reason::overtaken,
                            {Errc::unavailable,
                             "could not apply changes: another session has written rows that refer "
                             "to a deleted one",
                             {},
                             "It is tried again by itself."}};
    }
    for (const FoundRow &found : left) {
        stranding_.push_back(lost[found.index].row);
    }
}

std::vector<Orphan> ReferenceKeeper::find_orphans(const TableWork &work) const {
    std::vector<Orphan> orphans;
    if (!is_needed() || work.target->table.foreign_keys.empty()) {
        return orphans;
    }
    for (const dialect::Reference *reference : references_.from(work.target->table.name)) {
        const dialect::BlockStatement find = kept_->find_orphans(*reference);
        for (const RowBlock &block : work.writes) {
            if (!meet(reference->key.columns, block.columns)) {
                continue;
            }
            each_lot(
                work, block, [&](std::size_t index) { return is_written(block, index); },
                [&](const std::vector<Row> &keys, const std::vector<std::size_t> &places) {
                    for (const FoundRow &found : transaction_.query_block(find, keys)) {
                        orphans.push_back({&block, places[found.index], reference});
                    }
                });
        }
    }
    return orphans;
}

bool ReferenceKeeper::are_orphans(const dialect::Reference &reference,
                                  const std::vector<Row> &keys) const {
    return !transaction_.query_block(kept_->find_orphans(reference), keys).empty();
}

void ReferenceKeeper::forget_settled() {
    std::vector<Lost> left;
    seen_.clear();
    for (auto &[reference, lost] : not_seen(std::move(lost_))) {
        std::set<std::size_t> referred;
        for (const FoundRow &found : stranded(*reference, lost, {})) {
            referred.insert(found.index);
        }
        for (const std::size_t index : referred) {
            left.push_back(lost[index]);
            left.back().row.work = nullptr;
            left.back().row.key = nullptr;
        }
    }
    lost_ = std::move(left);
}

} // namespace postrider::engine

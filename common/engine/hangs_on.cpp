// Indexes over the changes, by the values under foreign keys and under unique indexes.
#include "common/engine/hangs_on.hpp"

#include <algorithm>

namespace postrider::engine {

namespace {

std::vector<std::string> columns_of_index(const dialect::IndexDescription &index) {
    std::vector<std::string> names;
    for (const dialect::IndexColumn &column : index.columns) {
        names.push_back(column.name);
    }
    return names;
}

bool may_hand_over(const dialect::IndexDescription &index) {
    return index.unique && (!index.primary || index.deferrable) && index.predicate.empty() &&
           std::none_of(index.columns.begin(), index.columns.end(),
                        [](const dialect::IndexColumn &column) { return column.name.empty(); });
}

/// The value that the change gives the column.
const Value *value_written(const TargetTable &target,
                           const Key &key,
                           const postrider::Change &change,
                           const std::string &column) {
    for (std::size_t position = 0; position < target.schema.key.size(); ++position) {
        if (target.schema.columns[target.schema.key[position]].name == column) {
            return &key.at(position);
        }
    }
    for (std::size_t index = 0; index < change.new_values.columns.size(); ++index) {
        if (target.schema.columns[change.new_values.columns[index]].name == column) {
            return &change.new_values.values[index];
        }
    }
    return nullptr;
}

} // namespace

HangsOn::HangsOn(Transaction &transaction,
                 const dialect::Dialect &dialect,
                 const References &references,
                 const std::vector<TargetTable> &targets)
    : transaction_(transaction), dialect_(dialect), references_(references), targets_(targets) {
    for (std::size_t target = 0; target < targets.size(); ++target) {
        note(target);
    }
}

void HangsOn::note(std::size_t target) {
    const dialect::TableDescription &table = targets_[target].table;
    for (const dialect::Reference *reference : references_.to(table.name)) {
        if (!leads_to_key(*reference)) {
            note_held(target, *reference);
        }
    }
    const std::vector<const dialect::Reference *> references = references_.from(table.name);
    for (const auto &[key, change] : targets_[target].changes.changes) {
        if (ends_row(change.operation)) {
            continue;
        }
        const ChangePlace place{target, key};
        for (const dialect::Reference *reference : references) {
            if (auto values = values_of(place, reference->key.columns)) {
                referring_[reference][*std::move(values)].push_back(place);
            }
        }
        for (const dialect::IndexDescription &index : table.indexes) {
            auto values =
                may_hand_over(index) ? values_of(place, columns_of_index(index)) : std::nullopt;
            if (values) {
                unique_[{table.name, index.name}][*std::move(values)].push_back(place);
            }
        }
    }
}

/// What rows hold here of what others refer to, where the change takes it from them.
void HangsOn::note_held(std::size_t target, const dialect::Reference &reference) {
    const std::vector<std::string> &columns = reference.key.parent_columns;
    for (const auto &each : targets_[target].changes.changes) {
        const Key &key = each.first; // clang 14 gives a lambda no part of a pair
        const postrider::Change &change = each.second;
        const bool stays = std::any_of(columns.begin(), columns.end(), [&](const auto &column) {
            return !ends_row(change.operation) &&
                   value_written(targets_[target], key, change, column) == nullptr;
        });
        const ChangePlace place{target, key};
        auto held = stays ? std::nullopt : values_here(place, columns);
        if (held && held != values_of(place, columns)) {
            held_[&reference][*std::move(held)].push_back(place);
        }
    }
}

std::optional<HangsOn::Values> HangsOn::values_of(const ChangePlace &place,
                                                  const std::vector<std::string> &columns) const {
    return values_of(targets_[place.first], place.second, columns);
}

/// Nothing where one of them is NULL or not part of the change.
std::optional<HangsOn::Values> HangsOn::values_of(const TargetTable &target,
                                                  const Key &key,
                                                  const std::vector<std::string> &columns) const {
    const auto change = target.changes.changes.find(key);
    if (change == target.changes.changes.end()) {
        return std::nullopt;
    }
    Values values;
    for (const std::string &column : columns) {
        const Value *value = value_written(target, key, change->second, column);
        const Result<Value> held =
            value == nullptr ? Result<Value>{Value{}} : dialect_.to_storage(*value);
        if (!held || held->is_null()) {
            return std::nullopt;
        }
        values.push_back(*held);
    }
    return values;
}

std::optional<HangsOn::Values> HangsOn::values_here(const ChangePlace &place,
                                                    const std::vector<std::string> &columns) const {
    const TargetTable &target = targets_[place.first];
    const Key key = own_key(target, place.second);
    const auto found =
        transaction_.query(dialect_.select_row(target.table, columns), Parameters{key});
    const Row *row = found->next();
    return row == nullptr ? std::nullopt : std::optional<Values>{*row};
}

std::vector<ChangePlace> HangsOn::children_of(const ChangePlace &place) const {
    const TargetTable &target = targets_[place.first];
    if (values_here(place, key_names(target.table))) {
        return {};
    }
    std::vector<ChangePlace> found;
    for (const dialect::Reference *reference : references_.to(target.table.name)) {
        const auto values = values_of(place, reference->key.parent_columns);
        const auto children = referring_.find(reference);
        if (!values || children == referring_.end()) {
            continue;
        }
        if (const auto same = children->second.find(*values); same != children->second.end()) {
            found.insert(found.end(), same->second.begin(), same->second.end());
        }
    }
    return found;
}

std::vector<ChangePlace> HangsOn::takers_from(const ChangePlace &place) const {
    const TargetTable &target = targets_[place.first];
    std::vector<ChangePlace> found;
    for (const dialect::IndexDescription &index : target.table.indexes) {
        const auto takers = unique_.find({target.table.name, index.name});
        if (!may_hand_over(index) || takers == unique_.end()) {
            continue;
        }
        const auto held = values_here(place, columns_of_index(index));
        const auto same = held ? takers->second.find(*held) : takers->second.end();
        if (same != takers->second.end()) {
            found.insert(found.end(), same->second.begin(), same->second.end());
        }
    }
    return found;
}

std::vector<ChangePlace> HangsOn::givers_to(const TargetTable &target, const Key &key) const {
    std::vector<ChangePlace> found;
    for (const dialect::Reference *reference : references_.to(target.table.name)) {
        const auto held = held_.find(reference);
        const auto values = values_of(target, key, reference->key.parent_columns);
        if (held == held_.end() || !values) {
            continue;
        }
        if (const auto same = held->second.find(*values); same != held->second.end()) {
            found.insert(found.end(), same->second.begin(), same->second.end());
        }
    }
    return found;
}

} // namespace postrider::engine

// The two laws of composition: net effect in tables with one writer, join of registers in SYNC.
#include "common/model/changeset.hpp"

#include <algorithm>
#include <tuple>

namespace postrider {

namespace {

/// The union of both images; where both have a column, `winner`'s value.
Image overlay(const Image &winner, const Image &other) {
    Image out;
    std::size_t left = 0;
    std::size_t right = 0;
    while (left < winner.columns.size() || right < other.columns.size()) {
        const bool take_winner =
            right == other.columns.size() ||
            (left < winner.columns.size() && winner.columns[left] <= other.columns[right]);
        if (take_winner) {
            if (right < other.columns.size() && other.columns[right] == winner.columns[left]) {
                ++right;
            }
            out.columns.push_back(winner.columns[left]);
            out.values.push_back(winner.values[left]);
            ++left;
        } else {
            out.columns.push_back(other.columns[right]);
            out.values.push_back(other.values[right]);
            ++right;
        }
    }
    return out;
}

/// The row before `first`: what `first` says of it, and what `second` says of columns that `first`
/// did not touch.
Image old_values_of(const Change &first, const Change &second) {
    Image untouched;
    for (std::size_t index = 0; index < second.old_values.columns.size(); ++index) {
        const std::uint32_t column = second.old_values.columns[index];
        if (!std::binary_search(first.new_values.columns.begin(), first.new_values.columns.end(),
                                column)) {
            untouched.columns.push_back(column);
            untouched.values.push_back(second.old_values.values[index]);
        }
    }
    return overlay(first.old_values, untouched);
}

/// The later stamp and its value. What it replaced is the oldest that any of the joined writes had
/// seen: a receiver of the net effect has seen none of those between. A maximum beside a minimum is
/// a join whatever the order.
template <class T>
Register<T> join_registers(const Register<T> &first, const Register<T> &second) {
    const bool second_wins =
        std::tie(first.stamp, first.value) < std::tie(second.stamp, second.value);
    Register<T> out = second_wins ? second : first;
    out.replaced = std::min(first.replaced, second.replaced);
    return out;
}

void compose_rows(OneWayChanges &first, OneWayChanges &&second) {
    for (auto &[key, change] : second.changes) {
        const auto found = first.changes.find(key);
        if (found == first.changes.end()) {
            first.changes.emplace(key, std::move(change));
            continue;
        }
        std::optional<Change> net = compose_one_way(found->second, change);
        if (net) {
            found->second = std::move(*net);
        } else {
            first.changes.erase(found);
        }
    }
}

void compose_rows(SyncChanges &first, const SyncChanges &second) {
    for (const auto &[key, change] : second.changes) {
        const auto [place, is_new] = first.changes.try_emplace(key, change);
        if (!is_new) {
            place->second = join(place->second, change);
        }
    }
}

bool has_nothing(const TableChanges &table) {
    if (const auto *one_way = std::get_if<OneWayChanges>(&table.changes)) {
        return !one_way->truncated && one_way->changes.empty();
    }
    return std::get<SyncChanges>(table.changes).changes.empty();
}

bool begins_anew(const TableChanges &table) {
    const auto *one_way = std::get_if<OneWayChanges>(&table.changes);
    return one_way != nullptr && one_way->truncated;
}

Result<void> compose_table(TableChanges &first, TableChanges &&second) {
    if (begins_anew(second) && std::holds_alternative<OneWayChanges>(first.changes)) {
        first = std::move(second); // whatever shape the table had before
        return {};
    }
    if (first.schema != second.schema || first.changes.index() != second.changes.index()) {
        return Error{Errc::schema_mismatch, "table \"" + first.schema.name +
                                                "\" changed its shape between two changesets"};
    }
    if (auto *one_way = std::get_if<OneWayChanges>(&first.changes)) {
        compose_rows(*one_way, std::get<OneWayChanges>(std::move(second.changes)));
    } else {
        compose_rows(std::get<SyncChanges>(first.changes), std::get<SyncChanges>(second.changes));
    }
    return {};
}

} // namespace

std::size_t Changeset::row_count() const {
    std::size_t count = 0;
    for (const auto &[name, table] : tables) {
        count += std::visit([](const auto &rows) { return rows.changes.size(); }, table.changes);
    }
    return count;
}

Result<Changeset> compose(Changeset first, Changeset second) {
    for (auto &entry : second.tables) {
        const auto found = first.tables.find(entry.first);
        if (found == first.tables.end()) {
            first.tables.insert(std::move(entry));
            continue;
        }
        if (auto composed = compose_table(found->second, std::move(entry.second)); !composed) {
            return composed.error();
        }
        if (has_nothing(found->second)) {
            first.tables.erase(found);
        }
    }
    return first;
}

std::optional<Change> compose_one_way(const Change &first, const Change &second) {
    const bool ends = ends_row(second.operation);
    if (first.operation == Operation::insert && ends) {
        return std::nullopt; // the receiver never had the row
    }
    Change net;
    net.old_values = old_values_of(first, second);
    if (ends) {
        net.operation = second.operation;
        return net;
    }
    net.new_values = overlay(second.new_values, first.new_values);
    if (first.operation == Operation::insert || first.operation == Operation::upsert) {
        net.operation = first.operation; // what was before stays as it was, whatever came after
    } else if (second.operation == Operation::update) {
        net.operation = Operation::update;
    } else {
        net.operation = Operation::upsert; // the receiver has the row, the source wrote it anew
    }
    return net;
}

SyncChange join(const SyncChange &first, const SyncChange &second) {
    SyncChange out;
    if (first.exists && second.exists) {
        out.exists = join_registers(*first.exists, *second.exists);
    } else {
        out.exists = first.exists ? first.exists : second.exists;
    }
    auto left = first.columns.begin();
    auto right = second.columns.begin();
    while (left != first.columns.end() && right != second.columns.end()) {
        if (left->first == right->first) {
            out.columns.emplace_back(left->first, join_registers(left->second, right->second));
            ++left;
            ++right;
        } else {
            out.columns.push_back(left->first < right->first ? *left++ : *right++);
        }
    }
    out.columns.insert(out.columns.end(), left, first.columns.end());
    out.columns.insert(out.columns.end(), right, second.columns.end());
    return out;
}

} // namespace postrider

// The row here and the row to be, both before the condition.
#include "common/engine/row_guard.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "common/engine/local_key.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

class Guard {
  public:
    Guard(const Session &session, const RowFilter &guard, const TableSchema &schema)
        : session_(session), guard_(guard), schema_(schema), keys_(session, guard.table, schema) {}

    std::uint64_t take_away(OneWayChanges &changes) {
        for (const auto &[key, change] : changes.changes) {
            if (!add_images(key, change)) {
                counts_.push_back(0); // it cannot be held here, so it is not written either
            }
        }
        const std::vector<bool> met =
            meet_condition(session_.transaction, session_.dialect, guard_, images_);
        std::uint64_t refused = 0;
        std::size_t image = 0;
        auto count = counts_.begin();
        for (auto row = changes.changes.begin(); row != changes.changes.end(); ++count) {
            const auto begin = met.begin() + static_cast<std::ptrdiff_t>(image);
            image += *count;
            const bool inside = std::all_of(begin, begin + static_cast<std::ptrdiff_t>(*count),
                                            [](bool each) { return each; });
            refused += inside ? 0U : 1U;
            if (!inside) {
                refused_.insert(row->first);
            }
            row = inside ? std::next(row) : changes.changes.erase(row);
        }
        return refused;
    }

    /// The rows inside that are not among those that came go, one by one.
    void replace(OneWayChanges &changes) const {
        std::set<Key> absent = keys_inside();
        std::set<Key> stay = refused_;
        for (const auto &[key, change] : changes.changes) {
            stay.insert(key);
        }
        for (const Key &key : stay) {
            const Result<Key> local = keys_.local(key);
            if (!local) {
                continue;
            }
            // A key may be stored in another form than the one in which it came.
            if (const auto here = keys_.row(*local, keys_.names())) {
                absent.erase(*here);
            }
        }
        for (const Key &key : absent) {
            changes.changes.emplace(
                keys_.as_it_came(key),
                Change{.operation = Operation::remove, .new_values = {}, .old_values = {}});
        }
        changes.truncated = false;
    }

  private:
    /// False: a value cannot be held here.
    bool add_images(const Key &key, const Change &change) {
        const Result<Key> local = keys_.local(key);
        if (!local) {
            return false;
        }
        const auto here = keys_.row(*local, guard_.condition.columns);
        std::vector<std::vector<Value>> images;
        if (here) {
            images.push_back(*here);
        }
        if (!ends_row(change.operation)) {
            Result<std::vector<Value>> image = image_of(*local, change, here);
            if (!image) {
                return false;
            }
            images.push_back(*std::move(image));
        }
        counts_.push_back(images.size());
        std::move(images.begin(), images.end(), std::back_inserter(images_));
        return true;
    }

    /// What does not come is as it is here; of a new row it is null.
    Result<std::vector<Value>>
    image_of(const Key &local, const Change &change, const std::optional<Row> &here) const {
        std::vector<Value> image;
        for (std::size_t index = 0; index < guard_.condition.columns.size(); ++index) {
            const std::string &name = guard_.condition.columns[index];
            Value value = here ? (*here)[index] : Value{};
            const auto key = std::find(keys_.names().begin(), keys_.names().end(), name);
            if (key != keys_.names().end()) {
                value = local[static_cast<std::size_t>(key - keys_.names().begin())];
            }
            for (std::size_t at = 0; at < change.new_values.columns.size(); ++at) {
                if (schema_.columns[change.new_values.columns[at]].name == name) {
                    value = change.new_values.values[at];
                }
            }
            // As it would be written: what is nearest may lie outside.
            Result<Value> stored_value =
                session_.dialect.fit(guard_.table, *guard_.table.find_column(name), value,
                                     guard_.lossy.contains(name) ? dialect::Exactness::nearest
                                                                 : dialect::Exactness::exact);
            if (!stored_value) {
                return stored_value.error();
            }
            image.push_back(*std::move(stored_value));
        }
        return image;
    }

    [[nodiscard]] std::set<Key> keys_inside() const {
        std::set<Key> inside;
        const auto cursor = session_.transaction.query(
            session_.dialect.select_where(guard_.table, keys_.names(), guard_.condition, false),
            Parameters{guard_.attributes});
        while (const Row *row = cursor->next()) {
            inside.insert(*row);
        }
        return inside;
    }

    const Session &session_;
    const RowFilter &guard_;
    const TableSchema &schema_;
    LocalKeys keys_;
    std::vector<std::vector<Value>> images_;
    std::vector<std::size_t> counts_; // images of each change
    std::set<Key> refused_;           // as they came
};

} // namespace

std::uint64_t take_away_outside(const Session &session,
                                const RowFilter &guard,
                                const TableSchema &schema,
                                OneWayChanges &changes) {
    Guard rows{session, guard, schema};
    const std::uint64_t refused = rows.take_away(changes);
    if (changes.truncated) {
        rows.replace(changes);
    }
    return refused;
}

} // namespace postrider::engine

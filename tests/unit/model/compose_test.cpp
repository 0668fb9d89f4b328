// The laws of composition, over random histories. A failing case prints its seed.
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "common/model/changeset.hpp"

namespace postrider {
namespace {

constexpr std::uint64_t seeds = 400;
constexpr std::int64_t keys = 4;
constexpr std::uint32_t columns = 3; // column 0 is the key

using Row = std::map<std::uint32_t, Value>;
using Rows = std::map<Key, Row>;

TableSchema schema() {
    TableSchema out;
    out.name = "visit";
    for (const char *name : {"id", "a", "b", "c"}) {
        out.columns.push_back({name, {Kind::int64, Kind::null, -1, -1, {}}, true});
    }
    out.key = {0};
    return out;
}

Changeset changeset_of(OneWayChanges changes) {
    Changeset out;
    out.tables["visit"] = {schema(), std::move(changes)};
    return out;
}

Changeset composed(const Changeset &first, const Changeset &second) {
    Result<Changeset> out = compose(first, second);
    EXPECT_TRUE(out.has_value());
    return *out;
}

void apply_changes(const Changeset &changeset, Rows &rows) {
    for (const auto &[name, table] : changeset.tables) {
        const auto &one_way = std::get<OneWayChanges>(table.changes);
        if (one_way.truncated) {
            rows.clear();
        }
        for (const auto &[key, change] : one_way.changes) {
            if (change.operation == Operation::remove || change.operation == Operation::leave) {
                rows.erase(key);
                continue;
            }
            const Image &image = change.new_values;
            for (std::size_t index = 0; index < image.columns.size(); ++index) {
                rows[key][image.columns[index]] = image.values[index];
            }
        }
    }
}

/// Writes a source's history down, one change at a time, as capture does.
class History {
  public:
    explicit History(std::uint64_t seed) : random_(seed) {
        for (std::int64_t key = 0; key < keys; ++key) {
            if (draw(2) == 0) {
                rows_[{key}] = whole_row();
            }
        }
    }

    [[nodiscard]] const Rows &rows() const { return rows_; }

    Changeset next() {
        OneWayChanges out;
        const Key key{static_cast<std::int64_t>(draw(keys))};
        if (draw(20) == 0) {
            out.truncated = true;
            for (std::int64_t each = 0; each < keys; ++each) {
                touched_.insert({each});
            }
            rows_.clear();
            return changeset_of(std::move(out));
        }
        out.changes[key] = rows_.contains(key) ? change_present(key) : change_absent(key);
        touched_.insert(key);
        return changeset_of(std::move(out));
    }

  private:
    std::uint64_t draw(std::uint64_t below) { return random_() % below; }

    Value value() { return static_cast<std::int64_t>(draw(1000)); }

    Row whole_row() {
        Row out;
        for (std::uint32_t column = 1; column <= columns; ++column) {
            out[column] = value();
        }
        return out;
    }

    static Image image_of(const Row &row) {
        Image out;
        for (const auto &[column, content] : row) {
            out.columns.push_back(column);
            out.values.push_back(content);
        }
        return out;
    }

    /// What was there before may be unknown only as long as nothing was said of the row.
    Change change_absent(const Key &key) {
        rows_[key] = whole_row();
        const bool unknown = !touched_.contains(key) && draw(2) == 0;
        return {unknown ? Operation::upsert : Operation::insert, image_of(rows_[key]), {}};
    }

    Change change_present(const Key &key) {
        const Image before = image_of(rows_[key]);
        switch (draw(4)) {
        case 0:
        case 1:
            rows_.erase(key);
            return {end_of(key), {}, before};
        case 2:
            rows_[key] = whole_row();
            return {Operation::upsert, image_of(rows_[key]), {}};
        default:
            return update(key);
        }
    }

    Change update(const Key &key) {
        Row changed;
        Row old;
        for (std::uint32_t column = 1; column <= columns; ++column) {
            if (draw(2) == 0) {
                old[column] = rows_[key][column];
                changed[column] = rows_[key][column] = value();
            }
        }
        return {Operation::update, image_of(changed), image_of(old)};
    }

    /// A row that both left and was removed ends in either, as the grouping goes; so every row of a
    /// history has one way to go.
    static Operation end_of(const Key &key) {
        return *key.front().as<std::int64_t>() % 2 == 0 ? Operation::remove : Operation::leave;
    }

    std::mt19937_64 random_;
    Rows rows_;
    std::set<Key> touched_;
};

TEST(Compose, IsAssociativeOverValidHistories) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        History history(seed);
        std::vector<Changeset> steps;
        for (int step = 0; step < 12; ++step) {
            steps.push_back(history.next());
        }
        Changeset from_left = steps.front();
        Changeset from_right = steps.back();
        for (std::size_t step = 1; step < steps.size(); ++step) {
            from_left = composed(from_left, steps[step]);
            from_right = composed(steps[steps.size() - 1 - step], from_right);
        }
        ASSERT_EQ(from_left, from_right);
        const std::size_t cut = 1 + seed % (steps.size() - 1);
        Changeset head;
        Changeset tail;
        for (std::size_t step = 0; step < steps.size(); ++step) {
            Changeset &part = step < cut ? head : tail;
            part = composed(part, steps[step]);
        }
        ASSERT_EQ(composed(head, tail), from_left);
    }
}

TEST(Compose, GivesTheSameRowsAsApplyingOneAfterTheOther) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        History history(seed);
        Rows by_steps = history.rows();
        Rows by_net_effect = history.rows();
        Changeset net;
        for (int step = 0; step < 12; ++step) {
            const Changeset next = history.next();
            apply_changes(next, by_steps);
            net = composed(net, next);
        }
        apply_changes(net, by_net_effect);
        ASSERT_EQ(by_net_effect, by_steps);
        ASSERT_EQ(by_net_effect, history.rows());
    }
}

Change change_of(Operation operation) {
    const bool has_values = operation == Operation::insert || operation == Operation::upsert;
    if (has_values) {
        return {operation, {{1, 2, 3}, {std::int64_t{1}, std::int64_t{2}, std::int64_t{3}}}, {}};
    }
    if (operation == Operation::update) {
        return {operation, {{2}, {std::int64_t{9}}}, {}};
    }
    return {operation, {}, {}};
}

std::optional<Operation> net_operation(Operation first, Operation second) {
    const std::optional<Change> net = compose_one_way(change_of(first), change_of(second));
    return net ? std::optional(net->operation) : std::nullopt;
}

TEST(Compose, ARowThatComesAndGoesLeavesNothing) {
    EXPECT_EQ(net_operation(Operation::insert, Operation::remove), std::nullopt);
    EXPECT_EQ(net_operation(Operation::insert, Operation::leave), std::nullopt);
}

TEST(Compose, ARowWhosePastIsUnknownIsRemovedAllTheSame) {
    EXPECT_EQ(net_operation(Operation::upsert, Operation::remove), Operation::remove);
    EXPECT_EQ(net_operation(Operation::upsert, Operation::leave), Operation::leave);
}

TEST(Compose, ARowThatComesBackIsWrittenWhole) {
    EXPECT_EQ(net_operation(Operation::remove, Operation::insert), Operation::upsert);
    EXPECT_EQ(net_operation(Operation::leave, Operation::insert), Operation::upsert);
}

TEST(Compose, AnInsertThatIsUpdatedStaysAnInsertWithTheLastValues) {
    const std::optional<Change> net =
        compose_one_way(change_of(Operation::insert), change_of(Operation::update));
    ASSERT_TRUE(net.has_value());
    EXPECT_EQ(net->operation, Operation::insert);
    EXPECT_EQ(net->new_values.values,
              (std::vector<Value>{std::int64_t{1}, std::int64_t{9}, std::int64_t{3}}));
}

TEST(Compose, OldValuesAreThoseBeforeTheFirstChange) {
    const Change first{Operation::update, {{1}, {std::int64_t{5}}}, {{1}, {std::int64_t{4}}}};
    const Change second{Operation::update,
                        {{1, 2}, {std::int64_t{6}, std::int64_t{7}}},
                        {{1, 2}, {std::int64_t{5}, std::int64_t{0}}}};
    const std::optional<Change> net = compose_one_way(first, second);
    ASSERT_TRUE(net.has_value());
    EXPECT_EQ(net->old_values, (Image{{1, 2}, {std::int64_t{4}, std::int64_t{0}}}));
}

TEST(Compose, ATruncateDropsWhatCameBefore) {
    OneWayChanges before;
    before.changes[{std::int64_t{1}}] = change_of(Operation::insert);
    const Changeset truncate = changeset_of({.truncated = true, .changes = {}});
    EXPECT_EQ(composed(changeset_of(std::move(before)), truncate), truncate);
}

TEST(Compose, ATableWithNothingLeftIsGone) {
    OneWayChanges first;
    first.changes[{std::int64_t{1}}] = change_of(Operation::insert);
    OneWayChanges second;
    second.changes[{std::int64_t{1}}] = change_of(Operation::remove);
    EXPECT_TRUE(composed(changeset_of(std::move(first)), changeset_of(std::move(second))).empty());
}

TEST(Compose, RefusesTwoShapesOfOneTable) {
    const Changeset first = changeset_of({.truncated = true, .changes = {}});
    OneWayChanges later;
    later.changes[{std::int64_t{1}}] = change_of(Operation::insert);
    Changeset second = changeset_of(std::move(later));
    second.tables["visit"].schema.columns.back().name = "d";
    const Result<Changeset> out = compose(first, second);
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code, Errc::schema_mismatch);
}

TEST(Compose, ATableThatIsReplacedMayHaveAnotherShapeThanBefore) {
    OneWayChanges before;
    before.changes[{std::int64_t{1}}] = change_of(Operation::insert);
    Changeset replaced = changeset_of({.truncated = true, .changes = {}});
    replaced.tables["visit"].schema.columns.back().name = "d";
    EXPECT_EQ(composed(changeset_of(std::move(before)), replaced), replaced);
}

TEST(Compose, RefusesToMixTheTwoLaws) {
    Changeset first = changeset_of({.truncated = true, .changes = {}});
    Changeset second = first;
    second.tables["visit"].changes = SyncChanges{};
    EXPECT_FALSE(compose(first, second).has_value());
}

/// Stamps come from a small set, so that registers meet; one stamp always carries one value.
class Writes {
  public:
    explicit Writes(std::uint64_t seed) : random_(seed) {}

    SyncChange next() {
        SyncChange out;
        if (draw(2) == 0) {
            const Stamp written = stamp();
            out.exists = Register<bool>{written, written.time % 2 == 0, replaced()};
        }
        for (std::uint32_t column = 1; column <= columns; ++column) {
            if (draw(2) == 0) {
                const Stamp written = stamp();
                const Value value = static_cast<std::int64_t>(written.time * 10 + written.node[0]);
                out.columns.emplace_back(column, Register<Value>{written, value, replaced()});
            }
        }
        return out;
    }

  private:
    std::uint64_t draw(std::uint64_t below) { return random_() % below; }

    Stamp stamp() {
        Stamp out{draw(6), {}};
        out.node[0] = static_cast<std::uint8_t>(draw(3));
        return out;
    }

    std::optional<Stamp> replaced() { return draw(2) == 0 ? std::nullopt : std::optional(stamp()); }

    std::mt19937_64 random_;
};

TEST(Join, IsAssociativeCommutativeAndIdempotent) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Writes writes(seed);
        const SyncChange a = writes.next();
        const SyncChange b = writes.next();
        const SyncChange c = writes.next();
        ASSERT_EQ(join(join(a, b), c), join(a, join(b, c)));
        ASSERT_EQ(join(a, b), join(b, a));
        ASSERT_EQ(join(a, a), a);
    }
}

TEST(Join, KeepsTheGreaterStampOfEachRegister) {
    const NodeId node{};
    const SyncChange first{Register<bool>{{5, node}, false, std::nullopt},
                           {{1, {{3, node}, std::int64_t{30}, std::nullopt}}}};
    const SyncChange second{Register<bool>{{4, node}, true, std::nullopt},
                            {{1, {{6, node}, std::int64_t{60}, Stamp{3, node}}}}};
    const SyncChange both = join(first, second);
    EXPECT_FALSE(both.exists->value);
    EXPECT_EQ(both.columns.front().second.value, Value{std::int64_t{60}});
    // The receiver never saw the write at 3, so the net effect replaced what that one replaced.
    EXPECT_EQ(both.columns.front().second.replaced, std::nullopt);
}

TEST(Join, ComposesSyncTables) {
    const NodeId node{};
    const Key key{std::int64_t{1}};
    SyncChanges first;
    first.changes[key].exists = Register<bool>{{1, node}, true, std::nullopt};
    SyncChanges second;
    second.changes[key].exists = Register<bool>{{2, node}, false, Stamp{1, node}};
    Changeset left;
    left.tables["visit"] = {schema(), first};
    Changeset right;
    right.tables["visit"] = {schema(), second};
    const Changeset both = composed(left, right);
    const auto &changes = std::get<SyncChanges>(both.tables.at("visit").changes);
    EXPECT_FALSE(changes.changes.at(key).exists->value); // a tombstone, not nothing
}

} // namespace
} // namespace postrider

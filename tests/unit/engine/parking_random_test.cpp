// Random changes of tables that refer to each other five levels deep, in circles and to themselves:
// key changes, cascades, swaps of unique values. The receiver ends equal, with nothing parked.
#include <random>

#include <gtest/gtest.h>

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

constexpr int random_changes = 3000;
constexpr int changes_of_a_step = 25;
constexpr int levels = 5;
constexpr std::uint64_t first_seed = 1;
constexpr std::uint64_t seeds = 4;

std::string level(int number) {
    return "l" + std::to_string(number);
}

/// Alternating kinds of references; the first refers to the last, which closes the circle.
std::string create_levels(const std::string &root) {
    std::string sql = "CREATE TABLE root(id INTEGER PRIMARY KEY);";
    for (int number = 1; number <= levels; ++number) {
        const std::string on_delete = number % 2 == 0 ? "CASCADE" : "SET NULL";
        const std::string above = number == 1 ? "INT" + root
                                              : "INT REFERENCES " + level(number - 1) +
                                                    "(id) ON UPDATE CASCADE ON DELETE " + on_delete;
        sql += "CREATE TABLE " + level(number) + "(id INTEGER PRIMARY KEY, above " + above +
               ", same INT REFERENCES " + level(number) +
               "(id) ON UPDATE CASCADE ON DELETE SET NULL, circle INT REFERENCES " +
               level(number == 1 ? levels : 1) +
               "(id) ON UPDATE CASCADE ON DELETE SET NULL, code TEXT UNIQUE, n INT NOT NULL UNIQUE,"
               " v);";
    }
    return sql;
}

struct ParkingRandom : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    Application there{shop.path};
    Application here{office.path};
    std::mt19937_64 random;
    int next_number = 0;

    void SetUp() override {
        pair_directly(shop, office, directory / "mail");
        there.run(create_levels(""));
        here.run(create_levels(" REFERENCES root(id)"));
        there.run("INSERT INTO root VALUES(1)");
        here.run("INSERT INTO root VALUES(1)");
        std::vector<std::string> tables;
        for (int number = levels; number > 0; --number) {
            tables.push_back(level(number));
        }
        shop.send("task", "office", tables);
        office.receive("task", "shop", tables);
    }

    std::string below(int count) { return std::to_string(random() % static_cast<unsigned>(count)); }

    std::string any_id(int number) {
        return "(SELECT id FROM " + level(number) + " ORDER BY (id * " + below(97) +
               ") % 89 LIMIT 1)";
    }

    std::string new_number() { return std::to_string(++next_number); }

    std::string insert(int number, const std::string &above) {
        const std::string id = new_number();
        return "INSERT INTO " + level(number) + "(id, above, same, circle, code, n, v) VALUES(" +
               id + ", " + above + ", " + (random() % 3 == 0 ? id : any_id(number)) + ", " +
               any_id(number == 1 ? levels : 1) + ", 'code" + id + "', " + id + ", " + below(9) +
               ")";
    }

    std::string insert_any(int number) {
        return insert(number, number == 1 ? "1" : any_id(number - 1));
    }

    /// Two rows exchange what is unique of them, or three of them in a circle.
    std::string swap(int number, const std::string &column, const std::string &free) {
        const std::string one = any_id(number);
        const std::string table = level(number);
        return "CREATE TEMP TABLE s AS SELECT id, " + column +
               " AS c, row_number() OVER (ORDER BY id)"
               " AS r FROM " +
               table + " WHERE id % 7 = " + below(7) +
               " LIMIT 3;"
               "UPDATE " +
               table + " SET " + column + " = " + free +
               " WHERE id IN (SELECT id FROM s);"
               "UPDATE " +
               table + " SET " + column +
               " = (SELECT c FROM s AS o WHERE o.r ="
               " (SELECT r FROM s WHERE s.id = " +
               table +
               ".id) % (SELECT count(*) FROM s) + 1)"
               " WHERE id IN (SELECT id FROM s); DROP TABLE s";
    }

    std::string change() {
        const int number = 1 + static_cast<int>(random() % levels);
        const std::string table = level(number);
        const std::string where = " WHERE id = " + any_id(number);
        switch (random() % 10) {
        case 0:
        case 1:
        case 2:
            return insert_any(number);
        case 3:
            return random() % 2 == 0 ? insert_any(number) : "DELETE FROM " + table + where;
        case 4:
            return "UPDATE " + table + " SET id = " + new_number() + where;
        case 5:
            return swap(number, "code", "NULL");
        case 6:
            return swap(number, "n", "-id");
        case 7:
            return number == 1 ? insert_any(1)
                               : "UPDATE " + table + " SET above = " + any_id(number - 1) + where;
        case 8:
            return "UPDATE " + table + " SET same = " + any_id(number) +
                   ", circle = " + any_id(number == 1 ? levels : 1) + where;
        default:
            return "UPDATE " + table + " SET v = " + below(99) + where;
        }
    }

    void expect_equal() {
        for (int number = 1; number <= levels; ++number) {
            const std::string rows = "SELECT * FROM " + level(number) + " ORDER BY id";
            EXPECT_EQ(here.ask(rows), there.ask(rows)) << level(number);
        }
        EXPECT_EQ(here.ask("SELECT local_name, row_text, reason FROM postrider_parked_row"), "");
    }

    void change_at_random(int count) {
        for (int done = 0; done < count; done += changes_of_a_step) {
            there.run("BEGIN");
            for (int each = 0; each < changes_of_a_step; ++each) {
                there.run(change());
            }
            there.run("COMMIT");
            shop.cycle();
            office.cycle();
            shop.now += std::chrono::seconds{2};
            office.now = shop.now;
            if (done % (changes_of_a_step * 8) == 0) {
                run_until_quiet(shop, office);
                expect_equal();
                if (HasFailure()) {
                    return;
                }
            }
        }
        run_until_quiet(shop, office);
        expect_equal();
    }
};

TEST_F(ParkingRandom, AnyChangesOfTablesThatReferToEachOtherEndEqual) {
    for (std::uint64_t seed = first_seed; seed < first_seed + seeds && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        random.seed(seed);
        change_at_random(random_changes / static_cast<int>(seeds));
    }
    EXPECT_EQ(here.ask("SELECT count(*) FROM postrider_events WHERE kind = 'parked'"), "0");
}

TEST_F(ParkingRandom, InStepsOfManyBatchesTheyEndEqualToo) {
    shop.batches.piece_bytes = 500; // a few rows
    shop.batches.step_bytes = 500;
    shop.restart();
    for (std::uint64_t seed = first_seed; seed < first_seed + seeds && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        random.seed(seed);
        change_at_random(random_changes / 6 / static_cast<int>(seeds));
    }
    EXPECT_EQ(here.ask("SELECT count(*) FROM postrider_events WHERE kind = 'parked'"), "0");
}

TEST_F(ParkingRandom, WithAMissingParentExactlyItsDependentsAreParkedUntilItComes) {
    random.seed(first_seed);
    SCOPED_TRACE("seed " + std::to_string(first_seed));
    change_at_random(500);
    // New rows below a root that is missing here, and as many below one that is not.
    std::string expected;
    there.run("BEGIN");
    for (const bool is_late : {true, false}) {
        std::string above = is_late ? "2" : "1";
        for (int number = 1; number <= levels; ++number) {
            for (int each = 0; each < 20; ++each) {
                there.run(insert(number, above));
            }
            const std::string ids = "id > " + std::to_string(next_number - 20);
            there.run("UPDATE " + level(number) + " SET same = id, circle = NULL WHERE " + ids);
            if (is_late) {
                expected += (expected.empty() ? "" : "\n") +
                            there.ask("SELECT '" + level(number) + "', id FROM " + level(number) +
                                      " WHERE " + ids + " ORDER BY id");
            }
            above = std::to_string(next_number);
        }
    }
    there.run("UPDATE l1 SET v = 'through'; COMMIT");
    run_until_quiet(shop, office);
    EXPECT_EQ(here.ask("SELECT local_name, row_text FROM postrider_parked_row"
                       " ORDER BY local_name, CAST(row_text AS INT)"),
              expected);
    EXPECT_EQ(here.ask("SELECT count(*) FROM l1 WHERE v <> 'through'"), "0");
    EXPECT_EQ(here.ask("SELECT count(*) FROM l5"),
              std::to_string(std::stoi(there.ask("SELECT count(*) FROM l5")) - 20));
    here.run("INSERT INTO root VALUES(2)");
    run_until_quiet(shop, office);
    expect_equal();
}

} // namespace
} // namespace postrider::test

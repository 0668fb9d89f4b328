// Tables five levels deep travel over a bad line while a program changes them in every way that
// keys, unique values and references allow; and what a missing row of the top holds back, alone.
#include <iostream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/support/bad_line.hpp"
#include "tests/support/five_levels.hpp"

namespace postrider::test {
namespace {

constexpr std::uint32_t seed = 20261130;
constexpr int changes_wanted = 20'000;
constexpr int parts = 10;

struct FiveLevels : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    Application there{shop.path};
    Application here{office.path};
    std::mt19937 random{seed};
    BadLine line{directory / "mail", directory / "mail", random};
    LevelProgram program{there, random};
    int changes = 0;

    void SetUp() override {
        pair_directly(shop, office, directory / "mail");
        std::vector<std::string> tables;
        for (const LevelTable &table : level_tables) {
            tables.push_back(table.name);
        }
        there.run(level_schema);
        here.run(level_schema);
        shop.send("levels", "office", tables);
        office.receive("levels", "shop", tables);
    }

    void exchange() {
        for (TestNode *node : {&shop, &office}) {
            node->cycle();
            line.carry();
            node->now += std::chrono::seconds{10};
        }
    }

    void settle() {
        for (int round = 0; round < 20; ++round) {
            exchange();
        }
        run_until_settled(shop, office);
    }

    /// But those whose "table|key" is among `others`.
    static std::string rows_of(Application &application,
                               const LevelTable &table,
                               const std::set<std::string> &others) {
        const std::string columns =
            application.ask("SELECT group_concat('quote(' || name || ')') FROM"
                            " pragma_table_info('" +
                            table.name + "')");
        std::string keys;
        for (const std::string &other : others) {
            if (other.starts_with(table.name + "|")) {
                keys += (keys.empty() ? "(" : ", (") + other.substr(table.name.size() + 1) + ")";
            }
        }
        const std::string where =
            keys.empty() ? "" : " WHERE (" + table.key + ") NOT IN (VALUES " + keys + ")";
        return application.ask("SELECT " + columns + " FROM " + table.name + where + " ORDER BY " +
                               table.key);
    }

    /// Exchanges between the transactions over the bad line.
    void change_at_random(int count) {
        const int last = changes + count;
        while (changes < last) {
            for (int left = 1 + static_cast<int>(random() % 15); left > 0; --left) {
                changes += program.run_transaction();
            }
            exchange();
        }
        settle();
    }

    /// Two branches, below each of them two teams, and so on; "table|key" of all.
    std::set<std::string> insert_family(const std::string &region, int number) {
        std::set<std::string> rows;
        const auto insert = [&](const std::string &table, const std::string &key,
                                const std::string &columns, const std::string &values) {
            there.run("INSERT INTO " + table + "(" + columns + ") VALUES(" + values + ")");
            rows.insert(table + "|" + key);
        };
        for (int branch = 0; branch < 2; ++branch) {
            const std::string key = "'" + region + "', " + std::to_string(++number);
            insert("branch", key, "region, number", key);
            for (int team = 0; team < 2; ++team) {
                const std::string id = std::to_string(++number);
                insert("team", id, "id, region, number, sign", id + ", " + key + ", " + id);
                for (int person = 0; person < 2; ++person) {
                    const std::string desk = std::to_string(++number);
                    const std::string badge = "'p" + desk + "'";
                    insert("person", badge, "badge, team, desk", badge + ", " + id + ", " + desk);
                    for (int item = 0; item < 2; ++item) {
                        const std::string place = badge + ", " + std::to_string(++number);
                        insert("item", place, "person, place", place);
                    }
                }
            }
        }
        return rows;
    }

    std::set<std::string> parked() {
        std::istringstream text(here.ask("SELECT \"table\", row FROM postrider_parked"));
        std::set<std::string> rows;
        for (std::string row; std::getline(text, row);) {
            rows.insert(row);
        }
        return rows;
    }

    void expect_equal_but(const std::set<std::string> &others) {
        for (const LevelTable &table : level_tables) {
            EXPECT_EQ(rows_of(here, table, others), rows_of(there, table, others)) << table.name;
        }
        EXPECT_EQ(here.ask("PRAGMA foreign_key_check"), "");
    }

    void expect_equal() {
        expect_equal_but({});
        EXPECT_EQ(here.ask("SELECT \"table\", row, change, reason FROM postrider_parked"), "");
        for (Application *application : {&there, &here}) {
            EXPECT_EQ(application->ask("SELECT state FROM postrider_status"), "in step");
        }
    }
};

TEST_F(FiveLevels, TwentyThousandRandomChangesEndEqualAndNothingIsParked) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    for (int part = 0; part < parts && !HasFailure(); ++part) {
        change_at_random(changes_wanted / parts);
        expect_equal();
    }
    EXPECT_GE(changes, changes_wanted);
    EXPECT_EQ(here.ask("SELECT count(*) FROM postrider_events WHERE kind IN ('parked',"
                       " 'batch_held', 'rows_missing')"),
              "0");
    for (const char *kind : {"insertion", "deletion", "value", "move", "key change", "key swap",
                             "swap", "handing over", "coming again", "ring", "pair",
                             "ON DELETE CASCADE", "ON DELETE SET NULL", "ON UPDATE CASCADE"}) {
        EXPECT_GT(program.count(kind), 100) << kind;
    }
    std::cout << changes << " changes, " << line.lost << " mails lost, " << line.doubled
              << " doubled\n";
}

TEST_F(FiveLevels, AMissingRowOfTheTopHoldsBackExactlyWhatHangsOnIt) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    change_at_random(500);
    there.run("PRAGMA foreign_keys = OFF; BEGIN");
    const std::string moved = there.ask("SELECT min(id) FROM team");
    std::set<std::string> expected = insert_family("late", 1'000'000);
    expected.insert({"team|" + moved, "person|'between'", "item|'between', 1"});
    insert_family(there.ask("SELECT min(code) FROM region"), 2'000'000);
    there.run("UPDATE team SET (region, number) = ('late', 1000001) WHERE id = " + moved +
              "; INSERT INTO person(badge, team, mentor, desk) SELECT 'between', 2000002, badge,"
              " 3000000 FROM person WHERE team = 1000002 LIMIT 1;"
              "INSERT INTO item(person, place) VALUES('between', 1);"
              "UPDATE person SET mentor = 'between' WHERE team = 1000002;"
              "UPDATE item SET v = 'through'; COMMIT; PRAGMA foreign_keys = ON");
    settle();
    EXPECT_EQ(parked(), expected);
    expect_equal_but(expected);

    // Later changes of what waits, and of the rest.
    there.run("INSERT INTO item(person, place) VALUES('between', 2), ('p1000003', 7), "
              "('p2000003', 7); UPDATE person SET v = 'later' WHERE desk > 1000000;"
              "DELETE FROM item WHERE (person, place) = ('p1000003', 1000004)");
    expected.insert({"item|'between', 2", "item|'p1000003', 7"});
    expected.erase("item|'p1000003', 1000004");
    settle();
    EXPECT_EQ(parked(), expected);
    expect_equal_but(expected);
    EXPECT_EQ(here.ask("SELECT state FROM postrider_status"), "parked");

    change_at_random(500);
    there.run("INSERT INTO region(code, rank) VALUES('late', 1000000)");
    settle();
    expect_equal();
}

} // namespace
} // namespace postrider::test

// Loads in chunks: changes in between, foreign keys before their parents' chunks, restarts, peers
// that come and go.
#include <gtest/gtest.h>

#include "common/engine/reload.hpp"

#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

using engine::Session;

constexpr const char *loading = "SELECT count(*) FROM postrider_load"
                                " WHERE finished_at IS NULL";

struct Load : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    Application shop_application{shop.path};
    Application office_application{office.path};

    /// Chunks of some ten rows.
    void SetUp() override {
        shop.batches.chunk_bytes = 1000;
        shop.restart();
        pair_directly(shop, office, directory / "mail");
    }

    void create(const std::string &tables) {
        shop_application.run(tables);
        office_application.run(tables);
    }

    void load(const std::vector<std::string> &tables) {
        office.receive("items", "shop", tables);
        shop.send("items", "office", tables);
    }

    /// A round of each.
    void round() {
        for (TestNode *node : {&shop, &office}) {
            node->now += std::chrono::seconds{1};
            node->cycle();
        }
    }

    void expect_equal(const std::string &table) {
        const std::string rows = "SELECT * FROM " + table + " ORDER BY 1, 2";
        EXPECT_EQ(office_application.ask(rows), shop_application.ask(rows));
        EXPECT_EQ(office_application.ask("SELECT count(*) FROM pragma_foreign_key_check"), "0");
    }

    Result<std::size_t> reload(const std::string &task, const std::optional<std::string> &peer) {
        Result<std::size_t> tables = std::size_t{0};
        shop.write([&](const Session &session) { tables = engine::reload(session, task, peer); });
        return tables;
    }
};

const std::string hundred = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                            " WHERE i < 100) ";

TEST_F(Load, BringsATableInChunksAndWhatChangesInBetween) {
    create("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)");
    shop_application.run(hundred + "INSERT INTO item SELECT i, 'row ' || i FROM n");
    load({"item"});
    round();
    round();
    const int half = std::stoi(office_application.ask("SELECT count(*) FROM item"));
    EXPECT_GT(half, 0);
    EXPECT_LT(half, 100);
    EXPECT_EQ(shop_application.ask(loading), "1");
    shop_application.run("UPDATE item SET name = 'early' WHERE id = 1;"
                         "UPDATE item SET name = 'late' WHERE id = 99;"
                         "DELETE FROM item WHERE id IN (2, 98); INSERT INTO item VALUES(-5, 'new'),"
                         " (1000, 'newer'); UPDATE item SET id = 500 WHERE id = 3");
    round();
    round();
    EXPECT_EQ(office_application.ask("SELECT name FROM item WHERE id IN (1, 99, 1000)"),
              "early\nlate\nnewer")
        << "changes do not wait for the end of the load";
    run_until_quiet(shop, office);
    EXPECT_EQ(shop_application.ask(loading), "0");
    expect_equal("item");
}

TEST_F(Load, AChangeThatRefersToARowOfALaterChunkBringsIt) {
    create("CREATE TABLE maker(id INTEGER PRIMARY KEY, country INTEGER REFERENCES country);"
           "CREATE TABLE item(id INTEGER PRIMARY KEY, maker INTEGER REFERENCES maker);"
           "CREATE TABLE country(id INTEGER PRIMARY KEY, name TEXT)");
    shop_application.run(hundred + "INSERT INTO country SELECT i, 'country ' || i FROM n;" +
                         hundred + "INSERT INTO maker SELECT i, 101 - i FROM n;" + hundred +
                         "INSERT INTO item SELECT i, i FROM n");
    load({"item", "maker", "country"});
    round();
    round();
    ASSERT_EQ(office_application.ask("SELECT count(*) FROM item"), "0");
    shop_application.run("INSERT INTO item VALUES(1000, 99)");
    round();
    round();
    EXPECT_EQ(office_application.ask("SELECT * FROM item"), "1000|99");
    EXPECT_EQ(
        office_application.ask("SELECT count(*) FROM country"
                               " JOIN maker ON maker.country = country.id WHERE maker.id = 99"),
        "1");
    run_until_quiet(shop, office);
    for (const char *table : {"item", "maker"}) {
        expect_equal(table);
    }
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_event"
                                     " WHERE kind = 'batch_held'"),
              "0");
}

TEST_F(Load, RowsThatReferToLaterRowsOfTheirOwnTableAndTablesThatReferToEachOther) {
    create("CREATE TABLE person(id INTEGER PRIMARY KEY, boss INTEGER REFERENCES person,"
           " room INTEGER REFERENCES room);"
           "CREATE TABLE room(id INTEGER PRIMARY KEY, owner INTEGER REFERENCES person)");
    shop_application.run("PRAGMA foreign_keys = OFF;" + hundred +
                         "INSERT INTO person SELECT i, CASE WHEN i % 10 THEN 100 - i / 10 END,"
                         " 101 - i FROM n;" +
                         hundred + "INSERT INTO room SELECT i, i FROM n");
    load({"person", "room"});
    for (int rounds = 0; rounds < 10; ++rounds) {
        round();
        EXPECT_EQ(office_application.ask("SELECT count(*) FROM pragma_foreign_key_check"), "0");
    }
    run_until_quiet(shop, office);
    expect_equal("person");
    expect_equal("room");
}

TEST_F(Load, KeysOfSeveralColumnsAndOfAnyTypeAreReadInTheirOrder) {
    create("CREATE TABLE a(x TEXT NOT NULL COLLATE NOCASE, y NOT NULL, v, PRIMARY KEY(x, y));"
           "CREATE TABLE b(k PRIMARY KEY, v) WITHOUT ROWID;"
           "CREATE TABLE c(k REAL NOT NULL PRIMARY KEY DESC, v)");
    shop_application.run(
        hundred + "INSERT INTO a SELECT char(65 + 32 * (i % 2) + i % 7), i, i FROM n;" + hundred +
        "INSERT INTO b SELECT CASE i % 4 WHEN 0 THEN i WHEN 1 THEN"
        " i + 0.5 WHEN 2 THEN 't' || i ELSE CAST(i AS BLOB) END, i FROM n;" +
        hundred + "INSERT INTO c SELECT i / 7.0, i FROM n");
    load({"a", "b", "c"});
    run_until_quiet(shop, office);
    for (const char *table : {"a", "b", "c"}) {
        expect_equal(table);
    }
    EXPECT_GT(std::stoi(shop_application.ask("SELECT max(chunks) FROM postrider_load")), 3);
}

TEST_F(Load, GoesOnWhereItWasWhenEitherSideDies) {
    create("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)");
    shop_application.run(hundred + "INSERT INTO item SELECT i, 'row ' || i FROM n");
    load({"item"});
    std::string last = "0";
    for (int rounds = 0; rounds < 6; ++rounds) {
        round();
        shop.restart();
        office.restart();
        const std::string rows = shop_application.ask("SELECT rows FROM postrider_load");
        EXPECT_GE(std::stoi(rows), std::stoi(last));
        last = rows;
    }
    run_until_quiet(shop, office);
    expect_equal("item");
    EXPECT_EQ(shop_application.ask("SELECT rows, estimated FROM postrider_load"), "100|100");
}

TEST_F(Load, TheQueueHoldsFewChunksWhileThePeerIsAway) {
    create("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)");
    shop_application.run(hundred + "INSERT INTO item SELECT i, printf('%0100d', i) FROM n");
    load({"item"});
    shop_application.run("UPDATE postrider_peer SET paused = 1");
    for (int rounds = 0; rounds < 20; ++rounds) {
        shop.cycle();
    }
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_queue"), "1");
    EXPECT_EQ(shop_application.ask("SELECT state, percent < 100 FROM postrider_progress"),
              "paused|1");
    shop_application.run("UPDATE postrider_peer SET paused = 0");
    run_until_quiet(shop, office);
    expect_equal("item");
    EXPECT_EQ(shop_application.ask("SELECT task, \"table\", peer, rows, percent, state"
                                   " FROM postrider_progress"),
              "items|item|office|100|100|loaded");
    EXPECT_EQ(shop_application.ask("SELECT state FROM postrider_status"), "in step");
}

TEST_F(Load, AChunkEndsBetweenRowsThatTheColumnTakesForEqual) {
    create("CREATE TABLE item(name TEXT COLLATE NOCASE NOT NULL, v,"
           " PRIMARY KEY(name COLLATE BINARY))");
    shop_application.run("INSERT INTO item VALUES('A', 1), ('a', 2), ('B', 3), ('b', 4)");
    shop.batches.chunk_bytes = 1; // a row each
    shop.restart();
    load({"item"});
    run_until_quiet(shop, office);
    expect_equal("item");
}

TEST_F(Load, AReloadSendsTheRowsAgainAndLeavesThoseThatAreOnlyThere) {
    create("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)");
    shop_application.run(hundred + "INSERT INTO item SELECT i, 'row ' || i FROM n");
    load({"item"});
    run_until_quiet(shop, office);
    office_application.run("DELETE FROM item WHERE id > 20; INSERT INTO item VALUES(200, 'mine');"
                           "UPDATE item SET name = 'mine' WHERE id = 7");
    ASSERT_TRUE(reload("items", "office").has_value());
    EXPECT_EQ(shop_application.ask("SELECT state, percent FROM postrider_progress"), "requested|0");
    run_until_quiet(shop, office);
    EXPECT_EQ(office_application.ask("SELECT count(*), sum(name = 'mine') FROM item"), "101|1");
    EXPECT_EQ(reload("nothing", std::nullopt).error().hint,
              "The tasks that send from here are: items.");
    EXPECT_FALSE(reload("items", "nobody").has_value());
    office.write([&](const Session &session) {
        EXPECT_EQ(engine::reload(session, "shop.items", std::nullopt).error().message,
                  "the task \"shop.items\" sends nothing from here");
    });
}

TEST_F(Load, ARequestInTheMiddleBeginsAnew) {
    create("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)");
    shop_application.run(hundred + "INSERT INTO item SELECT i, 'row ' || i FROM n");
    load({"item"});
    round();
    round();
    ASSERT_EQ(shop_application.ask(loading), "1");
    office_application.run("DELETE FROM item");
    ASSERT_TRUE(reload("items", std::nullopt).has_value());
    run_until_quiet(shop, office);
    expect_equal("item");
}

TEST_F(Load, ATableThatIsAlteredInTheMiddleIsSentWhole) {
    create("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)");
    shop_application.run(hundred + "INSERT INTO item SELECT i, 'row ' || i FROM n");
    load({"item"});
    round();
    round();
    for (Application *application : {&shop_application, &office_application}) {
        application->run("ALTER TABLE item ADD COLUMN price REAL DEFAULT 2.5");
    }
    run_until_quiet(shop, office);
    expect_equal("item");
    EXPECT_EQ(shop_application.ask(loading), "0");
}

TEST_F(Load, WhatANodePassesOnBringsItsParentsToo) {
    TestNode depot{directory / "depot.db", "depot", start};
    Application depot_application{depot.path};
    const std::string tables = "CREATE TABLE maker(id INTEGER PRIMARY KEY, name TEXT);"
                               "CREATE TABLE item(id INTEGER PRIMARY KEY,"
                               " maker INTEGER REFERENCES maker)";
    create(tables);
    depot_application.run(tables);
    pair_directly(office, depot, directory / "depot_mail");
    office.batches.chunk_bytes = 500;
    office.restart();
    office_application.run(hundred + "INSERT INTO maker SELECT i, 'maker ' || i FROM n");
    shop_application.run("INSERT INTO maker VALUES(99, 'maker 99')");
    office.receive("items", "shop", {"item"});
    shop.send("items", "office", {"item"});
    run_until_quiet(shop, office);
    depot.receive("all", "office", {"maker", "item"});
    office.send("all", "depot", {"maker", "item"});
    office.cycle();
    ASSERT_EQ(office_application.ask("SELECT count(*) > 0 FROM postrider_load"
                                     " WHERE finished_at IS NULL"),
              "1");
    shop_application.run("INSERT INTO item VALUES(1, 99)");
    for (int rounds = 0; rounds < 4; ++rounds) {
        round();
        depot.now = office.now;
        depot.cycle();
    }
    EXPECT_EQ(
        depot_application.ask("SELECT item.id, name FROM item JOIN maker ON maker.id = maker"),
        "1|maker 99");
    EXPECT_EQ(depot_application.ask("SELECT count(*) FROM postrider_event"
                                    " WHERE kind = 'batch_held'"),
              "0");
    run_until_quiet(office, depot);
    EXPECT_EQ(depot_application.ask("SELECT count(*) FROM maker"), "100");
}

} // namespace
} // namespace postrider::test

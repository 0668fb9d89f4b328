// What is loaded for one peer goes to no other; what changes meanwhile goes to all.
#include <gtest/gtest.h>

#include "common/engine/reload.hpp"

#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

/// The shop sends its items to the office and to the depot.
struct LoadReceivers : ThreeNodes {
    void SetUp() override {
        ThreeNodes::SetUp();
        shop.batches.chunk_bytes = 1000; // some ten rows
        shop.restart();
        shop_application.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                             " WHERE i < 100) INSERT INTO item SELECT i, 'item ' || i, i FROM n");
        pair_directly(shop, depot, directory / "depot_mail");
        settle();
    }

    void join_depot() {
        depot.receive("stock", "shop", {"item"});
        shop.send("stock", "depot", {"item"});
    }

    static void round_of(const std::vector<TestNode *> &nodes) {
        for (TestNode *node : nodes) {
            node->now += std::chrono::seconds{1};
            node->cycle();
        }
    }

    /// Some of its chunks have arrived.
    void begin_loading_depot() {
        join_depot();
        for (int round = 0; round < 3; ++round) {
            round_of({&shop, &depot});
        }
    }

    void settle() {
        for (int round = 0; round < 3; ++round) {
            run_until_quiet(shop, office);
            run_until_quiet(shop, depot);
        }
    }

    /// Rows in batches to a peer so far.
    int rows_sent_to(const std::string &peer) {
        return std::stoi(shop_application.ask(
            "SELECT coalesce(sum(d.rows), 0) FROM postrider_delivery d JOIN postrider_peer p"
            " ON p.peer_id = d.peer_id WHERE d.direction = 'sent' AND p.name = '" +
            peer + "'"));
    }

    std::string progress() {
        return shop_application.ask("SELECT peer, rows, state FROM postrider_progress"
                                    " ORDER BY peer");
    }

    void expect_equal() {
        EXPECT_EQ(items(office_application), items(shop_application));
        EXPECT_EQ(items(depot_application), items(shop_application));
    }

    void reload(const std::optional<std::string> &peer) {
        shop.write([&](const engine::Session &session) {
            ASSERT_TRUE(engine::reload(session, "stock", peer).has_value());
        });
    }
};

TEST_F(LoadReceivers, OneThatJoinsLoadsAlone) {
    const int before = rows_sent_to("office");
    join_depot();
    settle();
    expect_equal();
    EXPECT_EQ(rows_sent_to("depot"), 100);
    EXPECT_EQ(rows_sent_to("office"), before);
    EXPECT_EQ(progress(), "depot|100|loaded\noffice|100|loaded");
}

TEST_F(LoadReceivers, ChangesInBetweenGoToAll) {
    const int before = rows_sent_to("office");
    join_depot();
    for (int round = 1; round <= 8; ++round) {
        const std::string number = std::to_string(round);
        // Rows before and behind the chunk; some change, some go, some come.
        shop_application.run("UPDATE item SET name = 'changed' WHERE id % 25 = " + number +
                             "; DELETE FROM item WHERE id = 90 - 10 * " + number +
                             "; INSERT INTO item VALUES(500 + " + number + ", 'new', 1)");
        round_of({&shop, &office, &depot});
    }
    settle();
    expect_equal();
    EXPECT_EQ(rows_sent_to("office") - before, 8 * 6 - 1); // a row that was to change had gone
}

TEST_F(LoadReceivers, WhatChangesInTheRoundInWhichOneGetsTheTableWholeGoesToTheOthers) {
    join_depot();
    settle();
    const int before = rows_sent_to("office");
    depot_application.run("INSERT INTO item VALUES(1000, 'only there', 0)");
    shop_application.run("UPDATE item SET price = 7 WHERE id < 10; DELETE FROM item WHERE id = 50;"
                         "INSERT INTO item VALUES(200, 'new', 1)");
    shop.write([](const engine::Session &session) {
        engine::request_load(session.transaction, "item", engine::LoadKind::replacing,
                             engine::find_peer(session.transaction, "depot")->peer_id);
    });
    settle();
    expect_equal();
    EXPECT_EQ(rows_sent_to("office") - before, 11);
}

TEST_F(LoadReceivers, ReloadIsForThePeerThatIsNamedOrForAll) {
    join_depot();
    settle();
    const int office_before = rows_sent_to("office");
    office_application.run("DELETE FROM item WHERE id < 50");
    depot_application.run("DELETE FROM item WHERE id < 50");
    reload("depot");
    settle();
    EXPECT_EQ(items(depot_application), items(shop_application));
    EXPECT_EQ(rows_sent_to("office"), office_before);
    reload(std::nullopt);
    settle();
    EXPECT_EQ(rows_sent_to("depot"), 300);
    EXPECT_EQ(rows_sent_to("office"), office_before) << "it takes part in another task";
}

TEST_F(LoadReceivers, AReceiverThatWasTakenBackGetsItsTablesWholeAlone) {
    join_depot();
    settle();
    depot.copy_to(directory / "depot_copy.db");
    shop_application.run("UPDATE item SET price = 7 WHERE id < 10");
    settle();
    const int before = rows_sent_to("office");
    depot.restore(directory / "depot_copy.db");
    shop_application.run("UPDATE item SET name = 'last'  WHERE id = 3; DELETE FROM item"
                         " WHERE id = 4");
    settle();
    run_until_settled(shop, depot);
    settle();
    expect_equal();
    EXPECT_EQ(rows_sent_to("office") - before, 2);
}

TEST_F(LoadReceivers, AnAlteredTableComesWholeForAll) {
    join_depot();
    settle();
    const int before = rows_sent_to("office");
    shop_application.run("ALTER TABLE item ADD COLUMN note TEXT");
    office_application.run("ALTER TABLE item ADD COLUMN note TEXT");
    depot_application.run("ALTER TABLE item ADD COLUMN note TEXT");
    settle();
    expect_equal();
    EXPECT_EQ(rows_sent_to("office") - before, 100);
}

TEST_F(LoadReceivers, SeveralLoadsOfATableGoOnSideBySide) {
    begin_loading_depot();
    const int depot_before = rows_sent_to("depot");
    ASSERT_GT(depot_before, 0);
    ASSERT_LT(depot_before, 100);
    office_application.run("DELETE FROM item");
    shop.write([&](const engine::Session &session) {
        ASSERT_TRUE(engine::reload(session, "items", "office").has_value());
    });
    EXPECT_EQ(progress(), "depot|" + std::to_string(depot_before) + "|loading\noffice|0|requested");
    shop_application.run("UPDATE item SET price = -1 WHERE id IN (1, 99); DELETE FROM item"
                         " WHERE id IN (2, 98)");
    settle();
    expect_equal();
    EXPECT_LE(rows_sent_to("depot"), 100 + 4) << "it did not begin again";
    EXPECT_EQ(progress(), "depot|99|loaded\noffice|98|loaded");
}

TEST_F(LoadReceivers, OneThatAsksAgainBeginsAgain) {
    begin_loading_depot();
    depot_application.run("DELETE FROM item");
    reload("depot");
    settle();
    expect_equal();
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_load"), "2");
}

} // namespace
} // namespace postrider::test

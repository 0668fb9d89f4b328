// Tables that are altered on one side before the other, with batches of both shapes under way.
#include "common/engine/collect.hpp"

#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

struct AlteredTables : TwoNodes {
    void SetUp() override {
        TwoNodes::SetUp();
        shop_application.run("INSERT INTO item VALUES(1, 'rope', 2), (2, 'lamp', 7)");
        run_until_quiet(shop, office);
    }

    /// A change of the shop's, in a mail that nobody has looked at yet.
    void send(const std::string &sql) {
        shop_application.run(sql);
        shop.cycle();
    }

    std::string held() {
        return office_application.ask("SELECT reason FROM postrider_stream_in WHERE stream > 0");
    }

    void expect_equal() {
        for (int hour = 0; hour < 2; ++hour) { // tables are looked at, held steps tried, in minutes
            shop.now += std::chrono::hours{1};
            office.now += std::chrono::hours{1};
            run_until_quiet(shop, office);
        }
        EXPECT_EQ(office_application.ask("SELECT * FROM item ORDER BY id"),
                  shop_application.ask("SELECT * FROM item ORDER BY id"));
        EXPECT_EQ(held(), "");
    }
};

TEST_F(AlteredTables, AColumnThatTheSenderAddsHoldsTheStreamUntilItIsHere) {
    send("ALTER TABLE item ADD COLUMN unit TEXT DEFAULT 'm'; UPDATE item SET price = 3");
    office.cycle();
    EXPECT_EQ(held(), "table \"item\" has no column \"unit\"");
    office_application.run("ALTER TABLE item ADD COLUMN unit TEXT DEFAULT 'm'");
    expect_equal();
}

TEST_F(AlteredTables, WhatWasUnderWayWhenTheReceiverRenamedAColumnArrivesWithTheSendersRename) {
    send("UPDATE item SET price = 3 WHERE id = 1");
    send("DELETE FROM item WHERE id = 2");
    office_application.run("ALTER TABLE item RENAME COLUMN name TO title");
    office.cycle();
    EXPECT_EQ(held(), "table \"item\" has no column \"name\"");
    shop_application.run("ALTER TABLE item RENAME COLUMN name TO title;"
                         "INSERT INTO item VALUES(3, 'oar', 9)");
    expect_equal();
}

TEST_F(AlteredTables, WhatWasUnderWayWhenTheReceiverDroppedAColumnArrivesWithTheSendersDrop) {
    send("UPDATE item SET price = 3 WHERE id = 1");
    office_application.run("ALTER TABLE item DROP COLUMN name");
    office.cycle();
    EXPECT_EQ(held(), "table \"item\" has no column \"name\"");
    shop_application.run("ALTER TABLE item DROP COLUMN name");
    expect_equal();
}

TEST_F(AlteredTables, TheReceiverMayBeSeveralAlterationsAhead) {
    send("UPDATE item SET price = 3 WHERE id = 1");
    const std::string first = "ALTER TABLE item RENAME COLUMN name TO title";
    const std::string second = "ALTER TABLE item DROP COLUMN price";
    office_application.run(first + ";" + second);
    send(first);
    office.cycle();
    EXPECT_NE(held(), "");
    shop_application.run(second);
    expect_equal();
}

TEST_F(AlteredTables, ATransactionThatBuildsATableAnewIsNotTornByACollectBeforeAnybodyLooked) {
    for (Application *application : {&shop_application, &office_application}) {
        application->run("CREATE TABLE place(id INTEGER PRIMARY KEY, shelf TEXT)");
    }
    shop.send("places", "office", {"place"});
    office.receive("places", "shop", {"place"});
    run_until_settled(shop, office);
    shop_application.run(
        "BEGIN; CREATE TABLE anew(id INTEGER PRIMARY KEY, shelf TEXT);"
        "DROP TABLE place; ALTER TABLE anew RENAME TO place;"
        "INSERT INTO place VALUES(1, 'top'); UPDATE item SET name = 'moved'; COMMIT");
    shop.write(
        [](const engine::Session &session) { engine::collect(session); }); // as an apply does
    EXPECT_EQ(shop_application.ask("SELECT count(*), sum(rows) FROM postrider_queue"
                                   " WHERE queue_position > (SELECT max(cursor)"
                                   " FROM postrider_stream_out)"),
              "1|3");
    expect_equal();
    EXPECT_EQ(office_application.ask("SELECT shelf FROM place"), "top");
}

TEST_F(AlteredTables, AStepOfSeveralBatchesIsAppliedWhole) {
    shop.batches.piece_bytes = 1;
    shop.restart();
    send("UPDATE item SET price = price + 1");
    EXPECT_EQ(shop_application.ask("SELECT count(*), sum(continues) FROM postrider_outbox"), "2|1");
    expect_equal();
}

} // namespace
} // namespace postrider::test

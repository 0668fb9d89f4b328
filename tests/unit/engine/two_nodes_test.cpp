// The main job: a change in one file arrives in the other, once, and a report comes back.
#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

TEST_F(TwoNodes, AChangeArrivesAndIsAcknowledged) {
    shop_application.run("INSERT INTO item VALUES(1, 'rope', 2.5), (2, 'lamp', 7)");
    run_until_quiet(shop, office);
    EXPECT_EQ(items(office_application), "1|rope|2.5\n2|lamp|7.0");
    shop_application.run("UPDATE item SET price = 3 WHERE id = 1");
    shop_application.run("DELETE FROM item WHERE id = 2");
    shop_application.run("UPDATE item SET id = 9 WHERE id = 1");
    run_until_quiet(shop, office);
    EXPECT_EQ(items(office_application), "9|rope|3.0");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox"), "0");
    EXPECT_EQ(shop_application.ask("SELECT DISTINCT state FROM postrider_history"), "acknowledged");
    EXPECT_EQ(shop_application.ask("SELECT state FROM postrider_status"), "in step");
}

TEST_F(TwoNodes, RowsThatWereThereBeforeAreLoaded) {
    Application &application = shop_application;
    application.run("CREATE TABLE stock(id INTEGER PRIMARY KEY, name TEXT);"
                    "INSERT INTO stock VALUES(1, 'a'), (2, 'b')");
    office_application.run("CREATE TABLE stock(id INTEGER PRIMARY KEY, name TEXT)");
    shop.send("stocks", "office", {"stock"});
    office.receive("stocks", "shop", {"stock"});
    run_until_quiet(shop, office);
    EXPECT_EQ(office_application.ask("SELECT * FROM stock"), "1|a\n2|b");
}

TEST_F(TwoNodes, NothingTravelsWhenNothingChanges) {
    shop_application.run("INSERT INTO item VALUES(1, 'rope', 2.5)");
    run_until_quiet(shop, office);
    std::uint64_t parts = 0;
    for (int day = 0; day < 30; ++day) {
        shop.now += std::chrono::hours{24};
        office.now += std::chrono::hours{24};
        parts += shop.cycle().parts_sent + office.cycle().parts_sent;
    }
    EXPECT_EQ(parts, 0U);
}

// The third node has a maildir of its own.
struct TwoReceivers : ThreeNodes {
    void SetUp() override {
        ThreeNodes::SetUp();
        pair_directly(shop, depot, directory / "depot_mail");
        shop.send("goods", "depot", {"item"});
        depot.receive("goods", "shop", {"item"});
    }

    bool has_mail(const std::string &maildir) {
        return !std::filesystem::is_empty(directory / (maildir + "/new"));
    }
};

TEST_F(TwoReceivers, AllAreServedByARoundThatNamesNobody) {
    insert_rope();
    shop.cycle();
    EXPECT_TRUE(has_mail("mail"));
    EXPECT_TRUE(has_mail("depot_mail"));
}

TEST_F(TwoReceivers, OneIsServedAloneAndTheOtherIsLeftAsItIs) {
    depot.send("back", "shop", {"item"});
    depot_application.run("INSERT INTO item(id) VALUES(9)");
    depot.cycle();
    ASSERT_TRUE(has_mail("depot_mail"));
    const auto of_depot = [&] {
        return shop_application.ask("SELECT heard_at, sent_at FROM postrider_peer WHERE name ="
                                    " 'depot'");
    };
    const std::string before = of_depot();
    insert_rope();
    shop.engine->serve_only(1);
    for (int round = 0; round < 5; ++round) {
        shop.cycle();
        office.cycle();
        shop.now += std::chrono::seconds{1};
        office.now += std::chrono::seconds{1};
    }
    EXPECT_EQ(items(office_application), "1|rope|");
    EXPECT_EQ(of_depot(), before);
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox WHERE peer_id = 2"), "0");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_inbox_part"), "0");
    shop.restart();
    shop.cycle();
    run_until_quiet(shop, depot);
    EXPECT_EQ(items(depot_application), "1|rope|\n9||");
}

TEST_F(ThreeNodes, ATableThatIsSpelledAnewIsStillSentOn) {
    pair_directly(office, depot, directory / "depot_mail");
    office.send("on", "depot", {"item"});
    depot.receive("on", "office", {"item"});
    const auto settle = [&] {
        for (int minute = 0; minute < 2; ++minute) { // altered tables are noticed within one
            run_until_quiet(shop, office);
            run_until_quiet(office, depot);
            for (TestNode *node : {&shop, &office, &depot}) {
                node->now += std::chrono::minutes{1};
            }
        }
    };
    settle();
    office_application.run(
        "ALTER TABLE item RENAME TO other_item; ALTER TABLE other_item RENAME TO Item");
    settle();
    insert_rope();
    settle();
    EXPECT_EQ(items(office_application), "1|rope|");
    EXPECT_EQ(items(depot_application), "1|rope|");
}

} // namespace
} // namespace postrider::test

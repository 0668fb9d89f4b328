// DROP PEER and what the dropped one makes of it.
#include "common/engine/uninstall.hpp"

#include "tests/support/pairing_nodes.hpp"
#include "tests/support/two_way.hpp"

namespace postrider::test {
namespace {

using std::chrono::hours;

struct DroppedPeer : TwoWay {
    void SetUp() override {
        TwoWay::SetUp();
        run(shop, "INSERT INTO sale VALUES(1, 'a')");
        run(office, "INSERT INTO price VALUES(1, 'a')");
        settle();
    }

    void drop_office() { declare(shop, "DROP TASK sales; DROP PEER office"); }

    void drop_shop() { declare(office, "DROP TASK prices; DROP PEER shop"); }

    /// Rows of all state tables that name a peer.
    static std::string rows_about_peers(const TestNode &node) {
        std::string out;
        for (const char *table : {"peer", "peer_path", "peer_start", "stream_out", "stream_in",
                                  "outbox", "control_out", "inbox_body", "delivery", "note"}) {
            out += ask(node, std::string{"SELECT '"} + table + ": ' || count(*) FROM postrider_" +
                                 table + " HAVING count(*) > 0");
        }
        return out;
    }

    std::size_t throw_mails_away() {
        std::size_t count = 0;
        for (const auto &mail : std::filesystem::directory_iterator(directory / "mail/new")) {
            std::filesystem::remove(mail.path());
            ++count;
        }
        return count;
    }
};

TEST_F(DroppedPeer, TellsTheOtherSideAndThenKeepsNothing) {
    drop_office();
    EXPECT_EQ(ask(shop, "SELECT count(*) FROM postrider_status"), "0");
    settle();
    EXPECT_EQ(ask(office, "SELECT state, summary FROM postrider_status"),
              "left|it has dropped this node: nothing is sent to it or taken from it");
    EXPECT_EQ(ask(office, "SELECT action FROM postrider_status"),
              "SELECT * FROM postrider_declare('DROP PEER shop;'); or pair anew: SELECT"
              " postrider_invite('shop');");
    settle_for_hours(1);
    EXPECT_EQ(rows_about_peers(shop), "");
    EXPECT_EQ(ask(shop, "SELECT message FROM postrider_event WHERE kind = 'farewell'"
                        " ORDER BY event_id DESC LIMIT 1"),
              "\"office\" knows that it was dropped");
}

TEST_F(DroppedPeer, TheOtherSideSendsNothingMoreAndHoldsNothing) {
    drop_office();
    settle_for_hours(1);
    run(office, "INSERT INTO price VALUES(2, 'b')");
    std::uint64_t parts = 0;
    for (int count = 0; count < 60; ++count) {
        wait(hours{24});
        parts += office.cycle().parts_sent + shop.cycle().parts_sent;
    }
    EXPECT_EQ(parts, 0U);
    EXPECT_EQ(ask(office, "SELECT count(*) FROM postrider_outbox"), "0");
    EXPECT_EQ(ask(office, "SELECT count(*) FROM postrider_queue"), "0");
    EXPECT_EQ(ask(office, "SELECT count(*) FROM postrider_control_out"), "0");
    drop_shop();
    settle();
    EXPECT_EQ(rows_about_peers(office), "");
}

TEST_F(DroppedPeer, ComesAgainUntilItIsAcknowledged) {
    drop_office();
    shop.cycle();
    EXPECT_EQ(throw_mails_away(), 1U);
    wait(hours{1});
    settle();
    EXPECT_EQ(ask(office, "SELECT state FROM postrider_status"), "left");
}

TEST_F(DroppedPeer, AnAcknowledgementThatIsLostIsGivenAgain) {
    drop_office();
    shop.cycle();
    office.cycle();
    wait(hours{1});
    office.cycle();
    EXPECT_GE(throw_mails_away(), 1U);
    settle_for_hours(8);
    EXPECT_EQ(rows_about_peers(shop), "");
}

TEST_F(DroppedPeer, ThatNeverArrivesIsGivenUp) {
    drop_office();
    run(office, "INSERT INTO price VALUES(2, 'b')");
    for (int count = 0; count < 20; ++count) {
        wait(hours{24});
        shop.cycle();
        throw_mails_away();
    }
    EXPECT_EQ(rows_about_peers(shop), "");
    std::uint64_t parts = 0;
    for (int count = 0; count < 20; ++count) {
        wait(hours{24});
        parts += shop.cycle().parts_sent;
    }
    EXPECT_EQ(parts, 0U);
    office.cycle();
    EXPECT_EQ(ask(office, "SELECT state FROM postrider_status"), "sending");
}

TEST_F(DroppedPeer, MailsThatCrossItAreTakenAwayAndNotApplied) {
    run(office, "INSERT INTO price VALUES(2, 'b')");
    office.cycle();
    drop_office();
    settle_for_hours(1);
    EXPECT_EQ(ask(shop, "SELECT count(*) FROM price"), "1");
    EXPECT_EQ(ask(office, "SELECT state FROM postrider_status"), "left");
    EXPECT_EQ(mails().size(), 0U);
    EXPECT_EQ(rows_about_peers(shop), "");
}

TEST_F(DroppedPeer, BothMayLeaveAtOnce) {
    drop_office();
    drop_shop();
    for (int count = 0; count < 30; ++count) {
        wait(hours{24});
        settle();
    }
    EXPECT_EQ(rows_about_peers(shop), "");
    EXPECT_EQ(rows_about_peers(office), "");
}

TEST_F(DroppedPeer, OfAPausedPeerIsSaidToo) {
    declare(shop, "PAUSE PEER office");
    drop_office();
    settle();
    EXPECT_EQ(ask(office, "SELECT state FROM postrider_status"), "left");
}

TEST_F(DroppedPeer, ANodeThatWasTakenBackSaysItStill) {
    drop_office();
    TestNode::Backup backup = shop.back_up(directory / "backup.db");
    settle();
    shop.restore(backup);
    settle_for_hours(8);
    EXPECT_EQ(rows_about_peers(shop), "");
    EXPECT_EQ(ask(office, "SELECT state FROM postrider_status"), "left");
}

TEST_F(DroppedPeer, DoesNotLookLikeAnOlderDatabaseToEitherSide) {
    drop_office();
    shop.restart();
    shop.cycle();
    office.cycle();
    office.restart();
    settle();
    office.restart();
    settle();
    EXPECT_EQ(events(shop, "new_incarnation"), "0");
    EXPECT_EQ(events(office, "new_incarnation"), "0");
}

TEST_F(DroppedPeer, DoesNotKeepANodeFromBeingUninstalled) {
    drop_office();
    shop.write([](const engine::Session &session) {
        EXPECT_TRUE(engine::uninstall(session, false).has_value());
    });
}

// ---- Paired again -------------------------------------------------------------------------------

/// The mails are carried by hand.
struct PairedAfterDrop : testing::Test {
    TemporaryDirectory directory;
    PairingNode office{directory / "office.db", "office"};
    PairingNode shop{directory / "shop.db", "shop"};

    void SetUp() override {
        pair_directly(office, shop, directory / "mail");
        for (PairingNode *node : {&office, &shop}) {
            node->rows.run("CREATE TABLE sale(id INTEGER PRIMARY KEY, v TEXT)");
        }
        shop.send("sales", "office", {"sale"});
        office.receive("sales", "shop", {"sale"});
        shop.rows.run("INSERT INTO sale VALUES(1, 'a')");
        run_until_quiet(shop, office);
    }

    /// The shop is there for the office under the office's invitation.
    void pair_anew() {
        const std::string line = office.invite("shop");
        const auto accepted = shop.accept(engine::Acceptance{line, directory / "mail", false});
        ASSERT_TRUE(accepted.has_value()) << accepted.error().message;
        run_until_quiet(shop, office);
        EXPECT_EQ(office.state_of("shop"), "paired");
        EXPECT_EQ(shop.state_of("office"), "paired");
    }
};

TEST_F(PairedAfterDrop, AfterTheFarewellArrivedTheTablesAreLoadedAnew) {
    declare(office, "DROP PEER shop");
    run_until_quiet(shop, office);
    EXPECT_EQ(shop.state_of("office"), "left");
    declare(office, "NODE office; PEER shop MAILDIR '" + (directory / "mail") + "'");
    shop.rows.run("DELETE FROM sale WHERE id = 1");
    shop.rows.run("INSERT INTO sale VALUES(2, 'b')");
    pair_anew();
    ASSERT_TRUE(accept(office, "shop.sales").has_value());
    shop.now += day;
    office.now += day;
    run_until_quiet(shop, office);
    EXPECT_EQ(office.rows.ask("SELECT count(*) FROM postrider_events WHERE kind = 'paired'"), "1");
    EXPECT_EQ(office.rows.ask("SELECT * FROM sale"), "2|b");
}

TEST_F(PairedAfterDrop, WhileTheFarewellIsOnItsWayItDoesNoHarm) {
    declare(office, "DROP PEER shop");
    office.cycle();
    declare(office, "NODE office; PEER shop MAILDIR '" + (directory / "mail") + "'");
    ASSERT_TRUE(shop.revoke("office").has_value());
    pair_anew();
    for (int count = 0; count < 20; ++count) {
        shop.now += day;
        office.now += day;
        run_until_quiet(shop, office);
    }
    EXPECT_EQ(office.state_of("shop"), "paired");
    EXPECT_EQ(shop.state_of("office"), "paired");
    EXPECT_EQ(office.rows.ask("SELECT count(*) FROM postrider_peer"), "1");
}

} // namespace
} // namespace postrider::test

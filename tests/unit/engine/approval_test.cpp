// Hand edits of what the configuration MAC covers, made by plain SQL: shown, and not used until the
// operator approves them. Hand edits of anything else act at once.
#include <filesystem>

#include "common/engine/approval.hpp"
#include "common/engine/configuration_mac.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/declare_tasks.hpp"

#include "tests/support/pairing_nodes.hpp"
#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

/// A column and what somebody puts into it; SQL.
struct Edit {
    std::string table;
    std::string column;
    std::string value;
};

struct HandEdits : TwoNodes {
    /// The edit is in force while this lives.
    class Edited {
      public:
        Edited(Application &rows, const Edit &edit)
            : rows_(rows),
              column_("UPDATE postrider_" + edit.table + " SET " + edit.column + " = "),
              before_(rows.ask("SELECT quote(" + edit.column + ") FROM postrider_" + edit.table)) {
            rows.run(column_ + edit.value);
        }

        Edited(const Edited &) = delete;
        Edited &operator=(const Edited &) = delete;

        ~Edited() { rows_.run(column_ + before_); }

      private:
        Application &rows_;
        std::string column_;
        std::string before_;
    };

    void run() {
        for (TestNode *node : {&shop, &office}) {
            node->now += std::chrono::minutes{5};
        }
        run_until_quiet(shop, office);
    }

    std::size_t approve(TestNode &node) {
        Result<std::size_t> approved = std::size_t{0};
        node.write([&](const engine::Session &session) {
            approved = engine::approve_configuration(session);
        });
        return approved.value();
    }

    /// The edit keeps a change from arriving and is shown at `edited`; once it is taken back the
    /// change arrives.
    void expect_unused(TestNode &edited, Application &rows, const Edit &edit) {
        SCOPED_TRACE(edit.table + "." + edit.column);
        const std::string number = std::to_string(++changes_);
        {
            const Edited in_force{rows, edit};
            shop_application.run("INSERT INTO item(id) VALUES(" + number + ")");
            for (int round = 0; round < 5; ++round) {
                shop.cycle();
                office.cycle();
            }
            EXPECT_EQ(arrived(number), "0");
            EXPECT_EQ(rows.ask("SELECT state FROM postrider_status"), "unapproved");
            EXPECT_NE(rows.ask("SELECT action FROM postrider_status").find("postrider_approve()"),
                      std::string::npos);
            EXPECT_EQ(rows.ask("SELECT count(*) FROM postrider_event WHERE kind = 'unapproved'"),
                      std::to_string(++told_[&edited]));
        }
        run();
        EXPECT_EQ(arrived(number), "1");
        EXPECT_EQ(rows.ask("SELECT state FROM postrider_status"), "in step");
        edited.cycle();
    }

    std::string arrived(const std::string &number) {
        return office_application.ask("SELECT count(*) FROM item WHERE id = " + number);
    }

  private:
    int changes_ = 0;
    std::map<const TestNode *, int> told_;
};

TEST_F(HandEdits, OfAPeersKeysAndRightsKeepItsMailsFromBeingTaken) {
    for (const Edit &edit :
         {Edit{"peer", "node_id", "zeroblob(16)"}, Edit{"peer", "trust_tasks", "1"},
          Edit{"peer", "sign_generation", "1"}, Edit{"peer", "sign_public", "zeroblob(32)"},
          Edit{"peer", "contact_public", "zeroblob(32)"},
          Edit{"peer", "receiving_generation", "receiving_generation + 1"},
          Edit{"peer", "receiving_public", "zeroblob(32)"},
          Edit{"peer", "configuration_mac", "NULL"},
          Edit{"peer", "configuration_mac", "zeroblob(16)"}}) {
        expect_unused(office, office_application, edit);
        expect_unused(shop, shop_application, edit);
    }
}

TEST_F(HandEdits, OfAPathKeepMailsFromLeaving) {
    ASSERT_TRUE(transport::create_maildir(directory / "elsewhere"));
    for (const Edit &edit :
         {Edit{"peer_path", "target", "'" + (directory / "elsewhere") + "'"},
          Edit{"peer_path", "kind", "'direct'"}, Edit{"peer_path", "mailbox", "'other'"},
          Edit{"peer_path", "settings", "'EVERY 1 HOURS'"}, Edit{"peer_path", "ordinal", "2"}}) {
        expect_unused(shop, shop_application, edit);
    }
    EXPECT_TRUE(std::filesystem::is_empty(directory / "elsewhere/new"));
}

TEST_F(HandEdits, OfATablesTaskKeepTheLaneAtTheSender) {
    for (Application *application : {&shop_application, &office_application}) {
        application->run("CREATE TABLE secret(id INTEGER PRIMARY KEY, name TEXT, price REAL)");
    }
    shop_application.run("INSERT INTO secret VALUES(1, 'salary', 9)");
    for (const Edit &edit :
         {Edit{"task_table", "local_name", "'secret'"}, Edit{"task_table", "wire_name", "'secret'"},
          Edit{"task_table", "columns", "'id'"}, Edit{"task_table", "settings", "'WHERE (true)'"},
          Edit{"task_table", "configuration_mac", "NULL"}}) {
        expect_unused(shop, shop_application, edit);
    }
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM secret"), "0");
}

TEST_F(HandEdits, OfATablesTaskHoldTheStreamAtTheReceiverAndLoseNothing) {
    office_application.run("CREATE TABLE secret(id INTEGER PRIMARY KEY, name TEXT, price REAL)");
    for (const Edit &edit :
         {Edit{"task_table", "local_name", "'secret'"},
          Edit{"task_table", "wire_name", "'nothing'"}, Edit{"task_table", "columns", "'id'"},
          Edit{"task_table", "settings", "'WHERE (true)'"}}) {
        expect_unused(office, office_application, edit);
    }
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM secret"), "0");
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_refused"), "0");
}

TEST_F(HandEdits, AreUsedOnceTheyAreApproved) {
    ASSERT_TRUE(transport::create_maildir(directory / "elsewhere"));
    for (TestNode *node : {&shop, &office}) {
        Application &rows = node == &shop ? shop_application : office_application;
        rows.run("UPDATE postrider_peer_path SET target = '" + (directory / "elsewhere") + "'");
        EXPECT_EQ(approve(*node), 1U);
        EXPECT_EQ(approve(*node), 0U);
    }
    insert_rope();
    shop.cycle();
    EXPECT_FALSE(std::filesystem::is_empty(directory / "elsewhere/new"));
    run();
    EXPECT_EQ(items(office_application), "1|rope|");
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_event"
                                     " WHERE kind = 'unapproved'"),
              "0");
}

TEST_F(HandEdits, OfATableNameAreCapturedAndLoadedOnceTheyAreApproved) {
    for (Application *application : {&shop_application, &office_application}) {
        application->run("CREATE TABLE stock(id INTEGER PRIMARY KEY, name TEXT)");
    }
    shop_application.run("INSERT INTO stock VALUES(1, 'rope')");
    for (Application *application : {&shop_application, &office_application}) {
        application->run("UPDATE postrider_task_table SET local_name = 'stock',"
                         " wire_name = 'stock'");
    }
    shop_application.run("INSERT INTO stock VALUES(2, 'lamp')");
    EXPECT_EQ(approve(shop), 1U);
    EXPECT_EQ(approve(office), 1U);
    shop_application.run("INSERT INTO stock VALUES(3, 'knife')");
    run();
    EXPECT_EQ(office_application.ask("SELECT group_concat(name) FROM stock"), "rope,lamp,knife");
}

TEST_F(HandEdits, AreToldOnceAsAnEvent) {
    const Edited in_force{shop_application, {"peer_path", "target", "'/etc'"}};
    for (int round = 0; round < 5; ++round) {
        shop.cycle();
    }
    EXPECT_EQ(shop_application.ask("SELECT message, action FROM postrider_event"),
              "configuration of peer \"office\" is not as this node wrote it, and not used: its "
              "path 1|Look at the row; if it is yours: SELECT postrider_approve();");
}

TEST_F(HandEdits, OfOtherColumnsActAtOnce) {
    shop_application.run("UPDATE postrider_peer SET paused = 1");
    insert_rope();
    shop.cycle();
    EXPECT_EQ(shop_application.ask("SELECT state FROM postrider_status"), "paused");
    EXPECT_TRUE(std::filesystem::is_empty(directory / "mail/new"));
    shop_application.run("UPDATE postrider_peer SET paused = 0, name = 'headquarters'");
    run();
    EXPECT_EQ(items(office_application), "1|rope|");
    EXPECT_EQ(shop_application.ask("SELECT peer, state FROM postrider_status"),
              "headquarters|in step");
}

TEST_F(HandEdits, ThatNoRowCanHoldAreRefusedAtOnce) {
    for (const char *edit :
         {"state = 'trusted'", "node_id = zeroblob(15)", "sign_public = zeroblob(33)",
          "contact_public = x''", "receiving_public = 'text'", "trust_tasks = 'yes'"}) {
        EXPECT_THROW(office_application.run("UPDATE postrider_peer SET " + std::string{edit}),
                     std::runtime_error)
            << edit;
    }
}

TEST_F(HandEdits, OfTablesNeitherPutOnNorTakeOffCapture) {
    shop_application.run("CREATE TABLE secret(id INTEGER PRIMARY KEY)");
    const Edited in_force{shop_application, {"task_table", "local_name", "'secret'"}};
    shop.write([](const engine::Session &session) {
        const auto changes = engine::update_captures(session);
        ASSERT_TRUE(changes.has_value());
        EXPECT_TRUE(changes->installed.empty());
        EXPECT_TRUE(changes->removed.empty());
    });
    EXPECT_EQ(shop_application.ask("SELECT table_name FROM postrider_capture"), "item");
}

// The worst case: it bears our identity and lies in our place, so that our secret file fits it.
TEST_F(HandEdits, OfAStrangerWhoFillsOurFileWithHisConfigurationRunNothing) {
    TestNode stranger{directory / "stranger.db", "stranger", start};
    TestNode friend_of_his{directory / "friend.db", "friend", start};
    Application stranger_application{stranger.path};
    stranger_application.run("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL)");
    pair_directly(stranger, friend_of_his, directory / "trap");
    stranger.send("items", "friend", {"item"});
    stranger_application.run("INSERT INTO item(id) VALUES(7); UPDATE postrider_peer SET"
                             " trust_tasks = 1; ATTACH '" +
                             shop.path +
                             "' AS ours; DELETE FROM postrider_node;"
                             " INSERT INTO postrider_node SELECT * FROM ours.postrider_node;"
                             " DETACH ours");
    shop.restore(stranger.path);
    for (int round = 0; round < 5; ++round) {
        shop.now += std::chrono::hours{1};
        EXPECT_EQ(shop.cycle().parts_sent, 0U);
    }
    EXPECT_TRUE(std::filesystem::is_empty(directory / "trap/new"));
    Application left{shop.path};
    EXPECT_EQ(left.ask("SELECT peer, state FROM postrider_status"), "friend|unapproved");
    EXPECT_NE(left.ask("SELECT count(*) FROM postrider_queue"), "0"); // captured, and kept here
}

struct HandEditsOfPairing : testing::Test {
    TemporaryDirectory directory;
    PairingNode office{directory / "office.db", "office"};
    PairingNode shop{directory / "shop.db", "shop"};

    HandEditsOfPairing() { office.declare("shop", "/mail"); }

    void exchange() {
        office.take(shop.mails());
        shop.take(office.mails());
    }
};

TEST_F(HandEditsOfPairing, OfARightBeforeItAreNotApprovedByIt) {
    office.rows.run("UPDATE postrider_peer SET trust_tasks = 1");
    ASSERT_TRUE(shop.accept(office.invite("shop")));
    exchange();
    ASSERT_EQ(office.state_of("shop"), "paired");
    EXPECT_EQ(office.rows.ask("SELECT trust_tasks FROM postrider_peer"), "0");
}

TEST_F(HandEditsOfPairing, WhatAStatementAllowedBeforeItStays) {
    task::Peer peer;
    peer.name.value = "office";
    peer.trust_tasks = task::Position{};
    shop.write([&](const engine::Session &session) { engine::store_peer(session, peer); });
    ASSERT_TRUE(shop.accept(office.invite("shop")));
    exchange();
    ASSERT_EQ(shop.state_of("office"), "paired");
    EXPECT_EQ(shop.rows.ask("SELECT trust_tasks FROM postrider_peer"), "1");
}

TEST_F(HandEditsOfPairing, OfAnInvitationStopIt) {
    ASSERT_TRUE(shop.accept(office.invite("shop")));
    shop.rows.run("UPDATE postrider_invitation SET trust_tasks = 1");
    EXPECT_TRUE(shop.mails().empty());
    shop.write([](const engine::Session &session) { engine::show_approvals(session); });
    EXPECT_EQ(shop.rows.ask("SELECT state FROM postrider_status"), "unapproved");
    shop.write([](const engine::Session &session) {
        ASSERT_TRUE(engine::approve_configuration(session).has_value());
    });
    exchange();
    EXPECT_EQ(shop.state_of("office"), "paired");
    EXPECT_EQ(shop.rows.ask("SELECT trust_tasks FROM postrider_peer"), "1");
}

TEST_F(HandEditsOfPairing, OfKeysAreNotApprovedByDeclaringThePeerAgain) {
    ASSERT_TRUE(shop.accept(office.invite("shop")));
    exchange();
    const auto declare_again = [&] {
        task::Peer peer;
        peer.name.value = "shop";
        office.write([&](const engine::Session &session) { engine::store_peer(session, peer); });
        return office.within<bool>([](const engine::Session &session) {
            return engine::is_approved(session, {"peer", {std::int64_t{1}}});
        });
    };
    EXPECT_TRUE(declare_again());
    office.rows.run("UPDATE postrider_peer SET sign_public = zeroblob(32)");
    EXPECT_FALSE(declare_again());
}

} // namespace
} // namespace postrider::test

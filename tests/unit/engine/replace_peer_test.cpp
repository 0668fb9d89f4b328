// The machine of a peer was lost, and another one takes its place under the name.
#include <gtest/gtest.h>

#include "tests/support/pairing_nodes.hpp"

namespace postrider::test {
namespace {

struct ReplacePeer : testing::Test {
    TemporaryDirectory directory;
    PairingNode office{directory / "office.db", "office"};
    PairingNode old_shop{directory / "old.db", "shop"};
    PairingNode new_shop{directory / "new.db", "shop"};
    std::string mail = directory / "mail";

    void SetUp() override {
        for (PairingNode *node : {&office, &old_shop, &new_shop}) {
            node->rows.run("CREATE TABLE price(id INTEGER PRIMARY KEY, v TEXT);"
                           "CREATE TABLE sale(id INTEGER PRIMARY KEY, v TEXT)");
        }
        pair_directly(office, old_shop, mail);
        declare(office, "NODE office; GROUP shops; PEER shop IN shops (code = 7) MAILDIR '" + mail +
                            "' TRUST TASKS; TASK prices SEND price WHERE (id > PEER.code) TO shops;"
                            " TASK sales RECEIVE sale FROM shops");
        settle(old_shop);
        ASSERT_TRUE(accept(old_shop, "office.prices").has_value());
        ASSERT_TRUE(accept(old_shop, "office.sales").has_value());
        office.rows.run("INSERT INTO price VALUES(1, 'not for it'), (8, 'a'), (9, 'b')");
        old_shop.rows.run("INSERT INTO sale VALUES(1, 'sold by the old one')");
        settle(old_shop);
        ASSERT_EQ(old_shop.rows.ask("SELECT id FROM price"), "8\n9");
        ASSERT_EQ(office.rows.ask("SELECT id FROM sale"), "1");
    }

    void settle(PairingNode &shop) {
        for (int count = 0; count < 3; ++count) {
            run_until_quiet(office, shop);
            office.now += std::chrono::minutes{10};
            shop.now = old_shop.now = new_shop.now = office.now;
        }
    }

    Result<std::string> replace() {
        return office.within<Result<std::string>>(
            [](const engine::Session &session) { return engine::replace_peer(session, "shop"); });
    }

    Result<std::string> accept_at(PairingNode &shop, const std::string &line) {
        return shop.accept(engine::Acceptance{line, mail, true});
    }

    std::string events(const std::string &kind) {
        return office.rows.ask("SELECT message FROM postrider_events WHERE kind = '" + kind + "'");
    }
};

TEST_F(ReplacePeer, WhatItHadAskedForIsGivenUp) {
    const auto shops_load = "SELECT count(*) FROM postrider_load WHERE finished_at IS NULL";
    const auto request = [&] {
        office.write([](const engine::Session &session) {
            engine::request_load(session.transaction, "price", engine::LoadKind::rows,
                                 engine::find_peer(session.transaction, "shop")->peer_id);
        });
    };
    request();
    EXPECT_EQ(office.rows.ask(shops_load), "1");
    ASSERT_TRUE(replace().has_value());
    EXPECT_EQ(office.rows.ask(shops_load), "0");
    request();
    ASSERT_TRUE(office.revoke("shop").has_value());
    EXPECT_EQ(office.rows.ask(shops_load), "0");
    request();
    declare(office, "DROP PEER shop");
    EXPECT_EQ(office.rows.ask(shops_load), "0");
}

TEST_F(ReplacePeer, WhatADroppedOneHadAskedForIsGivenUpBeforeItKnows) {
    office.write([](const engine::Session &session) {
        engine::request_load(session.transaction, "price", engine::LoadKind::replacing,
                             engine::find_peer(session.transaction, "shop")->peer_id);
    });
    declare(office, "DROP PEER shop");
    EXPECT_EQ(office.rows.ask("SELECT count(*) FROM postrider_load"), "0");
}

TEST_F(ReplacePeer, TasksGroupsAndAttributesHoldForTheNewMachine) {
    const std::string before =
        office.rows.ask("SELECT name, attributes, settings, trust_tasks FROM postrider_peer");
    const Result<std::string> line = replace();
    ASSERT_TRUE(line.has_value());
    EXPECT_EQ(office.rows.ask("SELECT state FROM postrider_status"), "pairing");
    ASSERT_TRUE(accept_at(new_shop, *line).has_value());
    office.rows.run("DELETE FROM price WHERE id = 9");
    settle(new_shop);
    EXPECT_EQ(new_shop.rows.ask("SELECT id, v FROM price"), "8|a");
    new_shop.rows.run("INSERT INTO sale VALUES(2, 'sold by the new one')");
    settle(new_shop);
    EXPECT_EQ(office.rows.ask("SELECT id FROM sale ORDER BY id"), "1\n2");
    EXPECT_EQ(office.rows.ask("SELECT name, attributes, settings, trust_tasks FROM postrider_peer"),
              before);
    EXPECT_EQ(office.rows.ask("SELECT group_name FROM postrider_peer_group"), "shops");
    EXPECT_EQ(office.rows.ask("SELECT count(*) FROM postrider_outbox"), "0");
}

TEST_F(ReplacePeer, NothingOfTheOldMachineIsTakenFromThenOn) {
    old_shop.rows.run("INSERT INTO sale VALUES(3, 'under way')");
    old_shop.cycle();
    const Result<std::string> line = replace();
    ASSERT_TRUE(line.has_value());
    settle(old_shop);
    old_shop.rows.run("INSERT INTO sale VALUES(4, 'afterwards')");
    settle(old_shop);
    EXPECT_EQ(office.rows.ask("SELECT id FROM sale"), "1");
    ASSERT_TRUE(accept_at(new_shop, *line).has_value());
    settle(new_shop);
    office.rows.run("INSERT INTO price VALUES(10, 'c')");
    settle(old_shop);
    settle(new_shop);
    EXPECT_EQ(office.rows.ask("SELECT id FROM sale"), "1");
    EXPECT_EQ(old_shop.rows.ask("SELECT id FROM price"), "8\n9");
    EXPECT_EQ(new_shop.rows.ask("SELECT id FROM price"), "8\n9\n10");
}

TEST_F(ReplacePeer, TheOldMachineCannotAnswerTheInvitation) {
    const Result<std::string> line = replace();
    ASSERT_TRUE(line.has_value());
    ASSERT_TRUE(old_shop.revoke("office").has_value());
    ASSERT_TRUE(accept_at(old_shop, *line).has_value());
    settle(old_shop);
    EXPECT_EQ(office.state_of("shop"), "invited");
    EXPECT_EQ(events("pairing_refused"),
              "the machine of \"shop\" that was replaced answered the invitation");
    const Result<std::string> back =
        office.accept(engine::Acceptance{old_shop.invite("office"), mail, false});
    ASSERT_FALSE(back.has_value());
    EXPECT_NE(back.error().message.find("that was replaced"), std::string::npos);
    ASSERT_TRUE(office.revoke("shop").has_value());
    EXPECT_TRUE(accept_at(old_shop, office.invite("shop")).has_value());
    settle(old_shop);
    EXPECT_EQ(office.state_of("shop"), "paired") << "revoked, it may come back";
}

TEST_F(ReplacePeer, ItsParkedRowsStay) {
    office.rows.run("CREATE TRIGGER no_five BEFORE INSERT ON sale WHEN NEW.id = 5"
                    " BEGIN SELECT RAISE(ABORT, 'not five'); END");
    office.rows.run("CREATE UNIQUE INDEX one_of_each ON sale(v)");
    old_shop.rows.run("INSERT INTO sale VALUES(6, 'sold by the old one')");
    settle(old_shop);
    ASSERT_EQ(office.rows.ask("SELECT count(*) FROM postrider_parked"), "1");
    const Result<std::string> line = replace();
    ASSERT_TRUE(line.has_value());
    ASSERT_TRUE(accept_at(new_shop, *line).has_value());
    settle(new_shop);
    EXPECT_EQ(office.rows.ask("SELECT count(*) FROM postrider_parked"), "1");
    office.rows.run("DROP INDEX one_of_each");
    settle(new_shop);
    EXPECT_EQ(office.rows.ask("SELECT id FROM sale ORDER BY id"), "1\n6");
}

TEST_F(ReplacePeer, OnlyWhatWasPairedCanBeReplaced) {
    declare(office, "PEER other");
    const Result<std::string> line = office.within<Result<std::string>>(
        [](const engine::Session &session) { return engine::replace_peer(session, "other"); });
    ASSERT_FALSE(line.has_value());
    EXPECT_EQ(line.error().message, "peer \"other\" has no machine yet that could be replaced");
    EXPECT_EQ(line.error().hint, "Invite it: SELECT postrider_invite('other');");
}

TEST_F(ReplacePeer, MayBeAskedAgainAndGivesAnotherLine) {
    const Result<std::string> first = replace();
    ASSERT_TRUE(first.has_value());
    const std::string second = office.invite("shop");
    EXPECT_NE(*first, second);
    ASSERT_TRUE(accept_at(new_shop, second).has_value());
    settle(new_shop);
    EXPECT_EQ(office.state_of("shop"), "paired");
}

} // namespace
} // namespace postrider::test

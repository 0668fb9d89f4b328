// What postrider_status tells a person who asks why a peer is behind, and the round that is asked
// for after something was mended.
#include <filesystem>

#include <gtest/gtest.h>

#include "common/engine/declare.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/try_again.hpp"

#include "tests/support/pairing_nodes.hpp"

namespace postrider::test {
namespace {

using engine::Session;

struct Status : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", pairing_start};
    TestNode office{directory / "office.db", "office", pairing_start};
    Application shop_application{shop.path};
    Application office_application{office.path};

    void SetUp() override {
        pair_directly(shop, office, directory / "mail");
        for (Application *application : {&shop_application, &office_application}) {
            application->run("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)");
        }
    }

    void share() {
        shop.send("task", "office", {"t"});
        office.receive("task", "shop", {"t"});
    }

    void settle() { run_until_quiet(shop, office); }

    static std::string state(Application &application) {
        return application.ask("SELECT state FROM postrider_status");
    }

    static std::string summary(Application &application) {
        return application.ask("SELECT summary FROM postrider_status");
    }

    static std::string action(Application &application) {
        return application.ask("SELECT action FROM postrider_status");
    }

    static void try_again(TestNode &node) {
        node.write([](const Session &session) { engine::try_again_now(session); });
    }
};

TEST_F(Status, SaysAtTheSenderWhyItsPeerDoesNotApply) {
    share();
    office_application.run("DROP TABLE t");
    shop_application.run("INSERT INTO t VALUES(1, 'x')");
    settle();
    EXPECT_EQ(state(shop_application), "stuck");
    EXPECT_EQ(summary(shop_application),
              "1 batch sent and not acknowledged yet; office reports: table \"t\" does not exist");
    EXPECT_EQ(state(office_application), "stuck");
    EXPECT_NE(action(office_application), "");
}

TEST_F(Status, ARoundThatIsAskedForAppliesAtOnceWhatWasMended) {
    share();
    office_application.run("DROP TABLE t");
    shop_application.run("INSERT INTO t VALUES(1, 'x')");
    settle();
    office_application.run("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)");
    office.cycle();
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM t"), "0");
    try_again(office);
    office.cycle();
    EXPECT_EQ(office_application.ask("SELECT * FROM t"), "1|x");
    settle();
    EXPECT_EQ(state(shop_application), "in step");
}

TEST_F(Status, NamesATaskThatWaitsToBeAcceptedOnBothSides) {
    declare(shop, "TASK notes SEND t TO office");
    settle();
    EXPECT_EQ(state(office_application), "offered");
    EXPECT_EQ(action(office_application), "SELECT * FROM postrider_accept_offer('shop.notes');");
    EXPECT_EQ(state(shop_application), "offered");
    EXPECT_EQ(summary(shop_application).rfind("the task \"notes\" waits to be accepted there", 0),
              0U);
    office.write([](const Session &session) {
        EXPECT_TRUE(engine::accept_offer(session, "shop.notes").has_value());
    });
    settle();
    EXPECT_EQ(state(office_application), "in step");
    EXPECT_EQ(state(shop_application), "in step");
}

TEST_F(Status, NamesACapturedTableThatIsGone) {
    share();
    settle();
    shop_application.run("DROP TABLE t");
    shop.now += std::chrono::minutes{2};
    shop.cycle();
    EXPECT_EQ(state(shop_application), "held");
    EXPECT_EQ(summary(shop_application), "a table is not sent: table \"t\" does not exist");
}

TEST_F(Status, ABrokenPathIsTriedAtOnceWhenARoundIsAskedFor) {
    share();
    settle();
    std::filesystem::rename(directory / "mail", directory / "elsewhere");
    shop_application.run("INSERT INTO t VALUES(1, 'x')");
    shop.cycle();
    shop.cycle();
    EXPECT_EQ(state(shop_application), "unreachable");
    std::filesystem::rename(directory / "elsewhere", directory / "mail");
    shop.cycle();
    EXPECT_EQ(state(shop_application), "unreachable");
    try_again(shop);
    shop.cycle();
    shop.cycle();
    EXPECT_EQ(state(shop_application), "sending");
}

TEST_F(Status, WhatWasSentAndWaitsForItsAnswerIsNotSentAgainByARoundThatIsAskedFor) {
    share();
    settle();
    shop_application.run("INSERT INTO t VALUES(1, 'x')");
    shop.cycle();
    EXPECT_EQ(shop_application.ask("SELECT sum(mails) FROM postrider_history"), "1");
    try_again(shop);
    shop.cycle();
    EXPECT_EQ(shop_application.ask("SELECT sum(mails) FROM postrider_history"), "1");
}

TEST(StatusOfAPairing, TellsThatTheAnswerCannotLeaveAndSendsItOnceThePathIsMended) {
    TemporaryDirectory directory;
    PairingNode office{directory / "office.db", "office"};
    PairingNode shop{directory / "shop.db", "shop"};
    office.declare("shop", "/mail");
    const std::string maildir = directory / "mail";
    ASSERT_TRUE(shop.accept(engine::Acceptance{office.invite("shop"), maildir, false}));
    shop.cycle();
    shop.cycle();
    EXPECT_EQ(shop.rows.ask("SELECT state FROM postrider_status"), "pairing");
    EXPECT_EQ(shop.rows.ask("SELECT summary FROM postrider_status").rfind("cannot send now: ", 0),
              0U);
    for (const char *folder : {"new", "cur", "tmp"}) {
        std::filesystem::create_directories(maildir + "/" + folder);
    }
    shop.write([](const Session &session) { engine::try_again_now(session); });
    shop.cycle();
    shop.cycle();
    EXPECT_FALSE(std::filesystem::is_empty(maildir + "/new"));
    EXPECT_EQ(shop.rows.ask("SELECT summary FROM postrider_status"),
              "waiting for the confirmation of our answer");
}

} // namespace
} // namespace postrider::test

// Two copies of one node, moved files, and who may go on.
#include <set>

#include "common/engine/start.hpp"

#include "tests/support/two_way.hpp"

namespace postrider::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

struct Copies : TwoWay {
    std::unique_ptr<TestNode> copy;

    /// From now on the shop runs twice: here, and on another machine with its file and its vault.
    void double_shop() { copy = std::make_unique<TestNode>(shop, directory / "copy.db"); }

    /// All three for a while, one after the other, as from cron where `restarted`. The copies share
    /// a mailbox: who looks first gets the mail.
    void run_all(bool restarted, int rounds) {
        for (int round = 0; round < rounds; ++round) {
            copy->now = shop.now;
            TestNode *first = round % 2 == 0 ? &shop : copy.get();
            TestNode *second = round % 2 == 0 ? copy.get() : &shop;
            for (TestNode *node : {first, second, &office}) {
                if (restarted && node != &office) {
                    node->restart();
                }
                (void)node->engine->cycle(node->now);
                (void)node->engine->cycle(node->now);
            }
            wait(minutes{2});
        }
    }

    static void claim(TestNode &node) {
        node.write([&](const engine::Session &session) {
            Result<engine::Identity> identity =
                engine::load_identity(session.transaction, node.vault);
            ASSERT_TRUE(identity.has_value());
            ASSERT_TRUE(engine::claim_identity(session, node.vault, *identity).has_value());
        });
    }

    /// What each of the three has logged.
    std::string story() {
        std::string out;
        for (const TestNode *node : {&shop, static_cast<TestNode *>(copy.get()), &office}) {
            out += node->path + "\n" +
                   ask(*node, "SELECT '  ' || happened || ' ' || kind || ': ' || message"
                              " FROM postrider_events") +
                   "\n";
        }
        return out;
    }

    void expect_held() {
        EXPECT_EQ(ask(office, "SELECT state FROM postrider_status"), "held") << story();
        EXPECT_EQ(ask(office, "SELECT summary FROM postrider_status"),
                  "two copies of node \"shop\" are at work");
        const std::string action = ask(office, "SELECT action FROM postrider_status");
        EXPECT_NE(action.find("claim_identity"), std::string::npos);
        EXPECT_NE(action.find("new_identity"), std::string::npos);
        EXPECT_EQ(events(office, "two_copies"), "1");
    }
};

TEST_F(Copies, ThatBothSendAreHeldAndSaidSo) {
    double_shop();
    run(shop, "INSERT INTO sale VALUES(1, 'original')");
    run(*copy, "INSERT INTO sale VALUES(2, 'copy')");
    run_all(false, 40);
    expect_held();
    run(shop, "INSERT INTO sale VALUES(3, 'original')");
    const std::string before = ask(office, "SELECT * FROM sale");
    run_all(false, 20);
    EXPECT_EQ(ask(office, "SELECT * FROM sale"), before) << "nothing of either is applied";
    const std::string note = "SELECT count(*) FROM postrider_events WHERE kind = 'peer_note'"
                             " AND message LIKE '%two copies of your node%'";
    EXPECT_EQ(std::set<std::string>({ask(shop, note), ask(*copy, note)}),
              std::set<std::string>({"0", "1"}))
        << "whoever reads the mail is told: " << story();
}

TEST_F(Copies, ThatOnlyReceiveAreHeld) {
    double_shop();
    for (int number = 1; number < 30; ++number) {
        run(office, "INSERT INTO price VALUES(" + std::to_string(number) + ", 'x')");
        run_all(false, 5);
    }
    expect_held();
}

TEST_F(Copies, ThatStartAnewForEveryRoundAreHeld) {
    double_shop();
    for (int number = 1; number < 12; ++number) {
        run(shop, "INSERT INTO sale VALUES(" + std::to_string(2 * number) + ", 'original')");
        run(*copy, "INSERT INTO sale VALUES(" + std::to_string(2 * number + 1) + ", 'copy')");
        run_all(true, 10);
    }
    expect_held();
}

TEST_F(Copies, HoldAFewMailsADayWhileNobodySettlesIt) {
    double_shop();
    run(shop, "INSERT INTO sale VALUES(1, 'original')");
    run(*copy, "INSERT INTO sale VALUES(2, 'copy')");
    run_all(false, 40);
    expect_held();
    shop.timing = copy->timing = office.timing = stream::Timing{};
    std::uint64_t sent = 0;
    for (int hour = 0; hour < 10 * 24; ++hour) {
        wait(hours{1});
        copy->now = shop.now;
        for (TestNode *node : {&shop, copy.get(), &office}) {
            if (hour == 0) {
                node->restart();
            }
            sent += node->cycle().parts_sent;
        }
    }
    EXPECT_LT(sent, 100U);
}

TEST_F(Copies, OneClaimsTheIdentityAndTheOtherStops) {
    double_shop();
    run(shop, "INSERT INTO sale VALUES(1, 'original')");
    run(*copy, "INSERT INTO sale VALUES(2, 'copy')");
    run_all(false, 40);
    expect_held();
    claim(shop);
    run_all(false, 60);
    EXPECT_EQ(events(office, "identity_claimed"), "1");
    EXPECT_EQ(ask(office, "SELECT state FROM postrider_status"), "in step");
    EXPECT_EQ(ask(office, "SELECT * FROM sale ORDER BY id"), "1|original");
    run(*copy, "INSERT INTO sale VALUES(3, 'copy')");
    run_all(false, 60);
    const Result<engine::CycleResult> stopped = copy->engine->cycle(copy->now);
    ASSERT_FALSE(stopped.has_value());
    EXPECT_EQ(stopped.error().message, "another copy of this node claimed its identity");
    EXPECT_NE(stopped.error().hint.find("new_identity"), std::string::npos);
    EXPECT_EQ(ask(*copy, "SELECT state FROM postrider_status"), "held");
    run(shop, "INSERT INTO sale VALUES(4, 'original')");
    run_all(false, 60);
    EXPECT_EQ(ask(office, "SELECT * FROM sale ORDER BY id"), "1|original\n4|original");
    EXPECT_EQ(events(office, "two_copies"), "1");
}

TEST_F(Copies, TheOneThatStoppedMayClaimTheIdentityBack) {
    double_shop();
    run(shop, "INSERT INTO sale VALUES(1, 'original')");
    run(*copy, "INSERT INTO sale VALUES(2, 'copy')");
    run_all(false, 40);
    claim(shop);
    run_all(false, 60);
    run(*copy, "INSERT INTO sale VALUES(3, 'copy')");
    run_all(false, 60);
    ASSERT_FALSE(copy->engine->cycle(copy->now).has_value());
    claim(*copy);
    run_all(false, 60);
    EXPECT_EQ(ask(office, "SELECT * FROM sale ORDER BY id"), "2|copy\n3|copy");
    EXPECT_EQ(ask(office, "SELECT state FROM postrider_status"), "in step");
}

// ---- Moved and copied files ---------------------------------------------------------------------

TEST_F(Copies, AFileThatKeepsItsPathOrItsInodeIsTheSameDatabase) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    const engine::StateFile here = shop.vault.here();
    shop.vault.move_to("/moved/shop.db", here.device, here.inode);
    shop.restart();
    run(shop, "INSERT INTO sale VALUES(2, 'renamed')");
    settle();
    shop.vault.move_to("/moved/shop.db", here.device + 1, here.inode + 1);
    shop.restart();
    run(shop, "INSERT INTO sale VALUES(3, 'put back from a copy')");
    settle();
    expect_equal();
    EXPECT_EQ(events(shop, "new_incarnation"), "0");
}

TEST_F(Copies, AFileMayBeRenamedAndLaterPutBackUnderItsNewNameAlthoughNothingWasSentInBetween) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    const engine::StateFile here = shop.vault.here();
    shop.vault.move_to("/moved/shop.db", here.device, here.inode);
    shop.restart();
    shop.cycle();
    shop.vault.move_to("/moved/shop.db", here.device + 1, here.inode + 1);
    shop.restart();
    run(shop, "INSERT INTO sale VALUES(2, 'put back from a copy')");
    settle();
    expect_equal();
}

TEST_F(Copies, AFileAtAnotherPlaceSendsNothingUntilItsIdentityIsClaimed) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    shop.vault.move_to("/elsewhere/shop.db", 2, 3);
    shop.restart();
    run(shop, "INSERT INTO sale VALUES(2, 'second')");
    for (int round = 0; round < 3; ++round) {
        const Result<engine::CycleResult> result = shop.engine->cycle(shop.now);
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().code, Errc::refused);
        EXPECT_NE(result.error().hint.find("claim_identity"), std::string::npos);
        EXPECT_NE(result.error().hint.find("new_identity"), std::string::npos);
    }
    EXPECT_EQ(mails().size(), 0U);
    claim(shop);
    settle_for_hours(1);
    expect_equal();
    EXPECT_EQ(ask(office, "SELECT * FROM sale ORDER BY id"), "1|first\n2|second");
    EXPECT_EQ(events(shop, "new_incarnation"), "1");
    shop.restart();
    settle();
    EXPECT_EQ(events(shop, "new_incarnation"), "1") << "the new place is known now";
}

} // namespace
} // namespace postrider::test

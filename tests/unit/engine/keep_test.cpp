// Peers that stay silent: what waits for them is let go, and they get their tables whole when they
// come back.
#include <algorithm>

#include "tests/support/two_way.hpp"

namespace postrider::test {
namespace {

struct KeepLimits : TwoWay {
    std::string mail = directory / "mail";

    static std::int64_t number(const TestNode &node, const std::string &sql) {
        return std::stoll(ask(node, sql));
    }

    static std::int64_t kept_rows(const TestNode &node) {
        return number(node, "SELECT (SELECT count(*) FROM postrider_queue)"
                            " + (SELECT count(*) FROM postrider_outbox)");
    }

    static std::string state(const TestNode &node) {
        return ask(node, "SELECT state FROM postrider_status");
    }

    /// Days on which the shop writes and the office is off. Gives the most rows that were kept on
    /// any of them.
    std::int64_t silence(int days) {
        std::int64_t most = 0;
        for (int count = 0; count < days; ++count) {
            wait(day);
            ++day_;
            const std::string id = std::to_string(day_);
            run(shop, "INSERT INTO sale VALUES(" + id + ", 'day " + id +
                          "'); DELETE FROM sale WHERE id % 10 = 3 AND id < " + id +
                          " - 5; UPDATE sale SET v = v || '.' WHERE id = " + id + " - 20");
            sent_ += shop.cycle().parts_sent;
            most = std::max(most, kept_rows(shop));
        }
        return most;
    }

    /// Long enough for the peer to be asked, to answer and to get everything.
    void come_back() {
        for (int count = 0; count < 10; ++count) {
            settle();
            wait(std::chrono::hours{5});
        }
        settle();
    }

    void throw_mails_away() {
        for (const auto &each : std::filesystem::directory_iterator(directory / "mail/new")) {
            std::filesystem::remove(each.path());
        }
    }

    int day_ = 0;
    std::uint64_t sent_ = 0;
};

TEST_F(KeepLimits, AYearOfSilenceIsBoundedAndThePeerGetsItsTablesWhole) {
    silence(3);
    settle_for_hours(1);
    expect_equal();
    const std::int64_t most = silence(365);
    EXPECT_LE(most, 100);
    EXPECT_EQ(state(shop), "stale");
    EXPECT_EQ(ask(shop, "SELECT count(*) FROM postrider_outbox WHERE stream > 0"), "0");
    EXPECT_LE(kept_rows(shop), 2);
    EXPECT_EQ(
        ask(shop, "SELECT action FROM postrider_status"),
        "see to it; if its machine is gone for good: SELECT postrider_replace_peer('office');");
    run(office, "INSERT INTO price VALUES(1, 'written while it was off')");
    come_back();
    expect_equal();
    EXPECT_EQ(events(shop, "stream_rebased"), "1");
    run(shop, "DELETE FROM sale WHERE id = 300");
    settle();
    expect_equal();
}

TEST_F(KeepLimits, AStreamThatItsLaneHasLeftIsNotTakenForSilent) {
    for (const TestNode *node : {&shop, &office}) {
        run(*node, "CREATE TABLE late(id INTEGER PRIMARY KEY, v TEXT)");
    }
    declare(shop, "NODE shop; TASK extra SEND late TO office NO HISTORY");
    settle();
    ASSERT_TRUE(accept(office, "shop.extra").has_value());
    settle();
    declare(shop, "NODE shop; TASK extra SEND late TO office");
    settle();
    ASSERT_TRUE(accept(office, "shop.extra").has_value());
    for (int count = 1; count <= 40; ++count) {
        wait(day);
        run(shop, "INSERT INTO late(id) VALUES(" + std::to_string(count) + ")");
        settle();
    }
    ASSERT_EQ(ask(shop, "SELECT count(*) FROM postrider_stream_out WHERE lane = ''"
                        " AND stream > 0"),
              "1");
    EXPECT_EQ(state(shop), "in step");
    EXPECT_EQ(events(shop, "peer_stale"), "0");
    EXPECT_EQ(ask(office, "SELECT count(*) FROM late"), "40");
}

TEST_F(KeepLimits, APeerWhoseMailsWereLostIsAskedAndComesBackToo) {
    silence(100);
    ASSERT_EQ(state(shop), "stale");
    throw_mails_away();
    come_back();
    expect_equal();
}

TEST_F(KeepLimits, APeerThatWasNeverReachedComesBackToo) {
    run(shop, "CREATE TABLE late(id INTEGER PRIMARY KEY, v TEXT)");
    run(office, "CREATE TABLE late(id INTEGER PRIMARY KEY, v TEXT)");
    declare(shop, "NODE shop; TASK extra SEND late TO office NO HISTORY");
    settle();
    ASSERT_TRUE(accept(office, "shop.extra").has_value());
    office.cycle();
    shop.cycle(); // the stream begins
    run(shop, "INSERT INTO late VALUES(1, 'x')");
    shop.cycle();
    throw_mails_away();
    silence(60);
    run(shop, "DELETE FROM late");
    run(shop, "INSERT INTO late VALUES(2, 'y')");
    ASSERT_EQ(state(shop), "stale");
    throw_mails_away();
    come_back();
    EXPECT_EQ(ask(office, "SELECT * FROM late"), "2|y");
    expect_equal();
}

TEST_F(KeepLimits, WhileItIsStaleAPeerCostsAMailADay) {
    silence(40);
    ASSERT_EQ(state(shop), "stale");
    silence(10);
    const std::uint64_t before = sent_;
    silence(30);
    EXPECT_LE(sent_ - before, 31U);
    EXPECT_GE(sent_ - before, 15U);
}

TEST_F(KeepLimits, APeerThatAcknowledgesIsNeverStale) {
    for (int count = 0; count < 12; ++count) {
        silence(7);
        settle();
    }
    EXPECT_EQ(events(shop, "peer_stale"), "0");
    expect_equal();
}

TEST_F(KeepLimits, WithNothingToSayNobodyIsStale) {
    for (int count = 0; count < 100; ++count) {
        wait(day);
        shop.cycle();
    }
    EXPECT_EQ(state(shop), "in step");
}

TEST_F(KeepLimits, APeerHasALimitOfItsOwn) {
    declare(shop, "NODE shop; PEER office MAILDIR '" + mail + "' KEEP 3 DAYS");
    silence(3);
    EXPECT_NE(state(shop), "stale");
    silence(2);
    EXPECT_EQ(state(shop), "stale");
    EXPECT_NE(ask(shop, "SELECT message FROM postrider_events WHERE kind = 'peer_stale'")
                  .find("KEEP 3 DAYS"),
              std::string::npos);
    come_back();
    expect_equal();
    declare(shop, "NODE shop KEEP 8 WEEKS; PEER office MAILDIR '" + mail + "'");
    silence(50);
    EXPECT_NE(state(shop), "stale");
    silence(10);
    EXPECT_EQ(state(shop), "stale");
}

TEST_F(KeepLimits, ANodeThatWasOffItselfGivesItsPeersTimeToAnswer) {
    run(shop, "INSERT INTO sale VALUES(1, 'written before the holidays')");
    shop.cycle();
    throw_mails_away();
    wait(40 * day);
    shop.cycle();
    wait(std::chrono::hours{2});
    shop.cycle();
    EXPECT_EQ(state(shop), "sending");
    settle();
    expect_equal();
    EXPECT_EQ(events(shop, "stream_rebased"), "0");
}

TEST_F(KeepLimits, TheLimitMayBeAnAmount) {
    declare(shop, "NODE shop; PEER office MAILDIR '" + mail + "' KEEP 1 MB");
    silence(50);
    EXPECT_NE(state(shop), "stale");
    run(shop, "INSERT INTO sale VALUES(1000, hex(randomblob(1000000)))");
    shop.cycle();
    settle();
    wait(std::chrono::hours{1});
    settle();
    EXPECT_EQ(state(shop), "in step");
    run(shop, "UPDATE sale SET v = hex(randomblob(1000000)) WHERE id = 1000");
    shop.cycle();
    EXPECT_NE(state(shop), "stale") << "an answer is waited for";
    silence(2);
    EXPECT_EQ(state(shop), "stale");
    come_back();
    expect_equal();
}

TEST_F(KeepLimits, APausedPeerIsLetGoAndComesBackWithTheResume) {
    declare(shop, "PAUSE PEER office");
    silence(40);
    EXPECT_LE(kept_rows(shop), 2);
    come_back();
    declare(shop, "RESUME PEER office");
    come_back();
    expect_equal();
}

TEST_F(KeepLimits, LogsAreKeptForAsLong) {
    silence(1);
    settle();
    declare(shop, "NODE shop KEEP 5 DAYS");
    const std::string rows = "SELECT (SELECT count(*) FROM postrider_delivery WHERE finished_at"
                             " IS NOT NULL) + (SELECT count(*) FROM postrider_event)";
    ASSERT_GT(number(shop, rows), 0);
    for (int count = 0; count < 4; ++count) {
        wait(day);
        shop.cycle();
    }
    EXPECT_GT(number(shop, rows), 0);
    for (int count = 0; count < 2; ++count) {
        wait(day);
        shop.cycle();
    }
    EXPECT_EQ(number(shop, rows), 0);
}

TEST_F(KeepLimits, AnOfferThatNobodyAnswersKeepsTheQueueNoLonger) {
    run(shop, "CREATE TABLE extra(id INTEGER PRIMARY KEY)");
    declare(shop, "NODE shop; TASK extras SEND extra TO office NO LOAD");
    silence(20);
    for (int count = 0; count < 5; ++count) { // of the rest all is acknowledged
        settle();
    }
    EXPECT_GE(number(shop, "SELECT count(*) FROM postrider_queue"), 20);
    for (int count = 0; count < 60; ++count) {
        silence(1);
        settle();
    }
    EXPECT_LE(number(shop, "SELECT count(*) FROM postrider_queue"), 35);
}

} // namespace
} // namespace postrider::test

// REPORT EVERY: the promise, and what is said where it is not kept.
#include "tests/support/two_way.hpp"

namespace postrider::test {
namespace {

using std::chrono::hours;

struct SignOfLife : TwoWay {
    std::string mail = directory / "mail";

    void SetUp() override {
        TwoWay::SetUp();
        ask_every("1 DAY");
    }

    void ask_every(const std::string &every, const std::string &path_clauses = "") {
        declare(shop, "NODE shop; PEER office MAILDIR '" + mail + "'" + path_clauses +
                          (every.empty() ? "" : " REPORT EVERY " + every));
        settle();
    }

    static std::string state(const TestNode &node) {
        return ask(node, "SELECT state FROM postrider_status");
    }

    /// Hours in which both work; gives how many mails the office sent.
    std::uint64_t office_mails(int count) {
        std::uint64_t parts = 0;
        for (int hour = 0; hour < count; ++hour) {
            wait(hours{1});
            parts += office.cycle().parts_sent;
            shop.cycle();
        }
        return parts;
    }

    void shop_alone(int count) {
        for (int hour = 0; hour < count; ++hour) {
            wait(hours{1});
            shop.cycle();
        }
    }
};

TEST_F(SignOfLife, APeerThatWasAskedReportsAsOften) {
    const std::uint64_t mails = office_mails(10 * 24);
    EXPECT_GE(mails, 9U);
    EXPECT_LE(mails, 11U);
    EXPECT_EQ(state(shop), "in step");
    EXPECT_EQ(events(shop, "peer_silent"), "0");
}

TEST_F(SignOfLife, TheRoundIsWokenForIt) {
    const engine::CycleResult result = office.cycle();
    ASSERT_TRUE(result.next_at.has_value());
    EXPECT_LE(*result.next_at, office.now + day);
}

TEST_F(SignOfLife, WhatCarriesAReportAnywayCounts) {
    std::uint64_t mails = 0;
    for (int hour = 0; hour < 4 * 24; ++hour) {
        if (hour % 12 == 0) {
            run(shop, "INSERT INTO sale(v) VALUES('x')"); // acknowledged with a report
        }
        mails += office_mails(1);
    }
    EXPECT_LE(mails, 9U);
}

TEST_F(SignOfLife, APeerThatMissesTwoIsSilent) {
    shop_alone(40);
    EXPECT_EQ(state(shop), "in step");
    shop_alone(12);
    EXPECT_EQ(state(shop), "silent");
    const std::string summary = ask(shop, "SELECT summary FROM postrider_status");
    EXPECT_NE(summary.find("since 2026-09-"), std::string::npos) << summary;
    EXPECT_NE(ask(shop, "SELECT action FROM postrider_status"), "");
    shop_alone(100);
    EXPECT_EQ(events(shop, "peer_silent"), "1");
}

TEST_F(SignOfLife, TheNextMailEndsTheSilence) {
    shop_alone(60);
    ASSERT_EQ(state(shop), "silent");
    settle();
    EXPECT_EQ(state(shop), "in step");
    EXPECT_EQ(events(shop, "peer_heard"), "1");
    shop_alone(60);
    EXPECT_EQ(state(shop), "silent");
}

TEST_F(SignOfLife, WithoutTheClauseNothingIsPromisedAnyMore) {
    ask_every("");
    EXPECT_EQ(office_mails(10 * 24), 0U);
    EXPECT_EQ(state(shop), "in step");
}

TEST_F(SignOfLife, AnotherDurationIsToldToo) {
    ask_every("12 HOURS");
    const std::uint64_t mails = office_mails(10 * 24);
    EXPECT_GE(mails, 18U);
    EXPECT_LE(mails, 21U);
}

TEST_F(SignOfLife, ANodeThatWasTakenBackAsksAgain) {
    TestNode::Backup backup = office.back_up(directory / "backup.db");
    ask_every("6 HOURS");
    run(office, "INSERT INTO price VALUES(1, 'a')");
    settle();
    office.restore(backup);
    settle_for_hours(24);
    EXPECT_GE(office_mails(48), 6U);
}

TEST_F(SignOfLife, TheReportsAreOfTheBudgetToo) {
    declare(office, "NODE office; PEER shop MAILDIR '" + mail + "' AT MOST 2 MAILS PER DAY");
    ask_every("1 HOUR");
    office_mails(24);
    EXPECT_LE(office_mails(10 * 24), 21U);
}

TEST_F(SignOfLife, APausedPeerPromisesNothing) {
    declare(office, "PAUSE PEER shop");
    EXPECT_EQ(office_mails(4 * 24), 0U);
    EXPECT_EQ(state(shop), "silent");
}

} // namespace
} // namespace postrider::test

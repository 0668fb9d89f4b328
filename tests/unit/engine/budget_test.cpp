// Limits of paths and tasks: what crosses the wire is counted and never more than they let pass,
// everything arrives all the same, and what is urgent overtakes.
#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "common/engine/declare.hpp"
#include "common/engine/pacing.hpp"

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

using engine::Session;
using std::chrono::hours;
using std::chrono::minutes;

struct Budget : testing::Test {
    TemporaryDirectory directory;
    static constexpr Timestamp midnight = std::chrono::sys_days{std::chrono::year{2026} / 9 / 21};
    TestNode shop{directory / "shop.db", "shop", midnight};
    TestNode office{directory / "office.db", "office", midnight};
    Application shop_application{shop.path};
    Application office_application{office.path};
    std::uint64_t mails_of_shop = 0;
    std::uint64_t mails_of_office = 0;

    void SetUp() override {
        for (Application *application : {&shop_application, &office_application}) {
            application->run("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, photo BLOB);"
                             "CREATE TABLE alarm(id INTEGER PRIMARY KEY, name TEXT)");
        }
        for (TestNode *node : {&shop, &office}) {
            node->timing = {};            // that of mail
            node->look_every = 365 * day; // each is called when the other has sent something
            node->restart();
        }
        pair_directly(shop, office, directory / "mail");
    }

    void declare_both(const std::string &limit_of_path, const std::string &tasks) {
        const std::string path = " MAILDIR '" + (directory / "mail") + "'" + limit_of_path;
        declare(office, "PEER shop" + path + " TRUST TASKS");
        declare(shop, "PEER office" + path + ";" + tasks);
    }

    /// A round of each as long as anything happens, at one point of time. Gives when something is
    /// due again.
    std::optional<Timestamp> round() {
        for (int count = 0; count < 100; ++count) {
            const engine::CycleResult first = shop.cycle();
            const engine::CycleResult second = office.cycle();
            mails_of_shop += first.parts_sent;
            mails_of_office += second.parts_sent;
            if (!first.did_anything() && !second.did_anything()) {
                return first.next_at && second.next_at ? std::min(*first.next_at, *second.next_at)
                       : first.next_at                 ? first.next_at
                                                       : second.next_at;
            }
        }
        ADD_FAILURE() << "the rounds do not end";
        return std::nullopt;
    }

    void wait(Duration time) {
        shop.now += time;
        office.now += time;
    }

    /// Both wake when one of them says that something is due, not before.
    void run(Duration time) {
        const Timestamp end = shop.now + time;
        int wakes = 0;
        for (; shop.now < end && wakes < 300; ++wakes) {
            const auto next = round();
            const Duration pause = std::max<Duration>(next.value_or(end) - shop.now, minutes{1});
            wait(std::min(pause, end - shop.now));
        }
        EXPECT_EQ(shop.now, end) << "they wake all the time";
    }

    std::string alarms() { return office_application.ask("SELECT count(*) FROM alarm"); }

    std::string items() { return office_application.ask("SELECT count(*) FROM item"); }
};

/// Two days of ten are busy: more than ten transactions each, one hour after the other. On the
/// others some come at once.
TEST_F(Budget, TenMailsADayCarryFiveHundredTransactionsInThirtyDaysAndNoDayHasMore) {
    declare_both(" AT MOST 10 MAILS PER DAY", "TASK goods SEND item TO office");
    int transactions = 0;
    const auto sell = [&](int count) {
        for (; count > 0 && transactions < 500; --count) {
            shop_application.run("INSERT INTO item(id, name) VALUES(" +
                                 std::to_string(++transactions) + ", 'rope')");
        }
    };
    for (int days_gone = 0; days_gone < 31; ++days_gone) {
        const int sold_before = transactions;
        mails_of_shop = 0;
        mails_of_office = 0;
        const bool is_busy = days_gone % 10 < 2 && days_gone < 30;
        for (int step = 0; step < (is_busy ? 24 : 1); ++step) {
            sell(is_busy ? 2 : 9);
            run(is_busy ? Duration{hours{1}} : day);
        }
        ASSERT_LE(mails_of_shop, 10U) << "on day " << days_gone;
        ASSERT_LE(mails_of_office, 10U) << "on day " << days_gone;
        // Nobody falls silent: something goes on every day, and arrives.
        ASSERT_GE(mails_of_shop, is_busy ? 9U : days_gone < 30 ? 1U : 0U) << "on day " << days_gone;
        ASSERT_GE(std::stoi(items()), sold_before) << "on day " << days_gone;
    }
    EXPECT_EQ(transactions, 500);
    EXPECT_EQ(items(), "500");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox WHERE stream > 0"), "0");
}

TEST_F(Budget, WhatWasSpentOfBytesIsNotTakenForMails) {
    declare_both(" AT MOST 300 KB PER MONTH", "TASK goods SEND item TO office");
    shop_application.run("INSERT INTO item VALUES(1, 'rope', randomblob(100000))");
    run(Duration{hours{1}});
    ASSERT_EQ(items(), "1");
    declare_both(" AT MOST 1000 MAILS PER MONTH", "TASK goods SEND item TO office");
    shop_application.run("INSERT INTO item(id, name) VALUES(2, 'lamp')");
    run(Duration{hours{1}});
    EXPECT_EQ(items(), "2");
}

TEST_F(Budget, WhatIsUrgentOvertakesALoadByOneMailAtMost) {
    shop_application.run("INSERT INTO item WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT"
                         " i + 1 FROM n WHERE i < 50) SELECT i, 'photo', randomblob(1000000)"
                         " FROM n"); // 50 MB
    declare_both(" AT MOST 1 MAILS PER MINUTE",
                 "TASK goods SEND item TO office; TASK alarms SEND alarm TO office PRIORITY HIGH");
    // Until batches of the load are built and wait for their turn.
    const auto built = [&] {
        return shop_application.ask("SELECT count(*) FROM postrider_outbox WHERE stream > 0"
                                    " AND tries = 0");
    };
    for (int minute = 0; minute < 12 && (mails_of_shop < 5 || built() == "0"); ++minute) {
        round();
        wait(minutes{1});
    }
    ASSERT_NE(items(), "50"); // under way
    ASSERT_GT(mails_of_shop, 4U);
    ASSERT_NE(built(), "0");
    shop_application.run("INSERT INTO alarm VALUES(1, 'fire')");
    const std::uint64_t before = mails_of_shop;
    for (int minute = 0; minute < 10 && alarms() == "0"; ++minute) {
        round();
        wait(minutes{1});
    }
    EXPECT_EQ(alarms(), "1");
    EXPECT_LE(mails_of_shop - before, 2U); // its own, and one of the load
    for (int minute = 0; minute < 90 && items() != "50"; ++minute) {
        round();
        wait(minutes{1});
    }
    EXPECT_EQ(items(), "50");
}

TEST_F(Budget, ABatchThatIsLargerThanAPeriodLetsPassTravelsOverSeveral) {
    shop_application.run("INSERT INTO item VALUES(1, 'photo', randomblob(900000))");
    declare_both(" AT MOST 300 KB PER DAY", "TASK goods SEND item TO office");
    int days_gone = 0;
    for (; days_gone < 20 && items() == "0"; ++days_gone) {
        run(day);
        const std::string used =
            shop_application.ask("SELECT used FROM postrider_budget WHERE scope = 'path bytes'");
        ASSERT_LE(std::stoi(used), 300'000);
    }
    EXPECT_EQ(items(), "1");
    EXPECT_GE(days_gone, 4);
}

TEST_F(Budget, ATaskHasALimitOfItsOwnAndHoldsOnlyItself) {
    declare_both("", "TASK goods SEND item TO office AT MOST 2 MAILS PER DAY;"
                     "TASK alarms SEND alarm TO office");
    round();
    for (int id = 1; id < 20; ++id) {
        shop_application.run("INSERT INTO item(id) VALUES(" + std::to_string(id) +
                             ");"
                             "INSERT INTO alarm(id) VALUES(" +
                             std::to_string(id) + ")");
        round();
        wait(minutes{1});
    }
    round();
    EXPECT_EQ(alarms(), "19");
    EXPECT_LT(std::stoi(items()), 3);
    EXPECT_EQ(shop_application.ask("SELECT state FROM postrider_status"), "waiting");
    EXPECT_NE(shop_application.ask("SELECT summary FROM postrider_status").find("the budget of"),
              std::string::npos);
    run(hours{26});
    EXPECT_EQ(items(), "19");
}

TEST_F(Budget, WhatWasSpentIsRememberedOverARestart) {
    declare_both(" AT MOST 3 MAILS PER DAY", "TASK goods SEND item TO office");
    for (int id = 1; id < 30; ++id) {
        shop_application.run("INSERT INTO item(id) VALUES(" + std::to_string(id) + ")");
        round();
        shop.restart();
        office.restart();
        wait(minutes{30});
    }
    EXPECT_LE(mails_of_shop, 3U);
    EXPECT_LE(mails_of_office, 3U);
}

TEST_F(Budget, AMailThatCouldNotLeaveIsNotCounted) {
    declare_both(" AT MOST 3 MAILS PER DAY", "TASK goods SEND item TO office");
    std::filesystem::rename(directory / "mail", directory / "elsewhere");
    shop.cycle();
    shop.cycle();
    EXPECT_EQ(shop_application.ask("SELECT used FROM postrider_budget"), "0");
}

} // namespace
} // namespace postrider::test

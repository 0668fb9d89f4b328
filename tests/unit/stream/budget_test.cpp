// AT MOST: periods, what is kept for reports, spreading, and clocks that are wrong.
#include <gtest/gtest.h>

#include "common/stream/budget.hpp"

namespace postrider::stream {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::year;

constexpr Budget ten_a_day{10, BudgetUnit::mails, BudgetPeriod::day};
constexpr Budget million_a_day{1'000'000, BudgetUnit::bytes, BudgetPeriod::day};

Timestamp at_utc(unsigned m, unsigned d, Duration of_day = {}) {
    return sys_days{year{2026} / static_cast<int>(m) / static_cast<int>(d)} + of_day;
}

bool may_go(const Budget &budget, const Spent &spent, const Mail &mail, Timestamp now) {
    return next_passage(budget, spent, mail, {}, now) <= now;
}

/// How many mails go on a day of somebody who tries every minute.
int mails_of_a_day(const Budget &budget, Urgency urgency, Spent &spent, Timestamp day) {
    int mails = 0;
    for (Timestamp now = day; now < day + hours{24}; now += minutes{1}) {
        if (may_go(budget, spent, {urgency, 1000}, now)) {
            spent = booked(budget, spent, 1000, {}, now);
            ++mails;
        }
    }
    return mails;
}

TEST(Budgets, NeverMoreThanThePeriodLetsPass) {
    Spent spent;
    EXPECT_EQ(mails_of_a_day(ten_a_day, Urgency::report, spent, at_utc(2, 3)), 10);
    EXPECT_EQ(mails_of_a_day(ten_a_day, Urgency::report, spent, at_utc(2, 4)), 10);
}

TEST(Budgets, ATenthIsKeptForReports) {
    Spent spent;
    EXPECT_EQ(mails_of_a_day(ten_a_day, Urgency::usual, spent, at_utc(2, 3)), 9);
    const Timestamp late = at_utc(2, 3, hours{23} + minutes{59});
    EXPECT_FALSE(may_go(ten_a_day, spent, {Urgency::urgent, 1000}, late));
    EXPECT_TRUE(may_go(ten_a_day, spent, {Urgency::report, 1000}, late));
    Spent bytes = booked(million_a_day, {}, 900'000, {}, late);
    EXPECT_FALSE(may_go(million_a_day, bytes, {Urgency::usual, 1000}, late));
    EXPECT_TRUE(may_go(million_a_day, bytes, {Urgency::report, 100'000}, late));
    EXPECT_FALSE(may_go(million_a_day, bytes, {Urgency::report, 100'001}, late));
}

TEST(Budgets, WhereReportsAreNotCountedNothingIsKeptForThem) {
    Budget of_task = ten_a_day;
    of_task.has_reports = false;
    Spent spent;
    EXPECT_EQ(mails_of_a_day(of_task, Urgency::usual, spent, at_utc(2, 3)), 10);
}

TEST(Budgets, OneMailADayIsForEverybody) {
    const Budget one{1, BudgetUnit::mails, BudgetPeriod::day};
    Spent spent;
    EXPECT_EQ(mails_of_a_day(one, Urgency::usual, spent, at_utc(2, 3)), 1);
}

TEST(Budgets, TheSecondHalfIsSpreadOverTheRestOfThePeriod) {
    Spent spent;
    for (int mail = 0; mail < 5; ++mail) {
        EXPECT_TRUE(may_go(ten_a_day, spent, {Urgency::usual, 1000}, at_utc(2, 3)));
        spent = booked(ten_a_day, spent, 1000, {}, at_utc(2, 3));
    }
    EXPECT_FALSE(may_go(ten_a_day, spent, {Urgency::usual, 1000}, at_utc(2, 3, hours{1})));
    // Four of nine are left for a day: five intervals.
    EXPECT_EQ(next_passage(ten_a_day, spent, {Urgency::usual, 1000}, {}, at_utc(2, 3, hours{1})),
              at_utc(2, 3) + minutes{24 * 60} / 5);
    // What is urgent does not wait.
    EXPECT_EQ(next_passage(ten_a_day, spent, {Urgency::urgent, 1000}, {}, at_utc(2, 3, hours{1})),
              at_utc(2, 3, hours{1}));
}

TEST(Budgets, WhatIsSpentWaitsForTheNextPeriod) {
    Spent spent;
    for (int mail = 0; mail < 10; ++mail) {
        spent = booked(ten_a_day, spent, 1000, {}, at_utc(2, 3, hours{7}));
    }
    EXPECT_EQ(next_passage(ten_a_day, spent, {Urgency::report, 1000}, {}, at_utc(2, 3, hours{8})),
              at_utc(2, 4));
    EXPECT_EQ(next_passage(ten_a_day, spent, {Urgency::report, 1000}, {}, at_utc(2, 4)),
              at_utc(2, 4));
    const TimeZone berlin{*parse_zone_rule("CET-1CEST,M3.5.0,M10.5.0/3")};
    EXPECT_EQ(
        next_passage(ten_a_day, spent, {Urgency::report, 1000}, berlin, at_utc(2, 3, hours{8})),
        at_utc(2, 3, hours{23}));
}

TEST(Budgets, AMailThatNoPeriodLetsPassNeedsAWholeOne) {
    const Spent some = booked(million_a_day, {}, 1000, {}, at_utc(2, 3));
    EXPECT_EQ(next_passage(million_a_day, some, {Urgency::usual, 5'000'000}, {}, at_utc(2, 3)),
              at_utc(2, 4));
    EXPECT_EQ(next_passage(million_a_day, some, {Urgency::usual, 5'000'000}, {}, at_utc(2, 4)),
              at_utc(2, 4));
}

TEST(Budgets, PeriodsAreThoseOfTheCalendar) {
    const TimeZone berlin{*parse_zone_rule("CET-1CEST,M3.5.0,M10.5.0/3")};
    const Timestamp now = at_utc(7, 31, hours{22} + minutes{30}); // August 1 in Berlin
    EXPECT_EQ(period_begin(BudgetPeriod::month, berlin, now), at_utc(7, 31, hours{22}));
    EXPECT_EQ(period_end(BudgetPeriod::month, berlin, now), at_utc(8, 31, hours{22}));
    EXPECT_EQ(period_begin(BudgetPeriod::day, berlin, now), at_utc(7, 31, hours{22}));
    EXPECT_EQ(period_end(BudgetPeriod::day, berlin, now), at_utc(8, 1, hours{22}));
    // The day on which clocks are put back has 25 hours.
    EXPECT_EQ(period_end(BudgetPeriod::day, berlin, at_utc(10, 25)), at_utc(10, 25, hours{23}));
    EXPECT_EQ(period_begin(BudgetPeriod::hour, berlin, now), at_utc(7, 31, hours{22}));
    EXPECT_EQ(period_end(BudgetPeriod::minute, berlin, now), now + minutes{1});
}

TEST(Budgets, AClockThatWasSetBackDoesNotFillTheBudgetAgain) {
    Spent spent;
    for (int mail = 0; mail < 10; ++mail) {
        spent = booked(ten_a_day, spent, 1000, {}, at_utc(9, 9));
    }
    EXPECT_FALSE(may_go(ten_a_day, spent, {Urgency::report, 1000}, at_utc(2, 3)));
}

TEST(Budgets, WhatDidNotLeaveIsGivenBack) {
    Spent spent = booked(million_a_day, {}, 300'000, {}, at_utc(2, 3));
    spent = given_back(million_a_day, spent, 300'000, at_utc(2, 3));
    EXPECT_EQ(spent.used, 0U);
    EXPECT_EQ(given_back(million_a_day, spent, 5, at_utc(2, 3)).used, 0U);
}

TEST(Budgets, WhatDidNotLeaveYesterdayIsNotGivenBackToday) {
    Spent spent = booked(million_a_day, {}, 300'000, {}, at_utc(2, 3));
    spent = booked(million_a_day, spent, 400'000, {}, at_utc(2, 4));
    EXPECT_EQ(given_back(million_a_day, spent, 300'000, at_utc(2, 3)).used, 400'000U);
    EXPECT_EQ(given_back(million_a_day, spent, 300'000, at_utc(2, 4)).used, 100'000U);
}

TEST(Budgets, OfBothDirectionsAreSharedWithPeers) {
    EXPECT_EQ(share_of_own(ten_a_day, 0).most, 5U);
    EXPECT_EQ(share_of_own(ten_a_day, 5).most, 5U);
    EXPECT_EQ(share_of_own(ten_a_day, 7).most, 3U);
    EXPECT_EQ(share_of_own(ten_a_day, 70).most, 1U) << "reports go";
    EXPECT_EQ(share_of_peer(ten_a_day, 0).most, 5U);
    EXPECT_EQ(share_of_peer(ten_a_day, 2).most, 2U);
    EXPECT_EQ(share_of_peer(ten_a_day, 9).most, 1U);
}

} // namespace
} // namespace postrider::stream

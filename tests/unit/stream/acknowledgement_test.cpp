// When a receiver reports.
#include <gtest/gtest.h>

#include "common/stream/acknowledgement.hpp"

#include "tests/unit/stream/sample_stream.hpp"

namespace postrider::stream {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Acknowledgement, WithoutNewsNothingIsEverDue) {
    const Acknowledgement state;
    EXPECT_EQ(report_due(state, timing, start), std::nullopt);
    EXPECT_FALSE(has_news(state, timing, start + hours{10'000}));
}

TEST(Acknowledgement, NewsGoAloneAfterTheDelayAndRideAlongBefore) {
    Acknowledgement state;
    note_news(state, start);
    note_news(state, start + seconds{20});
    EXPECT_EQ(report_due(state, timing, start + seconds{20}), start + seconds{30});
    EXPECT_TRUE(has_news(state, timing, start + seconds{1}));
    on_reported(state, timing, start + seconds{25});
    EXPECT_EQ(report_due(state, timing, start + seconds{40}), std::nullopt);
    EXPECT_FALSE(has_news(state, timing, start + seconds{40}));
}

TEST(Acknowledgement, UrgentNewsAreDueAtOnce) {
    Acknowledgement state;
    note_urgent(state, start);
    EXPECT_EQ(report_due(state, timing, start), start);
    on_reported(state, timing, start);
    EXPECT_EQ(report_due(state, timing, start), std::nullopt);
}

TEST(Acknowledgement, AThousandDuplicatesInAnHourCauseFiveReports) {
    Acknowledgement state;
    int reports = 0;
    for (int second = 0; second < 3600; second += 3) {
        const Timestamp now = start + seconds{second};
        note_duplicate(state, timing, minutes{1}, now);
        if (report_due(state, timing, now) <= now && has_news(state, timing, now)) {
            on_reported(state, timing, now);
            ++reports;
        }
    }
    EXPECT_EQ(reports, 5); // after 0, 2, 6, 14 and 30 minutes
    note_duplicate(state, timing, minutes{1}, start + hours{2});
    EXPECT_TRUE(has_news(state, timing, start + hours{2}));
}

TEST(Acknowledgement, WhatIsNewLetsTheNextDuplicateBeAnsweredSoon) {
    Acknowledgement state;
    Timestamp now = start;
    for (int hour = 0; hour < 8; ++hour) {
        now += hours{1};
        note_duplicate(state, timing, minutes{1}, now);
        on_reported(state, timing, now);
    }
    note_duplicate(state, timing, minutes{1}, now + minutes{10});
    EXPECT_FALSE(has_news(state, timing, now + minutes{10}));
    note_news(state, now + minutes{20});
    on_reported(state, timing, now + minutes{20}); // it is lost
    note_duplicate(state, timing, minutes{1}, now + minutes{21});
    EXPECT_TRUE(has_news(state, timing, now + minutes{21}));
}

TEST(Acknowledgement, IsInVainWhereWhatWasToldComesAgainLater) {
    Acknowledgement state;
    EXPECT_FALSE(is_told_in_vain(state, timing, minutes{1}, start)) << "nothing was told";
    note_news(state, start);
    EXPECT_FALSE(is_told_in_vain(state, timing, minutes{1}, start + hours{1}));
    on_reported(state, timing, start + hours{1});
    const Timestamp crossing = start + hours{1} + timing.retransmission_min / 2 - seconds{1};
    EXPECT_FALSE(is_told_in_vain(state, timing, minutes{1}, crossing));
    EXPECT_FALSE(is_told_in_vain(state, timing, hours{3}, start + hours{3})) << "a slow way";
    EXPECT_TRUE(is_told_in_vain(state, timing, minutes{1}, start + hours{3}));
    EXPECT_FALSE(is_told_in_vain(state, timing, minutes{1}, start + hours{3})) << "said once";
    note_duplicate(state, timing, minutes{1}, start + hours{3});
    on_reported(state, timing, start + hours{3});
    EXPECT_TRUE(is_told_in_vain(state, timing, minutes{1}, start + hours{4}));
}

TEST(Acknowledgement, ALongRoundTripMakesRepeatsRarer) {
    Acknowledgement state;
    note_duplicate(state, timing, hours{5}, start);
    on_reported(state, timing, start);
    note_duplicate(state, timing, hours{5}, start + hours{4});
    EXPECT_FALSE(has_news(state, timing, start + hours{4}));
    note_duplicate(state, timing, hours{5}, start + hours{5});
    EXPECT_TRUE(has_news(state, timing, start + hours{5}));
}

TEST(Acknowledgement, AGapIsReportedAfterFiveMinutesAndThenEverMoreRarely) {
    Acknowledgement state;
    note_gap(state, true, false, start);
    Timestamp now = start;
    std::vector<std::int64_t> waits;
    for (int report = 0; report < 9; ++report) {
        const Timestamp due = *report_due(state, timing, now);
        waits.push_back(std::chrono::duration_cast<minutes>(due - now).count());
        now = due;
        EXPECT_TRUE(names_missing(state, timing, now));
        on_reported(state, timing, now);
        note_gap(state, true, false, now);
    }
    EXPECT_EQ(waits, (std::vector<std::int64_t>{5, 10, 20, 40, 80, 160, 320, 360, 360}));
}

TEST(Acknowledgement, AYoungGapIsNotNamed) {
    Acknowledgement state;
    note_gap(state, true, false, start);
    EXPECT_FALSE(names_missing(state, timing, start + minutes{4}));
    EXPECT_FALSE(has_news(state, timing, start + minutes{4}));
}

TEST(Acknowledgement, AGapThatMovesStartsAnewAndAClosedOneIsForgotten) {
    Acknowledgement state;
    note_gap(state, true, false, start);
    on_reported(state, timing, start + minutes{6});
    EXPECT_EQ(state.gap_reports, 1U);
    note_gap(state, true, true, start + minutes{7});
    EXPECT_EQ(report_due(state, timing, start + minutes{7}), start + minutes{12});
    note_gap(state, false, true, start + minutes{8});
    EXPECT_EQ(report_due(state, timing, start + minutes{8}), std::nullopt);
}

TEST(Acknowledgement, AClockThatWasSetBackDoesNotSilenceNews) {
    Acknowledgement state;
    note_news(state, start);
    const Timestamp earlier = start - hours{24 * 365};
    EXPECT_EQ(report_due(state, timing, earlier), earlier);
    Acknowledgement gap;
    note_gap(gap, true, false, start);
    EXPECT_EQ(report_due(gap, timing, earlier), earlier);
    on_reported(gap, timing, earlier);
    EXPECT_EQ(report_due(gap, timing, earlier), earlier + minutes{10});
}

} // namespace
} // namespace postrider::stream

// Jitter, retransmission delays and the backoff of paths.
#include <gtest/gtest.h>

#include "common/stream/retry.hpp"
#include "common/stream/timing.hpp"

#include "tests/unit/stream/sample_stream.hpp"

namespace postrider::stream {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Timing, JitterStaysWithinAQuarter) {
    EXPECT_EQ(jittered(seconds{100}, 0), seconds{75});
    EXPECT_EQ(jittered(seconds{100}, UINT32_MAX), seconds{125});
    EXPECT_NEAR(static_cast<double>(jittered(seconds{100}, 0x80000000U).count()), 100'000, 5);
    EXPECT_EQ(jittered(Duration{0}, 12345), Duration{0});
}

TEST(Timing, ATimeThatNoDelayReachesCountsAsNow) {
    EXPECT_EQ(due_time(start + hours{1}, hours{1}, start), start + hours{1});
    EXPECT_EQ(due_time(start + hours{1} + Duration{1}, hours{1}, start), start);
    EXPECT_EQ(due_time(start - hours{1}, hours{1}, start), start - hours{1});
}

TEST(Timing, RetransmissionWaitsFourRoundTripsButNeverLessThanTheMinimum) {
    const Timing timing;
    EXPECT_EQ(retransmission_delay(timing, std::nullopt, 1), minutes{10});
    EXPECT_EQ(retransmission_delay(timing, seconds{5}, 1), minutes{10});
    EXPECT_EQ(retransmission_delay(timing, hours{1}, 1), hours{4});
}

TEST(Timing, RetransmissionDoublesUpToADay) {
    const Timing timing;
    EXPECT_EQ(retransmission_delay(timing, std::nullopt, 2), minutes{20});
    EXPECT_EQ(retransmission_delay(timing, std::nullopt, 4), minutes{80});
    EXPECT_EQ(retransmission_delay(timing, std::nullopt, 9), hours{24});
    EXPECT_EQ(retransmission_delay(timing, std::nullopt, UINT32_MAX), hours{24});
    EXPECT_EQ(retransmission_delay(timing, hours{24 * 365}, 1), hours{24});
}

TEST(Timing, TheFirstSampleCountsWholeAndLaterOnesAnEighth) {
    std::optional<Duration> trip = smoothed(std::nullopt, seconds{80});
    EXPECT_EQ(trip, seconds{80});
    trip = smoothed(trip, seconds{160});
    EXPECT_EQ(trip, seconds{90});
    EXPECT_EQ(smoothed(trip, seconds{-1}), trip) << "a clock that was set back tells nothing";
}

TEST(Retry, FollowsTheScheduleForEver) {
    const std::vector<Duration> expected{seconds{30}, minutes{1},  minutes{2}, minutes{5},
                                         minutes{15}, minutes{30}, hours{1},   hours{2},
                                         hours{4},    hours{4}};
    for (std::uint32_t failures = 1; failures <= expected.size(); ++failures) {
        EXPECT_EQ(retry_delay(failures), expected[failures - 1]);
    }
    EXPECT_EQ(retry_delay(UINT32_MAX), hours{4});
}

TEST(Retry, WaitsAfterAFailureAndForgetsAfterASuccess) {
    Retry state;
    EXPECT_TRUE(may_try(state, start));
    on_failure(state, start, 0);
    on_failure(state, start + minutes{1}, UINT32_MAX);
    EXPECT_EQ(state.first_failure, start);
    EXPECT_FALSE(may_try(state, start + minutes{2}));
    EXPECT_TRUE(may_try(state, start + minutes{1} + seconds{75}));
    on_success(state);
    EXPECT_TRUE(may_try(state, start));
    EXPECT_EQ(state, Retry{});
}

TEST(Retry, AClockThatWasSetBackDoesNotSilenceAPath) {
    Retry state;
    on_failure(state, start, 0);
    EXPECT_TRUE(may_try(state, start - hours{24 * 30}));
    EXPECT_EQ(next_try(state, start - hours{24 * 30}), start - hours{24 * 30});
    EXPECT_EQ(next_try(state, start), *state.next_try);
}

} // namespace
} // namespace postrider::stream

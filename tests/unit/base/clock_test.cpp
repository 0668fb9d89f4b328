// Times as numbers and as text, before 1970 too.
#include <gtest/gtest.h>

#include "common/base/clock.hpp"

namespace postrider {
namespace {

TEST(Clock, TextShowsTheTimeInUtcToTheMillisecond) {
    EXPECT_EQ(to_text(from_milliseconds(0)), "1970-01-01 00:00:00.000Z");
    EXPECT_EQ(to_text(from_milliseconds(951'782'399'007)), "2000-02-28 23:59:59.007Z");
    EXPECT_EQ(to_text(from_milliseconds(951'782'400'000)), "2000-02-29 00:00:00.000Z");
    EXPECT_EQ(to_text(from_milliseconds(-1)), "1969-12-31 23:59:59.999Z");
}

TEST(Clock, MillisecondsComeBackAsTheyWere) {
    for (const std::int64_t milliseconds : {-86'400'001LL, -1LL, 0LL, 1LL, 4'102'444'800'000LL}) {
        EXPECT_EQ(to_milliseconds(from_milliseconds(milliseconds)), milliseconds);
    }
}

} // namespace
} // namespace postrider

// EVERY, AT and BETWEEN: over midnight, over the change of clocks, and with clocks that are wrong.
#include <gtest/gtest.h>

#include "common/stream/schedule.hpp"

namespace postrider::stream {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::year;

TimeZone berlin() {
    return TimeZone{*parse_zone_rule("CET-1CEST,M3.5.0,M10.5.0/3")};
}

Timestamp utc(unsigned m, unsigned d, Duration of_day = {}) {
    return sys_days{year{2026} / static_cast<int>(m) / static_cast<int>(d)} + of_day;
}

const ScheduleUse fresh{utc(1, 1), std::nullopt};

TEST(Schedules, WithoutOneEverythingIsOpen) {
    EXPECT_EQ(next_opening({}, fresh, {}, utc(2, 3)), utc(2, 3));
}

TEST(Schedules, EveryOpensAtOnceAndThenAfterItsTime) {
    const Schedule schedule{.every = hours{1}, .at = {}, .between = {}};
    EXPECT_EQ(next_opening(schedule, fresh, {}, utc(2, 3)), utc(2, 3));
    const ScheduleUse used{utc(1, 1), utc(2, 3)};
    EXPECT_EQ(next_opening(schedule, used, {}, utc(2, 3, minutes{1})), utc(2, 3, hours{1}));
    EXPECT_EQ(next_opening(schedule, used, {}, utc(2, 3, hours{1})), utc(2, 3, hours{1}));
    EXPECT_EQ(next_opening(schedule, used, {}, utc(2, 9)), utc(2, 9));
}

TEST(Schedules, AtOpensAtEachTimeOnceAndCatchesUpOnWhatWasMissed) {
    const Schedule schedule{.every = {}, .at = {hours{8}, hours{20}}, .between = {}};
    const ScheduleUse used{utc(1, 1), utc(2, 3, hours{8})};
    EXPECT_EQ(next_opening(schedule, used, {}, utc(2, 3, hours{9})), utc(2, 3, hours{20}));
    EXPECT_EQ(next_opening(schedule, used, {}, utc(2, 3, hours{20})), utc(2, 3, hours{20}));
    // Nobody was there at eight in the evening.
    EXPECT_EQ(next_opening(schedule, used, {}, utc(2, 3, hours{23})), utc(2, 3, hours{23}));
    const ScheduleUse late{utc(1, 1), utc(2, 3, hours{23})};
    EXPECT_EQ(next_opening(schedule, late, {}, utc(2, 3, hours{23})), utc(2, 4, hours{8}));
}

TEST(Schedules, AtDoesNotOpenBeforeItWasDeclared) {
    const Schedule schedule{.every = {}, .at = {hours{22}}, .between = {}};
    const ScheduleUse declared{utc(2, 3, hours{10}), std::nullopt};
    EXPECT_EQ(next_opening(schedule, declared, {}, utc(2, 3, hours{11})), utc(2, 3, hours{22}));
}

TEST(Schedules, AnOpeningOfAtThatPassesWhileNothingWaitsIsNotKept) {
    const Schedule schedule{.every = {}, .at = {hours{8}, hours{20}}, .between = {}};
    ScheduleUse use{utc(1, 1), utc(2, 2, hours{20}), utc(2, 3, hours{10})};
    EXPECT_EQ(next_opening(schedule, use, {}, utc(2, 3, hours{10})), utc(2, 3, hours{20}));
    EXPECT_EQ(next_opening(schedule, use, {}, utc(2, 3, hours{21})), utc(2, 3, hours{21}));
    use.waiting_since = utc(2, 3, hours{8}); // and one that begins just then is
    EXPECT_EQ(next_opening(schedule, use, {}, utc(2, 3, hours{8})), utc(2, 3, hours{8}));
    use.waiting_since = utc(9, 9); // the clock was set back
    EXPECT_EQ(next_opening(schedule, use, {}, utc(2, 3, hours{10})), utc(2, 3, hours{20}));
}

TEST(Schedules, HoursMaySpanMidnight) {
    const Schedule schedule{.every = {}, .at = {}, .between = OpenHours{hours{22}, hours{6}}};
    EXPECT_EQ(next_opening(schedule, fresh, {}, utc(2, 3, hours{23})), utc(2, 3, hours{23}));
    EXPECT_EQ(next_opening(schedule, fresh, {}, utc(2, 4, hours{5})), utc(2, 4, hours{5}));
    EXPECT_EQ(next_opening(schedule, fresh, {}, utc(2, 4, hours{6})), utc(2, 4, hours{22}));
    EXPECT_EQ(next_opening(schedule, fresh, {}, utc(2, 4, hours{12})), utc(2, 4, hours{22}));
}

TEST(Schedules, EveryWithinHoursWaitsForThem) {
    const Schedule schedule{.every = hours{2}, .at = {}, .between = OpenHours{hours{8}, hours{18}}};
    const ScheduleUse used{utc(1, 1), utc(2, 3, hours{17})};
    EXPECT_EQ(next_opening(schedule, used, {}, utc(2, 3, hours{17} + minutes{30})),
              utc(2, 4, hours{8}));
}

TEST(Schedules, TimesAreThoseOfTheClockOnTheWall) {
    const Schedule at{.every = {}, .at = {hours{8}}, .between = {}};
    const ScheduleUse winter{utc(1, 1), utc(1, 10, hours{8})};
    EXPECT_EQ(next_opening(at, winter, berlin(), utc(1, 10, hours{9})), utc(1, 11, hours{7}));
    const ScheduleUse summer{utc(1, 1), utc(7, 10, hours{8})};
    EXPECT_EQ(next_opening(at, summer, berlin(), utc(7, 10, hours{9})), utc(7, 11, hours{6}));
}

TEST(Schedules, ATimeThatComesTwiceOpensOnce) {
    const Schedule at{.every = {}, .at = {minutes{150}}, .between = {}}; // 02:30
    const Timestamp first = utc(10, 25, minutes{30});
    const ScheduleUse before{utc(1, 1), utc(10, 24, hours{12})};
    EXPECT_EQ(next_opening(at, before, berlin(), utc(10, 24, hours{20})), first);
    const ScheduleUse used{utc(1, 1), first};
    EXPECT_EQ(next_opening(at, used, berlin(), first + minutes{1}), utc(10, 26, minutes{90}));
}

TEST(Schedules, ATimeThatIsLeftOutOpensAtTheChange) {
    const Schedule at{.every = {}, .at = {minutes{150}}, .between = {}};
    const ScheduleUse before{utc(1, 1), utc(3, 28, hours{12})};
    EXPECT_EQ(next_opening(at, before, berlin(), utc(3, 28, hours{20})), utc(3, 29, hours{1}));
}

TEST(Schedules, HoursThatAreLeftOutDoNotComeThatDay) {
    const Schedule schedule{
        .every = {}, .at = {}, .between = OpenHours{minutes{130}, minutes{170}}}; // 02:10-02:50
    EXPECT_EQ(next_opening(schedule, fresh, berlin(), utc(3, 28, hours{12})),
              utc(3, 30, minutes{10}));
}

TEST(Schedules, HoursThatBeginInTheSecondOfTwoEqualHoursAreThoseOfTheFirst) {
    const Schedule schedule{
        .every = {}, .at = {}, .between = OpenHours{minutes{130}, minutes{170}}};
    EXPECT_EQ(next_opening(schedule, fresh, berlin(), utc(10, 24, hours{12})),
              utc(10, 25, minutes{10}));
    // 02:20 comes again an hour later, and is closed.
    EXPECT_EQ(next_opening(schedule, fresh, berlin(), utc(10, 25, minutes{80})),
              utc(10, 26, minutes{70}));
}

TEST(Schedules, AClockThatWasSetBackWaitsForTheNextOpeningAtMost) {
    const Timestamp now = utc(2, 3, hours{12});
    const ScheduleUse ahead{utc(1, 1), utc(2, 3) + days{4000}};
    const Schedule every{.every = hours{1}, .at = {}, .between = {}};
    EXPECT_EQ(next_opening(every, ahead, {}, now), now + hours{1});
    const Schedule at{.every = {}, .at = {hours{20}}, .between = {}};
    EXPECT_EQ(next_opening(at, ahead, {}, now), utc(2, 3, hours{20}));
    const ScheduleUse declared_ahead{utc(2, 3) + days{4000}, std::nullopt};
    EXPECT_EQ(next_opening(at, declared_ahead, {}, now), utc(2, 3, hours{20}));
}

TEST(Schedules, AClockThatWasYearsBehindOpensAtOnce) {
    const ScheduleUse behind{utc(1, 1) - days{4000}, utc(1, 1) - days{4000}};
    const Schedule every{.every = hours{1}, .at = {}, .between = {}};
    EXPECT_EQ(next_opening(every, behind, {}, utc(2, 3)), utc(2, 3));
    const Schedule at{.every = {}, .at = {hours{20}}, .between = {}};
    EXPECT_EQ(next_opening(at, behind, {}, utc(2, 3)), utc(2, 3));
}

TEST(Schedules, HoursCloseAtTheirEndAndOverMidnight) {
    const Schedule night{.every = {}, .at = {}, .between = OpenHours{hours{22}, hours{6}}};
    EXPECT_EQ(closing(night, {}, utc(2, 3, hours{23})), utc(2, 4, hours{6}));
    EXPECT_EQ(closing(night, {}, utc(2, 3, hours{5})), utc(2, 3, hours{6}));
    EXPECT_EQ(closing(night, {}, utc(2, 3, hours{6})), std::nullopt);
    EXPECT_EQ(closing({}, {}, utc(2, 3)), std::nullopt);
}

TEST(Schedules, HaveARhythmWhereTheyHaveOpenings) {
    EXPECT_EQ(rhythm({.every = hours{3}, .at = {}, .between = {}}), hours{3});
    EXPECT_EQ(rhythm({.every = {}, .at = {hours{8}, hours{20}}, .between = {}}), hours{12});
    EXPECT_EQ(rhythm({.every = {}, .at = {}, .between = OpenHours{hours{22}, hours{6}}}),
              std::nullopt);
}

} // namespace
} // namespace postrider::stream

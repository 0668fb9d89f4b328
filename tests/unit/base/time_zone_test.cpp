// Time zones: the days on which clocks are put forward and back, files, and rules that are none.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/base/time_zone.hpp"

namespace postrider {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::year;

constexpr std::string_view berlin_rule = "CET-1CEST,M3.5.0,M10.5.0/3";

TimeZone zone_with(std::string_view rule) {
    const Result<ZoneRule> parsed = parse_zone_rule(rule);
    EXPECT_TRUE(parsed.has_value()) << rule;
    return parsed ? TimeZone{*parsed} : TimeZone{};
}

Timestamp utc(int y, unsigned m, unsigned d, Duration of_day = {}) {
    return sys_days{year{y} / static_cast<int>(m) / static_cast<int>(d)} + of_day;
}

LocalTime local(int y, unsigned m, unsigned d, Duration of_day = {}) {
    return local_days{year{y} / static_cast<int>(m) / static_cast<int>(d)} + of_day;
}

TEST(TimeZones, UtcIsItself) {
    const TimeZone zone;
    EXPECT_EQ(zone.to_local(utc(2026, 7, 1, hours{5})), local(2026, 7, 1, hours{5}));
    EXPECT_EQ(zone.first_at(local(2026, 7, 1, hours{5})), utc(2026, 7, 1, hours{5}));
}

TEST(TimeZones, SummerIsAnHourAhead) {
    const TimeZone zone = zone_with(berlin_rule);
    EXPECT_EQ(zone.to_local(utc(2026, 1, 15, hours{12})), local(2026, 1, 15, hours{13}));
    EXPECT_EQ(zone.to_local(utc(2026, 7, 15, hours{12})), local(2026, 7, 15, hours{14}));
    EXPECT_EQ(zone.first_at(local(2026, 7, 15, hours{14})), utc(2026, 7, 15, hours{12}));
}

TEST(TimeZones, ATimeThatIsLeftOutIsTheMomentAtWhichItIs) {
    const TimeZone zone = zone_with(berlin_rule); // 2026-03-29: from 02:00 to 03:00
    const Timestamp change = utc(2026, 3, 29, hours{1});
    EXPECT_EQ(zone.to_local(change - minutes{1}), local(2026, 3, 29, hours{2} - minutes{1}));
    EXPECT_EQ(zone.to_local(change), local(2026, 3, 29, hours{3}));
    EXPECT_EQ(zone.first_at(local(2026, 3, 29, hours{2})), change);
    EXPECT_EQ(zone.first_at(local(2026, 3, 29, hours{2} + minutes{30})), change);
    EXPECT_EQ(zone.first_at(local(2026, 3, 29, hours{3})), change);
}

TEST(TimeZones, OfATimeThatComesTwiceTheFirstIsMeant) {
    const TimeZone zone = zone_with(berlin_rule); // 2026-10-25: from 03:00 back to 02:00
    EXPECT_EQ(zone.first_at(local(2026, 10, 25, hours{2} + minutes{30})),
              utc(2026, 10, 25, minutes{30}));
    EXPECT_EQ(zone.to_local(utc(2026, 10, 25, minutes{90})),
              local(2026, 10, 25, hours{2} + minutes{30}));
    EXPECT_EQ(zone.first_at(local(2026, 10, 25, hours{3})), utc(2026, 10, 25, hours{2}));
}

TEST(TimeZones, SummerOfTheSouthSpansTheNewYear) {
    const TimeZone zone = zone_with("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"); // Lord Howe
    EXPECT_EQ(zone.to_local(utc(2026, 1, 1)), local(2026, 1, 1, hours{11}));
    EXPECT_EQ(zone.to_local(utc(2026, 7, 1)), local(2026, 7, 1, hours{10} + minutes{30}));
}

TEST(TimeZones, RulesMayCountDays) {
    const TimeZone julian = zone_with("AAA3BBB,J60/0,J300/0");
    EXPECT_EQ(julian.first_at(local(2028, 3, 1, minutes{90})), utc(2028, 3, 1, minutes{210}));
    EXPECT_EQ(julian.to_local(utc(2028, 3, 1, hours{2})), local(2028, 2, 29, hours{23}));
    const TimeZone counted = zone_with("AAA3BBB,59/0,300/0");
    EXPECT_EQ(counted.to_local(utc(2028, 2, 29, hours{3})), local(2028, 2, 29, hours{1}));
}

TEST(TimeZones, EveryLocalTimeOfAYearLeadsBackToItselfOrBeyondAGap) {
    for (const std::string_view rule : {berlin_rule, std::string_view{"EST5EDT,M3.2.0,M11.1.0"}}) {
        const TimeZone zone = zone_with(rule);
        Timestamp before = utc(2025, 12, 31);
        for (LocalTime at = local(2026, 1, 1); at < local(2027, 1, 1); at += minutes{30}) {
            const Timestamp instant = zone.first_at(at);
            EXPECT_GE(instant, before);
            EXPECT_GE(zone.to_local(instant), at);
            EXPECT_LE(zone.to_local(instant), at + hours{1});
            before = instant;
        }
    }
}

TEST(TimeZones, AClockThatIsCenturiesOffStillHasALocalTime) {
    const TimeZone zone = zone_with(berlin_rule);
    for (const int y : {-2000, 1, 1900, 9999, 20000}) {
        const Timestamp time = utc(y, 6, 1, hours{12});
        const Duration away = zone.to_local(time).time_since_epoch() - time.time_since_epoch();
        EXPECT_TRUE(away == hours{1} || away == hours{2}) << y;
    }
}

TEST(TimeZones, WhatIsNoRuleIsRefused) {
    for (const char *text :
         {"", "C-1", "CET", "CET-", "CET-1CEST", "CET-1CEST,", "CET-1CEST,M3.5.0",
          "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
          "CET-1CEST,J0,J300", "CET-1CEST,J366,J300", "CET-1CEST,366,300",
          "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-168", "<CET-1", "CET-1:60"}) {
        EXPECT_FALSE(parse_zone_rule(text).has_value()) << text;
    }
}

/// A file of version 2 with one change, its old block empty.
Bytes zone_file(std::string_view footer) {
    ByteWriter out;
    const auto header = [&](std::uint32_t times, std::uint32_t types, std::uint32_t chars) {
        out.raw(as_bytes("TZif2"));
        out.raw(Bytes(15, 0));
        for (const std::uint32_t count : {0U, 0U, 0U, times, types, chars}) {
            for (const unsigned shift : {24U, 16U, 8U, 0U}) {
                out.u8(static_cast<std::uint8_t>(count >> shift & 0xFFU));
            }
        }
    };
    header(0, 0, 0);
    header(1, 2, 8);
    const std::uint64_t change = 946684800; // 2000-01-01
    for (int shift = 56; shift >= 0; shift -= 8) {
        out.u8(static_cast<std::uint8_t>(change >> static_cast<unsigned>(shift) & 0xFFU));
    }
    out.u8(1);
    out.raw(Bytes{0, 0, 0, 0, 0, 0});       // UTC before
    out.raw(Bytes{0, 0, 0x0E, 0x10, 0, 4}); // an hour east since
    out.raw(Bytes(8, 'x'));
    out.raw(as_bytes("\n" + std::string{footer} + "\n"));
    return std::move(out).take();
}

TEST(TimeZones, AFileTellsThePastAndARuleTheRest) {
    const Result<TimeZone> zone = TimeZone::from_file(zone_file(berlin_rule));
    ASSERT_TRUE(zone.has_value());
    EXPECT_EQ(zone->to_local(utc(1999, 7, 1)), local(1999, 7, 1));
    EXPECT_EQ(zone->to_local(utc(2000, 1, 2)), local(2000, 1, 2, hours{1}));
    EXPECT_EQ(zone->to_local(utc(2000, 7, 1)), local(2000, 7, 1, hours{2}));
    const Result<TimeZone> fixed = TimeZone::from_file(zone_file(""));
    ASSERT_TRUE(fixed.has_value());
    EXPECT_EQ(fixed->to_local(utc(2026, 7, 1)), local(2026, 7, 1, hours{1}));
}

TEST(TimeZones, AFileThatIsCutOrDamagedIsRefusedOrRead) {
    const Bytes file = zone_file(berlin_rule);
    for (std::size_t size = 0; size < file.size(); ++size) {
        EXPECT_FALSE(TimeZone::from_file(ByteView{file}.first(size)).has_value()) << size;
    }
    for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
        Bytes damaged = file;
        damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        if (const Result<TimeZone> zone = TimeZone::from_file(damaged)) {
            static_cast<void>(zone->first_at(local(2026, 3, 29, hours{2})));
        }
    }
}

TEST(TimeZones, AFileMayBeSoLongAndNoLonger) {
    Bytes file = zone_file(berlin_rule);
    file.resize(limits::time_zone_file_bytes_max);
    EXPECT_TRUE(TimeZone::from_file(file).has_value());
    file.push_back(0);
    EXPECT_FALSE(TimeZone::from_file(file).has_value());
}

} // namespace
} // namespace postrider

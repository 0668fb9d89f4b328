// Values out of the texts that SQLite holds for them, and back.
#include <limits>

#include <gtest/gtest.h>

#include "common/dialect/decimal_text.hpp"
#include "common/dialect/sqlite_storage.hpp"
#include "common/dialect/text_values.hpp"

namespace postrider::dialect {
namespace {

constexpr std::int32_t least32 = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t greatest32 = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t least64 = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t greatest64 = std::numeric_limits<std::int64_t>::max();

std::string stored_text(const Value &value) {
    return to_sqlite_storage(value)->as<Text>()->text;
}

void comes_back(const Value &value) {
    const std::string text = stored_text(value);
    EXPECT_EQ(read_text_value(value.kind(), text), value) << text;
}

void is_refused(Kind kind, std::initializer_list<const char *> texts) {
    for (const char *text : texts) {
        EXPECT_EQ(read_text_value(kind, text), std::nullopt) << text;
    }
}

TEST(TextValues, DatesComeBack) {
    for (const std::int32_t days : {0, -1, 59, 60, -730'485, -730'486, 2'921'939, 2'921'940,
                                    least32, least32 + 1, greatest32 - 1, greatest32}) {
        comes_back(Date{days});
    }
    for (std::int32_t days = -2'000'000; days < 4'000'000; days += 997) {
        comes_back(Date{days});
    }
    EXPECT_EQ(read_text_value(Kind::date, "2026-11-30"), Value{Date{9830}});
    EXPECT_EQ(read_text_value(Kind::date, "-0043-03-15"), Value{Date{-746'117}});
}

TEST(TextValues, DatesAreStrict) {
    is_refused(Kind::date, {"",
                            "2026",
                            "2026-11",
                            "2026-11-3",
                            "26-11-30",
                            "2026-11-31",
                            "2026-02-29",
                            "2026-13-01",
                            "2026-00-10",
                            "2026-01-00",
                            " 2026-11-30",
                            "2026-11-30 ",
                            "2026/11/30",
                            "02026-11-30",
                            "+2026-11-30",
                            "-0000-01-01",
                            "--001-01-01",
                            "Infinity",
                            "today",
                            "99999999-01-01",
                            "9999999-01-01",
                            "2026-11-30 00:00:00"});
}

TEST(TextValues, TimesComeBack) {
    for (const std::int64_t microseconds :
         {0L, 1L, 999'999L, 1'000'000L, 45'296'789'012L, 86'399'999'999L, 86'400'000'000L}) {
        comes_back(Time{microseconds});
        for (const std::int32_t offset : {0, 1, -1, 3600, -28'800, 19'800, 57'599, -57'599}) {
            comes_back(TimeWithZone{microseconds, offset});
        }
    }
}

TEST(TextValues, TimesAreStrict) {
    is_refused(Kind::time, {"", "12", "12:34", "1:02:03", "12:34:5", "12:34:56.", "12:34:56.5",
                            "12:34:56.000000", "12:34:56.1234567", "24:00:01", "12:60:00",
                            "12:00:60", "12:34:56+00:00", "12:34:56Z", "-1:00:00"});
    is_refused(Kind::time_with_zone,
               {"12:34:56", "12:34:56Z", "12:34:56+00", "12:34:56+0000", "12:34:56-00:00",
                "12:34:56+00:00:00", "12:34:56+00:60", "12:34:56+100:00", "12:34:56 +00:00"});
}

TEST(TextValues, TimestampsComeBack) {
    for (const std::int64_t microseconds :
         {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, std::int64_t{86'400'000'000},
          std::int64_t{-86'400'000'001}, std::int64_t{849'283'268'500'000}, least64, least64 + 1,
          greatest64 - 1, greatest64}) {
        comes_back(LocalTimestamp{microseconds});
        comes_back(ZonedTimestamp{microseconds});
    }
}

TEST(TextValues, TimestampsAreStrict) {
    is_refused(Kind::timestamp,
               {"", "2026-11-30", "2026-11-30T12:00:00", "2026-11-30 12:00:00Z",
                "2026-11-30 12:00:00.5", "2026-11-30 24:00:00", "2026-02-29 12:00:00",
                "2026-11-30  12:00:00", "294277-01-09 04:00:54.775807",
                "-290278-12-22 19:59:05.224192", "999999-01-01 00:00:00", "now"});
    is_refused(Kind::timestamp_with_zone,
               {"2026-11-30 12:00:00", "2026-11-30 12:00:00+00", "2026-11-30 12:00:00+00:00",
                "2026-11-30 12:00:00z", "infinityZ"});
}

TEST(TextValues, IntervalsComeBack) {
    for (const Interval &interval :
         {Interval{0, 0, 0}, Interval{1, 2, 3'500'000}, Interval{-12, -1, 0}, Interval{0, 0, -1},
          Interval{0, 0, -500'000}, Interval{0, 5, -1'000'000}, Interval{least32, least32, least64},
          Interval{greatest32, greatest32, greatest64}, Interval{0, 0, least64 + 1}}) {
        comes_back(interval);
    }
    EXPECT_EQ(read_text_value(Kind::interval, "P1M2DT3.500000S"),
              (Value{Interval{1, 2, 3'500'000}}));
}

TEST(TextValues, IntervalsAreStrict) {
    is_refused(Kind::interval, {"",
                                "P",
                                "PT",
                                "P1",
                                "P1Y",
                                "P2D1M",
                                "P1M1M",
                                "P0M",
                                "P1MT0S",
                                "PT1H",
                                "PT3.5S",
                                "PT3.500000",
                                "PT-0S",
                                "P-0M",
                                "P+1M",
                                "P2147483648M",
                                "P-2147483649D",
                                "PT9223372036854.775808S",
                                "PT-9223372036854.775809S",
                                "PT99999999999999S",
                                "PT999999999999999999S",
                                "1 day",
                                "P99999999999M",
                                "P1MT"});
}

TEST(TextValues, UuidsComeBackInTheirUsualForm) {
    Uuid uuid{};
    for (std::size_t index = 0; index < uuid.bytes.size(); ++index) {
        uuid.bytes[index] = static_cast<std::uint8_t>(index * 17);
    }
    comes_back(uuid);
    is_refused(Kind::uuid,
               {"", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc999c0b4ef8bb6d6bb9bd380a11",
                "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
                "a0eebc9-99c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g"});
}

TEST(TextValues, BitStringsComeBack) {
    for (const char *text : {"", "1", "0101", "11111111", "101010101"}) {
        const auto value = read_text_value(Kind::bits, text);
        ASSERT_TRUE(value) << text;
        EXPECT_EQ(stored_text(*value), text);
    }
    EXPECT_EQ(read_text_value(Kind::bits, "101010101"), (Value{Bits{9, {0xAA, 0x80}}}));
    is_refused(Kind::bits, {"2", "0b01", " 01", "B'01'"});
}

TEST(TextValues, DecimalsKeepTheirScale) {
    for (const char *text : {"0", "0.00", "-1", "1.50", "0.001", "123456789012345678901234567890",
                             "NaN", "Infinity", "-Infinity"}) {
        EXPECT_EQ(read_text_value(Kind::decimal, text), Value{Decimal{text}}) << text;
    }
    is_refused(Kind::decimal, {"", "-", ".", "1.", ".5", "+1", "007", "-0", "-0.00", "1e5", " 1",
                               "1 ", "1,5", "0x10", "nan", "inf", "1.2.3", "--1"});
}

TEST(TextValues, OtherKindsHaveNoTextHere) {
    is_refused(Kind::text, {"", "a"});
    is_refused(Kind::int64, {"1"});
    is_refused(Kind::bytes, {"00"});
    is_refused(Kind::array, {"{}"});
}

std::string scaled(std::string_view text, std::int32_t scale) {
    return with_scale(*read_decimal(text), scale);
}

TEST(DecimalText, IsRoundedHalfAwayFromZero) {
    EXPECT_EQ(scaled("1.5", 2), "1.50");
    EXPECT_EQ(scaled("1.45", 1), "1.5");
    EXPECT_EQ(scaled("-1.45", 1), "-1.5");
    EXPECT_EQ(scaled("1.449", 1), "1.4");
    EXPECT_EQ(scaled("9.99", 1), "10.0");
    EXPECT_EQ(scaled("0.5", 0), "1");
    EXPECT_EQ(scaled("0.49", 0), "0");
    EXPECT_EQ(scaled("-0.4", 0), "0");
    EXPECT_EQ(scaled("-0.04", 1), "0.0");
    EXPECT_EQ(scaled("007.10", 1), "7.1");
    EXPECT_EQ(scaled("1250", -2), "1300");
    EXPECT_EQ(scaled("1249.9", -2), "1200");
    EXPECT_EQ(scaled("50", -2), "100");
    EXPECT_EQ(scaled("49", -2), "0");
    EXPECT_EQ(scaled("5", -3), "0");
    EXPECT_EQ(scaled("0.00012", 5), "0.00012");
}

TEST(DecimalText, ShortestDigitsHaveNoExponent) {
    EXPECT_EQ(decimal_of(0.0), "0");
    EXPECT_EQ(decimal_of(-0.0), "0");
    EXPECT_EQ(decimal_of(1.0), "1");
    EXPECT_EQ(decimal_of(0.1), "0.1");
    EXPECT_EQ(decimal_of(0.1F), "0.1");
    EXPECT_EQ(decimal_of(-1234.5), "-1234.5");
    EXPECT_EQ(decimal_of(1e23), "1" + std::string(23, '0'));
    EXPECT_EQ(decimal_of(1.5e-7), "0.00000015");
    EXPECT_EQ(decimal_of(0.1 + 0.2), "0.30000000000000004");
    EXPECT_EQ(decimal_of(5e-324), "0." + std::string(323, '0') + "5");
    EXPECT_EQ(decimal_of(std::numeric_limits<double>::max()).size(), 309U);
}

TEST(DecimalText, NumbersAreEqualHoweverTheyAreWritten) {
    const auto same = [](std::string_view one, std::string_view other) {
        return is_same_number(*read_decimal(one), *read_decimal(other));
    };
    EXPECT_TRUE(same("1.50", "001.5"));
    EXPECT_TRUE(same("-0.0", "0"));
    EXPECT_FALSE(same("-1", "1"));
    EXPECT_FALSE(same("10", "1"));
    EXPECT_FALSE(same("0.10", "0.01"));
}

} // namespace
} // namespace postrider::dialect

// A text is taken for a uuid, number or time only where printing gives the very same text.
#include <bit>
#include <limits>

#include <gtest/gtest.h>

#include "common/wire/text_forms.hpp"

namespace postrider::wire {
namespace {

TEST(TextForms, PrintsEveryUuidItReads) {
    const std::string text = "8fc5b912-a5ff-44e2-8c95-92f1e8877ded";
    const auto uuid = read_uuid(text);
    ASSERT_TRUE(uuid.has_value());
    EXPECT_EQ(uuid->high, 0x8fc5b912a5ff44e2U);
    EXPECT_EQ(print_uuid(*uuid), text);
}

TEST(TextForms, TakesNothingElseForAUuid) {
    for (const char *text :
         {"8FC5b912-a5ff-44e2-8c95-92f1e8877ded", "8fc5b912-a5ff-44e2-8c95-92f1e8877de",
          "8fc5b912-a5ff-44e2-8c95-92f1e8877ded0", "8fc5b9120a5ff-44e2-8c95-92f1e8877ded",
          "{fc5b912-a5ff-44e2-8c95-92f1e8877ded", ""}) {
        EXPECT_FALSE(read_uuid(text).has_value()) << text;
    }
}

TEST(TextForms, PrintsEveryNumberItReads) {
    for (const char *text : {"0", "-1", "20.50", "0.00", "-0.05", "999999999999999999",
                             "0.12345678901234567", "-123456.7890"}) {
        const auto number = read_number(text);
        ASSERT_TRUE(number.has_value()) << text;
        EXPECT_EQ(print_number(*number), text);
    }
}

TEST(TextForms, TakesNothingElseForANumber) {
    for (const char *text : {"", "-", "+1", "01", "00", "-0", "-0.0", "1.", ".5", "1e5", " 1", "1 ",
                             "1234567890123456789", "1.2.3", "NaN", "٣", "--1", "1,5"}) {
        EXPECT_FALSE(read_number(text).has_value()) << text;
    }
}

TEST(TextForms, PrintsTheExtremesOfIntegers) {
    EXPECT_EQ(print_number({std::numeric_limits<std::int64_t>::min(), 0}), "-9223372036854775808");
    EXPECT_EQ(print_number({std::numeric_limits<std::int64_t>::min(), 18}),
              "-9.223372036854775808");
}

TEST(TextForms, GivesFloatsBackBitByBit) {
    for (const double number : {0.1, 20.55, -3.25, 1e15, 36.6, 0.1234567, 0.0}) {
        std::optional<std::int64_t> scaled;
        std::uint64_t scale = 0;
        for (; scale <= float_scale_max && !scaled; ++scale) {
            scaled = scale_float(number, scale);
        }
        ASSERT_TRUE(scaled.has_value()) << number;
        EXPECT_EQ(std::bit_cast<std::uint64_t>(unscale_float(*scaled, scale - 1)),
                  std::bit_cast<std::uint64_t>(number));
    }
}

TEST(TextForms, LeavesFloatsThatDecimalsDoNotGive) {
    for (const double number :
         {-0.0, 1.0 / 3, 1e300, std::numeric_limits<double>::infinity(),
          std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::denorm_min()}) {
        for (std::uint64_t scale = 0; scale <= float_scale_max; ++scale) {
            EXPECT_FALSE(scale_float(number, scale).has_value()) << number << " at " << scale;
        }
    }
}

TEST(TextForms, PrintsEveryTimeItReads) {
    for (const char *text : {"2024-01-15", "0000-01-01", "9999-12-31", "2024-02-29",
                             "2024-01-15 08:00:37", "2024-01-15T08:00:37Z", "2024-01-15 08:00:37.1",
                             "2024-01-15 08:00:37.123456", "1999-12-31T23:59:59.999Z",
                             "0000-01-01 00:00:00.000001", "9999-12-31 23:59:59.999999Z"}) {
        const auto time = read_time(text);
        ASSERT_TRUE(time.has_value()) << text;
        EXPECT_EQ(print_time(*time), text);
    }
}

TEST(TextForms, TakesNothingElseForATime) {
    for (const char *text :
         {"2023-02-29", "2024-13-01", "2024-00-10", "2024-1-15", "24-01-15", "2024-01-15 24:00:00",
          "2024-01-15 08:00", "2024-01-15 08:00:60", "2024-01-15 08:00:37.",
          "2024-01-15 08:00:37.1234567", "2024-01-15 08:00:37 Z", "2024-01-15t08:00:37",
          "2024-01-15Z", "2024-01-15 08:00:37+00", "-024-01-15", "2024/01/15"}) {
        EXPECT_FALSE(read_time(text).has_value()) << text;
    }
}

TEST(TextForms, PrintsNoTimeOutsideFourDigitYears) {
    EXPECT_TRUE(print_time({0, 2'921'939}).has_value());
    EXPECT_FALSE(print_time({0, 2'921'940}).has_value());
    EXPECT_TRUE(print_time({0, -730'485}).has_value());
    EXPECT_FALSE(print_time({0, -730'486}).has_value());
    for (TimeLayout layout = 0; layout < time_layouts; ++layout) {
        EXPECT_FALSE(print_time({layout, std::numeric_limits<std::int64_t>::min()}).has_value());
        EXPECT_FALSE(print_time({layout, std::numeric_limits<std::int64_t>::max()}).has_value());
    }
}

} // namespace
} // namespace postrider::wire

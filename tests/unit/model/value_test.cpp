// Equality and order are those of kind and bits; cost is the same everywhere.
#include <limits>

#include <gtest/gtest.h>

#include "common/model/value.hpp"

namespace postrider {
namespace {

TEST(Value, TellsNegativeZeroFromZero) {
    EXPECT_NE(Value::float64(-0.0), Value::float64(0.0));
}

TEST(Value, ANotANumberEqualsItself) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(Value::float64(nan), Value::float64(nan));
}

TEST(Value, AnIntegerIsNoFloat) {
    EXPECT_NE(Value{std::int64_t{1}}, Value::float64(1.0));
}

TEST(Value, NullEqualsNullAndComesFirst) {
    EXPECT_EQ(Value{}, Value{});
    EXPECT_LT(Value{}, Value{false});
}

TEST(Value, TextsAreOrderedByUnsignedBytes) {
    EXPECT_LT(Value::text("z"), Value::text("\xc3\xa9"));
}

TEST(Value, ArraysAreOrderedByShapeThenElements) {
    const Array one{{{1, 1}}, {Value{std::int64_t{5}}}};
    const Array two{{{1, 1}}, {Value{std::int64_t{6}}}};
    const Array longer{{{1, 2}}, {Value{std::int64_t{0}}, Value{std::int64_t{0}}}};
    EXPECT_LT(Value{one}, Value{two});
    EXPECT_LT(Value{two}, Value{longer});
    EXPECT_EQ(Value{one}, Value{one});
}

TEST(Value, CostsAFixedPartAndItsPayload) {
    EXPECT_EQ(Value{}.cell_bytes(), 32U);
    EXPECT_EQ(Value{std::int64_t{7}}.cell_bytes(), 32U);
    EXPECT_EQ(Value::text("abc").cell_bytes(), 35U);
    const Array array{{{1, 2}}, {Value::text("abc"), Value{}}};
    EXPECT_EQ(Value{array}.cell_bytes(), 32U + 8U + 35U + 32U);
}

TEST(Value, EveryKindHasAName) {
    for (int kind = 0; kind <= static_cast<int>(Kind::native); ++kind) {
        EXPECT_NE(name_of(static_cast<Kind>(kind)), "unknown");
    }
}

} // namespace
} // namespace postrider

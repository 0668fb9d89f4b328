// A result is a value or an error, and asking for the other one is a bug of ours.
#include <memory>
#include <set>

#include <gtest/gtest.h>

#include "common/base/result.hpp"

namespace postrider {
namespace {

Result<int> half_of(int number) {
    if (number % 2 != 0) {
        return Error{Errc::malformed, "number is odd"};
    }
    return number / 2;
}

TEST(Result, HoldsAValueOrAnError) {
    const Result<int> good = half_of(4);
    ASSERT_TRUE(good.has_value());
    EXPECT_TRUE(static_cast<bool>(good));
    EXPECT_EQ(*good, 2);
    const Result<int> bad = half_of(3);
    ASSERT_FALSE(bad.has_value());
    EXPECT_EQ(bad.error().code, Errc::malformed);
    EXPECT_EQ(bad.error().message, "number is odd");
}

TEST(Result, AskingForWhatIsNotThereIsABrokenInvariant) {
    const Result<int> good = half_of(4);
    const Result<int> bad = half_of(3);
    EXPECT_THROW(static_cast<void>(good.error()), BrokenInvariant);
    EXPECT_THROW(static_cast<void>(bad.value()), BrokenInvariant);
    EXPECT_THROW(static_cast<void>(half_of(3).value()), BrokenInvariant);
    const Result<void> done;
    EXPECT_THROW(static_cast<void>(done.error()), BrokenInvariant);
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
    const std::unique_ptr<int> taken = std::move(result).value();
    EXPECT_EQ(*taken, 7);
}

TEST(Result, OfNothingSucceedsByDefault) {
    const Result<void> done;
    EXPECT_TRUE(done.has_value());
    const Result<void> failed = Error{Errc::gap, "number 4 is missing"};
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().code, Errc::gap);
}

TEST(Ensure, ThrowsItsReasonWhenTheConditionDoesNotHold) {
    EXPECT_NO_THROW(ensure(true, "never said"));
    try {
        ensure(false, "one is two");
        FAIL();
    } catch (const BrokenInvariant &broken) {
        EXPECT_STREQ(broken.what(), "one is two");
    }
}

TEST(Errc, EveryCodeHasANameOfItsOwn) {
    std::set<std::string_view> names;
    for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
        names.insert(name_of(static_cast<Errc>(code)));
    }
    EXPECT_EQ(names.size(), static_cast<std::size_t>(Errc::internal) + 1);
    EXPECT_EQ(name_of(Errc::schema_mismatch), "schema_mismatch");
}

} // namespace
} // namespace postrider

// What is printed parses back to an equal model.
#include <gtest/gtest.h>

#include "common/task/task_text.hpp"

#include "tests/unit/task/random_text.hpp"

namespace postrider::task {
namespace {

TEST(RoundTrip, WhatIsPrintedParsesBackToAnEqualModel) {
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        const TaskText model = RandomText{seed}.text();
        const std::string printed = print(model);
        const Result<TaskText> parsed = parse(printed);
        ASSERT_TRUE(parsed.has_value()) << "seed " << seed << ": " << parsed.error().message << "\n"
                                        << printed;
        ASSERT_EQ(*parsed, model) << "seed " << seed << ":\n" << printed;
        ASSERT_EQ(print(*parsed), printed) << "seed " << seed;
    }
}

TEST(RoundTrip, CheckingARandomModelFindsAMistakeOrNone) {
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        const TaskText model = RandomText{seed}.text();
        const Result<void> checked = check_whole(model);
        if (!checked) {
            EXPECT_FALSE(checked.error().hint.empty()) << "seed " << seed;
        }
    }
}

} // namespace
} // namespace postrider::task

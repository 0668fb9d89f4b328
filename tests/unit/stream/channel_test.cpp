// Thousands of seeds of one stream over a hostile channel, and the planted faults.
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/unit/stream/channel_world.hpp"

namespace postrider::stream::channel {
namespace {

std::uint64_t seeds() {
    const char *set = std::getenv("POSTRIDER_CHANNEL_SEEDS"); // NOLINT(concurrency-mt-unsafe)
    return set == nullptr ? 300 : std::strtoull(set, nullptr, 10);
}

TEST(Channel, DeliversEachPayloadOnceAndInOrder) {
    for (std::uint64_t seed = 0; seed < seeds(); ++seed) {
        World world(seed, Mutant::none);
        ASSERT_EQ(world.run(), "") << "seed " << seed;
    }
}

int seeds_until_caught(Mutant mutant) {
    for (int seed = 0; seed < 500; ++seed) {
        World world(static_cast<std::uint64_t>(seed), mutant);
        if (!world.run().empty()) {
            return seed + 1;
        }
    }
    return 0;
}

TEST(Channel, AReceiverThatSkipsTheDuplicateCheckIsCaught) {
    EXPECT_GT(seeds_until_caught(Mutant::skip_duplicate_check), 0);
}

TEST(Channel, ASenderThatReusesNumbersAfterARestoreIsCaught) {
    EXPECT_GT(seeds_until_caught(Mutant::reuse_number_after_restore), 0);
}

TEST(Channel, TwoSidesThatIgnoreTheChainAreCaught) {
    EXPECT_GT(seeds_until_caught(Mutant::ignore_chain), 0);
}

} // namespace
} // namespace postrider::stream::channel

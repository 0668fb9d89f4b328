// Range sets, against a plain set of bytes.
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "common/stream/ranges.hpp"

namespace postrider::stream {
namespace {

TEST(Ranges, AnEmptyOrReversedRangeIsMalformed) {
    RangeSet set;
    EXPECT_EQ(set.add({3, 3}).error().code, Errc::malformed);
    EXPECT_EQ(set.add({4, 3}).error().code, Errc::malformed);
    EXPECT_TRUE(set.ranges().empty());
}

TEST(Ranges, TouchingRangesBecomeOne) {
    RangeSet set;
    ASSERT_TRUE(set.add({0, 10}));
    ASSERT_TRUE(set.add({20, 30}));
    ASSERT_TRUE(set.add({10, 20}));
    EXPECT_EQ(set.ranges(), (std::vector<Range>{{0, 30}}));
    EXPECT_TRUE(set.covers(30));
    EXPECT_FALSE(set.covers(31));
}

TEST(Ranges, NothingCoversZeroBytes) {
    EXPECT_TRUE(RangeSet{}.covers(0));
    EXPECT_FALSE(RangeSet{}.covers(1));
}

TEST(Ranges, TheBoundHoldsAtNAndRefusesTheNextWithoutChangingAnything) {
    RangeSet set;
    for (std::uint64_t index = 0; index < limits::body_ranges_max; ++index) {
        ASSERT_TRUE(set.add({index * 2, index * 2 + 1}));
    }
    const RangeSet before = set;
    EXPECT_EQ(set.add({100'000, 100'001}).error().code, Errc::too_large);
    EXPECT_EQ(set, before);
    ASSERT_TRUE(set.add({1, 2})) << "joining two ranges needs no further one";
    EXPECT_EQ(set.ranges().size(), limits::body_ranges_max - 1);
    ASSERT_TRUE(set.add({100'000, 100'001}));
}

TEST(Ranges, TheGreatestOffsetsDoNotOverflow) {
    RangeSet set;
    ASSERT_TRUE(set.add({UINT64_MAX - 1, UINT64_MAX}));
    ASSERT_TRUE(set.add({0, 1}));
    EXPECT_EQ(set.missing(UINT64_MAX), (std::vector<Range>{{1, UINT64_MAX - 1}}));
}

TEST(Ranges, AgreesWithASetOfBytes) {
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        RangeSet set;
        std::set<std::uint64_t> bytes;
        for (int step = 0; step < 40; ++step) {
            const std::uint64_t offset = random() % 60;
            const std::uint64_t end = offset + 1 + random() % 8;
            ASSERT_TRUE(set.add({offset, end}));
            for (std::uint64_t byte = offset; byte < end; ++byte) {
                bytes.insert(byte);
            }
            std::set<std::uint64_t> missing;
            for (const Range &range : set.missing(50)) {
                for (std::uint64_t byte = range.offset; byte < range.end; ++byte) {
                    missing.insert(byte);
                }
            }
            for (std::uint64_t byte = 0; byte < 50; ++byte) {
                ASSERT_NE(bytes.contains(byte), missing.contains(byte)) << "seed " << seed;
                ASSERT_EQ(set.contains({byte, byte + 1}), bytes.contains(byte)) << "seed " << seed;
            }
            ASSERT_EQ(set.covers(50), missing.empty());
            for (std::size_t index = 1; index < set.ranges().size(); ++index) {
                ASSERT_LT(set.ranges()[index - 1].end, set.ranges()[index].offset);
            }
        }
    }
}

} // namespace
} // namespace postrider::stream

// The arithmetic of splitting.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/mail/message.hpp"
#include "common/mail/parts.hpp"

namespace postrider::mail {
namespace {

TEST(Parts, SlicesCoverTheBodyWithoutGapsAndDifferByOneByteAtMost) {
    for (std::uint64_t body = 1; body < 300; ++body) {
        for (std::size_t slice_max = 1; slice_max < 40; ++slice_max) {
            const std::vector<Slice> slices = cut_body(body, slice_max).value();
            EXPECT_EQ(slices.size(), (body + slice_max - 1) / slice_max);
            std::uint64_t offset = 0;
            for (const Slice &slice : slices) {
                EXPECT_EQ(slice.offset, offset);
                EXPECT_LE(slice.size, slice_max);
                EXPECT_LE(slice.size, slices.front().size);
                EXPECT_GE(slice.size + 1, slices.front().size);
                offset += slice.size;
            }
            EXPECT_EQ(offset, body);
        }
    }
}

TEST(Parts, ABodyThatFitsIsOneSlice) {
    EXPECT_EQ(cut_body(100, 100).value(), (std::vector<Slice>{{0, 100}}));
    EXPECT_EQ(cut_body(101, 100).value(), (std::vector<Slice>{{0, 51}, {51, 50}}));
}

TEST(Parts, RefusesWhatCannotBeCut) {
    EXPECT_EQ(cut_body(0, 100).error().code, Errc::malformed);
    EXPECT_EQ(cut_body(1, 0).error().code, Errc::refused);
    EXPECT_TRUE(cut_body(limits::body_bytes_max, limits::part_body_bytes_max).has_value());
    EXPECT_EQ(cut_body(limits::body_bytes_max + 1, limits::part_body_bytes_max).error().code,
              Errc::too_large);
    EXPECT_EQ(cut_body(limits::body_ranges_max, 1)->size(), limits::body_ranges_max);
    EXPECT_EQ(cut_body(limits::body_ranges_max + 1, 1).error().code, Errc::too_large);
}

TEST(Parts, APartOfTheLargestSliceFitsIntoTheMail) {
    for (const std::size_t mail_bytes : {5'000U, 32'768U, 100'000U, 5'000'000U}) {
        for (const std::size_t recipients : {1U, 3U, 50U}) {
            const std::size_t slice = slice_bytes_max_for(mail_bytes, recipients);
            if (slice == 0) {
                continue;
            }
            const std::size_t part = 80 + recipients * 64 + 152 + slice;
            EXPECT_LE(message_bytes_max_for(part), mail_bytes);
            EXPECT_GT(message_bytes_max_for(part + 1), mail_bytes);
        }
    }
    EXPECT_EQ(slice_bytes_max_for(2'000, 1), 0U);
    EXPECT_EQ(slice_bytes_max_for(limits::mail_bytes_max, 1), limits::part_body_bytes_max);
}

} // namespace
} // namespace postrider::mail

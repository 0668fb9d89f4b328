// Every truncation and every bit flip of small frames: an error, or another changeset that stands
// by itself, never a crash.
#include <gtest/gtest.h>

#include "common/wire/changeset_format.hpp"

#include "tests/support/random_changeset.hpp"

namespace postrider::wire {
namespace {

/// Frames that cover every form of column: a few rows of everything.
std::vector<Frame> small_frames(std::uint64_t seed) {
    return encode_changeset(test::RandomChangeset(seed).next(8));
}

/// What decodes must encode and decode again to itself.
void expect_sound(const std::vector<Frame> &frames) {
    const Result<Changeset> decoded = decode_changeset(frames, {});
    if (decoded) {
        const Result<Changeset> again = decode_changeset(encode_changeset(*decoded), {});
        ASSERT_TRUE(again.has_value()) << again.error().message;
        ASSERT_EQ(*again, *decoded);
    }
}

TEST(ChangesetDamage, EachTruncationIsAnError) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const std::vector<Frame> frames = small_frames(seed);
        for (std::size_t frame = 0; frame < frames.size(); ++frame) {
            for (std::size_t size = 0; size < frames[frame].raw.size(); ++size) {
                std::vector<Frame> damaged = frames;
                damaged[frame].raw.resize(size);
                ASSERT_FALSE(decode_changeset(damaged, {}).has_value());
            }
        }
    }
}

TEST(ChangesetDamage, EachFlippedBitIsAnErrorOrAnotherChangeset) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const std::vector<Frame> frames = small_frames(seed);
        for (std::size_t frame = 0; frame < frames.size(); ++frame) {
            for (std::size_t bit = 0; bit < frames[frame].raw.size() * 8; ++bit) {
                std::vector<Frame> damaged = frames;
                damaged[frame].raw[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
                expect_sound(damaged);
            }
        }
    }
}

TEST(ChangesetDamage, EachTruncationOfAPackedChangesetIsAnError) {
    const Bytes packed = pack_changeset(test::RandomChangeset(3).next(8));
    for (std::size_t size = 0; size < packed.size(); ++size) {
        ASSERT_FALSE(unpack_changeset(ByteView(packed).first(size)).has_value());
    }
}

} // namespace
} // namespace postrider::wire

// The sealed body and its padding.
#include <gtest/gtest.h>

#include "common/wire/envelope_body.hpp"

#include "tests/support/seeded_random.hpp"

namespace postrider::wire {
namespace {

struct EnvelopeBody : testing::Test {
    test::SeededRandom random{1};
    ContentKey content_key = ContentKey::random();
    BodyContext context{crypto::random_bytes<16>(), 1, 2, 3};

    static Bytes text_of(std::size_t size) {
        Bytes out(size);
        for (std::size_t index = 0; index < size; ++index) {
            out[index] = static_cast<std::uint8_t>(index * 31 + index / 256);
        }
        return out;
    }
};

TEST_F(EnvelopeBody, OpensToWhatWasSealedAtEveryChunkBorder) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, body_chunk_bytes - 1, body_chunk_bytes,
          body_chunk_bytes + 1, 2 * body_chunk_bytes, 3 * body_chunk_bytes + 5}) {
        const Bytes plaintext = text_of(size);
        const Bytes body = *seal_body(content_key, context, plaintext);
        EXPECT_EQ(body.size(), sealed_body_bytes(size));
        const auto opened = open_body(content_key, context, body);
        ASSERT_TRUE(opened) << size;
        EXPECT_EQ(*opened, plaintext);
    }
}

TEST_F(EnvelopeBody, DoesNotOpenWhenCutAnywhereOrLonger) {
    const Bytes body = *seal_body(content_key, context, text_of(200));
    for (std::size_t size = 0; size < body.size(); ++size) {
        EXPECT_FALSE(open_body(content_key, context, ByteView{body}.first(size))) << size;
    }
    Bytes longer = body;
    longer.push_back(0);
    EXPECT_FALSE(open_body(content_key, context, longer));
}

TEST_F(EnvelopeBody, DoesNotOpenWhenCutAtAChunkBorderOrContinuedByAnotherBody) {
    const Bytes body = *seal_body(content_key, context, text_of(2 * body_chunk_bytes));
    const std::size_t border = 24 + body_chunk_bytes + 17;
    EXPECT_FALSE(open_body(content_key, context, ByteView{body}.first(border)));
    EXPECT_FALSE(open_body(content_key, context, ByteView{body}.first(24)));
    Bytes doubled = body;
    doubled.insert(doubled.end(), body.begin() + static_cast<std::ptrdiff_t>(border), body.end());
    EXPECT_FALSE(open_body(content_key, context, doubled));
}

TEST_F(EnvelopeBody, DoesNotOpenWithChunksSwapped) {
    const Bytes body = *seal_body(content_key, context, text_of(3 * body_chunk_bytes));
    const auto chunk = static_cast<std::ptrdiff_t>(body_chunk_bytes + 17);
    Bytes swapped = body;
    std::swap_ranges(swapped.begin() + 24, swapped.begin() + 24 + chunk,
                     swapped.begin() + 24 + chunk);
    EXPECT_FALSE(open_body(content_key, context, swapped));
}

TEST_F(EnvelopeBody, DoesNotOpenWithAnyBitFlipped) {
    const Bytes body = *seal_body(content_key, context, text_of(64));
    for (std::size_t bit = 0; bit < body.size() * 8; ++bit) {
        Bytes flipped = body;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_EQ(open_body(content_key, context, flipped).error().code, Errc::bad_signature);
    }
}

TEST_F(EnvelopeBody, IsBoundToSenderStreamIncarnationNumberAndKey) {
    const Bytes body = *seal_body(content_key, context, text_of(10));
    EXPECT_FALSE(open_body(content_key, {crypto::random_bytes<16>(), 1, 2, 3}, body));
    EXPECT_FALSE(open_body(content_key, {context.sender, 0, 2, 3}, body));
    EXPECT_FALSE(open_body(content_key, {context.sender, 1, 0, 3}, body));
    EXPECT_FALSE(open_body(content_key, {context.sender, 1, 2, 0}, body));
    EXPECT_FALSE(open_body(ContentKey::random(), context, body));
    EXPECT_TRUE(open_body(content_key, context, body));
}

TEST_F(EnvelopeBody, HasAtMostItsLimitOfBytes) {
    const std::size_t chunks = limits::body_bytes_max / (body_chunk_bytes + 17) + 1;
    const std::size_t most = limits::body_bytes_max - 24 - chunks * 17;
    ASSERT_EQ(sealed_body_bytes(most), limits::body_bytes_max);
    const Bytes plaintext(most + 1);
    const auto body = seal_body(content_key, context, ByteView{plaintext}.first(most));
    ASSERT_TRUE(body);
    EXPECT_TRUE(open_body(content_key, context, *body));
    EXPECT_EQ(seal_body(content_key, context, plaintext).error().code, Errc::too_large);
    EXPECT_EQ(open_body(content_key, context, Bytes(limits::body_bytes_max + 1)).error().code,
              Errc::too_large);
}

TEST(EnvelopePadding, IsPadmeWithAFloorOf256) {
    EXPECT_EQ(padme(0), 256U);
    EXPECT_EQ(padme(256), 256U);
    EXPECT_EQ(padme(257), 272U);
    EXPECT_EQ(padme(1000), 1024U);
    EXPECT_EQ(padme(1'000'000), 1'015'808U);
}

TEST(EnvelopePadding, NeverShrinksAndAddsAtMostTwelvePercent) {
    for (std::size_t size = 257; size < 300'000; size += 37) {
        EXPECT_GE(padme(size), size);
        EXPECT_LE(padme(size), size + size * 12 / 100);
        EXPECT_EQ(padme(padme(size)), padme(size));
    }
}

TEST(EnvelopePadding, StepsOf4096CoverExactly) {
    EXPECT_EQ(padded_to_step(0), 0U);
    EXPECT_EQ(padded_to_step(1), 4096U);
    EXPECT_EQ(padded_to_step(4096), 4096U);
    EXPECT_EQ(padded_to_step(4097), 8192U);
}

} // namespace
} // namespace postrider::wire

// Signing, key exchange and the ratchet of receiving keys.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/crypto/hash.hpp"
#include "common/crypto/ratchet.hpp"

#include "tests/support/seeded_random.hpp"

namespace postrider::crypto {
namespace {

TEST(SigningKey, IsTheSameAgainFromItsSeed) {
    const SigningKey key = SigningKey::generate();
    const SigningKey again = SigningKey::from_seed(key.seed());
    EXPECT_EQ(key.public_key, again.public_key);
    EXPECT_TRUE(key.secret == again.secret);
}

TEST(SigningKey, SignsWhatOnlyItsPublicKeyVerifies) {
    const SigningKey key = SigningKey::generate();
    const SigningKey other = SigningKey::generate();
    const Digest digest = hash<64>("test", {}, {});
    const Signature signature = sign(key, digest);
    EXPECT_TRUE(verify(key.public_key, digest, signature));
    EXPECT_FALSE(verify(other.public_key, digest, signature));
    for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
        Signature flipped = signature;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_FALSE(verify(key.public_key, digest, flipped)) << bit;
    }
}

TEST(ExchangeKey, GivesBothSidesTheSameSecret) {
    const ExchangeKey left = ExchangeKey::generate();
    const ExchangeKey right = ExchangeKey::generate();
    EXPECT_TRUE(*shared_secret(left.secret, right.public_key) ==
                *shared_secret(right.secret, left.public_key));
    EXPECT_EQ(ExchangeKey::from_secret(left.secret).public_key, left.public_key);
}

TEST(ExchangeKey, RefusesAPointOfLowOrder) {
    const ExchangeKey mine = ExchangeKey::generate();
    EXPECT_FALSE(shared_secret(mine.secret, PublicKey{}));
    PublicKey one{};
    one[0] = 1;
    EXPECT_FALSE(shared_secret(mine.secret, one));
}

TEST(Ratchet, GivesEveryLaterKeyAndNoEarlierOne) {
    const Ratchet first = Ratchet::generate();
    const Ratchet third = *advance(first, 3);
    EXPECT_EQ(third.index, 3U);
    for (std::uint32_t index = 3; index < 6; ++index) {
        EXPECT_EQ(receiving_key(first, index)->public_key, receiving_key(third, index)->public_key);
    }
    EXPECT_NE(receiving_key(first, 3)->public_key, receiving_key(first, 4)->public_key);
    EXPECT_EQ(receiving_key(third, 2).error().code, Errc::refused);
}

TEST(Ratchet, StepsAtMostTheLimit) {
    const Ratchet at{5, Key::random()};
    EXPECT_TRUE(advance(at, 5 + limits::ratchet_steps_max));
    EXPECT_EQ(advance(at, 5 + limits::ratchet_steps_max + 1).error().code, Errc::too_large);
}

TEST(Ratchet, FollowsTheDocumentedSteps) {
    const Ratchet start{0, Key::from(Bytes(32, 7))};
    const auto next = derive<32>("postrider step", start.key.view(), {});
    EXPECT_TRUE(advance(start, 1)->key == next);
    const auto seed = derive<32>("postrider recv", next.view(), {});
    EXPECT_EQ(receiving_key(start, 1)->public_key, ExchangeKey::from_seed(seed).public_key);
}

TEST(SecretBytes, AreWipedWhenTheyGo) {
    alignas(Key) unsigned char place[sizeof(Key)];
    const Bytes pattern(32, 0xaa);
    auto *key = new (place) Key{Key::from(pattern)};
    EXPECT_TRUE(key->view()[0] == 0xaa);
    key->~Key();
    for (const unsigned char byte : place) {
        EXPECT_EQ(byte, 0);
    }
}

TEST(SeededRandom, RepeatsItself) {
    Key first;
    {
        const test::SeededRandom random{42};
        first = Key::random();
    }
    const test::SeededRandom random{42};
    EXPECT_TRUE(first == Key::random());
    EXPECT_FALSE(first == Key::random());
}

} // namespace
} // namespace postrider::crypto

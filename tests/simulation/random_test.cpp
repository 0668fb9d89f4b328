// Seeds repeat, for our schedule and for libsodium alike.
#include <array>

#include <gtest/gtest.h>
#include <sodium.h>

#include "tests/simulation/random.hpp"

namespace postrider::simulation {
namespace {

std::array<unsigned char, 32> public_key_of(std::uint64_t seed) {
    seed_randombytes(seed);
    std::array<unsigned char, 32> key{};
    std::array<unsigned char, 32> secret{};
    crypto_box_keypair(key.data(), secret.data());
    return key;
}

TEST(Random, LibsodiumsKeysFollowTheSeed) {
    install_seeded_randombytes();
    EXPECT_EQ(public_key_of(1), public_key_of(1));
    EXPECT_NE(public_key_of(1), public_key_of(2));
    EXPECT_LT(randombytes_uniform(10), 10U);
}

TEST(Random, ChancesComeOutAboutRight) {
    Random random(1);
    int hits = 0;
    for (int draw = 0; draw < 10'000; ++draw) {
        hits += random.chance(20) ? 1 : 0;
        EXPECT_LT(random.below(7), 7U);
    }
    EXPECT_NEAR(hits, 2000, 150);
}

} // namespace
} // namespace postrider::simulation

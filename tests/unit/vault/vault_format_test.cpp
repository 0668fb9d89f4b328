// The bytes of secret and state files.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/vault/vault_format.hpp"

#include "tests/support/seeded_random.hpp"

namespace postrider::vault {
namespace {

struct VaultFormat : testing::Test {
    test::SeededRandom random{1};
    engine::Secret secret{crypto::random_bytes<16>(), crypto::Key::random(), 12,
                          crypto::Key::random()};
    engine::StateFile state{crypto::random_bytes<16>(),
                            0x0000'0002'1234'5678,
                            4711,
                            crypto::random_bytes<16>(),
                            "/srv/shop/shop.db",
                            2049,
                            131'077,
                            0,
                            {{"aa/0/in", 4}, {"aa/0/out", 9}}};
};

bool equal(const engine::Secret &left, const engine::Secret &right) {
    return left.node == right.node && left.master == right.master &&
           left.ratchet_index == right.ratchet_index && left.ratchet_key == right.ratchet_key;
}

bool equal(const engine::StateFile &left, const engine::StateFile &right) {
    return left.node == right.node && left.incarnation == right.incarnation &&
           left.report_counter == right.report_counter && left.start_token == right.start_token &&
           left.canonical_path == right.canonical_path && left.device == right.device &&
           left.inode == right.inode && left.timeline == right.timeline &&
           left.positions == right.positions;
}

TEST_F(VaultFormat, GivesASecretBack) {
    const Bytes bytes = encode_secret(secret);
    EXPECT_LE(bytes.size(), limits::secret_file_bytes_max);
    EXPECT_TRUE(equal(*parse_secret(bytes), secret));
}

TEST_F(VaultFormat, GivesAStateBack) {
    EXPECT_TRUE(equal(*parse_state(*encode_state(state)), state));
    state.timeline = 2;
    EXPECT_TRUE(equal(*parse_state(*encode_state(state)), state));
    state.positions.clear();
    state.canonical_path.clear();
    EXPECT_TRUE(equal(*parse_state(*encode_state(state)), state));
}

TEST_F(VaultFormat, TellsEveryFlippedBitAndEveryMissingByte) {
    const Bytes first = encode_secret(secret);
    const Bytes second = *encode_state(state);
    for (std::size_t bit = 0; bit < first.size() * 8; ++bit) {
        Bytes flipped = first;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_FALSE(parse_secret(flipped)) << bit;
    }
    for (std::size_t bit = 0; bit < second.size() * 8; ++bit) {
        Bytes flipped = second;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_FALSE(parse_state(flipped)) << bit;
    }
    for (std::size_t size = 0; size < first.size(); ++size) {
        EXPECT_FALSE(parse_secret(ByteView{first}.first(size))) << size;
    }
    for (std::size_t size = 0; size < second.size(); ++size) {
        EXPECT_FALSE(parse_state(ByteView{second}.first(size))) << size;
    }
}

TEST_F(VaultFormat, TellsAnotherVersion) {
    Bytes bytes = encode_secret(secret);
    bytes[4] = 2;
    EXPECT_EQ(parse_secret(bytes).error().code, Errc::unsupported_version);
}

TEST_F(VaultFormat, NeverTakesOneFileForTheOther) {
    EXPECT_FALSE(parse_state(encode_secret(secret)));
    EXPECT_FALSE(parse_secret(*encode_state(state)));
}

TEST_F(VaultFormat, HoldsAStateUpToItsLimit) {
    state.positions.clear();
    const std::size_t empty = encode_state(state)->size();
    const std::size_t entry = 2 + 8 + 8; // a key of eight digits
    const std::size_t count = (limits::state_file_bytes_max - empty) / entry;
    const std::size_t rest = limits::state_file_bytes_max - empty - count * entry;
    for (std::size_t index = 0; index < count; ++index) {
        state.positions[std::to_string(10'000'000 + index)] = index;
    }
    state.canonical_path += std::string(rest, 'x');
    ASSERT_TRUE(encode_state(state));
    EXPECT_EQ(encode_state(state)->size(), limits::state_file_bytes_max);
    EXPECT_TRUE(parse_state(*encode_state(state)));
    state.canonical_path += "x";
    EXPECT_EQ(encode_state(state).error().code, Errc::too_large);
}

} // namespace
} // namespace postrider::vault

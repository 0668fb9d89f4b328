// Sealed columns and the configuration MAC.
#include <gtest/gtest.h>

#include "common/crypto/rest.hpp"

#include "tests/support/seeded_random.hpp"

namespace postrider::crypto {
namespace {

struct SealedColumn : testing::Test {
    test::SeededRandom random{1};
    Key master = Key::random();
    NodeId node = random_bytes<16>();
    ColumnPlace place{node, "peer", "7", "psk_sealed"};
    Bytes plaintext{1, 2, 3, 4, 5};
    Bytes sealed = seal_column(master, place, plaintext);
};

TEST_F(SealedColumn, OpensWhereItWasSealed) {
    EXPECT_EQ(*open_column(master, place, sealed), plaintext);
}

TEST_F(SealedColumn, IsDifferentEachTime) {
    EXPECT_NE(seal_column(master, place, plaintext), sealed);
}

TEST_F(SealedColumn, DoesNotOpenAtAnotherPlaceOrWithAnotherSecret) {
    EXPECT_FALSE(open_column(Key::random(), place, sealed));
    EXPECT_FALSE(open_column(master, {random_bytes<16>(), "peer", "7", "psk_sealed"}, sealed));
    EXPECT_FALSE(open_column(master, {node, "outbox", "7", "psk_sealed"}, sealed));
    EXPECT_FALSE(open_column(master, {node, "peer", "8", "psk_sealed"}, sealed));
    EXPECT_FALSE(open_column(master, {node, "peer", "7", "stamp_in_sealed"}, sealed));
}

TEST_F(SealedColumn, DoesNotOpenAtAPlaceThatReadsTheSameWithoutBorders) {
    EXPECT_FALSE(open_column(master, {node, "peer7", "", "psk_sealed"}, sealed));
    EXPECT_FALSE(open_column(master, {node, "peer", "7psk", "_sealed"}, sealed));
}

TEST_F(SealedColumn, DoesNotOpenWithAnyBitFlippedOrAnyByteMissing) {
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        Bytes flipped = sealed;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_EQ(open_column(master, place, flipped).error().code, Errc::bad_signature) << bit;
    }
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        EXPECT_FALSE(open_column(master, place, ByteView{sealed}.first(size))) << size;
    }
}

TEST_F(SealedColumn, HoldsAKeyOnlyIfItHas32Bytes) {
    const Key key = Key::random();
    EXPECT_TRUE(*open_key_column(master, place, seal_column(master, place, key.view())) == key);
    EXPECT_EQ(open_key_column(master, place, sealed).error().code, Errc::malformed);
}

TEST(ConfigurationMac, DependsOnTheRowAndTheSecret) {
    const Key master = Key::random();
    const ConfigurationMac mac = configuration_mac(master, as_bytes("row"));
    EXPECT_EQ(mac, configuration_mac(master, as_bytes("row")));
    EXPECT_NE(mac, configuration_mac(master, as_bytes("rows")));
    EXPECT_NE(mac, configuration_mac(Key::random(), as_bytes("row")));
}

} // namespace
} // namespace postrider::crypto

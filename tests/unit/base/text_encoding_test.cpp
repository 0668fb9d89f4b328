// RFC 4648 test vectors and strictness.
#include <gtest/gtest.h>

#include "common/base/text_encoding.hpp"

namespace postrider {
namespace {

TEST(TextEncoding, EncodesTheVectorsOfRfc4648) {
    EXPECT_EQ(to_base64(as_bytes("")), "");
    EXPECT_EQ(to_base64(as_bytes("f")), "Zg==");
    EXPECT_EQ(to_base64(as_bytes("fo")), "Zm8=");
    EXPECT_EQ(to_base64(as_bytes("foobar")), "Zm9vYmFy");
    EXPECT_EQ(to_base64url(as_bytes("fo")), "Zm8");
    EXPECT_EQ(to_base32(as_bytes("foobar")), "mzxw6ytboi");
    EXPECT_EQ(to_hex(as_bytes("foobar")), "666f6f626172");
}

TEST(TextEncoding, DecodesWhatItEncoded) {
    Bytes bytes;
    for (int size = 0; size < 300; ++size) {
        EXPECT_EQ(from_base64(to_base64(bytes)).value(), bytes);
        EXPECT_EQ(from_base64url(to_base64url(bytes)).value(), bytes);
        EXPECT_EQ(from_hex(to_hex(bytes)).value(), bytes);
        bytes.push_back(static_cast<std::uint8_t>(size * 37));
    }
}

TEST(TextEncoding, RefusesTextThatIsNotTheOneFormOfItsBytes) {
    for (const char *text : {"Zg", "Zg=", "Zh==", "Z===", "Zm9v!mFy", "Zm9v\nYmFy"}) {
        EXPECT_FALSE(from_base64(text).has_value()) << text;
    }
    for (const char *text : {"Z", "Zh", "Zm9+", "Zg=="}) {
        EXPECT_FALSE(from_base64url(text).has_value()) << text;
    }
    for (const char *text : {"a", "0G", "AB"}) {
        EXPECT_FALSE(from_hex(text).has_value()) << text;
    }
}

} // namespace
} // namespace postrider

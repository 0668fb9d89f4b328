// The bounds-checked reader and writer.
#include <gtest/gtest.h>

#include "common/base/bytes.hpp"

namespace postrider {
namespace {

TEST(Bytes, ReadsBackWhatWasWrittenBigEndian) {
    ByteWriter writer;
    writer.u8(1);
    writer.u16(0x0203);
    writer.u32(0x04050607);
    writer.u64(0x08090a0b0c0d0e0fU);
    const Bytes bytes = std::move(writer).take();
    for (std::size_t index = 0; index < bytes.size(); ++index) {
        EXPECT_EQ(bytes[index], index + 1);
    }
    ByteReader reader{bytes};
    EXPECT_EQ(reader.u8(), 1);
    EXPECT_EQ(reader.u16(), 0x0203);
    EXPECT_EQ(reader.u32(), 0x04050607U);
    EXPECT_EQ(reader.u64(), 0x08090a0b0c0d0e0fU);
    EXPECT_TRUE(reader.at_end());
}

TEST(Bytes, AReadBeyondTheEndSpoilsTheReaderForEver) {
    const Bytes bytes{1, 2, 3};
    ByteReader reader{bytes};
    EXPECT_EQ(reader.u32(), 0U);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.u8(), 0);
    EXPECT_FALSE(reader.at_end());
}

} // namespace
} // namespace postrider

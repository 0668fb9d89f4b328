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

TEST(Bytes, EveryTruncationOfALayoutIsNoticedAndNothingMoreIsRead) {
    ByteWriter writer;
    writer.u16(0x0102);
    writer.raw(Bytes{3, 4, 5});
    writer.u64(6);
    const Bytes whole = std::move(writer).take();
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        ByteReader reader{ByteView(whole).first(size)};
        reader.u16();
        reader.raw(3);
        reader.u64();
        EXPECT_EQ(reader.at_end(), size == whole.size()) << size;
    }
}

TEST(Bytes, FixedBytesAreZeroWhenTheyAreNotAllThere) {
    const Bytes bytes{1, 2, 3};
    ByteReader reader{bytes};
    EXPECT_EQ(reader.fixed<2>(), (FixedBytes<2>{1, 2}));
    EXPECT_EQ(reader.remaining(), 1U);
    EXPECT_EQ(reader.fixed<2>(), (FixedBytes<2>{}));
    EXPECT_FALSE(reader.ok());
}

TEST(Bytes, WhatIsLeftOverIsNoEnd) {
    const Bytes bytes{1, 2};
    ByteReader reader{bytes};
    reader.u8();
    EXPECT_TRUE(reader.ok());
    EXPECT_FALSE(reader.at_end());
}

TEST(Bytes, TextAndBytesAreViewsOfTheSameMemory) {
    const std::string text("a\0b", 3);
    EXPECT_EQ(as_text(as_bytes(text)), text);
    EXPECT_EQ(static_cast<const void *>(as_bytes(text).data()),
              static_cast<const void *>(text.data()));
    EXPECT_TRUE(as_text({}).empty());
}

} // namespace
} // namespace postrider

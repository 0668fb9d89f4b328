// One spelling for each item, everything else refused.
#include <gtest/gtest.h>

#include "common/base/text_encoding.hpp"
#include "common/wire/cbor.hpp"

namespace postrider::wire {
namespace {

Bytes hex(std::string_view text) {
    return *from_hex(text);
}

TEST(Cbor, WritesTheExamplesOfRfc8949) {
    CborWriter out;
    out.unsigned_integer(23);
    out.unsigned_integer(24);
    out.unsigned_integer(1000);
    out.integer(-1000);
    out.integer(INT64_MIN);
    out.bytes(hex("01020304"));
    out.text("IETF");
    out.array(2);
    out.map(1);
    out.boolean(true);
    out.null();
    EXPECT_EQ(to_hex(out.view()), "1718181903e83903e73b7fffffffffffffff44010203046449455446"
                                  "82a1f5f6");
}

TEST(Cbor, ReadsWhatItWrote) {
    for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{255},
                                     std::int64_t{65536}, INT64_MIN, INT64_MAX}) {
        CborWriter out;
        out.integer(value);
        CborReader in(out.view());
        EXPECT_EQ(in.integer(), value);
        EXPECT_TRUE(in.at_end());
    }
}

TEST(Cbor, RefusesIntegersThatAreNotShortest) {
    for (const char *text :
         {"1817", "190017", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3817"}) {
        const Bytes bytes = hex(text);
        CborReader in(bytes);
        in.integer();
        EXPECT_FALSE(in.ok()) << text;
    }
}

TEST(Cbor, RefusesLengthsThatAreNotShortest) {
    const Bytes bytes = hex("5803010203");
    CborReader in(bytes);
    in.bytes();
    EXPECT_FALSE(in.ok());
}

TEST(Cbor, RefusesIndefiniteLengthsTagsFloatsAndUndefined) {
    for (const char *text : {"5f4101ff", "7f6161ff", "9f01ff", "bf0101ff", "c000", "f93c00", "f7",
                             "fa3f800000", "fb3ff0000000000000", "ff", "f0", "f820"}) {
        const Bytes bytes = hex(text);
        for (int reader = 0; reader < 6; ++reader) {
            CborReader in(bytes);
            switch (reader) {
            case 0:
                in.integer();
                break;
            case 1:
                in.bytes();
                break;
            case 2:
                in.text(100);
                break;
            case 3:
                in.array(100);
                break;
            case 4:
                in.map(100);
                break;
            default:
                in.boolean();
                break;
            }
            EXPECT_FALSE(in.ok()) << text << " read as " << reader;
        }
    }
}

TEST(Cbor, RefusesCountsBeyondWhatIsLeft) {
    const Bytes three_of_two = hex("830102");
    CborReader array(three_of_two);
    array.array(100);
    EXPECT_FALSE(array.ok());
    const Bytes huge = hex("9b00ffffffffffffff");
    CborReader bomb(huge);
    bomb.array(SIZE_MAX);
    EXPECT_FALSE(bomb.ok());
    const Bytes map_of_two = hex("a20102");
    CborReader map(map_of_two);
    map.map(100);
    EXPECT_FALSE(map.ok());
}

TEST(Cbor, HoldsCountsAndSizesToTheirLimits) {
    const Bytes three = hex("83010203");
    CborReader fits(three);
    EXPECT_EQ(fits.array(3), 3U);
    EXPECT_TRUE(fits.ok());
    CborReader exceeds(three);
    exceeds.array(2);
    EXPECT_EQ(exceeds.error("list").code, Errc::too_large);
    const Bytes text = hex("6449455446");
    EXPECT_EQ(CborReader(text).text(4), "IETF");
    CborReader long_text(text);
    long_text.text(3);
    EXPECT_EQ(long_text.error("name").code, Errc::too_large);
}

TEST(Cbor, RefusesTextThatIsNotUtf8) {
    const Bytes bytes = hex("62c328");
    CborReader in(bytes);
    in.text(100);
    EXPECT_FALSE(in.ok());
}

TEST(Cbor, StaysFailedAfterTheFirstError) {
    const Bytes bytes = hex("0102");
    CborReader in(bytes);
    in.bytes();
    EXPECT_EQ(in.unsigned_integer(), 0U);
    EXPECT_FALSE(in.at_end());
}

TEST(Cbor, RefusesIntegersBeyond64SignedBits) {
    for (const char *text : {"1b8000000000000000", "3b8000000000000000"}) {
        const Bytes bytes = hex(text);
        CborReader in(bytes);
        in.integer();
        EXPECT_FALSE(in.ok()) << text;
    }
}

} // namespace
} // namespace postrider::wire

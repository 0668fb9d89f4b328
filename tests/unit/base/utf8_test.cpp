// What counts as UTF-8, and what is safe to show.
#include <gtest/gtest.h>

#include "common/base/utf8.hpp"

namespace postrider {
namespace {

TEST(Utf8, AcceptsEveryWellFormedLengthAndNul) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8(std::string_view{"a\0b", 3}));
    EXPECT_TRUE(is_utf8("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x9a\xa2 \xf4\x8f\xbf\xbf"));
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndTruncation) {
    for (const char *text : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                             "\xf5\x80\x80\x80", "\xe2\x82", "\x80", "\xc3("}) {
        EXPECT_FALSE(is_utf8(text)) << text;
    }
}

TEST(Utf8, FindsAWrongByteWhereverItStandsAmongManyOfAscii) {
    for (std::size_t size = 1; size <= 33; ++size) {
        for (std::size_t place = 0; place < size; ++place) {
            std::string text(size, 'a');
            EXPECT_TRUE(is_utf8(text));
            text[place] = '\xff';
            EXPECT_FALSE(is_utf8(text)) << place << " of " << size;
        }
    }
}

TEST(Utf8, CutsOnACharacterBorder) {
    EXPECT_EQ(cut_utf8("a\xe2\x82\xac", 4), "a\xe2\x82\xac");
    EXPECT_EQ(cut_utf8("a\xe2\x82\xac", 3), "a");
    EXPECT_EQ(cut_utf8("a\xe2\x82\xac", 0), "");
}

TEST(Utf8, PrintableTextHasNoControlsNoEscapesAndNoBidirectionalTricks) {
    EXPECT_EQ(printable("a\x1b[31mb\r\n\xe2\x80\xae\xff"), "a?[31mb????");
    EXPECT_EQ(printable("\xc3\xa4\xc3\xa4", 3), "\xc3\xa4");
}

TEST(Utf8, EveryTruncationAndBitFlipOfALongTextIsJudgedWithoutReadingBeyondIt) {
    const std::string text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\xa2";
    for (std::size_t size = 0; size <= text.size(); ++size) {
        const std::string cut = text.substr(0, size);
        EXPECT_EQ(is_utf8(cut), cut_utf8(text, size).size() == size) << size;
    }
    for (std::size_t index = 0; index < text.size(); ++index) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::string flipped = text;
            flipped[index] =
                static_cast<char>(static_cast<unsigned char>(flipped[index]) ^ (1U << bit));
            EXPECT_TRUE(is_utf8(printable(flipped)));
            static_cast<void>(is_utf8(flipped));
        }
    }
}

TEST(Utf8, PrintableTextKeepsExactlyItsLimit) {
    EXPECT_EQ(printable(std::string(200, 'x')).size(), 200U);
    EXPECT_EQ(printable(std::string(201, 'x')).size(), 200U);
}

} // namespace
} // namespace postrider

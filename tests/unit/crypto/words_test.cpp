// The four words of pairing.
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "common/crypto/words.hpp"

namespace postrider::crypto {
namespace {

TEST(Words, AreSortedShortAndToldApartByFourLetters) {
    std::set<std::string> beginnings;
    for (std::size_t index = 0; index < word_list_size; ++index) {
        const std::string_view one = word(index);
        EXPECT_GE(one.size(), 3U);
        EXPECT_LE(one.size(), 8U);
        EXPECT_EQ(one.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string_view::npos);
        if (index > 0) {
            EXPECT_LT(word(index - 1), one);
        }
        beginnings.insert(std::string{one.substr(0, 4)});
    }
    EXPECT_EQ(beginnings.size(), word_list_size);
}

TEST(Words, TakeElevenBitsEachFromTheFront) {
    EXPECT_EQ(words_of(Hash{}), "abandon abandon abandon abandon");
    Hash ones{};
    ones.fill(0xff);
    EXPECT_EQ(words_of(ones), "zoo zoo zoo zoo");
    Hash counted{}; // 00000000001 00000000010 00000000011 00000000100
    counted[1] = 0x20;
    counted[2] = 0x08;
    counted[3] = 0x01;
    counted[4] = 0x80;
    counted[5] = 0x40;
    EXPECT_EQ(words_of(counted), std::string{word(1)} + " " + std::string{word(2)} + " " +
                                     std::string{word(3)} + " " + std::string{word(4)});
}

TEST(Words, DoNotDependOnWhatFollowsTheFirst44Bits) {
    Hash other{};
    for (std::size_t index = 6; index < other.size(); ++index) {
        other[index] = 0xff;
    }
    other[5] = 0x0f;
    EXPECT_EQ(words_of(other), words_of(Hash{}));
}

TEST(Words, AreReadAsPeopleTypeThem) {
    EXPECT_EQ(*normalized_words("  Abandon, ZOO\tzebra -  able\n"), "abandon zoo zebra able");
}

TEST(Words, NameTheWordThatIsNotInTheList) {
    const auto wrong = normalized_words("abandon zoo zebrra able");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Errc::malformed);
    EXPECT_NE(wrong.error().message.find("zebrra"), std::string::npos);
}

TEST(Words, AreFourAndNotThreeOrFive) {
    EXPECT_FALSE(normalized_words("abandon zoo zebra"));
    EXPECT_FALSE(normalized_words("abandon zoo zebra able able"));
    EXPECT_FALSE(normalized_words(""));
    EXPECT_EQ(normalized_words(std::string(201, ' ')).error().code, Errc::too_large);
    EXPECT_EQ(normalized_words(std::string(200, ' ')).error().code, Errc::malformed);
}

} // namespace
} // namespace postrider::crypto

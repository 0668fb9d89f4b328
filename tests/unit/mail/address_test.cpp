// Which addresses and prefixes may stand in a header.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/mail/address.hpp"

namespace postrider::mail {
namespace {

TEST(Address, AcceptsPlainAddresses) {
    for (const char *address :
         {"sync@hq.example", "a@b", "first.last+tag@sub.domain.example", "o'neil@x-y.example",
          "postrider@localhost.invalid", "!#$%&'*+-/=?^_`{|}~@1.2"}) {
        EXPECT_TRUE(check_address(address).has_value()) << address;
    }
}

TEST(Address, RefusesWhatCouldEndAHeaderOrMeanSomethingElse) {
    for (const std::string_view address : {std::string_view(""),
                                           std::string_view("nobody"),
                                           std::string_view("@x"),
                                           std::string_view("a@"),
                                           std::string_view("a@b@c"),
                                           std::string_view("a b@c"),
                                           std::string_view("a@b c"),
                                           std::string_view("a@b\r\nBcc: c@d"),
                                           std::string_view("a\r\n@b"),
                                           std::string_view("a@b\0", 4),
                                           std::string_view("<a@b>"),
                                           std::string_view("Jo <a@b>"),
                                           std::string_view("a@b,c@d"),
                                           std::string_view("\"a\"@b"),
                                           std::string_view("a@[127.0.0.1]"),
                                           std::string_view(".a@b"),
                                           std::string_view("a.@b"),
                                           std::string_view("a..b@c"),
                                           std::string_view("a@b..c"),
                                           std::string_view("a@.b"),
                                           std::string_view("a@b."),
                                           std::string_view("a@-b"),
                                           std::string_view("a@b-"),
                                           std::string_view("a@b_c"),
                                           std::string_view("\xc3\xa4@b"),
                                           std::string_view("a@\xc3\xa4"),
                                           std::string_view("a\x7f@b"),
                                           std::string_view("a(x)@b")}) {
        const Result<void> checked = check_address(address);
        ASSERT_FALSE(checked.has_value()) << address;
        EXPECT_EQ(checked.error().code, Errc::malformed) << address;
    }
}

TEST(Address, HoldsTheLengthsOfTheStandard) {
    const std::string label(63, 'd');
    const std::string domain = label + "." + label + "." + label;
    EXPECT_TRUE(check_address(std::string(62, 'l') + "@" + domain).has_value());
    EXPECT_EQ(check_address(std::string(63, 'l') + "@" + domain).error().code, Errc::too_large);
    EXPECT_TRUE(check_address(std::string(64, 'l') + "@d").has_value());
    EXPECT_FALSE(check_address(std::string(65, 'l') + "@d").has_value());
    EXPECT_FALSE(check_address("a@" + std::string(64, 'd')).has_value());
}

TEST(Address, ErrorsShowTheAddressWithoutItsControlCharacters) {
    const Result<void> checked = check_address("a\x1b[31m\n");
    ASSERT_FALSE(checked.has_value());
    EXPECT_NE(checked.error().message.find("\"a?[31m?\""), std::string::npos);
}

TEST(Address, KnowsTheDomain) {
    EXPECT_EQ(domain_of("sync@hq.example"), "hq.example");
}

TEST(SubjectPrefix, IsPrintableAsciiOfAtMostFortyBytesOrNothing) {
    for (const char *prefix : {"", "[postrider]", "a b", "~"}) {
        EXPECT_TRUE(check_subject_prefix(prefix).has_value()) << prefix;
    }
    for (const char *prefix : {" a", "a ", "a\n", "a\r\nb", "\x7f", "\xc3\xa4", "a\tb"}) {
        EXPECT_FALSE(check_subject_prefix(prefix).has_value()) << prefix;
    }
    EXPECT_TRUE(
        check_subject_prefix(std::string(limits::mail_subject_prefix_bytes_max, 'x')).has_value());
    EXPECT_EQ(check_subject_prefix(std::string(limits::mail_subject_prefix_bytes_max + 1, 'x'))
                  .error()
                  .code,
              Errc::too_large);
}

} // namespace
} // namespace postrider::mail

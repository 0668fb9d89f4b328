// Numbers, quoting, sets, dates and names of folders.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/transport/imap_data.hpp"
#include "common/transport/imap_text.hpp"

namespace postrider::transport::imap {
namespace {

TEST(ImapText, ANumberHas32BitsAndNothingAround) {
    EXPECT_EQ(parse_number("0"), 0U);
    EXPECT_EQ(parse_number("4294967295"), 4294967295U);
    for (const char *wrong : {"", "4294967296", "-1", "+1", " 1", "1 ", "1a", "0x1"}) {
        EXPECT_FALSE(parse_number(wrong)) << wrong;
    }
    EXPECT_EQ(parse_number64("9223372036854775807"), 9223372036854775807U);
    EXPECT_FALSE(parse_number64("9223372036854775808"));
    EXPECT_FALSE(parse_number64("-1"));
}

TEST(ImapText, ARangeMayBeWrittenInEitherOrder) {
    EXPECT_EQ(parse_range("7"), (UidRange{7, 7}));
    EXPECT_EQ(parse_range("2:4"), (UidRange{2, 4}));
    EXPECT_EQ(parse_range("4:2"), (UidRange{2, 4}));
    for (const char *wrong : {"", ":", "1:", ":2", "0", "0:3", "*", "1:*", "1:2:3", "1,2"}) {
        EXPECT_FALSE(parse_range(wrong)) << wrong;
    }
}

TEST(ImapText, QuotesEscapeTwoCharactersAndRefuseLineEnds) {
    EXPECT_EQ(*to_quoted(R"(a "b" \c)"), R"("a \"b\" \\c")");
    EXPECT_EQ(*to_quoted(""), R"("")");
    for (const std::string &wrong :
         {std::string("a\rb"), std::string("a\nb"), std::string(1, '\0')}) {
        EXPECT_EQ(to_quoted(wrong).error().code, Errc::malformed);
    }
    EXPECT_TRUE(to_quoted(std::string(limits::imap_folder_bytes_max, 'a')));
    EXPECT_EQ(to_quoted(std::string(limits::imap_folder_bytes_max + 1, 'a')).error().code,
              Errc::too_large);
}

TEST(ImapText, SetsNameEachUidOnceAndStayShort) {
    const std::vector<Uid> uids = {1, 2, 3, 3, 7, 9, 10, 4294967294, 4294967295};
    EXPECT_EQ(uid_sets(uids, 900), (std::vector<std::string>{"1:3,7,9:10,4294967294:4294967295"}));
    EXPECT_TRUE(uid_sets({}, 900).empty());
    std::vector<Uid> scattered;
    for (Uid uid = 1000; uid < 3000; uid += 2) {
        scattered.push_back(uid);
    }
    const std::vector<std::string> sets = uid_sets(scattered, 99);
    std::string all;
    for (const std::string &set : sets) {
        EXPECT_LE(set.size(), 99U);
        all += (all.empty() ? "" : ",") + set;
    }
    EXPECT_EQ(sets.size(), 50U); // 20 of "1000," each
    EXPECT_EQ(uid_sets(scattered, 100'000), (std::vector<std::string>{all}));
}

struct NamePair {
    std::string_view utf8;
    std::string_view wire;
};

TEST(ImapText, FolderNamesAreModifiedUtf7) {
    // The second one is the example of RFC 3501 5.1.3.
    const NamePair pairs[] = {{"INBOX", "INBOX"},
                              {"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
                              {"Entwürfe", "Entw&APw-rfe"},
                              {"A&B", "A&-B"},
                              {"&", "&-"},
                              {"", ""},
                              {"😀", "&2D3eAA-"},
                              {"x\ty", "x&AAk-y"},
                              {"Корзина", "&BBoEPgRABDcEOAQ9BDA-"}};
    for (const NamePair &pair : pairs) {
        EXPECT_EQ(*to_folder_name(pair.utf8), pair.wire);
        EXPECT_EQ(from_folder_name(pair.wire), pair.utf8) << pair.wire;
    }
    EXPECT_EQ(to_folder_name("Entw\xfcrfe").error().code, Errc::malformed);
}

TEST(ImapText, AFolderNameHasOneForm) {
    for (const char *wrong : {"&", "a&", "&A", "&!-", "&AGE-", "&AGEA-", "&ZeVnLA-&iqc-", "&2D0-",
                              "&3gA-", "&2D0AYQ-", "Entwürfe", "&ZeV-", "&ZeVnLIqf-x&"}) {
        EXPECT_FALSE(from_folder_name(wrong)) << wrong;
    }
}

TEST(ImapText, EveryCutOfAFolderNameIsReadOrRefused) {
    const std::string name = "~peter/mail/&U,BTFw-/&ZeVnLIqe-";
    for (std::size_t size = 0; size <= name.size(); ++size) {
        const auto read = from_folder_name(name.substr(0, size));
        if (read) {
            EXPECT_EQ(*to_folder_name(*read), name.substr(0, size));
        }
    }
}

TEST(ImapText, AnInternalDateCountsItsZone) {
    EXPECT_EQ(to_text(*parse_internal_date("17-Jul-1996 02:44:25 -0700")),
              "1996-07-17 09:44:25.000Z");
    EXPECT_EQ(to_text(*parse_internal_date(" 1-jan-2026 00:15:00 +0530")),
              "2025-12-31 18:45:00.000Z");
    const std::string date = "17-Jul-1996 02:44:25 -0700";
    for (std::size_t size = 0; size < date.size(); ++size) {
        EXPECT_FALSE(parse_internal_date(date.substr(0, size)));
    }
    for (const char *wrong : {"31-Feb-1996 02:44:25 -0700", "17-Jux-1996 02:44:25 -0700",
                              "17-Jul-1996 24:44:25 -0700", "17-Jul-1996 02:60:25 -0700",
                              "17-Jul-1996 02:44:25 00700", "xx-Jul-1996 02:44:25 -0700"}) {
        EXPECT_FALSE(parse_internal_date(wrong)) << wrong;
    }
}

TEST(ImapText, OurFoldersLieWhereTheServerKeepsThem) {
    EXPECT_EQ(*folder_within({"", '/'}, {"postrider", "done"}), "postrider/done");
    EXPECT_EQ(*folder_within({"INBOX.", '.'}, {"postrider", "done"}), "INBOX.postrider.done");
    EXPECT_EQ(*folder_within({"", '\0'}, {"postrider", "done"}), "postrider-done");
    EXPECT_EQ(*folder_within({"", '/'}, {"geprüft"}), "gepr&APw-ft");
    EXPECT_EQ(folder_within({"", '/'}, {"a/b"}).error().code, Errc::refused);
    EXPECT_EQ(folder_within({"", '/'}, {""}).error().code, Errc::refused);
}

TEST(ImapText, AJunkFolderIsKnownByUsualNames) {
    EXPECT_EQ(guess_use("Junk Email", '/'), Use::junk);
    EXPECT_EQ(guess_use("INBOX.spam", '.'), Use::junk);
    EXPECT_EQ(guess_use("Junk", '\0'), Use::junk);
    EXPECT_EQ(guess_use("Junk dealers", '/'), Use::none);
    EXPECT_EQ(guess_use("Spam/old", '/'), Use::none);
}

} // namespace
} // namespace postrider::transport::imap

// The mails by which a mailbox is tried, and what is said of them when they come back.
#include <set>

#include <gtest/gtest.h>

#include "common/network/test_mail.hpp"
#include "common/transport/judged_mail.hpp"

namespace postrider::network {
namespace {

constexpr const char *address = "sync@office.example";

std::string written(const TestMail &test) {
    const Result<std::string> text = write_test_mail(test, address, Timestamp{});
    EXPECT_TRUE(text.has_value());
    return text ? *text : std::string{};
}

TEST(TestMails, AreOneForEachContainerAndNeverTheSameTwice) {
    std::set<mail::Container> containers;
    std::set<std::string> marks;
    std::set<Bytes> envelopes;
    for (int run = 0; run < 2; ++run) {
        for (const TestMail &test : make_test_mails()) {
            containers.insert(test.container);
            marks.insert(test.mark);
            envelopes.insert(test.envelope);
        }
    }
    EXPECT_EQ(containers.size(), 3U);
    EXPECT_EQ(marks.size(), 6U);
    EXPECT_EQ(envelopes.size(), 6U);
}

TEST(TestMails, AreGoodAsTheyWere) {
    std::vector<TestMail> tests = make_test_mails();
    for (const TestMail &test : tests) {
        const std::string text = written(test);
        EXPECT_TRUE(check_test_mail(test, as_bytes(text)).has_value()) << test.name;
        EXPECT_EQ(marked_in(tests, text), &test);
    }
}

TEST(TestMails, AreSaidToBeDamagedEmptyOrAnother) {
    const std::vector<TestMail> tests = make_test_mails();
    const std::string text = written(tests.front());
    const Result<void> cut = check_test_mail(tests.front(), as_bytes(text).first(text.size() / 2));
    ASSERT_FALSE(cut.has_value());
    EXPECT_NE(cut.error().message.find("damaged"), std::string::npos) << cut.error().message;
    const Result<void> stripped = check_test_mail(
        tests.front(), as_bytes("Subject: x\r\n\r\nAn attachment was removed.\r\n"));
    ASSERT_FALSE(stripped.has_value());
    EXPECT_NE(stripped.error().message.find("without what was in it"), std::string::npos);
    const Result<void> other = check_test_mail(tests[1], as_bytes(text));
    ASSERT_FALSE(other.has_value());
    EXPECT_NE(other.error().message.find("another content"), std::string::npos);
}

TEST(TestMails, AreNobodysToANodeThatReadsTheMailbox) {
    for (const TestMail &test : make_test_mails()) {
        const std::string text = written(test);
        const transport::JudgedMail judged =
            transport::judge_mail(as_bytes(text), {FixedBytes<32>{1}});
        EXPECT_FALSE(judged.is_ours());
        EXPECT_FALSE(judged.suspicion.has_value());
    }
}

TEST(TestMails, AreNotWrittenFromWhatIsNoAddress) {
    EXPECT_FALSE(write_test_mail(make_test_mails().front(), "no address", Timestamp{}).has_value());
}

} // namespace
} // namespace postrider::network

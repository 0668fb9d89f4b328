// What the beginning of a mail tells, before the rest is fetched.
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/mail/extract.hpp"
#include "common/mail/message.hpp"

#include "tests/unit/mail/pretended_envelope.hpp"

namespace postrider::mail {
namespace {

using postrider::testing::pretended_envelope;
using postrider::testing::pretended_head_bytes;

std::string mail_of(const Bytes &envelope, Container container) {
    Message message;
    message.container = container;
    return write_message(message, envelope).value();
}

Bytes head_of(const Bytes &envelope) {
    return {envelope.begin(), envelope.begin() + pretended_head_bytes};
}

TEST(FirstLook, GivesTheHeadOfALargeEnvelopeInEveryContainer) {
    const Bytes envelope = pretended_envelope(700'000, 5);
    for (const Container container : {Container::mixed, Container::single, Container::armour}) {
        const std::string mail = mail_of(envelope, container);
        const FirstLook look = look_at_beginning(as_bytes(mail).first(65'536));
        ASSERT_EQ(look.beginnings.size(), 1U);
        EXPECT_EQ(look.beginnings[0].beginning, head_of(envelope));
        EXPECT_EQ(look.beginnings[0].declared_bytes, envelope.size());
        EXPECT_LT(look.beginnings[0].present_bytes, 65'536U);
        EXPECT_FALSE(look.problem.has_value());
    }
}

TEST(FirstLook, LooksAtNoMoreThanTheFirstBytes) {
    const Bytes envelope = pretended_envelope(150, 5);
    const std::string filler(limits::mail_first_look_bytes - pretended_head_bytes - 1, '\n');
    const std::string inside = filler + std::string(as_text(envelope));
    EXPECT_EQ(look_at_beginning(as_bytes("x: y\n\n" + inside.substr(6))).beginnings.size(), 1U);
    const FirstLook beyond = look_at_beginning(as_bytes("x: y\n\n" + inside.substr(4)));
    EXPECT_TRUE(beyond.beginnings.empty());
    EXPECT_TRUE(beyond.problem.has_value());
}

TEST(FirstLook, AWholeEnvelopeHasAHeadToo) {
    const Bytes envelope = pretended_envelope(150, 5);
    const FirstLook look = look_at_beginning(as_bytes(mail_of(envelope, Container::mixed)));
    ASSERT_EQ(look.beginnings.size(), 1U);
    EXPECT_EQ(look.beginnings[0].beginning, head_of(envelope));
    EXPECT_EQ(look.beginnings[0].present_bytes, envelope.size());
}

TEST(FirstLook, FindsAHeadBehindWhatGatewaysDid) {
    for (const char *name : {"mailing_list", "forwarded_base64", "double_base64", "armour_base64",
                             "armour_html", "armour_quoted", "quoted_printable", "truncated"}) {
        std::ifstream file(std::string(POSTRIDER_SOURCE_DIR "/tests/unit/mail/corpus/") + name +
                               ".eml",
                           std::ios::binary);
        const Bytes mail(std::istreambuf_iterator<char>(file), {});
        const FirstLook look = look_at_beginning(mail);
        ASSERT_EQ(look.beginnings.size(), 1U) << name;
        EXPECT_EQ(look.beginnings[0].beginning, head_of(pretended_envelope(1500, 7))) << name;
        EXPECT_FALSE(look.problem.has_value()) << name;
    }
}

TEST(FirstLook, AMailOfSomebodyElseHasNeitherHeadNorProblem) {
    const FirstLook look = look_at_beginning(as_bytes("Subject: lunch\n\nAt one?\n"));
    EXPECT_TRUE(look.beginnings.empty());
    EXPECT_FALSE(look.problem.has_value());
}

TEST(FirstLook, EveryShorterBeginningGivesTheSameHeadOrNone) {
    const Bytes envelope = pretended_envelope(20'000, 5);
    const std::string mail = mail_of(envelope, Container::mixed);
    const std::size_t head_end = // and line ends
        mail.find("UFJEUgEN") + pretended_head_bytes * 4 / 3;
    for (std::size_t size = 0; size < 3000; ++size) {
        const FirstLook look = look_at_beginning(as_bytes(mail).first(size));
        ASSERT_LE(look.beginnings.size(), 1U) << size;
        if (!look.beginnings.empty()) {
            EXPECT_EQ(look.beginnings[0].beginning, head_of(envelope)) << size;
        }
        EXPECT_TRUE(look.beginnings.empty() || size >= head_end) << size;
        EXPECT_TRUE(!look.beginnings.empty() || size < head_end + 20) << size;
    }
}

} // namespace
} // namespace postrider::mail

// Bounces as mail systems write them: which mail, who, why. And what is none.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/mail/bounce.hpp"
#include "common/mail/bounce_reason.hpp"
#include "common/mail/message.hpp"
#include "common/mail/recognise.hpp"

namespace postrider::mail {
namespace {

const std::filesystem::path bounces = POSTRIDER_SOURCE_DIR "/tests/unit/mail/corpus/bounces";

Bytes bounce_named(const std::string &name) {
    std::ifstream file(bounces / (name + ".eml"), std::ios::binary);
    EXPECT_TRUE(file.is_open()) << name;
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

struct Expected {
    BounceReason reason;
    std::string status;
    std::string words;
};

// Each about sync@hq.example.
const std::map<std::string, Expected> about_one = {
    {"broken_status", {BounceReason::mailbox_full, "5.2.2", "550 5.2.2 mailbox full?[31m"}},
    {"exchange_attachment", {BounceReason::content_refused, "5.7.1", "because of its attachment"}},
    {"exchange_too_large", {BounceReason::too_large, "5.2.3", "RecipSizeLimit; message too large"}},
    {"exchange_unknown", {BounceReason::no_such_address, "5.1.10", "550 5.1.10 RESOLVER.ADR"}},
    {"exim_delayed", {BounceReason::delayed, "4.0.0", "Delay reason: Connection timed out"}},
    {"exim_full", {BounceReason::mailbox_full, "5.2.2", "LMTP error from remote mail server"}},
    {"exim_text", {BounceReason::content_refused, "", "attachment of a kind"}},
    {"exim_unknown", {BounceReason::no_such_address, "5.1.1", "550 5.1.1 User unknown"}},
    {"exim_unrouteable", {BounceReason::no_such_address, "5.0.0", "Unrouteable address"}},
    {"gateway_stripped", {BounceReason::content_refused, "", "delivered without its attachment"}},
    {"gmail_spam", {BounceReason::policy, "5.7.1", "likely unsolicited mail."}},
    {"gmail_unknown", {BounceReason::no_such_address, "5.1.1", "does not exist. Please try"}},
    {"gmx_text", {BounceReason::no_such_address, "", "reason: 550 Requested action not taken"}},
    {"postfix_delayed", {BounceReason::delayed, "4.4.1", "Connection timed out"}},
    {"postfix_full", {BounceReason::mailbox_full, "5.2.2", "Quota exceeded (mailbox for user"}},
    {"postfix_too_large", {BounceReason::too_large, "5.3.4", "exceeds size limit 10240000"}},
    {"postfix_unknown", {BounceReason::no_such_address, "5.1.1", "User unknown in virtual"}},
    {"tiscali_report", {BounceReason::no_such_address, "5.0.0", "no mailbox here by that name"}},
    {"yahoo_text", {BounceReason::no_such_address, "", "doesn't have a hq.example account"}},
};

const std::set<std::string> unaddressed = {"broken_status", "gateway_stripped"};
const std::set<std::string> about_two = {"postfix_two", "qmail_text"};
const std::map<std::string, MailKind> no_bounces = {
    {"human", MailKind::candidate},          {"postmaster_away", MailKind::bounce},
    {"receipt", MailKind::automatic_reply},  {"success", MailKind::bounce},
    {"vacation", MailKind::automatic_reply},
};

const std::string our_name = "aaaqeayeaudaocajbifqydiob4";

TEST(Bounce, TellsWhichMailWhoAndWhy) {
    for (const auto &[name, expected] : about_one) {
        const std::optional<Bounce> bounce = read_bounce(bounce_named(name));
        ASSERT_TRUE(bounce.has_value()) << name;
        ASSERT_EQ(bounce->recipients.size(), 1U) << name;
        const FailedRecipient &recipient = bounce->recipients[0];
        EXPECT_EQ(recipient.address, unaddressed.contains(name) ? "" : "sync@hq.example") << name;
        EXPECT_EQ(recipient.reason, expected.reason) << name << ": " << recipient.text;
        EXPECT_EQ(recipient.status, expected.status) << name;
        EXPECT_NE(recipient.text.find(expected.words), std::string::npos)
            << name << ": " << recipient.text;
        EXPECT_EQ(bounce->message_names, std::vector<std::string>{our_name}) << name;
    }
}

TEST(Bounce, TellsOfEachRecipientForItself) {
    const std::optional<Bounce> postfix = read_bounce(bounce_named("postfix_two"));
    ASSERT_TRUE(postfix && postfix->recipients.size() == 2);
    EXPECT_EQ(postfix->recipients[0].address, "sync@hq.example");
    EXPECT_EQ(postfix->recipients[0].reason, BounceReason::policy);
    EXPECT_EQ(postfix->recipients[1].address, "sync@shop.example"); // not what it was expanded to
    EXPECT_EQ(postfix->recipients[1].reason, BounceReason::no_such_address);

    const std::optional<Bounce> qmail = read_bounce(bounce_named("qmail_text"));
    ASSERT_TRUE(qmail && qmail->recipients.size() == 2);
    EXPECT_EQ(qmail->recipients[0].address, "all@hq.example");
    EXPECT_EQ(qmail->recipients[0].reason, BounceReason::mailbox_full);
    EXPECT_EQ(qmail->recipients[0].text, "Mailbox is over quota.");
    EXPECT_EQ(qmail->recipients[1].reason, BounceReason::no_such_address);
    EXPECT_EQ(qmail->recipients[1].status, "5.1.1");
}

TEST(Bounce, RepliesReceiptsAndSuccessAreNone) {
    for (const auto &[name, kind] : no_bounces) {
        EXPECT_FALSE(read_bounce(bounce_named(name)).has_value()) << name;
    }
    const Bytes ours = [] {
        const std::string text = write_message(Message{}, Bytes(500)).value();
        return Bytes(text.begin(), text.end());
    }();
    EXPECT_FALSE(read_bounce(ours).has_value());
    EXPECT_FALSE(read_bounce({}).has_value());
}

TEST(Bounce, IsRecognisedByItsHeader) {
    for (const auto &entry : std::filesystem::directory_iterator(bounces)) {
        const std::string name = entry.path().stem();
        const auto none = no_bounces.find(name);
        EXPECT_TRUE(none != no_bounces.end() || about_one.contains(name) ||
                    about_two.contains(name))
            << name;
        EXPECT_EQ(recognise(as_text(bounce_named(name)), "[postrider]"),
                  none == no_bounces.end() ? MailKind::bounce : none->second)
            << name;
    }
}

TEST(Bounce, EveryTruncationIsSurvivedAndStaysBounded) {
    for (const auto &[name, expected] : about_one) {
        const Bytes whole = bounce_named(name);
        for (std::size_t size = 0; size < whole.size(); size += 3) {
            const std::optional<Bounce> bounce = read_bounce(ByteView(whole).first(size));
            if (bounce) {
                EXPECT_LE(bounce->message_names.size(), 1U) << name << size;
                EXPECT_EQ(bounce->recipients.size(), 1U) << name << size;
            }
        }
    }
}

/// The same, with LF alone, and with its lines in another encoding.
TEST(Bounce, LineEndsMakeNoDifference) {
    for (const auto &[name, expected] : about_one) {
        Bytes mail = bounce_named(name);
        std::erase(mail, std::uint8_t{'\r'});
        const std::optional<Bounce> bounce = read_bounce(mail);
        ASSERT_TRUE(bounce.has_value()) << name;
        EXPECT_EQ(bounce->recipients[0].reason, expected.reason) << name;
        EXPECT_EQ(bounce->message_names, std::vector<std::string>{our_name}) << name;
    }
}

std::string status_of(const std::string &groups) {
    return "From: mailer-daemon@a\nContent-Type: multipart/report; boundary=b\n\n"
           "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\n" +
           groups;
}

TEST(Bounce, HasAtMostFiftyRecipientsAndEightNames) {
    std::string groups;
    for (std::size_t index = 0; index <= limits::bounce_recipients_max; ++index) {
        groups += "Final-Recipient: rfc822; r" + std::to_string(index) + "@b\nAction: failed\n\n";
    }
    std::string mail = status_of(groups) + "--b\nContent-Type: text/plain\n\n";
    for (std::size_t index = 0; index <= limits::bounce_names_max; ++index) {
        mail += std::string(25, 'a') + static_cast<char>('a' + index) + "@b ";
    }
    const std::optional<Bounce> bounce = read_bounce(as_bytes(mail));
    ASSERT_TRUE(bounce.has_value());
    EXPECT_EQ(bounce->recipients.size(), limits::bounce_recipients_max);
    EXPECT_EQ(bounce->message_names.size(), limits::bounce_names_max);
}

TEST(Bounce, ATextHasAtMostFiftyRecipientsToo) {
    std::string mail = "From: mailer-daemon@a\n\nCould not deliver to:\n";
    for (int index = 0; index < 2000; ++index) {
        mail += "<" + std::to_string(index) + "@b>:\n";
    }
    const std::optional<Bounce> bounce = read_bounce(as_bytes(mail));
    ASSERT_TRUE(bounce.has_value());
    EXPECT_EQ(bounce->recipients.size(), limits::bounce_recipients_max);
    EXPECT_EQ(bounce->recipients.back().address, "49@b");
}

TEST(Bounce, WordsOfServersAreCutAndPrintable) {
    const std::optional<Bounce> bounce =
        read_bounce(as_bytes(status_of("Final-Recipient: rfc822; a\x1b@b\nAction: failed\n"
                                       "Diagnostic-Code: smtp; 550 \x1b]0;x\x07 \xe2\x80\xae " +
                                       std::string(500, 'x') + "\n")));
    ASSERT_TRUE(bounce.has_value());
    const FailedRecipient &recipient = bounce->recipients.at(0);
    EXPECT_EQ(recipient.address, "a?@b");
    EXPECT_EQ(recipient.text.substr(0, 12), "550 ?]0;x? ?");
    EXPECT_LE(recipient.text.size(), 200U);
}

TEST(Bounce, OnlyWholeNamesCount) {
    const std::string name(26, 'a');
    for (const auto &[text, count] :
         std::vector<std::pair<std::string, std::size_t>>{{"<" + name + "@b>", 1},
                                                          {name + "@", 1},
                                                          {"a" + name + "@b", 0},
                                                          {"A" + name + "@b", 1},
                                                          {name.substr(1) + "@b", 0},
                                                          {"=_" + name, 0}}) {
        const std::optional<Bounce> bounce = read_bounce(
            as_bytes(status_of("Final-Recipient: rfc822; a@b\nAction: failed\n\n--b\n\n" + text)));
        ASSERT_TRUE(bounce.has_value()) << text;
        EXPECT_EQ(bounce->message_names.size(), count) << text;
    }
}

TEST(BounceReason, ComesFromTheCodeAndThenFromTheWords) {
    EXPECT_EQ(bounce_reason("5.2.2", "user unknown"), BounceReason::mailbox_full);
    EXPECT_EQ(bounce_reason("4.2.2", ""), BounceReason::mailbox_full);
    EXPECT_EQ(bounce_reason("5.0.0", "User Unknown"), BounceReason::no_such_address);
    EXPECT_EQ(bounce_reason("5.7.1", "virus found"), BounceReason::content_refused);
    EXPECT_EQ(bounce_reason("5.7.1", "user unknown"), BounceReason::policy);
    EXPECT_EQ(bounce_reason("5.7.509", ""), BounceReason::policy);
    EXPECT_EQ(bounce_reason("5.5.0", "no"), BounceReason::unknown);
    EXPECT_EQ(bounce_reason("", ""), BounceReason::unknown);
}

TEST(BounceReason, AStatusHasThreeNumbersAndIsNoAddress) {
    EXPECT_EQ(status_in("host a[5.1.1.9] said: 550 5.1.1 no"), "5.1.1");
    EXPECT_EQ(status_in("(#5.1.1)"), "5.1.1");
    EXPECT_EQ(status_in("550-5.7.26 no"), "5.7.26");
    EXPECT_EQ(status_in("5.1.1."), "5.1.1");
    EXPECT_EQ(status_in("15.1.1 3.1.1 5.1 5..1 5.1234.1 1.5.1.1"), "");
}

} // namespace
} // namespace postrider::mail

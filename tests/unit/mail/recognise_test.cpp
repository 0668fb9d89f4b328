// The rule of which mails are fetched, as a table.
#include <gtest/gtest.h>

#include "common/mail/recognise.hpp"

namespace postrider::mail {
namespace {

struct Case {
    const char *header;
    MailKind kind;
};

constexpr auto candidate = MailKind::candidate;
constexpr auto bounce = MailKind::bounce;
constexpr auto automatic_reply = MailKind::automatic_reply;
constexpr auto other = MailKind::other;

// clang-format off
const Case cases[] = { // NOLINT: a table
    // Ours, as it is written and as it is changed on the way
    {"From: sync@a.example\r\nSubject: [postrider] caireeyu\r\nAuto-Submitted: auto-generated\r\nContent-Type: multipart/mixed;\r\n boundary=\"=_x\"\r\n\r\n", candidate},
    {"Subject: [postrider] caireeyu\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n", candidate},
    {"Subject: [postrider] caireeyu\r\n", candidate},
    {"Subject: Fwd: [List] [postrider] caireeyu\nContent-Type: text/html\n", candidate},
    {"SUBJECT:[PostRider] x\nCONTENT-TYPE:TEXT/HTML\n", candidate},
    {"Subject: a very long subject of a list\r\n [postrider] x\r\nContent-Type: multipart/alternative\r\n", candidate},
    {"Subject: =?UTF-8?B?W3Bvc3RyaWRlcl0geA==?=\r\nContent-Type: text/html\r\n", candidate},
    {"Subject: =?utf-8?q?=5Bpost?=\r\n =?utf-8?Q?rider=5D_x?=\r\nContent-Type: text/html\r\n", candidate},
    {"Subject: lunch\r\nContent-Type: application/octet-stream; name=x.dat\r\n", candidate},
    {"Subject: lunch\r\nContent-Type: Multipart/Mixed; boundary=b\r\n", candidate},
    {"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\r\n", candidate},
    {"Content-Type: message/rfc822\r\n", candidate},
    {"Content-Type: application/ms-tnef; name=winmail.dat\r\n", candidate},
    {"Auto-Submitted: no\r\nContent-Type: multipart/mixed; boundary=b\r\n", candidate},
    {"From: postmaster@a.example\r\nSubject: [postrider] x\r\nContent-Type: multipart/mixed\r\n", candidate},
    // Of people
    {"From: Jo <jo@a.example>\r\nSubject: lunch\r\nContent-Type: multipart/alternative; boundary=b\r\n", other},
    {"Subject: lunch\r\nContent-Type: text/html; charset=utf-8\r\n", other},
    {"Subject: lunch\r\nContent-Type: text/plain\r\n", other},
    {"Subject: lunch\r\nContent-Type: text/calendar; method=REQUEST\r\n", other},
    {"Subject: about postrider\r\n", other},
    {"Subject: =?utf-8?B?W3Bvc3?= rider] =?x?Z?y?= =?\r\nContent-Type: text/html\r\n", other},
    {"From: Postmanager <postal@a.example>\r\nContent-Type: text/plain\r\n", other},
    {"From: \"MAILER-LIKE\" <m@a.example>\r\nContent-Type: text/plain\r\n", other},
    {"", other},
    {"no field at all", other},
    {"\r\nSubject: [postrider] behind the header\r\n", other},
    // Bounces
    {"From: MAILER-DAEMON@mx.a.example (Mail Delivery System)\r\nAuto-Submitted: auto-replied\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"B\"\r\n", bounce},
    {"From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\r\nSubject: Delivery Status Notification (Failure)\r\n", bounce},
    {"From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@a.example>\r\nSubject: Undeliverable: [postrider] x\r\n", bounce},
    {"From: \"Mail Delivery System\" <noreply@a.example>\r\nContent-Type: text/plain\r\n", bounce},
    {"From: =?utf-8?q?Mail_Delivery_System?= <noreply@a.example>\r\n", bounce},
    {"From: <>\r\nSubject: x\r\n", bounce},
    {"From: \"GMX Mailer Daemon\" <mailer-daemon@gmx.example>\r\nSubject: Mail delivery failed: returning message to sender\r\n", bounce},
    {"From: support@a.example\r\nSubject: failure notice\r\nContent-Type: text/plain\r\n", bounce},
    {"From: x@a.example\r\nContent-Type: multipart/report; boundary=b\r\n", bounce},
    {"From: postmaster@a.example\r\nSubject: Re: [postrider] x\r\nContent-Type: multipart/mixed\r\n", bounce},
    {"From: postmaster@a.example\r\nSubject: [postrider] x\r\nAuto-Submitted: auto-replied\r\nContent-Type: text/plain\r\n", bounce},
    // Automatic replies
    {"From: Jo <jo@a.example>\r\nSubject: Re: [postrider] x\r\nAuto-Submitted: auto-replied (vacation)\r\nContent-Type: text/plain\r\n", automatic_reply},
    {"Subject: Automatic reply: [postrider] x\r\nAuto-Submitted: AUTO-REPLIED\r\nContent-Type: multipart/mixed\r\n", automatic_reply},
    {"Subject: new mail\r\nAuto-Submitted: auto-notified; owner-email=\"a@b\"\r\n", automatic_reply},
    {"Subject: Read: [postrider] x\r\nContent-Type: multipart/report;\r\n report-type=disposition-notification; boundary=b\r\n", automatic_reply},
};

// clang-format on

TEST(Recognise, FollowsItsTable) {
    for (const Case &each : cases) {
        EXPECT_EQ(recognise(each.header, "[postrider]"), each.kind) << each.header;
    }
}

TEST(Recognise, KnowsItsOwnPrefixBesidesTheUsualOne) {
    EXPECT_EQ(recognise("Subject: Re: sync-7 x\nContent-Type: text/plain\n", "Sync-7"), candidate);
    EXPECT_EQ(recognise("Subject: [postrider] x\nContent-Type: text/plain\n", "sync-7"), candidate);
    EXPECT_EQ(recognise("Subject: x\nContent-Type: text/plain\n", "sync-7"), other);
}

TEST(Recognise, WithoutAPrefixEveryPlainTextIsACandidate) {
    EXPECT_EQ(recognise("Subject: caireeyu\nContent-Type: text/plain\n", ""), candidate);
    EXPECT_EQ(recognise("Subject: caireeyu\n", ""), candidate);
    EXPECT_EQ(recognise("Subject: caireeyu\nContent-Type: text/html\n", ""), other);
}

TEST(Recognise, EveryTruncationOfAHeaderIsSurvived) {
    for (const Case &each : cases) {
        const std::string_view header = each.header;
        for (std::size_t size = 0; size < header.size(); ++size) {
            static_cast<void>(recognise(header.substr(0, size), "[postrider]"));
        }
    }
}

TEST(EncodedWords, AreDecodedWhereTheyAreWhole) {
    EXPECT_EQ(decode_encoded_words("a =?utf-8?B?Yg==?= c"), "a b c");
    EXPECT_EQ(decode_encoded_words("=?utf-8?q?a_?= \t =?utf-8?q?=5F?= b"), "a _ b");
    EXPECT_EQ(decode_encoded_words("=?utf-8?q?a"), "=?utf-8?q?a");
    EXPECT_EQ(decode_encoded_words("=?=?=?utf-8?X?a?= =?"), "=?=?=?utf-8?X?a?= =?");
    EXPECT_EQ(decode_encoded_words("=?utf-8*en?Q?a=3?="), "a=3");
}

TEST(MailSystem, IsKnownByItsAddressOrName) {
    EXPECT_TRUE(is_mail_system(" Postmaster <Postmaster@a.example>"));
    EXPECT_TRUE(is_mail_system("MAILER-DAEMON"));
    EXPECT_FALSE(is_mail_system("Jo <jo@postmaster.example>"));
    EXPECT_FALSE(is_mail_system(""));
}

} // namespace
} // namespace postrider::mail

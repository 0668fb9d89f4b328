// What replies mean for a mail.
#include <gtest/gtest.h>

#include "common/transport/smtp_verdict.hpp"

namespace postrider::transport {
namespace {

SmtpReply judged_reply(const std::string &line) {
    SmtpReplyReader reader;
    const std::string text = line + "\r\n";
    ByteView bytes = as_bytes(text);
    const Result<std::optional<SmtpReply>> reply = reader.next(bytes);
    EXPECT_TRUE(reply && *reply) << line;
    return reply && *reply ? **reply : SmtpReply{};
}

struct VerdictCase {
    std::string line;
    SmtpStage stage;
    SmtpVerdict verdict;
};

void check_verdicts(const std::vector<VerdictCase> &cases) {
    for (const VerdictCase &each : cases) {
        EXPECT_EQ(name_of(judge_reply(judged_reply(each.line), each.stage)), name_of(each.verdict))
            << each.line << " at stage " << static_cast<int>(each.stage);
    }
}

TEST(SmtpVerdict, OfPositiveRepliesIsAccepted) {
    using enum SmtpStage;
    using enum SmtpVerdict;
    check_verdicts({{"250 2.1.5 ok", first_recipient, accepted},
                    {"251 will forward", later_recipient, accepted},
                    {"250", content, accepted}});
}

TEST(SmtpVerdict, OfTemporaryRepliesIsTryAgain) {
    using enum SmtpStage;
    using enum SmtpVerdict;
    check_verdicts({{"450 4.1.2 domain not found", first_recipient, try_again},
                    {"451 4.3.0 local error", content, try_again},
                    {"452 4.3.1 insufficient system storage", sender, try_again},
                    {"452 no space", first_recipient, try_again},
                    {"451 local error in processing", content, try_again},
                    {"454 4.7.0 temporary authentication failure", sender, try_again},
                    {"450 4.2.1 mailbox busy", first_recipient, try_again},
                    {"451", data, try_again}});
}

TEST(SmtpVerdict, OfAFullMailboxIsTryAgainHoweverPermanentItSounds) {
    using enum SmtpStage;
    using enum SmtpVerdict;
    check_verdicts({{"552 5.2.2 mailbox full", first_recipient, try_again},
                    {"552 5.2.2 quota exceeded", content, try_again},
                    {"550 5.2.2 over quota", later_recipient, try_again},
                    {"452 4.2.2 over quota", later_recipient, try_again},
                    {"554 5.5.0 filter is down", content, try_again}});
    const Error error = reply_error(judged_reply("552 5.2.2 x"), first_recipient,
                                    {"a@us.example", "b@you.example"});
    EXPECT_EQ(error.code, Errc::unavailable);
    EXPECT_EQ(error.message,
              "could not send a mail to \"b@you.example\": server replied \"552 5.2.2 x\"");
    EXPECT_NE(error.hint.find("full"), std::string::npos);
}

TEST(SmtpVerdict, OfAServerThatContradictsItselfIsTheMilderOne) {
    using enum SmtpStage;
    using enum SmtpVerdict;
    check_verdicts({{"550 4.3.0 later", content, try_again}, {"450 5.1.1 x", content, try_again}});
}

TEST(SmtpVerdict, KnowsGreylisting) {
    using enum SmtpStage;
    using enum SmtpVerdict;
    check_verdicts(
        {{"450 4.7.1 come back", first_recipient, greylisted},
         {"451 4.7.1 come back", content, greylisted},
         {"451 4.7.0 come back", later_recipient, greylisted},
         {"450 4.2.0 Recipient address rejected: Greylisted", first_recipient, greylisted},
         {"450 wait", first_recipient, greylisted},
         {"451 wait", later_recipient, greylisted},
         {"450 wait", content, try_again}});
}

TEST(SmtpVerdict, KnowsWhereTheServerTakesNoMoreRecipients) {
    using enum SmtpStage;
    using enum SmtpVerdict;
    check_verdicts({{"452 4.5.3 too many recipients", later_recipient, too_many_recipients},
                    {"452 too many recipients", later_recipient, too_many_recipients},
                    {"552 too many recipients", later_recipient, too_many_recipients},
                    {"550 5.5.3 too many recipients", later_recipient, too_many_recipients},
                    {"452 4.5.3 too many recipients", content, too_many_recipients},
                    {"452 4.5.3 too many recipients", first_recipient, slow_down}});
}

TEST(SmtpVerdict, KnowsMailsThatAreTooLarge) {
    using enum SmtpStage;
    using enum SmtpVerdict;
    check_verdicts({{"552 too big", sender, too_large},
                    {"552 5.3.4 too big", sender, too_large},
                    {"554 5.3.4 too big", content, too_large},
                    {"550 5.2.3 too big for this mailbox", first_recipient, too_large},
                    {"552 too big", content, too_large},
                    {"552 5.7.0 blocked", content, refused_policy}});
}

TEST(SmtpVerdict, KnowsServersThatWantPatience) {
    using enum SmtpStage;
    using enum SmtpVerdict;
    check_verdicts({{"421 4.3.2 closing", sender, slow_down},
                    {"421", content, slow_down},
                    {"451 4.7.500 server busy", content, slow_down},
                    {"450 4.7.28 rate", first_recipient, slow_down},
                    {"450 4.2.1 rate limit exceeded", first_recipient, slow_down},
                    {"451 4.7.1 Too many messages", content, slow_down},
                    {"451 4.4.5 congestion", data, slow_down},
                    {"550 5.4.5 daily limit", content, slow_down}});
}

TEST(SmtpVerdict, KnowsWrongAddresses) {
    using enum SmtpStage;
    using enum SmtpVerdict;
    check_verdicts({{"550 5.1.1 no such user", first_recipient, refused_address},
                    {"553 5.1.3 bad syntax", later_recipient, refused_address},
                    {"550 5.1.8 bad sender domain", sender, refused_address},
                    {"550 no such user", first_recipient, refused_address},
                    {"551 not here", later_recipient, refused_address},
                    {"553 not yours", sender, refused_address},
                    {"550 5.2.1 disabled", first_recipient, refused_address},
                    {"550 5.4.1 recipient address rejected", first_recipient, refused_address},
                    {"550 no", content, refused_policy}});
}

TEST(SmtpVerdict, LeavesToAPersonWhatNoTimeChanges) {
    using enum SmtpStage;
    using enum SmtpVerdict;
    check_verdicts({{"554 5.7.1 suspicion of SPAM", content, refused_policy},
                    {"550 5.7.1 relaying denied", first_recipient, refused_policy},
                    {"553 5.7.1 sender not owned by user", sender, refused_policy},
                    {"554 spam", content, refused_policy},
                    {"554 no valid recipients", data, refused_policy},
                    {"501 5.5.4 syntax", sender, refused_policy},
                    {"571 no", first_recipient, refused_policy},
                    {"550 5.6.0 content", content, refused_policy}});
}

TEST(SmtpVerdict, KnowsTroubleWithTheAccount) {
    using enum SmtpStage;
    using enum SmtpVerdict;
    check_verdicts({{"530 5.7.0 authentication required", sender, login},
                    {"530 5.7.57 not authenticated", sender, login},
                    {"535 5.7.8 bad credentials", sender, login},
                    {"534 5.7.9 application password needed", sender, login},
                    {"538 encryption needed", sender, login}});
}

TEST(SmtpVerdict, TellsAnOperatorWhatToDo) {
    using enum SmtpStage;
    using enum SmtpVerdict;
    const SmtpParties parties{"a@us.example", "b@you.example"};
    for (const std::string line :
         {"450 4.3.0", "450 4.7.1", "452 4.5.3", "552 5.3.4", "421", "550 5.1.1", "554", "535"}) {
        for (const SmtpStage stage : {sender, first_recipient, later_recipient, data, content}) {
            const Error error = reply_error(judged_reply(line), stage, parties);
            EXPECT_FALSE(error.hint.empty()) << line;
            EXPECT_NE(error.code, Errc::internal) << line;
            EXPECT_NE(error.message.find("b@you.example"), std::string::npos);
            EXPECT_EQ(error.message.find("a@us.example") != std::string::npos, stage == sender);
        }
    }
    const SmtpReply wrong = judged_reply("550 5.1.1 no");
    EXPECT_EQ(reply_error(wrong, first_recipient, parties).code, Errc::refused);
    EXPECT_NE(reply_error(wrong, first_recipient, parties).hint,
              reply_error(wrong, sender, parties).hint);
    EXPECT_EQ(reply_error(judged_reply("552"), sender, parties).code, Errc::too_large);
    const Error reason{Errc::unavailable, "connection reset by peer"};
    EXPECT_EQ(lost_error(unknown, reason, parties.recipient).code, Errc::timed_out);
    EXPECT_EQ(lost_error(not_sent, reason, parties.recipient).message,
              "could not send a mail to \"b@you.example\": connection reset by peer");
    EXPECT_EQ(lost_error(not_sent, {Errc::internal, "x"}, parties.recipient).code, Errc::internal);
}

} // namespace
} // namespace postrider::transport

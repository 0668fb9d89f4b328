// Conversations that go as they should, and replies that a mail may get.
#include "common/base/limits.hpp"

#include "tests/unit/transport/smtp_play.hpp"

namespace postrider::transport {
namespace {

const std::vector<std::string> all_offers{"SIZE 1000", "PIPELINING", "8BITMIME",
                                          "ENHANCEDSTATUSCODES"};

TEST(SmtpDialogue, GreetsAndTellsWhatTheServerCanDo) {
    in_all_pieces([](SmtpPlay &play) {
        EXPECT_EQ(play.client(), "EHLO node.example\r\n");
        EXPECT_FALSE(play.dialogue.may_send());
        play.server("250-mail.example greets\r\n250-SIZE 1000\r\n250 PIPELINING\r\n");
        EXPECT_EQ(play.happened, "ready\n");
        EXPECT_TRUE(play.dialogue.may_send());
        EXPECT_EQ(play.dialogue.patience(), std::nullopt);
        EXPECT_EQ(play.client(), "");
    });
}

TEST(SmtpDialogue, FallsBackToHeloOnce) {
    in_all_pieces([](SmtpPlay &play) {
        EXPECT_EQ(play.client(), "EHLO node.example\r\n");
        play.server("502 5.5.1 what?\r\n");
        EXPECT_EQ(play.client(), "HELO node.example\r\n");
        play.server("250 mail.example\r\n");
        EXPECT_EQ(play.happened, "ready\n");
        play.send({"b@you.example"});
        EXPECT_EQ(play.client(), "MAIL FROM:<us@node.example>\r\n") << "no SIZE was offered";
    });
    in_all_pieces([](SmtpPlay &play) {
        play.client();
        play.server("500 what?\r\n");
        play.client();
        play.server("554 5.7.1 go away\r\n");
        EXPECT_TRUE(play.dialogue.is_over());
        EXPECT_EQ(play.happened, "error refused: mail server does not want to talk to "
                                 "\"node.example\": 554 5.7.1 go away\n");
        EXPECT_NE(play.hint, "");
    });
}

TEST(SmtpDialogue, SaysAnAddressLiteralForWhatIsNoName) {
    const std::string long_name(254, 'a');
    for (const std::string &name :
         {std::string(), std::string("my_host"), std::string("a b"), std::string("x\r\nMAIL"),
          std::string("-a"), long_name, std::string("localhost"),
          std::string("localhost.localdomain"), std::string("till"), std::string("till."),
          std::string(".a.b"), std::string("a..b"), std::string("a-.b"), std::string("10.0.0.7"),
          std::string("[]"), std::string("[a.b]\r\n"), std::string("[IPv6:g]"),
          "a." + std::string(64, 'a')}) {
        SmtpDialogue dialogue(name);
        EXPECT_EQ(as_text(dialogue.output(whole)), "EHLO [127.0.0.1]\r\n") << name;
    }
}

TEST(SmtpDialogue, SaysFullNamesAndAddressLiteralsAsTheyAre) {
    for (const char *name :
         {"till.shop.example", "7.b", "[192.0.2.7]", "[IPv6:2001:db8::7]", "[IPv6:::1]"}) {
        SmtpDialogue dialogue(name);
        EXPECT_EQ(as_text(dialogue.output(whole)), "EHLO " + std::string{name} + "\r\n");
    }
}

TEST(SmtpDialogue, SendsAMailStepByStepWithoutPipelining) {
    in_all_pieces([](SmtpPlay &play) {
        play.greet({"SIZE"});
        play.send({"b@you.example", "c@you.example"}, ".dot\r\n\r\n..\r\n");
        EXPECT_FALSE(play.dialogue.may_send());
        EXPECT_EQ(play.client(), "MAIL FROM:<us@node.example> SIZE=12\r\n");
        play.server("250 2.1.0 ok\r\n");
        EXPECT_EQ(play.client(), "RCPT TO:<b@you.example>\r\n");
        play.server("250 2.1.5 ok\r\n");
        EXPECT_EQ(play.client(), "RCPT TO:<c@you.example>\r\n");
        play.server("250 2.1.5 ok\r\n");
        EXPECT_EQ(play.client(), "DATA\r\n");
        play.server("354 go on\r\n");
        EXPECT_EQ(play.client(), "..dot\r\n\r\n...\r\n.\r\n");
        EXPECT_EQ(play.happened, "");
        play.server("250 2.0.0 queued\r\n");
        EXPECT_EQ(play.happened, "outcome 7\n"
                                 "  b@you.example accepted 250 2.0.0 queued\n"
                                 "  c@you.example accepted 250 2.0.0 queued\n");
        EXPECT_TRUE(play.dialogue.may_send());
    });
}

TEST(SmtpDialogue, SendsTheEnvelopeAtOnceWithPipelining) {
    in_all_pieces([](SmtpPlay &play) {
        play.greet(all_offers);
        play.send({"b@you.example", "c@you.example", "d@you.example"});
        EXPECT_EQ(play.client(), "MAIL FROM:<us@node.example> SIZE=4\r\n"
                                 "RCPT TO:<b@you.example>\r\n"
                                 "RCPT TO:<c@you.example>\r\n"
                                 "RCPT TO:<d@you.example>\r\n");
        play.server("250 ok\r\n250 ok\r\n550 5.1.1 who?\r\n");
        EXPECT_EQ(play.client(), "") << "one reply is missing";
        play.server("451 4.7.1 wait\r\n");
        EXPECT_EQ(play.client(), "DATA\r\n");
        play.server("354 go on\r\n");
        EXPECT_EQ(play.client(), "Hi\r\n.\r\n");
        play.server("250 queued\r\n");
        EXPECT_EQ(play.happened, "outcome 7\n"
                                 "  b@you.example accepted 250 queued\n"
                                 "  c@you.example refused_address 550 5.1.1 who?\n"
                                 "  d@you.example greylisted 451 4.7.1 wait\n");
    });
}

TEST(SmtpDialogue, AsksToWriteAtOnceWhereThereIsOneRecipient) {
    in_all_pieces([](SmtpPlay &play) {
        play.greet(all_offers);
        play.send({"b@you.example"});
        EXPECT_EQ(play.client(), "MAIL FROM:<us@node.example> SIZE=4\r\n"
                                 "RCPT TO:<b@you.example>\r\nDATA\r\n");
        play.server("250 ok\r\n250 ok\r\n");
        EXPECT_EQ(play.client(), "") << "one reply is missing";
        play.server("354 go on\r\n");
        EXPECT_EQ(play.client(), "Hi\r\n.\r\n");
        play.server("250 queued\r\n");
        EXPECT_EQ(play.happened, "outcome 7\n  b@you.example accepted 250 queued\n");
    });
}

TEST(SmtpDialogue, WritesNothingForARecipientThatIsRefusedThoughItAskedToWrite) {
    constexpr std::string_view outcome =
        "outcome 7\n  b@you.example refused_address 550 5.1.1 no\n";
    in_all_pieces([&](SmtpPlay &play) {
        play.greet(all_offers);
        play.send({"b@you.example"});
        play.client();
        play.server("250 ok\r\n550 5.1.1 no\r\n");
        EXPECT_EQ(play.client(), "");
        play.server("554 5.5.1 no valid recipients\r\n");
        EXPECT_EQ(play.client(), "RSET\r\n");
        play.server("250 ok\r\n");
        EXPECT_EQ(play.happened, outcome);
    });
    in_all_pieces([&](SmtpPlay &play) {
        play.greet(all_offers);
        play.send({"b@you.example"});
        play.client();
        play.server("250 ok\r\n550 5.1.1 no\r\n354 go on\r\n");
        EXPECT_EQ(play.client(), ".\r\n");
        play.server("554 5.5.1 no valid recipients\r\n");
        EXPECT_EQ(play.happened, outcome);
        EXPECT_TRUE(play.dialogue.may_send());
    });
}

TEST(SmtpDialogue, WritesTheWholeEnvelopeInOneWrite) {
    SmtpPlay play(whole);
    play.greet(all_offers);
    const std::vector<std::string> recipients(limits::smtp_recipients_max, "b@you.example");
    play.send(recipients);
    const Bytes bytes = play.dialogue.output(64 * limits::kib);
    EXPECT_EQ(std::count(bytes.begin(), bytes.end(), '\n'), 51);
    EXPECT_TRUE(play.dialogue.output(whole).empty());
}

TEST(SmtpDialogue, ResetsWhenNobodyIsToGetTheMail) {
    for (const bool pipelining : {false, true}) {
        in_all_pieces([&](SmtpPlay &play) {
            play.greet(pipelining ? all_offers : std::vector<std::string>{"SIZE"});
            play.send({"b@you.example", "c@you.example"});
            play.client();
            play.server("250 ok\r\n");
            play.client();
            play.server("550 5.1.1 no\r\n");
            play.client();
            play.server("450 4.7.1 wait\r\n");
            EXPECT_EQ(play.client(), "RSET\r\n");
            EXPECT_EQ(play.happened, "");
            play.server("250 ok\r\n");
            EXPECT_EQ(play.happened, "outcome 7\n"
                                     "  b@you.example refused_address 550 5.1.1 no\n"
                                     "  c@you.example greylisted 450 4.7.1 wait\n");
            play.send({"d@you.example"});
            EXPECT_TRUE(play.client().starts_with("MAIL FROM"));
        });
    }
}

TEST(SmtpDialogue, TakesARefusedSenderForTheAnswerToAll) {
    in_all_pieces([](SmtpPlay &play) {
        play.greet({"SIZE"});
        play.send({"b@you.example", "c@you.example"});
        play.client();
        play.server("552 5.3.4 too big\r\n");
        EXPECT_EQ(play.happened, "outcome 7\n"
                                 "  b@you.example too_large 552 5.3.4 too big\n"
                                 "  c@you.example too_large 552 5.3.4 too big\n");
        EXPECT_TRUE(play.dialogue.may_send());
    });
    in_all_pieces([](SmtpPlay &play) {
        play.greet(all_offers);
        play.send({"b@you.example", "c@you.example"});
        play.client();
        play.server("530 5.7.0 log in\r\n503 5.5.1 MAIL first\r\n250 what sender?\r\n");
        EXPECT_EQ(play.client(), "RSET\r\n");
        play.server("250 ok\r\n");
        EXPECT_EQ(play.happened, "outcome 7\n"
                                 "  b@you.example login 530 5.7.0 log in\n"
                                 "  c@you.example login 530 5.7.0 log in\n");
    });
}

TEST(SmtpDialogue, SendsToThoseAcceptedWhereTheServerTakesNoMore) {
    in_all_pieces([](SmtpPlay &play) {
        play.greet(all_offers);
        play.send({"b@you.example", "c@you.example", "d@you.example"});
        play.client();
        play.server("250 ok\r\n250 ok\r\n452 4.5.3 enough\r\n452 4.5.3 enough\r\n");
        EXPECT_EQ(play.client(), "DATA\r\n");
        play.server("354 go\r\n");
        play.client();
        play.server("250 ok\r\n");
        EXPECT_EQ(play.happened, "outcome 7\n"
                                 "  b@you.example accepted 250 ok\n"
                                 "  c@you.example too_many_recipients 452 4.5.3 enough\n"
                                 "  d@you.example too_many_recipients 452 4.5.3 enough\n");
    });
    in_all_pieces([](SmtpPlay &play) {
        play.greet({"SIZE"});
        play.send({"b@you.example", "c@you.example", "d@you.example"});
        for (const std::string_view reply : {"250 ok\r\n", "250 ok\r\n", "452 enough\r\n"}) {
            play.client();
            play.server(reply);
        }
        EXPECT_EQ(play.client(), "DATA\r\n") << "the third one is not asked for";
        play.server("354 go\r\n");
        play.client();
        play.server("250 ok\r\n");
        EXPECT_EQ(play.happened, "outcome 7\n"
                                 "  b@you.example accepted 250 ok\n"
                                 "  c@you.example too_many_recipients 452 enough\n"
                                 "  d@you.example too_many_recipients 452 enough\n");
    });
}

TEST(SmtpDialogue, TellsEachRecipientWhatBecameOfDataAndContent) {
    in_all_pieces([](SmtpPlay &play) {
        play.greet(all_offers);
        play.send({"b@you.example", "c@you.example"});
        play.client();
        play.server("250 ok\r\n250 ok\r\n550 no\r\n");
        play.client();
        play.server("451 4.3.0 later\r\n");
        EXPECT_EQ(play.client(), "RSET\r\n");
        play.server("250 ok\r\n");
        EXPECT_EQ(play.happened, "outcome 7\n"
                                 "  b@you.example try_again 451 4.3.0 later\n"
                                 "  c@you.example refused_address 550 no\n");
    });
    in_all_pieces([](SmtpPlay &play) {
        play.greet(all_offers);
        play.send({"b@you.example"});
        play.client();
        play.server("250 ok\r\n250 ok\r\n");
        play.client();
        play.server("354 go\r\n");
        play.client();
        play.server("554 5.7.1 suspicion of SPAM\r\n");
        EXPECT_EQ(play.happened, "outcome 7\n"
                                 "  b@you.example refused_policy 554 5.7.1 suspicion of SPAM\n");
        EXPECT_TRUE(play.dialogue.may_send());
    });
}

TEST(SmtpDialogue, RefusesWhatIsAboveTheServersSizeWithoutAWord) {
    in_all_pieces([](SmtpPlay &play) {
        play.greet(all_offers);
        play.send({"b@you.example", "c@you.example"}, std::string(999, 'x') + "\r\n");
        EXPECT_EQ(play.happened, "outcome 7\n"
                                 "  b@you.example too_large\n"
                                 "  c@you.example too_large\n");
        EXPECT_EQ(play.outcomes.at(0).recipients.at(0).error->message,
                  "mail has 1001 bytes, and the server takes up to 1000");
        EXPECT_EQ(play.client(), "");
        play.send({"b@you.example"}, std::string(998, 'x') + "\r\n");
        EXPECT_EQ(play.client(), "MAIL FROM:<us@node.example> SIZE=1000\r\n"
                                 "RCPT TO:<b@you.example>\r\nDATA\r\n");
    });
}

TEST(SmtpDialogue, TakesNoMailThatNoServerCanGet) {
    SmtpPlay play(whole);
    play.greet(all_offers);
    play.send({});
    play.send(std::vector<std::string>(limits::smtp_recipients_max + 1, "b@you.example"));
    play.send({"b@you.example>\r\nDATA"});
    play.send_claimed({"b@you.example"}, "", limits::mail_bytes_max + 1);
    EXPECT_EQ(std::count(play.happened.begin(), play.happened.end(), '\n'), 4);
    EXPECT_EQ(play.happened.find("outcome"), std::string::npos);
    EXPECT_EQ(play.client(), "");
    EXPECT_TRUE(play.dialogue.may_send());
    play.send(std::vector<std::string>(limits::smtp_recipients_max, "b@you.example"));
    EXPECT_NE(play.client(), "");
}

TEST(SmtpDialogue, SendsManyMailsAndSaysGoodbye) {
    in_all_pieces([](SmtpPlay &play) {
        play.greet(all_offers);
        for (int count = 0; count < 3; ++count) {
            play.send({"b@you.example"});
            play.client();
            play.server("250 ok\r\n250 ok\r\n");
            play.client();
            play.server("354 go\r\n");
            if (count == 2) {
                play.dialogue.quit();
                play.dialogue.quit();
                EXPECT_FALSE(play.dialogue.may_send());
            }
            EXPECT_EQ(play.client(), "Hi\r\n.\r\n");
            play.server("250 ok\r\n");
        }
        EXPECT_EQ(play.outcomes.size(), 3U);
        EXPECT_EQ(play.client(), "QUIT\r\n");
        EXPECT_FALSE(play.dialogue.is_over());
        play.server("221 bye\r\n");
        EXPECT_TRUE(play.dialogue.is_over());
        EXPECT_EQ(play.dialogue.patience(), std::nullopt);
        EXPECT_EQ(play.client(), "");
    });
}

TEST(SmtpDialogue, SaysGoodbyeToAServerThatClosesAtIt) {
    in_all_pieces([](SmtpPlay &play) {
        play.dialogue.quit();
        play.greet(all_offers);
        EXPECT_EQ(play.client(), "QUIT\r\n");
        play.server("421 closing\r\n");
        EXPECT_TRUE(play.dialogue.is_over());
        EXPECT_EQ(play.happened, "");
    });
}

TEST(SmtpDialogue, HasPatience) {
    using std::chrono::minutes;
    SmtpPlay play(whole);
    EXPECT_EQ(play.dialogue.patience(), minutes{5});
    play.greet(all_offers);
    EXPECT_EQ(play.dialogue.patience(), std::nullopt);
    play.send({"b@you.example"});
    EXPECT_EQ(play.dialogue.patience(), minutes{5});
    play.client();
    play.server("250 ok\r\n250 ok\r\n");
    EXPECT_EQ(play.dialogue.patience(), minutes{5});
    play.client();
    play.server("354 go\r\n");
    EXPECT_EQ(play.dialogue.patience(), minutes{2});
    play.dialogue.output(1);
    EXPECT_EQ(play.dialogue.patience(), minutes{2});
    play.client();
    EXPECT_EQ(play.dialogue.patience(), minutes{10});
}

TEST(SmtpDialogue, HoldsNoMoreOfAMailThanIsAskedFor) {
    SmtpPlay play(whole);
    play.greet({"PIPELINING"});
    std::string text;
    for (int line = 0; line < 100'000; ++line) {
        text += ".\r\n";
    }
    play.send({"b@you.example"}, text);
    play.client();
    play.server("250 ok\r\n250 ok\r\n");
    play.client();
    play.server("354 go\r\n");
    std::size_t total = 0;
    for (Bytes bytes = play.dialogue.output(1000); !bytes.empty();
         bytes = play.dialogue.output(1000)) {
        EXPECT_LE(bytes.size(), 2 * 1000U);
        total += bytes.size();
    }
    EXPECT_EQ(total, 400'003U);
}

} // namespace
} // namespace postrider::transport

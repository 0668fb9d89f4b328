// Connections that end, servers that talk nonsense, and contents that are not what was said.
#include "common/base/limits.hpp"

#include "tests/unit/transport/smtp_play.hpp"

namespace postrider::transport {
namespace {

const std::vector<std::string> only_pipelining{"PIPELINING"};

/// Up to the reply to DATA, which is not given yet.
void ask_for_data(SmtpPlay &play) {
    play.greet(only_pipelining);
    play.send({"b@you.example", "c@you.example"});
    play.client();
    play.server("250 ok\r\n250 ok\r\n550 5.1.1 no\r\n");
    EXPECT_EQ(play.client(), "DATA\r\n");
}

constexpr std::string_view second_refused = "  c@you.example refused_address 550 5.1.1 no\n";

std::string first_outcome(std::string_view first) {
    return "outcome 7\n  b@you.example " + std::string(first) + "\n" + std::string(second_refused);
}

TEST(SmtpTrouble, LostBeforeTheFinalDotNothingWasSent) {
    in_all_pieces([](SmtpPlay &play) {
        ask_for_data(play);
        play.server("354 go\r\n");
        const Bytes some = play.dialogue.output(4);
        EXPECT_EQ(as_text(some), "Hi\r\n");
        play.lose();
        EXPECT_EQ(play.happened, first_outcome("not_sent"));
        EXPECT_TRUE(play.dialogue.is_over());
        EXPECT_EQ(play.outcomes.at(0).recipients.at(0).error->code, Errc::unavailable);
        play.lose();
        EXPECT_EQ(play.outcomes.size(), 1U) << "one outcome, however often it is lost";
    });
}

TEST(SmtpTrouble, LostAfterTheFinalDotItMayHaveBeenAccepted) {
    in_all_pieces([](SmtpPlay &play) {
        ask_for_data(play);
        play.server("354 go\r\n");
        EXPECT_EQ(play.client(), "Hi\r\n.\r\n");
        play.server("250 2.0.0 accep");
        play.lose();
        EXPECT_EQ(play.happened, first_outcome("unknown"));
        EXPECT_EQ(play.outcomes.at(0).recipients.at(0).error->code, Errc::timed_out);
    });
}

TEST(SmtpTrouble, LostBetweenMailsThereIsNothingToTell) {
    in_all_pieces([](SmtpPlay &play) {
        play.greet(only_pipelining);
        play.lose();
        EXPECT_EQ(play.happened, "");
        EXPECT_TRUE(play.dialogue.is_over());
        EXPECT_FALSE(play.dialogue.may_send());
    });
}

TEST(SmtpTrouble, LostWhileResettingTheOutcomeIsKnown) {
    in_all_pieces([](SmtpPlay &play) {
        play.greet(only_pipelining);
        play.send({"b@you.example"});
        play.client();
        play.server("250 ok\r\n550 5.1.1 no\r\n");
        play.client();
        play.lose();
        EXPECT_EQ(play.happened, "outcome 7\n  b@you.example refused_address 550 5.1.1 no\n");
    });
}

TEST(SmtpTrouble, AServerMayCloseAtAnyTime) {
    const std::string closed =
        "error unavailable: mail server closed the connection: 421 4.3.2 bye\n";
    const std::string slow = "slow_down 421 4.3.2 bye";
    for (int stage = 0; stage < 6; ++stage) {
        in_all_pieces([&](SmtpPlay &play) {
            std::string expected = closed;
            if (stage == 0) {
                play.client();
            } else if (stage == 1) {
                play.greet(only_pipelining);
            } else if (stage == 2) {
                play.greet(only_pipelining);
                play.send({"b@you.example", "c@you.example"});
                play.client();
                play.server("250 ok\r\n");
                expected = "outcome 7\n  b@you.example " + slow + "\n  c@you.example " + slow +
                           "\n" + closed;
            } else {
                ask_for_data(play);
                expected = first_outcome(slow) + closed;
                if (stage > 3) {
                    play.server("354 go\r\n");
                    EXPECT_EQ(play.dialogue.output(4).size(), 4U);
                }
                if (stage > 4) {
                    play.client();
                }
            }
            play.server("421 4.3.2 bye\r\n250 what is that?\r\n");
            // Events come before the error is told in pieces of any size; order does not matter.
            for (std::string_view line : {std::string_view(closed)}) {
                EXPECT_NE(play.happened.find(line), std::string::npos) << play.happened;
            }
            EXPECT_EQ(play.happened.size(), expected.size()) << play.happened;
            EXPECT_TRUE(play.dialogue.is_over());
            EXPECT_EQ(play.client(), "");
        });
    }
}

TEST(SmtpTrouble, AReplyThatNobodyAskedForIsAnError) {
    in_all_pieces([](SmtpPlay &play) {
        play.greet(only_pipelining);
        play.server("250 hello?\r\n");
        EXPECT_EQ(play.happened,
                  "error malformed: mail server said without being asked: 250 hello?\n");
        EXPECT_TRUE(play.dialogue.is_over());
    });
    in_all_pieces([](SmtpPlay &play) {
        play.server("250 before EHLO\r\n");
        EXPECT_TRUE(play.dialogue.is_over());
    });
}

TEST(SmtpTrouble, AnAcceptanceBeforeTheFinalDotIsNone) {
    in_all_pieces([](SmtpPlay &play) {
        ask_for_data(play);
        play.server("354 go\r\n250 2.0.0 accepted already\r\n");
        EXPECT_TRUE(play.dialogue.is_over());
        EXPECT_EQ(play.outcomes.at(0).recipients.at(0).verdict, SmtpVerdict::not_sent);
        EXPECT_EQ(play.client(), "");
    });
    in_all_pieces([](SmtpPlay &play) {
        play.greet(only_pipelining);
        play.send({"b@you.example", "c@you.example"});
        play.client();
        play.server("250 ok\r\n250 ok\r\n250 ok\r\n354 go, before DATA was said\r\n");
        EXPECT_TRUE(play.dialogue.is_over());
        EXPECT_EQ(play.outcomes.at(0).recipients.at(0).verdict, SmtpVerdict::not_sent);
    });
}

TEST(SmtpTrouble, ARefusalInTheMiddleOfTheContentIsItsOutcome) {
    in_all_pieces([](SmtpPlay &play) {
        ask_for_data(play);
        play.server("354 go\r\n");
        EXPECT_EQ(play.dialogue.output(4).size(), 4U);
        play.server("552 5.3.4 too big\r\n");
        EXPECT_TRUE(play.dialogue.is_over());
        EXPECT_EQ(play.outcomes.at(0).recipients.at(0).verdict, SmtpVerdict::too_large);
        EXPECT_EQ(play.outcomes.at(0).recipients.at(1).verdict, SmtpVerdict::refused_address);
    });
}

TEST(SmtpTrouble, ARefusalOfTheMailItselfIsToldFromOneOfItsAddresses) {
    in_all_pieces([](SmtpPlay &play) {
        ask_for_data(play);
        play.server("354 go\r\n");
        EXPECT_EQ(play.dialogue.output(4).size(), 4U);
        play.server("552 5.7.0 no such attachments here\r\n");
        EXPECT_TRUE(play.outcomes.at(0).recipients.at(0).is_about_content);
        EXPECT_FALSE(play.outcomes.at(0).recipients.at(1).is_about_content);
    });
}

TEST(SmtpTrouble, NonsenseEndsTheDialogue) {
    const auto ends_with = [](std::string_view said, SmtpVerdict verdict, std::size_t asked) {
        in_all_pieces([&](SmtpPlay &play) {
            ask_for_data(play);
            if (asked > 0) {
                play.server("354 go\r\n");
                play.client();
            }
            play.server(said);
            EXPECT_TRUE(play.dialogue.is_over()) << said;
            ASSERT_EQ(play.outcomes.size(), 1U) << said;
            EXPECT_EQ(play.outcomes[0].recipients.at(0).verdict, verdict) << said;
            EXPECT_NE(play.happened.find("error "), std::string::npos);
        });
    };
    ends_with("250 ok instead of 354\r\n", SmtpVerdict::not_sent, 0);
    ends_with("355 almost\r\n", SmtpVerdict::not_sent, 0);
    ends_with("HTTP/1.1 400 Bad Request\r\n", SmtpVerdict::not_sent, 0);
    ends_with("banana\r\n", SmtpVerdict::unknown, 1);
    ends_with("354 go on\r\n", SmtpVerdict::unknown, 1);
    ends_with(std::string(limits::server_line_bytes_max + 2, 'x'), SmtpVerdict::unknown, 1);
    std::string many;
    for (std::size_t line = 0; line <= limits::smtp_reply_lines_max; ++line) {
        many += "250-x\r\n";
    }
    ends_with(many, SmtpVerdict::unknown, 1);
}

TEST(SmtpTrouble, AResetThatIsRefusedEndsTheDialogue) {
    in_all_pieces([](SmtpPlay &play) {
        play.greet(only_pipelining);
        play.send({"b@you.example"});
        play.client();
        play.server("250 ok\r\n550 5.1.1 no\r\n554 5.5.1 for whom?\r\n");
        play.client();
        play.server("500 what?\r\n");
        EXPECT_TRUE(play.dialogue.is_over());
        EXPECT_EQ(play.outcomes.at(0).recipients.at(0).verdict, SmtpVerdict::refused_address);
    });
}

TEST(SmtpTrouble, AContentOfAnotherSizeIsGivenUpBeforeTheFinalDot) {
    const auto gives_up = [](const std::string &text, std::uint64_t bytes, bool fails, Errc code) {
        in_all_pieces([&](SmtpPlay &play) {
            play.greet(only_pipelining);
            play.send_claimed({"b@you.example"}, text, bytes, fails);
            play.client();
            play.server("250 ok\r\n250 ok\r\n");
            play.client();
            play.server("354 go\r\n");
            EXPECT_EQ(play.client().find("\r\n.\r\n"), std::string::npos);
            EXPECT_TRUE(play.dialogue.is_over());
            ASSERT_EQ(play.outcomes.size(), 1U);
            EXPECT_EQ(play.outcomes[0].recipients.at(0).verdict, SmtpVerdict::not_sent);
            EXPECT_EQ(play.outcomes[0].recipients.at(0).error->code, code);
            play.server("250 what?\r\n");
            play.lose();
            EXPECT_EQ(play.outcomes.size(), 1U);
        });
    };
    gives_up("Hi\r\nyou\r\n", 4, false, Errc::internal);
    gives_up("Hi\r\n", 5, false, Errc::internal);
    gives_up("", 1, false, Errc::internal);
    gives_up("x", 0, false, Errc::internal);
    gives_up("Hi\r\n", 4, true, Errc::unavailable);
    gives_up("Hi\n.\r\nMAIL FROM:<x@y>\r\n", 23, false, Errc::internal);
    gives_up("Hi\r", 3, false, Errc::internal);
}

TEST(SmtpTrouble, EveryTruncationOfAConversationHasOneOutcome) {
    const std::string replies[] = {"250-x\r\n250 PIPELINING\r\n", "250 ok\r\n250 ok\r\n550 no\r\n",
                                   "354 go\r\n", "250 ok\r\n"};
    std::size_t total = 0;
    for (const std::string &reply : replies) {
        total += reply.size();
    }
    for (std::size_t size = 0; size <= total; ++size) {
        SmtpPlay play(whole);
        std::size_t left = size;
        bool sent = false;
        for (const std::string &reply : replies) {
            play.client();
            play.server(reply.substr(0, left));
            left -= std::min(left, reply.size());
            if (!sent && play.dialogue.may_send()) {
                play.send({"b@you.example", "c@you.example"});
                sent = true;
            }
        }
        play.lose();
        ASSERT_EQ(play.outcomes.size(), sent ? 1U : 0U) << size;
        const std::size_t body_begins = total - replies[3].size();
        if (sent) {
            EXPECT_EQ(play.outcomes[0].recipients.at(0).verdict,
                      size == total         ? SmtpVerdict::accepted
                      : size >= body_begins ? SmtpVerdict::unknown
                                            : SmtpVerdict::not_sent)
                << size;
        }
    }
}

} // namespace
} // namespace postrider::transport

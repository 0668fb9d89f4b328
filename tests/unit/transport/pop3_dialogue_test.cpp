// Conversations that fetch and delete messages, and those that go wrong.
#include "tests/unit/transport/pop3_play.hpp"

namespace postrider::transport {
namespace {

const std::vector<std::string> pop3_offers{"TOP", "UIDL", "PIPELINING"};

TEST(Pop3Dialogue, ListsTheMessages) {
    in_all_pop3_pieces([](Pop3Play &play) {
        EXPECT_EQ(play.client(), "CAPA\r\n");
        play.server("+OK here it is\r\nTOP\r\nUIDL\r\nPIPELINING\r\nSASL PLAIN\r\n.\r\n");
        EXPECT_EQ(play.client(), "STAT\r\nLIST\r\nUIDL\r\n");
        play.server("+OK 2 320\r\n+OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n");
        EXPECT_FALSE(play.dialogue.may_ask());
        play.server("+OK\r\n1 x\r\n2 y\r\n.\r\n");
        EXPECT_TRUE(play.dialogue.may_ask());
        EXPECT_EQ(play.happened, "ready top pipelining\n  1 120 x\n  2 200 y\n");
        EXPECT_EQ(play.dialogue.patience(), std::nullopt);
    });
}

TEST(Pop3Dialogue, AsksOneThingAfterAnotherWithoutPipelining) {
    in_all_pop3_pieces([](Pop3Play &play) {
        EXPECT_EQ(play.client(), "CAPA\r\n");
        play.server("-ERR what?\r\n");
        EXPECT_EQ(play.client(), "STAT\r\n");
        play.server("+OK 1 5\r\n");
        EXPECT_EQ(play.client(), "LIST\r\n");
        play.server("+OK\r\n1 5\r\n.\r\n");
        EXPECT_EQ(play.client(), "UIDL\r\n");
        play.server("+OK\r\n1 x\r\n.\r\n");
        EXPECT_EQ(play.happened, "ready\n  1 5 x\n");
        play.dialogue.retrieve(1);
        play.dialogue.remove(1);
        EXPECT_EQ(play.client(), "RETR 1\r\n");
        play.server("+OK\r\nHi\r\n.\r\n");
        EXPECT_EQ(play.client(), "DELE 1\r\n");
    });
}

TEST(Pop3Dialogue, TellsWhereThereAreNoUniqueIds) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.client();
        play.server("+OK\r\nPIPELINING\r\nTOP\r\n.\r\n");
        play.client();
        play.server("+OK 1 5\r\n+OK\r\n1 5\r\n.\r\n-ERR unknown command\r\n");
        EXPECT_EQ(play.happened, "ready top pipelining\n  1 5 \n  no unique ids\n");
        play.dialogue.top(1, 0);
        EXPECT_EQ(play.client(), "TOP 1 0\r\n");
    });
}

TEST(Pop3Dialogue, DoesNotTakeATroubleForAServerWithoutUniqueIds) {
    for (const bool announced : {false, true}) {
        in_all_pop3_pieces([&](Pop3Play &play) {
            play.client();
            play.server(announced ? "+OK\r\nUIDL\r\nPIPELINING\r\n.\r\n"
                                  : "+OK\r\nPIPELINING\r\n.\r\n");
            play.client();
            play.server("+OK 0 0\r\n+OK\r\n.\r\n");
            play.server(announced ? "-ERR busy\r\n" : "-ERR [SYS/TEMP] busy\r\n");
            EXPECT_TRUE(play.dialogue.is_over());
            EXPECT_TRUE(play.happened.starts_with("error unavailable: could not list the unique"));
        });
    }
}

TEST(Pop3Dialogue, RetrievesMessagesExactly) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet(pop3_offers);
        play.dialogue.retrieve(2);
        play.dialogue.retrieve(1);
        EXPECT_EQ(play.client(), "RETR 2\r\nRETR 1\r\n");
        play.server("+OK 30 octets\r\nA: b\r\n\r\n..x\r\n...\r\n..\r\n.\r\n+OK\r\n.\r\n");
        EXPECT_EQ(play.happened, "retrieved 2\nA: b\r\n\r\n.x\r\n..\r\n.\r\nretrieved 1\n");
        EXPECT_TRUE(play.errors.empty());
    });
}

TEST(Pop3Dialogue, TakesNoLineOfAMessageForTheEndOfItOrForAnAnswer) {
    // A sender chooses these lines; the server doubles the dots of those that it takes for lines.
    const std::string forged =
        "x\n.\n+OK forged\r\nx\r.\r-ERR\r\n..\r\n+OK 2\n.\r\n-ERR [AUTH] no\r\n"
        "x\n.\r\n+OK\r\n";
    in_all_pop3_pieces([&](Pop3Play &play) {
        play.greet(pop3_offers);
        play.dialogue.retrieve(1);
        play.dialogue.remove(2);
        play.client();
        play.server("+OK\r\n" + forged + ".\r\n-ERR gone\r\n");
        std::string text = forged;
        text.replace(text.find("\r\n..\r\n"), 6, "\r\n.\r\n");
        EXPECT_EQ(play.happened, "retrieved 1\n" + text +
                                     "removed 2: could not delete message 2: server replied "
                                     "\"-ERR gone\"\n");
    });
}

TEST(Pop3Dialogue, GivesLargeMessagesInBoundedPieces) {
    Pop3Play play(whole);
    play.greet(pop3_offers);
    play.dialogue.retrieve(1);
    play.client();
    const std::string text = std::string(300'000, 'x') + "\r\n";
    play.server("+OK\r\n" + text + ".\r\n");
    EXPECT_EQ(play.happened, "retrieved 1\n" + text);
}

TEST(Pop3Dialogue, GivesTheBeginningOfAMessage) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet(pop3_offers);
        play.dialogue.top(3, 20);
        EXPECT_EQ(play.client(), "TOP 3 20\r\n");
        play.server("+OK\r\nA: b\r\n\r\n.\r\n");
        EXPECT_EQ(play.happened, "top of 3\nA: b\r\n\r\n");
    });
    for (const std::size_t more : {std::size_t{0}, std::size_t{1}}) {
        Pop3Play play(whole);
        play.greet(pop3_offers);
        play.dialogue.top(1, 1);
        play.client();
        const std::size_t most = limits::pop3_top_bytes_max;
        const std::string text = std::string(most - 2 + more, 'x') + "\r\n";
        play.server("+OK\r\n" + text + ".\r\n");
        EXPECT_EQ(play.happened, "top of 1\n" + text.substr(0, most));
    }
}

TEST(Pop3Dialogue, EndsWhenAMessageGrowsBeyondItsLimit) {
    const auto retrieve = [](Pop3Play &play, const std::string &text) {
        play.greet(pop3_offers);
        play.dialogue.retrieve(1);
        play.dialogue.remove(2);
        play.client();
        play.server("+OK\r\n" + text + ".\r\n+OK\r\n");
    };
    in_all_pop3_pieces(
        [&](Pop3Play &play) {
            retrieve(play, "12345678\r\n");
            EXPECT_EQ(play.happened, "retrieved 1\n12345678\r\nremoved 2\n");
        },
        10);
    in_all_pop3_pieces(
        [&](Pop3Play &play) {
            retrieve(play, "123456789\r\n");
            EXPECT_TRUE(play.dialogue.is_over());
            ASSERT_EQ(play.errors.size(), 3U);
            EXPECT_EQ(play.errors[0].code, Errc::too_large);
            EXPECT_EQ(play.errors[0].message, "message 1 has more than 10 bytes");
            EXPECT_EQ(play.errors[1].code, Errc::unavailable);
        },
        10);
}

TEST(Pop3Dialogue, GoesOnWhereOneThingIsRefused) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet(pop3_offers);
        play.dialogue.retrieve(1);
        play.dialogue.top(2, 0);
        play.dialogue.remove(3);
        play.client();
        play.server("-ERR no such message\r\n+OK\r\nx\r\n.\r\n+OK\r\n");
        EXPECT_EQ(play.happened,
                  "retrieved 1: could not retrieve message 1: server replied \"-ERR no such "
                  "message\"\ntop of 2\nx\r\nremoved 3\n");
    });
}

TEST(Pop3Dialogue, KeepsItsCommandsWithinAWindow) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet(pop3_offers);
        std::size_t asked = 0;
        for (; play.dialogue.may_ask(); ++asked) {
            play.dialogue.remove(1);
        }
        EXPECT_EQ(asked, limits::pop3_requests_max);
        EXPECT_EQ(play.client().size(), limits::pop3_pipelined_max * 8);
        play.server("+OK\r\n");
        EXPECT_TRUE(play.dialogue.may_ask());
        EXPECT_EQ(play.client(), "DELE 1\r\n");
        EXPECT_EQ(play.client(), "");
    });
}

TEST(Pop3Dialogue, DeletesWhenTheServerSaysGoodbye) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet(pop3_offers);
        play.dialogue.remove(1);
        play.dialogue.quit();
        play.dialogue.quit();
        EXPECT_FALSE(play.dialogue.may_ask());
        EXPECT_EQ(play.client(), "DELE 1\r\nQUIT\r\n");
        play.server("+OK\r\n");
        EXPECT_FALSE(play.dialogue.is_over());
        play.server("+OK bye\r\nwhatever");
        EXPECT_TRUE(play.dialogue.is_over());
        EXPECT_EQ(play.happened, "removed 1\nended, deleted: done\n");
        play.lose();
        EXPECT_EQ(play.happened, "removed 1\nended, deleted: done\n");
    });
}

TEST(Pop3Dialogue, TellsThatTheServerDidNotDeleteAll) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet(pop3_offers);
        play.dialogue.remove(1);
        play.dialogue.quit();
        play.client();
        play.server("+OK\r\n-ERR [SYS/TEMP] some not removed\r\n");
        EXPECT_TRUE(play.dialogue.is_over());
        EXPECT_NE(play.happened.find("ended, deleted: unknown: could not delete all"),
                  std::string::npos);
    });
}

TEST(Pop3Dialogue, DeletesNothingWhenLostBeforeGoodbye) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet(pop3_offers);
        play.dialogue.remove(1);
        play.dialogue.retrieve(2);
        play.dialogue.retrieve(3);
        play.client();
        play.server("+OK\r\n+OK\r\nhalf a mess");
        play.dialogue.quit(); // never written
        play.lose();
        EXPECT_EQ(play.happened,
                  "removed 1\n"
                  "retrieved 2: could not retrieve message 2: connection reset by peer\n"
                  "retrieved 3: could not retrieve message 3: connection reset by peer\n"
                  "ended, deleted: nothing: could not delete messages: connection reset by peer\n");
        EXPECT_NE(play.errors.back().detail, "");
        EXPECT_TRUE(play.dialogue.is_over());
        EXPECT_EQ(play.client(), "");
    });
}

TEST(Pop3Dialogue, AnswersWhatWasNeverWrittenToo) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet({"UIDL"});
        play.dialogue.retrieve(1);
        play.dialogue.retrieve(2);
        play.dialogue.remove(3);
        EXPECT_EQ(play.client(), "RETR 1\r\n");
        play.lose();
        EXPECT_EQ(play.happened,
                  "retrieved 1: could not retrieve message 1: connection reset by peer\n"
                  "retrieved 2: could not retrieve message 2: connection reset by peer\n"
                  "removed 3: could not delete message 3: connection reset by peer\n"
                  "ended, deleted: nothing: connection reset by peer\n");
    });
}

TEST(Pop3Dialogue, TakesTheDotsOfListsAwayToo) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.client();
        play.server("+OK\r\n.PIPELINING\r\n..\r\nUIDL\r\n.\r\n");
        EXPECT_EQ(play.client(), "STAT\r\nLIST\r\nUIDL\r\n");
    });
}

TEST(Pop3Dialogue, DoesNotKnowWhatWasDeletedWhenLostAfterQuit) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet(pop3_offers);
        play.dialogue.remove(1);
        play.dialogue.quit();
        play.client();
        play.server("+OK\r\n+O");
        play.lose();
        EXPECT_EQ(play.happened, "removed 1\nended, deleted: unknown: could not learn whether the "
                                 "messages were deleted: connection reset by peer\n");
    });
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet(pop3_offers);
        play.dialogue.quit();
        play.client();
        play.lose();
        EXPECT_EQ(play.happened, "ended, deleted: nothing: connection reset by peer\n");
    });
}

TEST(Pop3Dialogue, SaysGoodbyeAsSoonAsItIsReady) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.dialogue.quit();
        play.client();
        play.server("+OK\r\nPIPELINING\r\n.\r\n");
        play.client();
        play.server("+OK 0 0\r\n+OK\r\n.\r\n+OK\r\n.\r\n");
        EXPECT_FALSE(play.dialogue.may_ask());
        EXPECT_EQ(play.client(), "QUIT\r\n");
    });
}

TEST(Pop3Dialogue, EndsAtWhatNobodyAskedFor) {
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet(pop3_offers);
        play.server("+OK hello?\r\n");
        EXPECT_EQ(play.happened, "ended, deleted: nothing: mail server said without being asked: "
                                 "+OK hello?\n"
                                 "error malformed: mail server said without being asked: +OK "
                                 "hello?\n");
        EXPECT_TRUE(play.dialogue.is_over());
    });
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet(pop3_offers);
        play.server("-ERR [SYS/TEMP] you were silent\r\n");
        EXPECT_NE(play.happened.find("error unavailable: could not stay connected"),
                  std::string::npos);
    });
    in_all_pop3_pieces([](Pop3Play &play) {
        play.greet(pop3_offers);
        play.dialogue.retrieve(1);
        play.server("+OK\r\nbefore it was asked\r\n.\r\n");
        EXPECT_TRUE(play.dialogue.is_over());
    });
}

TEST(Pop3Dialogue, EndsAtNonsense) {
    const auto listing = [](const std::string &stat, const std::string &list,
                            const std::string &unique_ids) {
        std::string error;
        in_all_pop3_pieces([&](Pop3Play &play) {
            play.client();
            play.server("+OK\r\nPIPELINING\r\nUIDL\r\n.\r\n");
            play.client();
            play.server(stat + list + unique_ids);
            EXPECT_TRUE(play.dialogue.is_over());
            EXPECT_EQ(play.happened.find("ready"), std::string::npos);
            EXPECT_NE(play.hint, "");
            error = play.happened;
        });
        return error;
    };
    const std::string stat = "+OK 2 9\r\n";
    const std::string list = "+OK\r\n1 5\r\n2 5\r\n.\r\n";
    EXPECT_NE(listing("+OK two\r\n", "", "").find("to STAT"), std::string::npos);
    EXPECT_NE(listing("-ERR [SYS/PERM] broken\r\n", "", "").find("error refused"),
              std::string::npos);
    EXPECT_NE(listing(stat, "+OK\r\n1 5\r\n.\r\n", "").find("fewer messages than the 2"),
              std::string::npos);
    EXPECT_NE(listing(stat, "+OK\r\n1 5\r\n2 5\r\n2 5\r\n", "").find("twice"), std::string::npos);
    EXPECT_NE(listing(stat, list, "+OK\r\n1 a\r\n.\r\n").find("fewer"), std::string::npos);
    EXPECT_NE(listing(stat, list, "+OK\r\n1 a\r\n3 b\r\n").find("message 3 of 2"),
              std::string::npos);
    EXPECT_NE(listing(stat, list, "banana\r\n").find("\"banana\""), std::string::npos);
}

TEST(Pop3Dialogue, TakesALimitedNumberOfCapabilities) {
    for (const std::size_t more : {std::size_t{0}, std::size_t{1}}) {
        in_all_pop3_pieces([&](Pop3Play &play) {
            play.client();
            std::string reply = "+OK\r\n";
            for (std::size_t line = 0; line < limits::pop3_capabilities_max + more; ++line) {
                reply += "X-" + std::to_string(line) + "\r\n";
            }
            play.server(reply + ".\r\n");
            EXPECT_EQ(play.dialogue.is_over(), more == 1);
        });
    }
}

TEST(Pop3Dialogue, HasPatience) {
    using std::chrono::minutes;
    Pop3Play play(whole);
    EXPECT_EQ(play.dialogue.patience(), minutes{5});
    play.greet(pop3_offers);
    EXPECT_EQ(play.dialogue.patience(), std::nullopt);
    play.dialogue.retrieve(1);
    EXPECT_EQ(play.dialogue.patience(), minutes{5});
    play.client();
    play.server("+OK\r\n");
    EXPECT_EQ(play.dialogue.patience(), minutes{2});
    play.server("x\r\n.\r\n");
    EXPECT_EQ(play.dialogue.patience(), std::nullopt);
    play.lose();
    EXPECT_EQ(play.dialogue.patience(), std::nullopt);
}

TEST(Pop3Dialogue, HasOneAnswerForEachQuestionWhereverItIsCut) {
    const std::string answers = "+OK\r\n..\r\nx\r\n.\r\n-ERR no\r\n+OK\r\n+OK bye\r\n";
    for (std::size_t size = 0; size <= answers.size(); ++size) {
        Pop3Play play(whole);
        play.greet(pop3_offers);
        play.dialogue.retrieve(1);
        play.dialogue.retrieve(2);
        play.dialogue.remove(1);
        play.dialogue.quit();
        play.client();
        play.server(answers.substr(0, size));
        play.lose();
        const auto count = [&](std::string_view word) {
            std::size_t found = 0;
            for (std::size_t at = play.happened.find(word); at != std::string::npos;
                 at = play.happened.find(word, at + 1)) {
                ++found;
            }
            return found;
        };
        EXPECT_EQ(count("retrieved 1"), 1U) << size;
        EXPECT_EQ(count("retrieved 2"), 1U) << size;
        EXPECT_EQ(count("removed 1"), 1U) << size;
        EXPECT_EQ(count("ended, deleted: "), 1U) << size;
        EXPECT_EQ(count("deleted: done"), size == answers.size() ? 1U : 0U) << size;
    }
}

} // namespace
} // namespace postrider::transport

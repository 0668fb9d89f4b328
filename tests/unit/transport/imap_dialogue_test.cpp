// The dialogue request by request: what is sent, what is told, and what happens when it fails.
#include "common/base/limits.hpp"

#include "tests/unit/transport/imap_conversation.hpp"

namespace postrider::transport {
namespace {

const char *const everything =
    "IDLE MOVE UIDPLUS ESEARCH NAMESPACE QUOTA SPECIAL-USE LIST-EXTENDED";

TEST(ImapDialogue, BeginsWithCapabilities) {
    ImapConversation talk;
    EXPECT_EQ(talk.dialogue.patience(), std::chrono::minutes{2});
    talk.answer("CAPABILITY",
                "* CAPABILITY IMAP4rev1 idle MOVE QUOTA=RES-STORAGE\r\n% OK done\r\n");
    EXPECT_EQ(talk.events(), (Lines{"finished 1"}));
    EXPECT_TRUE(talk.dialogue.capabilities().has_idle);
    EXPECT_TRUE(talk.dialogue.capabilities().has_move);
    EXPECT_TRUE(talk.dialogue.capabilities().has_quota);
    EXPECT_FALSE(talk.dialogue.capabilities().has_uidplus);
    EXPECT_EQ(talk.dialogue.patience(), std::nullopt);
    EXPECT_EQ(talk.sent(), "");
}

TEST(ImapDialogue, TakesCapabilitiesWhereverTheyAreSaid) {
    ImapConversation talk;
    talk.begin("IDLE");
    talk.say("* CAPABILITY IMAP4rev1 MOVE\r\n");
    EXPECT_FALSE(talk.dialogue.capabilities().has_idle);
    EXPECT_TRUE(talk.dialogue.capabilities().has_move);
    talk.say("* OK [CAPABILITY IMAP4rev1  IDLE] changed\r\n");
    EXPECT_TRUE(talk.dialogue.capabilities().has_idle);
    EXPECT_FALSE(talk.dialogue.capabilities().has_move);
}

TEST(ImapDialogue, ARevision2ServerNeedNotNameWhatItHas) {
    EXPECT_TRUE(imap::capabilities_of({"IMAP4rev2"}).has_move);
    EXPECT_TRUE(imap::capabilities_of({"IMAP4rev2"}).has_uidplus);
    EXPECT_FALSE(imap::capabilities_of({"IMAP4rev1", "IMAP4rev2"}).has_move);
}

TEST(ImapDialogue, RequestsAreSentOneAfterAnother) {
    ImapConversation talk;
    talk.dialogue.noop();
    talk.dialogue.noop();
    talk.answer("CAPABILITY", "% OK done\r\n");
    talk.answer("NOOP", "% OK done\r\n");
    talk.answer("NOOP", "% OK done\r\n");
    EXPECT_EQ(talk.events(), (Lines{"finished 1", "finished 2", "finished 3"}));
}

TEST(ImapDialogue, SelectsAFolder) {
    ImapConversation talk;
    talk.begin(everything);
    talk.dialogue.select("INBOX");
    talk.answer("SELECT \"INBOX\"",
                "* FLAGS (\\Answered)\r\n* 18 EXISTS\r\n* 2 RECENT\r\n"
                "* OK [UIDVALIDITY 3857529045] valid\r\n* OK [UIDNEXT 4392] next\r\n"
                "* OK [PERMANENTFLAGS (\\Deleted \\*)] limited\r\n% OK [READ-WRITE] done\r\n");
    EXPECT_EQ(talk.events(),
              (Lines{"selected INBOX validity 3857529045 next 4392 count 18", "finished 2"}));
    talk.dialogue.select("Junk", true);
    talk.answer("EXAMINE \"Junk\"", "* 0 EXISTS\r\n* OK [UIDVALIDITY 5]\r\n* OK [UIDNEXT 1]\r\n"
                                    "% OK [READ-ONLY] done\r\n");
    EXPECT_EQ(talk.events(),
              (Lines{"selected Junk validity 5 next 1 count 0 read-only", "finished 3"}));
}

TEST(ImapDialogue, AFolderThatTheServerOpensForReadingOnlyIsSaidToBe) {
    ImapConversation talk;
    talk.begin(everything);
    talk.dialogue.select("INBOX");
    talk.answer("SELECT \"INBOX\"", "* 1 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 9] x\r\n"
                                    "% OK [READ-ONLY] shared\r\n");
    EXPECT_EQ(talk.events()[0], "selected INBOX validity 5 next 9 count 1 read-only");
}

TEST(ImapDialogue, WhatIsSaidOfTheFolderBeforeIsNotTakenForTheNewOne) {
    ImapConversation talk;
    talk.open(everything);
    talk.dialogue.select("other");
    talk.answer("SELECT \"other\"", "* 99 EXISTS\r\n* OK [CLOSED] now\r\n* OK [UIDVALIDITY 5] x\r\n"
                                    "* OK [UIDNEXT 9] x\r\n% OK done\r\n");
    EXPECT_EQ(talk.events()[0], "selected other validity 5 next 9 count 0");
}

TEST(ImapDialogue, AsksForUidNextWhereSelectDoesNotSayIt) {
    ImapConversation talk;
    talk.begin("IDLE");
    talk.dialogue.select("INBOX");
    talk.answer("SELECT \"INBOX\"", "* 3 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n% OK done\r\n");
    EXPECT_EQ(talk.events(), Lines{});
    talk.answer("STATUS \"INBOX\" (UIDNEXT UIDVALIDITY)",
                "* STATUS INBOX (UIDVALIDITY 5 UIDNEXT 12 )\r\n% OK done\r\n");
    EXPECT_EQ(talk.events(), (Lines{"selected INBOX validity 5 next 12 count 3", "finished 2"}));
}

TEST(ImapDialogue, LooksForTheLastMailWhereNothingSaysUidNext) {
    for (const std::string capabilities : {"IDLE", "ESEARCH"}) {
        ImapConversation talk;
        talk.begin(capabilities);
        talk.dialogue.select("INBOX");
        talk.answer("SELECT \"INBOX\"", "* 3 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n% OK done\r\n");
        talk.answer("STATUS \"INBOX\" (UIDNEXT UIDVALIDITY)", "% NO it is selected\r\n");
        if (capabilities == "ESEARCH") {
            talk.answer("UID SEARCH RETURN (MAX) ALL",
                        "* ESEARCH (TAG \"%\") UID MAX 41\r\n% OK x\r\n");
        } else {
            talk.answer("UID SEARCH *", "* SEARCH 41\r\n% OK x\r\n");
        }
        EXPECT_EQ(talk.events(),
                  (Lines{"selected INBOX validity 5 next 42 count 3", "finished 2"}));
    }
}

TEST(ImapDialogue, AnEmptyFolderWithoutUidNextIsNotSearched) {
    ImapConversation talk;
    talk.begin("IDLE");
    talk.dialogue.select("INBOX");
    talk.answer("SELECT \"INBOX\"", "* 0 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n% OK done\r\n");
    talk.answer("STATUS \"INBOX\" (UIDNEXT UIDVALIDITY)", "% BAD what\r\n");
    EXPECT_EQ(talk.events(), (Lines{"selected INBOX validity 5 next 0 count 0", "finished 2"}));
}

TEST(ImapDialogue, AFailedSelectLeavesNoFolderOpen) {
    ImapConversation talk;
    talk.open(everything);
    talk.dialogue.select("nowhere");
    talk.dialogue.fetch({7, {1}});
    talk.dialogue.noop();
    talk.answer("SELECT \"nowhere\"", "% NO [NONEXISTENT] no such folder\r\n");
    EXPECT_EQ(
        talk.events(),
        (Lines{"finished 3 refused: could not open folder \"nowhere\": the IMAP server refuses",
               "finished 4 unavailable: could not fetch mails: no folder is open"}));
    talk.answer("NOOP", "% OK done\r\n");
}

TEST(ImapDialogue, UidsOfAnotherTimeAreNeverUsed) {
    ImapConversation talk;
    talk.open(everything);
    talk.dialogue.remove({6, {1}});
    talk.dialogue.move({8, {1}}, "done");
    talk.dialogue.fetch({0, {1}});
    EXPECT_EQ(talk.sent(), "");
    int refused = 0;
    while (auto event = talk.dialogue.take_event()) {
        refused += std::get<imap::Finished>(*event).code == imap::Code::uid_validity ? 1 : 0;
    }
    EXPECT_EQ(refused, 3);
}

TEST(ImapDialogue, NewUidsInTheMiddleAreTold) {
    ImapConversation talk;
    talk.open(everything);
    talk.say("* OK [UIDVALIDITY 7] as before\r\n");
    EXPECT_EQ(talk.events(), Lines{});
    talk.say("* OK [UIDVALIDITY 8] rebuilt\r\n");
    EXPECT_EQ(talk.events(), (Lines{"uids changed 7 8"}));
    talk.dialogue.remove({7, {1}});
    EXPECT_EQ(talk.sent(), "");
}

TEST(ImapDialogue, NewUidsEndARequestThatIsHalfDone) {
    ImapConversation talk;
    talk.open("UIDPLUS");
    talk.dialogue.remove({7, {1}});
    talk.answer("UID STORE 1 +FLAGS.SILENT (\\Deleted)", "* OK [UIDVALIDITY 8] x\r\n% OK done\r\n");
    EXPECT_EQ(talk.sent(), "");
    ASSERT_TRUE(talk.last_failed);
    EXPECT_EQ(talk.last_failed->code, imap::Code::uid_validity);
}

const char *const list_items =
    "(UID RFC822.SIZE FLAGS INTERNALDATE "
    "BODY.PEEK[HEADER.FIELDS (FROM SUBJECT MESSAGE-ID AUTO-SUBMITTED CONTENT-TYPE)])";

TEST(ImapDialogue, ListsNewMailsAndNoOlderOne) {
    ImapConversation talk;
    talk.open(everything);
    talk.dialogue.list_new(100);
    // RFC 3501: n:* names the last mail even when all are below n.
    talk.answer(std::string("UID FETCH 100:* ") + list_items,
                "* 4 FETCH (UID 99 RFC822.SIZE 5 FLAGS () BODY[HEADER.FIELDS (FROM)] NIL)\r\n"
                "% OK done\r\n");
    EXPECT_EQ(talk.events(), (Lines{"finished 3"}));
    talk.dialogue.list_new(100);
    talk.answer(
        std::string("UID FETCH 100:* ") + list_items,
        "* 5 FETCH (BODY[HEADER.FIELDS (FROM SUBJECT)] {13}\r\nSubject: x\r\n\r RFC822.SIZE 77 "
        "FLAGS (\\SEEN \\Deleted \\Recent) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" UID 100)"
        "\r\n% OK done\r\n");
    EXPECT_EQ(talk.events(),
              (Lines{"listed 100 size 77 seen deleted 1996-07-17 09:44:25.000Z [Subject: x\r\n\r]",
                     "finished 4"}));
}

TEST(ImapDialogue, OtherProgramsMayWriteInBetween) {
    ImapConversation talk;
    talk.open(everything);
    talk.dialogue.list_new(100);
    talk.answer(std::string("UID FETCH 100:* ") + list_items,
                "* 3 FETCH (FLAGS (\\Seen))\r\n* 1 EXPUNGE\r\n* 5 EXISTS\r\n* 1 RECENT\r\n"
                "* FLAGS (\\Answered)\r\n* 3 FETCH (UID 101 FLAGS (\\Seen))\r\n"
                "* 4 FETCH (UID 102 BODY[HEADER.FIELDS (FROM)] \"\")\r\n* OK still here\r\n"
                "% OK done\r\n");
    EXPECT_EQ(talk.events(), (Lines{"new 5", "listed 102 size 0 []", "finished 3"}));
}

TEST(ImapDialogue, AnEmptyFolderIsAskedWhetherThereIsAMailByNow) {
    ImapConversation talk;
    talk.open(everything, 0);
    talk.dialogue.list_new(1);
    talk.answer("NOOP", "% OK done\r\n");
    EXPECT_EQ(talk.events(), (Lines{"finished 3"}));
    talk.dialogue.search(1);
    talk.answer("NOOP", "* 1 EXISTS\r\n% OK done\r\n");
    talk.answer("UID SEARCH RETURN (ALL) UID 1:*", "* ESEARCH (TAG \"%\") UID ALL 9\r\n% OK x\r\n");
    EXPECT_EQ(talk.events(), (Lines{"new 1", "found 9:9", "finished 4"}));
    talk.dialogue.list_new(0);
    EXPECT_TRUE(talk.sent().ends_with(std::string("UID FETCH 1:* ") + list_items + "\r\n"));
}

TEST(ImapDialogue, SearchesAsWellAsTheServerCan) {
    ImapConversation talk;
    talk.open("ESEARCH");
    talk.dialogue.search(50, "[post\"rider]");
    talk.answer(R"(UID SEARCH RETURN (ALL) UID 50:* SUBJECT "[post\"rider]")",
                "* ESEARCH (TAG \"%\") UID ALL 7,40:60,90\r\n% OK done\r\n");
    EXPECT_EQ(talk.events(), (Lines{"found 50:60 90:90", "finished 3"}));
    ImapConversation plain;
    plain.open("IDLE");
    plain.dialogue.search(50, "Grüße");
    plain.answer("UID SEARCH UID 50:*", "* SEARCH 49\r\n% OK done\r\n");
    EXPECT_EQ(plain.events(), (Lines{"finished 3"}));
}

TEST(ImapDialogue, FetchesWholeMailsAndBeginnings) {
    ImapConversation talk;
    talk.open(everything);
    talk.dialogue.fetch({7, {9, 5, 6, 0, 5, 12}});
    talk.answer(
        "UID FETCH 5:6,9,12 (UID BODY.PEEK[])",
        "* 1 FETCH (UID 5 BODY[] {5}\r\nab\r\nc)\r\n"
        "* 2 FETCH (BODY[] {0}\r\n UID 9)\r\n* 3 FETCH (UID 12 BODY[] NIL)\r\n% OK done\r\n");
    EXPECT_EQ(talk.events(), (Lines{"began 5", "ab\r\nc", "ended 5 5", "began 0", "ended 9 0",
                                    "missing 6 12", "finished 3"}));
    talk.dialogue.fetch({7, {5}}, 2048);
    talk.answer("UID FETCH 5 (UID BODY.PEEK[]<0.2048>)",
                "* 1 FETCH (UID 5 BODY[]<0> \"abc\")\r\n% OK done\r\n");
    EXPECT_EQ(talk.events(), (Lines{"began 3", "abc", "ended 5 3", "finished 4"}));
}

TEST(ImapDialogue, NothingIsFetchedForNoMails) {
    ImapConversation talk;
    talk.open(everything);
    talk.dialogue.fetch({7, {}});
    talk.dialogue.move({7, {}}, "done");
    talk.dialogue.remove({7, {0}});
    EXPECT_EQ(talk.sent(), "");
    EXPECT_EQ(talk.events(), (Lines{"finished 3", "finished 4", "finished 5"}));
}

TEST(ImapDialogue, AFailedFetchSaysWhatIsMissing) {
    ImapConversation talk;
    talk.open(everything);
    talk.dialogue.fetch({7, {5, 6}});
    talk.answer("UID FETCH 5:6 (UID BODY.PEEK[])",
                "* 1 FETCH (UID 5 BODY[] {1}\r\na)\r\n% NO some messages could not be read\r\n");
    EXPECT_EQ(talk.events(),
              (Lines{"began 1", "a", "ended 5 1", "missing 6",
                     "finished 3 unavailable: could not fetch mails: the IMAP server refuses"}));
}

TEST(ImapDialogue, AMailAboveTheLimitIsReadAndNotHandedOn) {
    ImapConversation talk(0, {.body_bytes_max = 4});
    talk.open(everything);
    talk.dialogue.fetch({7, {5, 6}});
    talk.answer("UID FETCH 5:6 (UID BODY.PEEK[])",
                "* 1 FETCH (UID 5 BODY[] {5}\r\nabcde)\r\n"
                "* 2 FETCH (UID 6 BODY[] {4}\r\nabcd)\r\n% OK x\r\n");
    EXPECT_EQ(talk.events(),
              (Lines{"ended 5 5 too large", "began 4", "abcd", "ended 6 4", "finished 3"}));
}

TEST(ImapDialogue, LongListsOfMailsBecomeSeveralCommands) {
    ImapConversation talk;
    talk.open(everything);
    imap::Mails mails{7, {}};
    for (imap::Uid uid = 1001; uid < 1601; uid += 2) {
        mails.uids.push_back(uid);
    }
    talk.dialogue.fetch(mails);
    std::size_t commands = 0;
    for (std::string line = talk.sent(); !line.empty(); line = talk.sent()) {
        EXPECT_LE(line.size(), 1000U);
        ++commands;
        talk.say(line.substr(0, line.find(' ')) + " OK done\r\n");
    }
    EXPECT_EQ(commands, 2U); // 300 of "1001,": 1500 bytes
    EXPECT_EQ(talk.events().size(), 2U);
}

TEST(ImapDialogue, MovesWithMove) {
    ImapConversation talk;
    talk.open("MOVE UIDPLUS");
    talk.dialogue.move({7, {42, 43, 69}}, "foo");
    talk.answer("UID MOVE 42:43,69 \"foo\"",
                "* OK [COPYUID 432432 42:43,69 1202:1204] moved\r\n* 22 EXPUNGE\r\n% OK done\r\n");
    EXPECT_EQ(talk.events(), (Lines{"finished 3"}));
}

TEST(ImapDialogue, AMoveOfNothingMayBeAnsweredWithNothing) {
    ImapConversation talk;
    talk.open("MOVE");
    talk.dialogue.move({7, {99999}}, "nosuchbox");
    talk.answer("UID MOVE 99999 \"nosuchbox\"", "% OK No messages found.\r\n");
    EXPECT_EQ(talk.events(), (Lines{"finished 3"}));
}

TEST(ImapDialogue, MovesByCopyWhereThereIsNoMove) {
    ImapConversation talk;
    talk.open("UIDPLUS");
    talk.dialogue.move({7, {5}}, "done");
    talk.answer("UID COPY 5 \"done\"", "% OK [COPYUID 1 5 1] done\r\n");
    talk.answer("UID STORE 5 +FLAGS.SILENT (\\Deleted)",
                "* 1 FETCH (UID 5 FLAGS (\\Deleted))\r\n% OK x\r\n");
    talk.answer("UID EXPUNGE 5", "* 1 EXPUNGE\r\n% OK x\r\n");
    EXPECT_EQ(talk.events(), (Lines{"finished 3"}));
}

TEST(ImapDialogue, NothingIsMarkedThatCouldNotBeCopied) {
    ImapConversation talk;
    talk.open("UIDPLUS");
    talk.dialogue.move({7, {5}}, "done");
    talk.answer("UID COPY 5 \"done\"", "% NO [OVERQUOTA] full\r\n");
    EXPECT_EQ(talk.sent(), "");
    ASSERT_TRUE(talk.last_failed);
    EXPECT_TRUE(talk.last_failed->result.error().hint.starts_with("The mailbox is full"));
}

TEST(ImapDialogue, NothingIsExpungedWhereOthersMightLoseMails) {
    ImapConversation talk;
    talk.open("IDLE");
    talk.dialogue.move({7, {5}}, "done");
    talk.dialogue.remove({7, {6}});
    talk.answer("UID COPY 5 \"done\"", "% OK done\r\n");
    talk.answer("UID STORE 5 +FLAGS.SILENT (\\Deleted)", "% OK done\r\n");
    talk.answer("UID STORE 6 +FLAGS.SILENT (\\Deleted)", "% OK done\r\n");
    EXPECT_EQ(talk.sent(), "");
    EXPECT_EQ(talk.events(), (Lines{"finished 3", "finished 4"}));
}

TEST(ImapDialogue, RemovesByUid) {
    ImapConversation talk;
    talk.open("UIDPLUS");
    talk.dialogue.remove({7, {6, 8}});
    talk.answer("UID STORE 6,8 +FLAGS.SILENT (\\Deleted)", "% OK done\r\n");
    talk.answer("UID EXPUNGE 6,8", "% OK done\r\n");
    EXPECT_EQ(talk.events(), (Lines{"finished 3"}));
}

TEST(ImapDialogue, AMissingFolderIsMadeAndTheMailsMovedAgain) {
    ImapConversation talk;
    talk.open("MOVE");
    talk.dialogue.move({7, {5}}, "postrider/done");
    talk.answer("UID MOVE 5 \"postrider/done\"", "% NO [TRYCREATE] no such folder\r\n");
    ASSERT_TRUE(talk.last_failed);
    EXPECT_EQ(talk.last_failed->code, imap::Code::try_create);
    talk.dialogue.create("postrider/done");
    talk.dialogue.create("postrider/done");
    talk.answer("CREATE \"postrider/done\"", "% OK done\r\n");
    talk.answer("CREATE \"postrider/done\"", "% NO [ALREADYEXISTS] there\r\n");
    talk.dialogue.move({7, {5}}, "postrider/done");
    talk.answer("UID MOVE 5 \"postrider/done\"", "% OK done\r\n");
    EXPECT_EQ(talk.events(),
              (Lines{"finished 3 refused: could not move mails to folder \"postrider/done\": "
                     "the IMAP server refuses",
                     "finished 4", "finished 5", "finished 6"}));
}

TEST(ImapDialogue, WaitsForMailsAndLeavesWhenTold) {
    ImapConversation talk;
    talk.open("IDLE");
    talk.dialogue.idle();
    EXPECT_EQ(talk.dialogue.patience(), limits::imap_patience);
    talk.answer("IDLE", "+ idling\r\n");
    EXPECT_EQ(talk.dialogue.patience(), std::nullopt);
    talk.say("* OK still here\r\n* 3 EXPUNGE\r\n* 4 EXISTS\r\n");
    EXPECT_EQ(talk.events(), (Lines{"new 4"}));
    talk.dialogue.noop();
    EXPECT_EQ(talk.sent(), "");
    talk.dialogue.done();
    talk.dialogue.done();
    EXPECT_EQ(talk.sent(), "DONE\r\n");
    EXPECT_EQ(talk.dialogue.patience(), limits::imap_patience);
    talk.say("* 5 EXISTS\r\nP3 OK IDLE terminated\r\n");
    EXPECT_EQ(talk.events(), (Lines{"new 5", "finished 3"}));
    talk.answer("NOOP", "% OK done\r\n");
}

TEST(ImapDialogue, DoneIsSaidOnlyWhenTheServerWaits) {
    ImapConversation talk;
    talk.open("IDLE");
    talk.dialogue.idle();
    talk.dialogue.done();
    talk.answer("IDLE", "* 4 EXISTS\r\n");
    EXPECT_EQ(talk.sent(), "");
    talk.say("+ idling\r\n");
    EXPECT_EQ(talk.sent(), "DONE\r\n");
    EXPECT_FALSE(talk.say("+ again\r\n"));
}

TEST(ImapDialogue, AnIdleThatHasNotBegunIsNotBegun) {
    ImapConversation talk;
    talk.open("IDLE");
    talk.dialogue.noop();
    talk.dialogue.idle();
    talk.dialogue.done();
    talk.answer("NOOP", "% OK done\r\n");
    EXPECT_EQ(talk.sent(), "");
    EXPECT_EQ(talk.events(), (Lines{"finished 3", "finished 4"}));
}

TEST(ImapDialogue, IdleMayBeRefusedMissingOrEndedByTheServer) {
    ImapConversation talk;
    talk.open("IDLE");
    talk.dialogue.idle();
    talk.answer("IDLE", "% NO not now\r\n");
    talk.dialogue.idle();
    talk.answer("IDLE", "+ \r\nP4 OK timeout\r\n");
    talk.say("* CAPABILITY IMAP4rev1\r\n");
    talk.dialogue.idle();
    EXPECT_EQ(talk.events(),
              (Lines{"finished 3 unavailable: could not wait for mails: the IMAP server refuses",
                     "finished 4",
                     "finished 5 refused: cannot wait for mails: the IMAP server has no IDLE"}));
}

TEST(ImapDialogue, NewMailsAreToldOnceUntilSomebodyListens) {
    ImapConversation talk;
    talk.open("IDLE");
    const std::string flood = "* 5 EXISTS\r\n* 6 EXISTS\r\n* 6 EXISTS\r\n* 7 EXISTS\r\n";
    ASSERT_TRUE(talk.dialogue.receive(as_bytes(flood)));
    EXPECT_EQ(talk.events(), (Lines{"new 7"}));
    talk.say("* 7 EXISTS\r\n* 2 EXISTS\r\n");
    EXPECT_EQ(talk.events(), Lines{});
}

TEST(ImapDialogue, LeavesAndIsOver) {
    ImapConversation talk;
    talk.open("IDLE");
    talk.dialogue.logout();
    talk.answer("LOGOUT", "* BYE see you\r\n% OK done\r\n");
    EXPECT_TRUE(talk.dialogue.is_over());
    EXPECT_EQ(talk.dialogue.patience(), std::nullopt);
    EXPECT_EQ(talk.events(), (Lines{"finished 3"}));
    talk.dialogue.noop();
    EXPECT_EQ(talk.events(),
              (Lines{"finished 4 unavailable: could not ask for news: the connection is closed"}));
    EXPECT_EQ(talk.sent(), "");
}

TEST(ImapDialogue, ALogoutMayEndWithTheConnection) {
    ImapConversation talk;
    talk.open("IDLE");
    talk.dialogue.logout();
    talk.answer("LOGOUT", "* BYE see you\r\n");
    EXPECT_FALSE(talk.dialogue.is_over());
    talk.lose();
    EXPECT_TRUE(talk.dialogue.is_over());
    EXPECT_EQ(talk.events(), (Lines{"finished 3"}));
}

TEST(ImapDialogue, AByeEndsEverything) {
    ImapConversation talk;
    talk.open("IDLE");
    talk.dialogue.fetch({7, {5}});
    talk.dialogue.noop();
    talk.answer("UID FETCH 5 (UID BODY.PEEK[])", "* BYE [UNAVAILABLE] down for \x1b[1m repair\r\n");
    EXPECT_TRUE(talk.dialogue.is_over());
    EXPECT_EQ(talk.sent(), "");
    const std::string reason =
        "unavailable: could not fetch mails: the IMAP server ends the connection";
    EXPECT_EQ(talk.events(), (Lines{"alert down for ?[1m repair", "finished 3 " + reason,
                                    "finished 4 " + reason}));
}

TEST(ImapDialogue, ALostConnectionTellsEveryRequest) {
    ImapConversation talk;
    talk.open("IDLE");
    talk.dialogue.noop();
    talk.dialogue.idle();
    talk.lose();
    talk.lose();
    EXPECT_TRUE(talk.dialogue.is_over());
    EXPECT_EQ(talk.events(), (Lines{"finished 3 unavailable: connection closed by server",
                                    "finished 4 unavailable: connection closed by server"}));
}

TEST(ImapDialogue, AnswersThatNobodyWaitsForEndTheConversation) {
    for (const char *answer : {"P3 OK before it is asked\r\n", "P2 OK once more\r\n",
                               "A006 OK Fetch\r\n", "+ go on\r\n"}) {
        ImapConversation talk;
        talk.open("IDLE");
        EXPECT_FALSE(talk.say(answer)) << answer;
        EXPECT_EQ(talk.error->code, Errc::malformed);
        EXPECT_TRUE(talk.dialogue.is_over());
    }
}

TEST(ImapDialogue, MailsThatWereNotAskedForEndTheConversation) {
    ImapConversation talk;
    talk.open("IDLE");
    talk.dialogue.fetch({7, {5}});
    EXPECT_FALSE(
        talk.answer("UID FETCH 5 (UID BODY.PEEK[])", "* 1 FETCH (UID 6 BODY[] \"x\")\r\n"));
    ImapConversation other;
    other.open("IDLE");
    other.dialogue.fetch({7, {5}});
    EXPECT_FALSE(other.answer("UID FETCH 5 (UID BODY.PEEK[])", "* 1 FETCH (BODY[] \"x\")\r\n"));
    ImapConversation early; // nothing is asked: read and dropped
    early.open("IDLE");
    EXPECT_TRUE(
        early.say("* 1 FETCH (UID 6 BODY[] \"x\")\r\n* SEARCH 1 2\r\n* LIST () \"/\" a\r\n"));
    EXPECT_EQ(early.events(), Lines{});
}

TEST(ImapDialogue, AlertsAndWarningsAreShown) {
    ImapConversation talk;
    talk.open("IDLE");
    talk.say("* OK [ALERT] System \x1b]0;x shutdown\r\n* NO disk is 98% full\r\n* OK fine\r\n"
             "* NO [ALERT] hm\r\n");
    EXPECT_EQ(talk.events(),
              (Lines{"alert System ?]0;x shutdown", "alert disk is 98% full", "alert hm"}));
    talk.dialogue.noop();
    talk.answer("NOOP", "% OK [ALERT] " + std::string(300, 'x') + "\r\n");
    EXPECT_EQ(talk.events(), (Lines{"alert " + std::string(200, 'x'), "finished 3"}));
}

struct ErrorCase {
    std::string answer;
    Errc code;
    std::string hint;
};

TEST(ImapDialogue, ErrorsSayWhatAnOperatorCanDo) {
    const ErrorCase cases[] = {
        {"NO [OVERQUOTA] full", Errc::refused, "The mailbox is full"},
        {"NO [INUSE] locked", Errc::unavailable, "Another program holds"},
        {"NO [UNAVAILABLE] later", Errc::unavailable, "It is tried again"},
        {"NO [TRYCREATE] missing", Errc::refused, "The folder does not exist"},
        {"NO [ALREADYEXISTS] there", Errc::refused, "The folder is there"},
        {"NO [noperm] no", Errc::refused, "Ask whoever runs"},
        {"NO [LIMIT] slow down", Errc::unavailable, "The server limits"},
        {"NO [X-NEVER-HEARD arg] no", Errc::unavailable, "It is tried again"},
        {"NO no", Errc::unavailable, "It is tried again"},
        {"BAD what", Errc::refused, "Please report"},
        {"BAD User is authenticated but not connected.", Errc::unavailable, "It is tried again"}};
    for (const ErrorCase &each : cases) {
        ImapConversation talk;
        talk.open("MOVE");
        talk.dialogue.move({7, {5}}, "done");
        const std::string answer = "P3 " + each.answer + "\r\n";
        ASSERT_TRUE(talk.dialogue.receive(as_bytes(answer)));
        const imap::Event event = *talk.dialogue.take_event();
        const Error &error = std::get<imap::Finished>(event).result.error();
        EXPECT_EQ(error.code, each.code) << each.answer;
        EXPECT_TRUE(error.hint.starts_with(each.hint)) << each.answer << error.hint;
        EXPECT_TRUE(error.detail.starts_with("It said: ")) << each.answer;
    }
}

} // namespace
} // namespace postrider::transport

// Whole conversations in the manner of servers that people have, each in pieces of several sizes
// and cut at each byte, or at every third where they are long.
#include "tests/unit/transport/imap_conversation.hpp"

namespace postrider::transport {
namespace {

/// What the owner asks, the command that is expected for it, and the answer.
struct Exchange {
    std::function<void(ImapDialogue &)> ask;
    std::string command; // "" when only the answer goes on
    std::string answer;
};

using Transcript = std::vector<Exchange>;

const auto go_on = [](ImapDialogue & /*dialogue*/) {};
const auto asks_folders = [](ImapDialogue &dialogue) { dialogue.list_folders(); };
const auto asks_quota = [](ImapDialogue &dialogue) { dialogue.ask_quota(); };
const auto selects_inbox = [](ImapDialogue &dialogue) { dialogue.select("INBOX"); };
const auto idles = [](ImapDialogue &dialogue) { dialogue.idle(); };
const auto leaves_idle = [](ImapDialogue &dialogue) { dialogue.done(); };
const auto logs_out = [](ImapDialogue &dialogue) { dialogue.logout(); };

auto lists_from(imap::Uid uid) {
    return [uid](ImapDialogue &dialogue) { dialogue.list_new(uid); };
}

auto fetches(imap::Mails mails) {
    return [mails](ImapDialogue &dialogue) { dialogue.fetch(mails); };
}

auto moves_to(imap::Mails mails, const std::string &folder) {
    return [mails, folder](ImapDialogue &dialogue) { dialogue.move(mails, folder); };
}

std::string listing(imap::Uid from) {
    return "UID FETCH " + std::to_string(from) +
           ":* (UID RFC822.SIZE FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS (FROM SUBJECT "
           "MESSAGE-ID "
           "AUTO-SUBMITTED CONTENT-TYPE)])";
}

/// The events, with the whole transcript in pieces of a size.
Lines play(const Transcript &transcript, std::size_t piece_bytes) {
    ImapConversation talk(piece_bytes);
    Lines events;
    for (const Exchange &exchange : transcript) {
        exchange.ask(talk.dialogue);
        const bool goes_on = exchange.command.empty()
                                 ? (talk.sent(), talk.say(exchange.answer))
                                 : talk.answer(exchange.command, exchange.answer);
        EXPECT_TRUE(goes_on) << exchange.command << (goes_on ? "" : talk.error->message);
        const Lines more = talk.events();
        events.insert(events.end(), more.begin(), more.end());
        if (!goes_on) {
            break;
        }
    }
    return events;
}

/// The events up to a byte, where the connection ends.
Lines play_cut(const Transcript &transcript, std::size_t bytes_max) {
    ImapConversation talk;
    Lines events;
    for (const Exchange &exchange : transcript) {
        exchange.ask(talk.dialogue);
        const std::string answer = talk.with_tag(talk.sent(), exchange.answer);
        const std::size_t size = std::min(answer.size(), bytes_max);
        bytes_max -= size;
        EXPECT_TRUE(talk.say(answer.substr(0, size)));
        if (size < answer.size()) {
            talk.lose();
        }
        const Lines more = talk.events();
        events.insert(events.end(), more.begin(), more.end());
        if (size < answer.size()) {
            break;
        }
    }
    return events;
}

void expect_events(const Transcript &transcript, const Lines &expected) {
    for (const std::size_t piece_bytes : {0U, 1U, 2U, 7U}) {
        EXPECT_EQ(play(transcript, piece_bytes), expected) << "pieces of " << piece_bytes;
    }
    std::size_t bytes = 0;
    for (const Exchange &exchange : transcript) {
        bytes += exchange.answer.size();
    }
    const std::size_t stride = bytes > 2000 ? 3 : 1;
    for (std::size_t size = 0; size < bytes; size += stride) {
        const Lines cut = play_cut(transcript, size);
        // What was told before the cut is the beginning of what is told without one, but for the
        // text of a mail, of which a part may have come, and for the requests that failed.
        for (std::size_t index = 0; index < cut.size(); ++index) {
            const bool failed = cut[index].ends_with("connection closed by server");
            const bool is_part = index < expected.size() && expected[index].starts_with(cut[index]);
            ASSERT_TRUE(failed || is_part) << size << ": " << cut[index];
        }
    }
}

TEST(ImapTranscripts, Dovecot) {
    const Transcript transcript = {
        {go_on, "CAPABILITY",
         "* CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY "
         "THREAD=REFERENCES THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE "
         "UNSELECT "
         "CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT "
         "SEARCHRES "
         "WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW "
         "STATUS=SIZE "
         "SAVEDATE LITERAL+ NOTIFY SPECIAL-USE QUOTA\r\n"
         "% OK Capability completed (0.001 + 0.000 secs).\r\n"},
        {asks_folders, "NAMESPACE",
         "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n% OK Namespace completed (0.001 + 0.000 "
         "secs).\r\n"},
        {go_on, R"(LIST "" "*" RETURN (SPECIAL-USE))",
         "* LIST (\\HasNoChildren \\UnMarked \\Junk) \"/\" Spam\r\n"
         "* LIST (\\HasNoChildren \\UnMarked \\Trash) \"/\" Trash\r\n"
         "* LIST (\\Noselect \\HasChildren) \"/\" postrider\r\n"
         "* LIST (\\HasNoChildren) \"/\" postrider/done\r\n"
         "* LIST (\\HasNoChildren) \"/\" INBOX\r\n% OK List completed (0.002 + 0.000 secs).\r\n"},
        {asks_quota, "GETQUOTAROOT \"INBOX\"",
         "* QUOTAROOT INBOX \"User quota\"\r\n* QUOTA \"User quota\" (STORAGE 10 1024)\r\n"
         "% OK Getquotaroot completed (0.001 + 0.000 secs).\r\n"},
        {selects_inbox, "SELECT \"INBOX\"",
         "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
         "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags "
         "permitted.\r\n"
         "* 3 EXISTS\r\n* 1 RECENT\r\n* OK [UNSEEN 1] First unseen.\r\n"
         "* OK [UIDVALIDITY 1795473027] UIDs valid\r\n* OK [UIDNEXT 1815] Predicted next UID\r\n"
         "% OK [READ-WRITE] Select completed (0.001 + 0.000 secs).\r\n"},
        {lists_from(1813), listing(1813),
         "* 2 FETCH (UID 1813 RFC822.SIZE 1290 FLAGS (\\Recent) INTERNALDATE "
         "\"24-Nov-2026 09:30:00 +0000\" BODY[HEADER.FIELDS (FROM SUBJECT MESSAGE-ID "
         "AUTO-SUBMITTED "
         "CONTENT-TYPE)] {50}\r\nFrom: a@test.invalid\r\nSubject: [postrider] abc\r\n\r\n)\r\n"
         "* 3 FETCH (UID 1814 RFC822.SIZE 20 FLAGS () INTERNALDATE \"24-Nov-2026 09:31:00 +0000\" "
         "BODY[HEADER.FIELDS (FROM SUBJECT MESSAGE-ID AUTO-SUBMITTED CONTENT-TYPE)] "
         "{2}\r\n\r\n)\r\n"
         "% OK Fetch completed (0.002 + 0.000 + 0.001 secs).\r\n"},
        {fetches({1795473027, {1813}}), "UID FETCH 1813 (UID BODY.PEEK[])",
         "* 2 FETCH (UID 1813 BODY[] {9}\r\n\r\n* BYE\r\n)\r\n"
         "% OK Fetch completed (0.001 + 0.000 secs).\r\n"},
        {moves_to({1795473027, {1813}}, "postrider/done"), "UID MOVE 1813 \"postrider/done\"",
         "* OK [COPYUID 1795473099 1813 1] Moved UIDs.\r\n* 2 EXPUNGE\r\n"
         "% OK Move completed (0.005 + 0.000 + 0.004 secs).\r\n"},
        {idles, "IDLE", "+ idling\r\n* 3 EXISTS\r\n* 1 RECENT\r\n"},
        {leaves_idle, "DONE", "% OK Idle completed (0.500 + 0.499 + 0.499 secs).\r\n"},
        {logs_out, "LOGOUT",
         "* BYE Logging out\r\n% OK Logout completed (0.001 + 0.000 secs).\r\n"}};
    expect_events(
        transcript,
        {"finished 1",
         "namespace [] /",
         "folder Spam (Spam) / junk",
         "folder Trash (Trash) / trash",
         "folder postrider (postrider) / none closed",
         "folder postrider/done (postrider/done) / none",
         "folder INBOX (INBOX) / inbox",
         "finished 2",
         "quota User quota 10 of 1024",
         "finished 3",
         "selected INBOX validity 1795473027 next 1815 count 3",
         "finished 4",
         "listed 1813 size 1290 2026-11-24 09:30:00.000Z [From: a@test.invalid\r\nSubject: "
         "[postrider] abc\r\n\r\n]",
         "listed 1814 size 20 2026-11-24 09:31:00.000Z [\r\n]",
         "finished 5",
         "began 9",
         "\r\n* BYE\r\n",
         "ended 1813 9",
         "finished 6",
         "finished 7",
         "new 3",
         "finished 8",
         "finished 9"});
}

TEST(ImapTranscripts, Cyrus) {
    const Transcript transcript = {
        {go_on, "CAPABILITY",
         "* CAPABILITY IMAP4rev1 LITERAL+ ID ENABLE ACL ANNOTATE-EXPERIMENT-1 BINARY CATENATE "
         "CHILDREN "
         "CONDSTORE CREATE-SPECIAL-USE ESEARCH IDLE LIST-EXTENDED MAILBOX-REFERRALS MOVE NAMESPACE "
         "OBJECTID QRESYNC QUOTA RIGHTS=kxten SEARCHRES SPECIAL-USE UIDPLUS UNSELECT WITHIN\r\n"
         "% OK Completed\r\n"},
        {asks_folders, "NAMESPACE",
         "* NAMESPACE ((\"INBOX.\" \".\")) ((\"user.\" \".\")) ((\"\" \".\"))\r\n% OK "
         "Completed\r\n"},
        {go_on, R"(LIST "" "*" RETURN (SPECIAL-USE))",
         "* LIST (\\HasChildren) \".\" INBOX\r\n* LIST (\\HasNoChildren \\Junk) \".\" "
         "INBOX.Werbung\r\n"
         "* LIST (\\HasNoChildren) \".\" \"INBOX.Entw&APw-rfe\"\r\n% OK Completed (0.000 secs 4 "
         "calls)\r\n"},
        {asks_quota, "GETQUOTAROOT \"INBOX\"",
         "* QUOTAROOT INBOX user.b\r\n* QUOTA user.b (STORAGE 5 1000 X-NUM-FOLDERS 3 20)\r\n"
         "% OK Completed\r\n"},
        {selects_inbox, "SELECT \"INBOX\"",
         "* 1 EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen)\r\n"
         "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen \\*)] Ok\r\n"
         "* OK [UIDVALIDITY 1795400000] Ok\r\n* OK [UIDNEXT 2] Ok\r\n* OK [HIGHESTMODSEQ 5] Ok\r\n"
         "* OK [URLMECH INTERNAL] Ok\r\n* OK [ANNOTATIONS 65536] Ok\r\n"
         "% OK [READ-WRITE] Completed\r\n"},
        {lists_from(2), listing(2),
         "* 1 FETCH (FLAGS (\\Seen) UID 1 INTERNALDATE \"24-Nov-2026 10:30:00 +0100\" RFC822.SIZE "
         "80 "
         "BODY[HEADER.FIELDS (FROM SUBJECT MESSAGE-ID AUTO-SUBMITTED CONTENT-TYPE)] {7}\r\nA: "
         "b\r\n\n"
         ")\r\n% OK Completed (0.000 sec)\r\n"},
        {idles, "IDLE", "+ idling\r\n"}, // Cyrus may advertise IDLE and never say anything in it
        {leaves_idle, "DONE", "% OK Completed\r\n"},
        {lists_from(2), listing(2),
         "* 2 EXISTS\r\n* 1 RECENT\r\n* 2 FETCH (FLAGS (\\Recent) UID 2 INTERNALDATE "
         "\" 4-Nov-2026 10:30:00 +0100\" RFC822.SIZE 81 BODY[HEADER.FIELDS (FROM SUBJECT "
         "MESSAGE-ID "
         "AUTO-SUBMITTED CONTENT-TYPE)] {2}\r\n\r\n)\r\n% OK Completed (0.000 sec)\r\n"},
        {fetches({1795400000, {2}}), "UID FETCH 2 (UID BODY.PEEK[])",
         "* 2 FETCH (UID 2 BODY[] {4}\r\n+ x\n)\r\n% OK Completed (0.000 sec)\r\n"},
        {moves_to({1795400000, {2}}, "INBOX.postrider.done"), "UID MOVE 2 \"INBOX.postrider.done\"",
         "% NO [TRYCREATE] Mailbox does not exist\r\n"},
        {[](ImapDialogue &dialogue) { dialogue.create("INBOX.postrider.done"); },
         "CREATE \"INBOX.postrider.done\"", "% OK [MAILBOXID (i1)] Completed\r\n"},
        {moves_to({1795400000, {2}}, "INBOX.postrider.done"), "UID MOVE 2 \"INBOX.postrider.done\"",
         "* OK [COPYUID 1795400009 2 1] Completed\r\n* VANISHED 2\r\n% OK Completed\r\n"},
        {logs_out, "LOGOUT", "* BYE LOGOUT received\r\n% OK Completed\r\n"}};
    expect_events(
        transcript,
        {"finished 1",
         "namespace [INBOX.] .",
         "folder INBOX (INBOX) . inbox",
         "folder INBOX.Werbung (INBOX.Werbung) . junk",
         "folder INBOX.Entw&APw-rfe (INBOX.Entwürfe) . none",
         "finished 2",
         "quota user.b 5 of 1000",
         "finished 3",
         "selected INBOX validity 1795400000 next 2 count 1",
         "finished 4",
         "finished 5",
         "finished 6",
         "new 2",
         "listed 2 size 81 2026-11-04 09:30:00.000Z [\r\n]",
         "finished 7",
         "began 4",
         "+ x\n",
         "ended 2 4",
         "finished 8",
         "finished 9 refused: could not move mails to folder \"INBOX.postrider.done\": the IMAP "
         "server refuses",
         "finished 10",
         "finished 11",
         "finished 12"});
}

TEST(ImapTranscripts, Gmail) {
    const Transcript transcript = {
        {go_on, "CAPABILITY",
         "* CAPABILITY IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 "
         "UIDPLUS "
         "COMPRESS=DEFLATE ENABLE MOVE CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS "
         "LITERAL- "
         "SPECIAL-USE APPENDLIMIT=35651584\r\n% OK Success\r\n"},
        {asks_folders, "NAMESPACE", "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n% OK Success\r\n"},
        {go_on, R"(LIST "" "*" RETURN (SPECIAL-USE))",
         "* LIST (\\HasNoChildren) \"/\" \"INBOX\"\r\n"
         "* LIST (\\HasChildren \\Noselect) \"/\" \"[Gmail]\"\r\n"
         "* LIST (\\All \\HasNoChildren) \"/\" \"[Gmail]/All Mail\"\r\n"
         "* LIST (\\HasNoChildren \\Junk) \"/\" \"[Gmail]/Spam\"\r\n% OK Success\r\n"},
        {asks_quota, "GETQUOTAROOT \"INBOX\"",
         "* QUOTAROOT \"INBOX\" \"\"\r\n* QUOTA \"\" (STORAGE 61 15728640)\r\n% OK Success\r\n"},
        {selects_inbox, "SELECT \"INBOX\"",
         "* FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $NotPhishing $Phishing)\r\n"
         "* OK [PERMANENTFLAGS (\\Answered \\Deleted \\Seen \\*)] Flags permitted.\r\n"
         "* OK [UIDVALIDITY 1] UIDs valid.\r\n* 7 EXISTS\r\n* 0 RECENT\r\n"
         "* OK [UIDNEXT 22] Predicted next UID.\r\n* OK [HIGHESTMODSEQ 2610]\r\n"
         "% OK [READ-WRITE] INBOX selected. (Success)\r\n"},
        {[](ImapDialogue &dialogue) { dialogue.search(20, "[postrider]"); },
         R"(UID SEARCH RETURN (ALL) UID 20:* SUBJECT "[postrider]")",
         "* ESEARCH (TAG \"%\") UID ALL 20:21\r\n% OK SEARCH completed (Success)\r\n"},
        {fetches({1, {20, 21}}), "UID FETCH 20:21 (UID BODY.PEEK[])",
         "* 6 FETCH (UID 20 BODY[] {3}\r\na\r\n)\r\n* 7 FETCH (UID 21 BODY[] {3}\r\nb\r\n)\r\n"
         "* 7 FETCH (UID 21 FLAGS (\\Seen))\r\n% OK Success\r\n"},
        {[](ImapDialogue &dialogue) {
             dialogue.remove({1, {20}});
         },
         "UID STORE 20 +FLAGS.SILENT (\\Deleted)", "% OK Success\r\n"},
        {go_on, "UID EXPUNGE 20", "* 6 EXPUNGE\r\n* 6 EXISTS\r\n% OK Success\r\n"},
        {idles, "IDLE", "+ idling\r\n* BYE Session expired, please login again.\r\n"}};
    expect_events(transcript,
                  {"finished 1",
                   "namespace [] /",
                   "folder INBOX (INBOX) / inbox",
                   "folder [Gmail] ([Gmail]) / none closed",
                   "folder [Gmail]/All Mail ([Gmail]/All Mail) / none",
                   "folder [Gmail]/Spam ([Gmail]/Spam) / junk",
                   "finished 2",
                   "quota  61 of 15728640",
                   "finished 3",
                   "selected INBOX validity 1 next 22 count 7",
                   "finished 4",
                   "found 20:21",
                   "finished 5",
                   "began 3",
                   "a\r\n",
                   "ended 20 3",
                   "began 3",
                   "b\r\n",
                   "ended 21 3",
                   "finished 6",
                   "finished 7",
                   "alert Session expired, please login again.",
                   "finished 8 unavailable: could not wait for mails: the IMAP server ends the "
                   "connection"});
}

TEST(ImapTranscripts, Exchange) {
    const Transcript transcript = {
        {go_on, "CAPABILITY",
         "* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT "
         "CHILDREN "
         "IDLE NAMESPACE LITERAL+\r\n% OK CAPABILITY completed.\r\n"},
        {asks_folders, "NAMESPACE",
         "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n% OK NAMESPACE completed.\r\n"},
        {go_on, R"(LIST "" "*")",
         "* LIST (\\Marked \\HasNoChildren) \"/\" INBOX\r\n* LIST (\\HasNoChildren) \"/\" \"Junk "
         "Email\"\r\n"
         "* LIST (\\HasNoChildren) \"/\" {4}\r\nLit1\r\n% OK LIST completed.\r\n"},
        {asks_quota, "", ""},
        {selects_inbox, "SELECT \"INBOX\"",
         "* 2 EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft "
         "$MDNSent)\r\n"
         "* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)] Permanent "
         "flags\r\n"
         "* OK [UNSEEN 1] Is the first unseen message\r\n* OK [UIDVALIDITY 14] UIDVALIDITY "
         "value\r\n"
         "% OK [READ-WRITE] SELECT completed.\r\n"},
        {go_on, "STATUS \"INBOX\" (UIDNEXT UIDVALIDITY)",
         "* STATUS INBOX (UIDNEXT 9 UIDVALIDITY 14) \r\n% OK STATUS completed.\r\n"},
        {lists_from(8), listing(8),
         "* 2 FETCH (RFC822.SIZE 1500 FLAGS (\\Seen) INTERNALDATE \"24-Nov-2026 09:30:00 +0000\" "
         "BODY[HEADER.FIELDS (FROM SUBJECT MESSAGE-ID AUTO-SUBMITTED CONTENT-TYPE)] {4}\r\nA: b "
         "UID 8)"
         "\r\n% OK FETCH completed.\r\n"},
        {fetches({14, {8}}), "UID FETCH 8 (UID BODY.PEEK[])",
         "* 2 FETCH (BODY[] {6}\r\nP7 NO\n UID 8)\r\n% OK FETCH completed.\r\n"},
        {moves_to({14, {8}}, "postrider/done"), "UID COPY 8 \"postrider/done\"",
         "% OK [COPYUID 15 8 1] COPY completed.\r\n"},
        {go_on, "UID STORE 8 +FLAGS.SILENT (\\Deleted)", "% OK STORE completed.\r\n"},
        {go_on, "UID EXPUNGE 8", "* 2 EXPUNGE\r\n* 1 EXISTS\r\n% OK EXPUNGE completed.\r\n"},
        {[](ImapDialogue &dialogue) { dialogue.noop(); }, "NOOP",
         "% BAD User is authenticated but not connected.\r\n"},
        {go_on, "", "* BYE Connection is closed. 13\r\n"}};
    expect_events(transcript,
                  {"finished 1", "namespace [] /", "folder INBOX (INBOX) / inbox",
                   "folder Junk Email (Junk Email) / junk guessed", "folder Lit1 (Lit1) / none",
                   "finished 2", "finished 3", "selected INBOX validity 14 next 9 count 2",
                   "finished 4", "listed 8 size 1500 seen 2026-11-24 09:30:00.000Z [A: b]",
                   "finished 5", "began 6", "P7 NO\n", "ended 8 6", "finished 6", "finished 7",
                   "finished 8 unavailable: could not ask for news: the IMAP server does not "
                   "understand",
                   "alert Connection is closed. 13"});
}

} // namespace
} // namespace postrider::transport

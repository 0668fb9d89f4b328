// Texts that are well formed and still wrong, and what this version cannot do.
#include <gtest/gtest.h>

#include "common/task/task_text.hpp"

#include "tests/unit/task/example.hpp"

namespace postrider::task {
namespace {

struct Wrong {
    const char *text;
    const char *message;
    const char *hint;
};

const std::vector<Wrong> wrong_texts = {
    {"GROUP \"a b\"", "line 1, column 7: the name \"a b\" has unusual characters",
     "Names of nodes, peers, groups, mailboxes, tasks and attributes consist of ASCII letters, "
     "digits, \"_\" and \"-\"."},
    {"GROUP aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg",
     "line 1, column 7: this name is too long", "A name has at most 63 characters."},
    {"GROUP a; GROUP A", "line 1, column 16: the group \"a\" stands twice in this text",
     "A statement gives its object whole: keep one of them."},
    {"NODE a; NODE b", "line 1, column 14: NODE is declared twice",
     "NODE is this database: it has one name. Other databases are PEERs, or HOSTED NODEs."},
    {"GROUP a; PEER a", "line 1, column 15: the peer \"a\" has the name of the group",
     "Choose another name for one of them."},
    {"NODE a; PEER a", "line 1, column 14: the peer \"a\" has the name of the node",
     "Choose another name for one of them."},
    {"GROUP a; DROP GROUP a", "line 1, column 21: the group \"a\" is both declared and dropped",
     "Drop it in one text and declare it in the next."},
    {"DROP PEER a; DROP PEER a",
     "line 1, column 24: the dropped peer \"a\" stands twice in this text",
     "A statement gives its object whole: keep one of them."},
    {"PAUSE TASK a; RESUME TASK a",
     "line 1, column 27: the pause or resume of the task \"a\" stands twice in this text",
     "A statement gives its object whole: keep one of them."},
    {"NODE a TIME ZONE 'Berlin; DROP'", "line 1, column 18: this is not the name of a time zone",
     "Write it like 'Europe/Berlin' or 'UTC'."},
    {"NODE a KEEP 0 DAYS", "line 1, column 8: KEEP 0 would keep nothing",
     "Give at least 1 DAY, or leave the clause out for 30 DAYS."},
    {"NODE a ALERT 'nobody'", "line 1, column 8: \"nobody\" is not a mail address",
     "Write it as 'name@domain.example', without a display name."},
    {"NODE a ALERT 'dba@hq.example' AFTER 0 HOURS",
     "line 1, column 8: the duration of ALERT AFTER is zero",
     "Give at least 1 SECOND, or leave the clause out."},
    {"HOSTED NODE e AT 'odbc:DSN=x;PWD=secret'",
     "line 1, column 18: the address of the hosted node holds a password",
     "A task text is shown, printed and mailed. Take the password out of it and give it by USER "
     "'…' PASSWORD FILE '…' or PASSWORD COMMAND '…'."},
    {"HOSTED NODE e AT 'odcb:DSN=x'",
     "line 1, column 18: \"odcb:DSN=x\" does not begin with a protocol that is known here",
     "Did you mean \"odbc:\"?"},
    {"HOSTED NODE e AT 'odbc:DSN=x' PASSWORD FILE ''",
     "line 1, column 31: the file or command of the password is empty",
     "Write it between the single quotes."},
    {"MAILBOX m ADDRESS 'Jo <a@b>'", "line 1, column 19: \"Jo <a@b>\" is not a mail address",
     "Write it as 'name@domain.example', without a display name."},
    {"MAILBOX m ADDRESS 'a@b' RECEIVE 'imaps://a:secret@b'",
     "line 1, column 33: RECEIVE holds a password",
     "A task text is shown, printed and mailed. Take the password out of it and give it by USER "
     "'…' PASSWORD FILE '…' or PASSWORD COMMAND '…'."},
    {"MAILBOX m ADDRESS 'a@b' RECEIVE 'imasp://b'",
     "line 1, column 33: \"imasp://b\" does not begin with a protocol that is known here",
     "Did you mean \"imaps:\"?"},
    {"MAILBOX m ADDRESS 'a@b' SEND 'http://b'",
     "line 1, column 30: \"http://b\" does not begin with a protocol that is known here",
     "Write it like 'smtps://mail.example'."},
    {"MAILBOX m ADDRESS 'a@b' EVERY 0 SECONDS", "line 1, column 25: the duration of EVERY is zero",
     "Give at least 1 SECOND, or leave the clause out."},
    {"MAILBOX m ADDRESS 'a@b' EVERY 4000 DAYS",
     "line 1, column 25: the duration of EVERY is too long",
     "A duration is at most ten years (3650 DAYS)."},
    {"MAILBOX m ADDRESS 'a@b' AT 08:00 EVERY 1 HOUR",
     "line 1, column 25: AT and EVERY or BETWEEN exclude each other",
     "Say either at which times (AT), or how often (EVERY) and during which hours (BETWEEN)."},
    {"MAILBOX m ADDRESS 'a@b' AT 12:00, 08:00", "line 1, column 25: the times of AT do not rise",
     "Write each time once, the earliest first."},
    {"MAILBOX m ADDRESS 'a@b' BETWEEN 08:00 AND 08:00",
     "line 1, column 25: BETWEEN names the same time twice",
     "Leave the clause out to allow the whole day."},
    {"MAILBOX m ADDRESS 'a@b' AT MOST 99 KB PER DAY",
     "line 1, column 25: AT MOST so few bytes would not let a report pass",
     "Give at least 100 KB, in a longer period if need be, or count MAILS."},
    {"MAILBOX m ADDRESS 'a@b' AT MOST 0 MB PER DAY",
     "line 1, column 25: AT MOST 0 would never let anything pass",
     "Give a greater amount, or use PAUSE."},
    {"PEER b IN g", "line 1, column 11: there is no group \"g\"",
     "Declare it in this text, or correct the name."},
    {"GROUP shops; PEER b IN shosp", "line 1, column 24: there is no group \"shosp\"",
     "Did you mean \"shops\"?"},
    {"GROUP g; PEER b IN g, g", "line 1, column 23: the group \"g\" is given twice",
     "Name it once."},
    {"PEER b (x = 1, X = 2)", "line 1, column 16: the attribute \"x\" is given twice",
     "Name it once."},
    {"PEER b MAIL 'a@b'",
     "line 1, column 8: there is no MAILBOX that mails of the peer \"b\" go through",
     "Declare this node's own, for example: MAILBOX main ADDRESS 'sync@shop.example' RECEIVE "
     "'imaps://mail.shop.example' SEND 'smtps://mail.shop.example';"},
    {"MAILBOX m ADDRESS 'a@b'; MAILBOX n ADDRESS 'c@b'; PEER b MAIL 'a@d'",
     "line 1, column 58: the MAIL path of the peer \"b\" does not say which mailbox it goes "
     "through",
     "Say VIA and one of these behind its address: m, n."},
    {"PEER b MAIL 'a@b' VIA main", "line 1, column 23: there is no mailbox \"main\"",
     "Declare it in this text, or correct the name."},
    {"PEER b MAILDIR 'sync'", "line 1, column 16: the folder \"sync\" is not an absolute path",
     "Begin it with \"/\": programs run in different folders."},
    {"PEER b MAILDIR ''", "line 1, column 16: the folder is empty",
     "Write it between the single quotes."},
    {"PEER b MAILDIR '/x', MAILDIR '/x'", "line 1, column 22: the path \"/x\" is given twice",
     "Name it once."},
    {"PEER b DIRECT 'postgresql://sync:secret@b7.example/shop'",
     "line 1, column 15: the address of the direct path holds a password",
     "A task text is shown, printed and mailed. Take the password out of it and give it by USER "
     "'…' PASSWORD FILE '…' or PASSWORD COMMAND '…'."},
    {"PEER b REPORT EVERY 0 DAYS", "line 1, column 8: the duration of REPORT EVERY is zero",
     "Give at least 1 SECOND, or leave the clause out."},
    {"PEER b REPORT EVERY 59 SECONDS", "line 1, column 8: REPORT EVERY is shorter than a minute",
     "Give at least 1 MINUTE; each report is a mail."},
    {"TASK t SEND a TO b", "line 1, column 18: there is no peer or group \"b\"",
     "Declare it in this text, or correct the name."},
    {"PEER branch7; TASK t SEND a TO brnach7",
     "line 1, column 32: there is no peer or group \"brnach7\"", "Did you mean \"branch7\"?"},
    {"PEER b; TASK t SEND a TO b, b", "line 1, column 29: the peer or group \"b\" is given twice",
     "Name it once."},
    {"PEER b; TASK t SEND a, A TO b",
     "line 1, column 24: the table A stands twice in the task \"t\"", "Name it once."},
    {"PEER b; TASK t SEND \"A\", \"A\" TO b",
     "line 1, column 26: the table \"A\" stands twice in the task \"t\"", "Name it once."},
    {"PEER b; TASK t SEND \"A\" TO b; TASK u SEND \"A\" TO b",
     "line 1, column 43: the table \"A\" would travel twice between here and \"b\", by the tasks "
     "\"t\" "
     "and \"u\"",
     "Take it out of one of the two tasks."},
    {"PEER b; TASK t SEND a AS x, c AS x TO b",
     "line 1, column 29: two tables of the task \"t\" are called x at the other side",
     "Give each its own name there with AS."},
    {"PEER b; TASK t SEND a (x, y AS x) TO b", "line 1, column 32: the column \"x\" is given twice",
     "Name it once."},
    {"PEER b; TASK t SYNC a ((x + 1) AS y) WITH b",
     "line 1, column 24: an expression cannot be used in SYNC: it has no way back",
     "Name columns as they are, or split the task into SEND and RECEIVE of different tables."},
    {"PEER b; TASK t SYNC a WITHOUT DELETE WITH b",
     "line 1, column 23: WITHOUT DELETE cannot be used in SYNC: the two nodes would differ",
     "Leave it out, or say SEND or RECEIVE."},
    {"PEER b; TASK t SYNC a WITH b ON CONFLICT SENDER WINS",
     "line 1, column 30: SENDER WINS and LOCAL WINS cannot be used in SYNC: the two nodes would "
     "never become equal",
     "Use NEWEST WINS, or NODE name WINS with the node that decides."},
    {"PEER b; TASK t SEND a TO b ON CONFLICT NEWEST WINS",
     "line 1, column 28: this rule needs the times of changes on both sides, which only SYNC keeps",
     "Use SENDER WINS, LOCAL WINS or PARK, or say SYNC … WITH."},
    {"PEER b; TASK t RECEIVE a FROM b ON CONFLICT SENDER WINS ADDING (x)",
     "line 1, column 33: ADDING can only be used in SYNC", "Leave ADDING out, or say SYNC … WITH."},
    {"PEER b; TASK t SYNC a WITH b ON CONFLICT NODE c WINS",
     "line 1, column 47: there is no node \"c\"", "Declare it in this text, or correct the name."},
    {"PEER b; TASK t SEND a TO b BY MAIL ELSE MAIL",
     "line 1, column 28: BY names a kind of path twice", "Name it once."},
    {"PEER b; TASK t SEND a TO b BY MAIL AFTER 1 HOUR",
     "line 1, column 28: AFTER has no path to change to",
     "Add ELSE with another kind of path, or leave AFTER out."},
    {"PEER b; TASK t RECEIVE a FROM b CAPTURE BY TRIGGERS",
     "line 1, column 33: CAPTURE belongs to the side that sends",
     "Leave it out here; the peer declares how it captures."},
    {"PEER b; TASK t SEND a TO b VERIFY EVERY 0 DAYS",
     "line 1, column 28: the duration of VERIFY EVERY is zero",
     "Give at least 1 SECOND, or leave the clause out."},
    {"PEER b; TASK t ON erp SEND a TO b", "line 1, column 19: there is no hosted node \"erp\"",
     "Declare it in this text, or correct the name."},
    {"PEER b; TASK t SEND a TO b; TASK u SEND a TO b",
     "line 1, column 41: the table a would travel twice between here and \"b\", by the tasks \"t\" "
     "and "
     "\"u\"",
     "Take it out of one of the two tasks."},
    {"PEER b; TASK t SEND a TO b; TASK u RECEIVE a FROM b",
     "line 1, column 44: the table a would travel to and from \"b\", by the tasks \"t\" and "
     "\"u\"",
     "Say SYNC … WITH in one task: only then are conflicts resolved."},
    {"GROUP g; PEER b IN g; TASK t SEND a TO g; TASK u SYNC A WITH b",
     "line 1, column 55: the table A would travel twice between here and \"b\", by the tasks \"t\" "
     "and "
     "\"u\"",
     "Take it out of one of the two tasks."},
    {"PEER b; PEER c; TASK t SEND a TO b CAPTURE BY TRIGGERS; TASK u SEND a TO c CAPTURE BY "
     "DECODING",
     "line 1, column 76: the table a is captured in two ways, by the tasks \"t\" and \"u\"",
     "Give both tasks the same CAPTURE."},
};

const std::vector<Wrong> not_yet = {
    {"HOSTED NODE e AT 'odbc:DSN=x'",
     "line 1, column 13: HOSTED NODE is not available in this version",
     "Install Postrider in the database itself."},
    {"PEER b DIRECT", "line 1, column 8: a DIRECT path is not available in this version",
     "Use MAIL, or MAILDIR with a folder that both nodes reach."},
    {"PEER b; TASK t SYNC a WITH b", "line 1, column 16: SYNC is not available in this version",
     "Use SEND or RECEIVE."},
    {"PEER b; TASK t RECEIVE a (x, (y) AS z) FROM b",
     "line 1, column 30: an expression in RECEIVE is not available in this version",
     "Put it into the task of the node that sends, or let a generated column of the table here"
     " compute it."},
    {"PEER b; TASK t RECEIVE a (x TYPE text) FROM b",
     "line 1, column 29: TYPE in RECEIVE is not available in this version",
     "Give the column of the table here the type, or put TYPE into the task of the node that"
     " sends."},
    {"PEER b; TASK t SEND a ON CONFLICT PARK TO b",
     "line 1, column 23: ON CONFLICT of a table is not available in this version", "Leave it out."},
    {"PEER b; TASK t SEND a TO b BY DIRECT",
     "line 1, column 28: BY DIRECT is not available in this version", "Use BY MAIL or BY MAILDIR."},
    {"PEER b; TASK t SEND a TO b BY MAILDIR ELSE MAIL AFTER 1 HOUR",
     "line 1, column 28: AFTER is not available in this version", "Leave it out."},
    {"PEER b; TASK t SEND a TO b CAPTURE BY DECODING",
     "line 1, column 28: CAPTURE other than BY TRIGGERS is not available in this version",
     "Use CAPTURE BY TRIGGERS."},
    {"PEER b; TASK t SEND a TO b ON CONFLICT PARK",
     "line 1, column 28: ON CONFLICT other than SENDER WINS is not available in this version",
     "Use SENDER WINS."},
    {"PEER b; TASK t SEND a TO b VERIFY EVERY 1 DAY",
     "line 1, column 28: VERIFY is not available in this version", "Leave it out."},
    {"PEER b; TASK t SEND a TO b FIRE TRIGGERS",
     "line 1, column 28: FIRE TRIGGERS is not available in this version", "Leave it out."},
    {"DROP HOSTED NODE e", "line 1, column 18: HOSTED NODE is not available in this version",
     "Leave it out."},
};

TEST(Check, EachWrongTextIsRefusedWithItsPlaceAndAWayOut) {
    for (const Wrong &wrong : wrong_texts) {
        const Result<TaskText> parsed = parse(wrong.text);
        ASSERT_TRUE(parsed.has_value()) << wrong.text << ": " << parsed.error().message;
        const Result<void> checked = check_whole(*parsed);
        ASSERT_FALSE(checked.has_value()) << wrong.text;
        EXPECT_EQ(checked.error().code, Errc::refused) << wrong.text;
        EXPECT_EQ(checked.error().message, wrong.message) << wrong.text;
        EXPECT_EQ(checked.error().hint, wrong.hint) << wrong.text;
    }
}

TEST(Check, ATextMayNameWhatWasDeclaredBefore) {
    EXPECT_TRUE(check(parse("PEER b IN g MAIL 'a@b' VIA m; TASK t SEND a TO c").value()));
}

TEST(Check, ATableMayComeFromManyPeersAndGoToManyPeers) {
    EXPECT_TRUE(check_whole(parse("GROUP g; PEER b IN g; PEER c IN g; TASK t RECEIVE a FROM g;"
                                  "TASK u SEND x TO b; TASK v SEND x TO c; TASK w SEND a AS y TO d;"
                                  "PEER d")
                                .value()));
}

TEST(Check, QuotedTablesInOtherLettersAreOthers) {
    for (const char *text :
         {"PEER b; TASK t SEND \"Orders\", orders TO b", "PEER b; TASK t SEND \"A\", \"a\" TO b",
          "PEER b; TASK t SEND \"A\" TO b; TASK u SEND a TO b",
          "PEER b; TASK t SEND x AS \"A\", y AS a TO b"}) {
        EXPECT_TRUE(check(parse(text).value())) << text;
    }
}

TEST(Check, ReceivedTablesAreKnownHereByTheNameRightOfAs) {
    EXPECT_FALSE(
        check_whole(parse("PEER b; TASK t RECEIVE x AS a FROM b; TASK u SEND a TO b").value()));
    EXPECT_TRUE(check_whole(
        parse("PEER b; TASK t RECEIVE a AS x FROM b; TASK u SEND a AS y TO b").value()));
}

TEST(Check, ATableOfThePeerIsHeldToTheSameRules) {
    EXPECT_FALSE(
        check_whole(parse("PEER b; TASK t RECEIVE a AS x FROM b; TASK u SEND a TO b").value()));
    EXPECT_FALSE(
        check_whole(parse("PEER b; TASK t SEND a AS x TO b; TASK u SEND c AS X TO b").value()));
}

TEST(Unavailable, EachClauseIsRefusedByName) {
    for (const Wrong &wrong : not_yet) {
        const Result<TaskText> parsed = parse(wrong.text);
        ASSERT_TRUE(parsed.has_value()) << wrong.text << ": " << parsed.error().message;
        const auto error = unavailable(*parsed);
        ASSERT_TRUE(error.has_value()) << wrong.text;
        EXPECT_EQ(error->code, Errc::refused) << wrong.text;
        EXPECT_EQ(error->message, wrong.message) << wrong.text;
        EXPECT_EQ(error->hint, wrong.hint) << wrong.text;
    }
}

TEST(Unavailable, WhatThisVersionDoesPasses) {
    const Result<TaskText> parsed = parse(
        "NODE hq TIME ZONE 'UTC' KEEP 30 DAYS; GROUP shops;"
        "PEER b IN shops (code = 'B7') MAILDIR '/a', MAILDIR '/b' KEEP 3 DAYS REPORT EVERY 1 DAY "
        "TRUST TASKS;"
        "TASK t SEND a AS b (x, y AS z) WHERE (z) WITHOUT DELETE, c (* EXCEPT x) TO shops BY "
        "MAILDIR "
        "NO LOAD CAPTURE BY TRIGGERS"
        " ON CONFLICT SENDER WINS ON ERROR STOP; TASK u RECEIVE d FROM b LOAD FIRST;"
        "DROP PEER x; DROP TASK x; DROP GROUP x; PAUSE TASK t; RESUME PEER b");
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    EXPECT_FALSE(unavailable(*parsed).has_value());
}

TEST(Unavailable, TheExampleNeedsALaterVersion) {
    EXPECT_TRUE(unavailable(parse(example).value()).has_value());
}

} // namespace
} // namespace postrider::task

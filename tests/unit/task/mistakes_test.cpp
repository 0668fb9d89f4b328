// Every kind of mistake in the text itself: line, column, what was expected, the nearest word.
#include <gtest/gtest.h>

#include "common/task/task_text.hpp"

namespace postrider::task {
namespace {

struct Slip {
    const char *text;
    const char *message;
    const char *hint;
};

const std::vector<Slip> mistakes = {
    {"TSK t SEND a TO b",
     "line 1, column 1: expected POSTRIDER, NODE, HOSTED, MAILBOX, GROUP, PEER, TASK, DROP, PAUSE "
     "or RESUME, found \"TSK\"",
     "Did you mean TASK?"},
    {"GROUP", "line 1, column 6: expected the name of the group, the text ends here",
     "Write it at the end."},
    {"GROUP to", "line 1, column 7: expected the name of the group, found the reserved word TO",
     "Put the word in double quotes to use it as a name."},
    {"GROUP 'shops'", "line 1, column 7: expected the name of the group, found the string 'shops'",
     "Names stand without quotes, or in double ones."},
    {"GROUP a GROUP b", "line 1, column 9: expected \";\", found \"GROUP\"",
     "If a new statement begins here, end the one before with \";\"."},
    {"GROUP a;;",
     "line 1, column 9: expected NODE, HOSTED, MAILBOX, GROUP, PEER, TASK, DROP, PAUSE or RESUME, "
     "found \";\"",
     "Write one of these here."},
    {"GROUP \"\"", "line 1, column 7: the quoted name is empty",
     "Write the name between the quotes."},
    {"GROUP \"a", "line 1, column 7: the quoted name that begins here never ends",
     "Close it with \"; a \" inside the name is written twice."},
    {"GROUP _a", "line 1, column 7: a name without quotes begins with an ASCII letter",
     "Put the name in double quotes."},
    {"GROUP a?", "line 1, column 8: unexpected character \"?\"",
     "Folders, addresses and other values stand in single quotes, names with unusual characters in "
     "double quotes."},
    {"GROUP a /* x /* y */ */", "line 1, column 14: a comment begins inside the comment of line 1",
     "Comments cannot be nested, since databases disagree about where such a comment ends. Remove "
     "the inner \"/*\"."},
    {"GROUP a /* x", "line 1, column 9: the comment that begins here never ends",
     "Close it with \"*/\"."},
    {"POSTRIDER;", "line 1, column 10: expected the version 1, found \";\"", "Write it here."},
    {"POSTRIDER 1.5;", "line 1, column 11: expected the version 1 without fraction, found \"1.5\"",
     "Use a smaller unit."},
    {"POSTRIDER 1 GROUP a", "line 1, column 13: expected \";\", found \"GROUP\"",
     "If a new statement begins here, end the one before with \";\"."},
    {"NODE hq TIEM ZONE 'UTC'",
     "line 1, column 9: expected TIME, ALERT, KEEP or \";\", found \"TIEM\"", "Did you mean TIME?"},
    {"NODE hq TIME 'UTC'", "line 1, column 14: expected ZONE, found the string 'UTC'",
     "Write it here."},
    {"NODE hq KEEP 30",
     "line 1, column 16: expected WEEKS, WEEK, MB, GB, DAYS or DAY, the text ends here",
     "Write one of these here."},
    {"NODE hq KEEP 1.5 DAYS",
     "line 1, column 14: expected an amount such as 30 DAYS without fraction, found \"1.5\"",
     "Use a smaller unit."},
    {"NODE hq KEEP 30 DAYZ",
     "line 1, column 17: expected WEEKS, WEEK, MB, GB, DAYS or DAY, found \"DAYZ\"",
     "Did you mean DAYS?"},
    {"NODE hq KEEP 30 DAYS KEEP 31 DAYS", "line 1, column 22: KEEP is given twice",
     "Keep one of the two."},
    {"NODE hq KEEP 1234567890123456 DAYS", "line 1, column 14: this number is too large",
     "A number has at most 15 digits."},
    {"NODE hq ALERT dba",
     "line 1, column 15: expected a mail address in single quotes, found \"dba\"",
     "Put it in single quotes: 'dba'."},
    {"NODE hq ALERT 'dba@hq.example' AFTER 6 HOUSR",
     "line 1, column 40: expected SECOND, SECONDS, MINUTE, MINUTES, HOUR, HOURS, DAY, DAYS, WEEK "
     "or WEEKS, found \"HOUSR\"",
     "Did you mean HOUR?"},
    {"HOSTED erp AT 'odbc:DSN=x'", "line 1, column 8: expected NODE, found \"erp\"",
     "Write it here."},
    {"HOSTED NODE erp 'odbc:DSN=x'",
     "line 1, column 17: expected AT, found the string 'odbc:DSN=x'", "Write it here."},
    {"HOSTED NODE erp AT 'odbc:DSN=x' CAPTURE TRIGGERS",
     "line 1, column 41: expected BY, found \"TRIGGERS\"", "Write it here."},
    {"HOSTED NODE erp AT 'odbc:DSN=x' CAPTURE BY TRIGERS",
     "line 1, column 44: expected TRIGGERS, DECODING, WATERMARK or COMPARISON, found \"TRIGERS\"",
     "Did you mean TRIGGERS?"},
    {"HOSTED NODE erp AT 'odbc:DSN=x' PASSWORD 'secret'",
     "line 1, column 42: expected COMMAND or FILE, found the string 'secret'",
     "Write one of these here."},
    {"MAILBOX main 'sync@hq.example'",
     "line 1, column 14: expected ADDRESS, found the string 'sync@hq.example'", "Write it here."},
    {"MAILBOX main ADDRESS sync",
     "line 1, column 22: expected a mail address in single quotes, found \"sync\"",
     "Put it in single quotes: 'sync'."},
    {"MAILBOX main ADDRESS 'a@b' AT 8:00", "line 1, column 31: \"8:00\" is not a time of day",
     "Times run from 00:00 to 23:59, two digits each."},
    {"MAILBOX main ADDRESS 'a@b' AT 24:00", "line 1, column 31: \"24:00\" is not a time of day",
     "Times run from 00:00 to 23:59, two digits each."},
    {"MAILBOX main ADDRESS 'a@b' BETWEEN 08:00 TO 18:00",
     "line 1, column 42: expected AND, found the reserved word TO", "Write it here."},
    {"MAILBOX main ADDRESS 'a@b' AT MOST 5 PER DAY",
     "line 1, column 38: expected KB, GB, MAILS or MB, found \"PER\"", "Write one of these here."},
    {"MAILBOX main ADDRESS 'a@b' AT MOST 5 MB PER YEAR",
     "line 1, column 45: expected MINUTE, HOUR, DAY or MONTH, found \"YEAR\"",
     "Write one of these here."},
    {"MAILBOX main ADDRESS 'a@b' EVERY 5 MINUTES EVERY 6 MINUTES",
     "line 1, column 44: EVERY is given twice", "Keep one of the two."},
    {"PEER b7 MAILDRI '/x'",
     "line 1, column 9: expected IN, \"(\", MAIL, DIRECT, MAILDIR, REPORT, TRUST, KEEP or \";\", "
     "found \"MAILDRI\"",
     "Did you mean MAILDIR?"},
    {"PEER b7 MAILDIR /x", "line 1, column 17: unexpected character \"/\"",
     "Folders, addresses and other values stand in single quotes, names with unusual characters in "
     "double quotes."},
    {"PEER b7 (code 'B7')", "line 1, column 15: expected \"=\", found the string 'B7'",
     "Write it here."},
    {"PEER b7 (code = B7)",
     "line 1, column 17: expected TRUE, FALSE, a number or a string in single quotes, found \"B7\"",
     "Put it in single quotes: 'B7'."},
    {"PEER b7 (code = 1.2.3)", "line 1, column 17: this is not a number",
     "Put it in single quotes."},
    {"PEER b7 MAILDIR '/x',",
     "line 1, column 22: expected DIRECT, MAILDIR or MAIL, the text ends here",
     "Write one of these here."},
    {"PEER b7 TRUST TASK", "line 1, column 15: expected TASKS, found \"TASK\"",
     "Did you mean TASKS?"},
    {"PEER b7 IN shops,", "line 1, column 18: expected the name of a group, the text ends here",
     "Write it at the end."},
    {"TASK t SENT a TO b", "line 1, column 8: expected ON, SEND, RECEIVE or SYNC, found \"SENT\"",
     "Did you mean SEND?"},
    {"TASK t SEND a b",
     "line 1, column 15: expected \".\", AS, \"(\", WHERE, WITHOUT, ON, \",\" or TO, found \"b\"",
     "Write one of these here."},
    {"TASK t SEND a TOO b",
     "line 1, column 15: expected \".\", AS, \"(\", WHERE, WITHOUT, ON, \",\" or TO, found \"TOO\"",
     "Did you mean TO?"},
    {"TASK t SEND a FROM b",
     "line 1, column 15: expected \".\", AS, \"(\", WHERE, WITHOUT, ON, \",\" or TO, found the "
     "reserved word FROM",
     "Write one of these here."},
    {"TASK t SEND a WHERE x = 1 TO b",
     "line 1, column 21: expected a condition in parentheses, found \"x\"",
     "Put it in parentheses: (…)."},
    {"TASK t SEND a WHERE () TO b", "line 1, column 21: the parentheses are empty",
     "Write SQL of the node's database between them."},
    {"TASK t SEND a WHERE (x = 1 TO b",
     "line 1, column 21: the parenthesis that opens here is never closed", "Close it with \")\"."},
    {"TASK t SEND a (x, ) TO b", "line 1, column 19: expected a column, found \")\"",
     "Write it here."},
    {"TASK t SEND a (UPPER(x)) TO b", "line 1, column 24: expected AS, found \")\"",
     "Write it here."},
    {"TASK t SEND a (*) TO b", "line 1, column 17: expected EXCEPT, found \")\"", "Write it here."},
    {"TASK t SEND a WITHOUT DELETES TO b", "line 1, column 23: expected DELETE, found \"DELETES\"",
     "Did you mean DELETE?"},
    {"TASK t SEND a TO b EVRY 1 HOUR",
     "line 1, column 20: expected \",\", BY, PRIORITY, VERIFY, EVERY, BETWEEN, AT, LOAD, NO, "
     "CREATE, FIRE, CAPTURE, ON or \";\", found \"EVRY\"",
     "Did you mean EVERY?"},
    {"TASK t SEND a TO b PRIORITY URGENT",
     "line 1, column 29: expected HIGH, LOW or NORMAL, found \"URGENT\"",
     "Write one of these here."},
    {"TASK t SEND a TO b ON ERROR IGNORE",
     "line 1, column 29: expected STOP or PARK, found \"IGNORE\"", "Write one of these here."},
    {"TASK t SEND a TO b ON CONFLICT NEWEST",
     "line 1, column 38: expected ROW or WINS, the text ends here", "Write one of these here."},
    {"TASK t SEND a TO b NO LOAD LOAD FIRST", "line 1, column 28: LOAD is given twice",
     "Keep one of the two."},
    {"TASK t SEND a TO b BY POST",
     "line 1, column 23: expected DIRECT, MAILDIR or MAIL, found \"POST\"",
     "Write one of these here."},
    {"TASK t SEND a TO b BY MAILDIR EVERY 9999999999 DAYS",
     "line 1, column 37: this duration is too long", "A duration is at most ten years."},
    {"TASK t SEND a TO b CREATE TABLES", "line 1, column 27: expected MISSING, found \"TABLES\"",
     "Write it here."},
    {"TASK t\n  SEND a\n  TO where",
     "line 3, column 6: expected the name of a peer or group, found the reserved word WHERE",
     "Put the word in double quotes to use it as a name."},
    {"DROP TABLE a",
     "line 1, column 6: expected PEER, TASK, GROUP, MAILBOX or HOSTED, found \"TABLE\"",
     "Write one of these here."},
    {"PAUSE GROUP a", "line 1, column 7: expected PEER or TASK, found \"GROUP\"",
     "Write one of these here."},
};

TEST(Mistakes, EachSaysWhereWhatWasExpectedAndWhatToDo) {
    for (const Slip &slip : mistakes) {
        const Result<TaskText> parsed = parse(slip.text);
        ASSERT_FALSE(parsed.has_value()) << slip.text;
        EXPECT_EQ(parsed.error().code, Errc::malformed) << slip.text;
        EXPECT_EQ(parsed.error().message, slip.message) << slip.text;
        EXPECT_EQ(parsed.error().hint, slip.hint) << slip.text;
    }
}

} // namespace
} // namespace postrider::task

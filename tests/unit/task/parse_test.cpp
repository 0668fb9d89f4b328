// From text to model: every production, the example, SQL taken verbatim, the limits.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/task/task_text.hpp"

#include "tests/unit/task/example.hpp"

namespace postrider::task {
namespace {

std::string canonical(std::string_view text) {
    const Result<TaskText> parsed = parse(text);
    return parsed ? print(*parsed) : parsed.error().message;
}

std::string message_of(std::string_view text) {
    const Result<TaskText> parsed = parse(text);
    return parsed ? "parsed" : parsed.error().message;
}

Sql where_of(std::string_view sql) {
    const Result<TaskText> parsed = parse("TASK t SEND a WHERE " + std::string{sql} + " TO b");
    EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message);
    return parsed ? *std::get<Task>(parsed->statements.at(0)).tables.at(0).where : Sql{};
}

TEST(Parse, EveryProductionInItsCanonicalFormPrintsAsWritten) {
    for (
        const std::string statement : {
            "NODE hq;",
            "NODE hq TIME ZONE 'Europe/Berlin' KEEP 30 DAYS ALERT 'dba@hq.example' AFTER 6 HOURS;",
            "NODE hq KEEP 2 WEEKS ALERT 'dba@hq.example';",
            "NODE hq KEEP 500 MB;",
            "NODE hq KEEP 5 GB;",
            "HOSTED NODE erp AT 'odbc:DSN=erp' USER 'sync' PASSWORD FILE 'erp.password' CAPTURE "
            "BY TRIGGERS;",
            "HOSTED NODE erp AT 'odbc:DSN=erp' TOKEN COMMAND 'get-token' CAPTURE BY DECODING;",
            "HOSTED NODE erp AT 'odbc:DSN=erp' CAPTURE BY WATERMARK changed_at;",
            "HOSTED NODE erp AT 'odbc:DSN=erp' CAPTURE BY COMPARISON;",
            "MAILBOX main ADDRESS 'a@b.example' RECEIVE 'imaps://b' SEND 'smtps://b' USER 'a' "
            "PASSWORD COMMAND 'pass b' EVERY 5 MINUTES BETWEEN 08:00 AND 18:30 AT MOST 20 MB PER "
            "DAY;",
            "MAILBOX main ADDRESS 'a@b.example' TOKEN FILE 'token' AT 06:00, 12:00, 18:00;",
            "MAILBOX main ADDRESS 'a@b.example' AT MOST 1 KB PER MINUTE;",
            "MAILBOX main ADDRESS 'a@b.example' AT MOST 1 GB PER MONTH;",
            "MAILBOX main ADDRESS 'a@b.example' AT MOST 30 MAILS PER HOUR;",
            "GROUP shops;",
            "PEER b7;",
            "PEER b7 IN shops, north (code = 'B''7', size = -1.5, open = TRUE, old = FALSE);",
            "PEER b7 MAIL 'a@b.example' VIA main EVERY 1 WEEK, DIRECT, DIRECT 'postgresql://b7/x' "
            "AT MOST 1 MB PER HOUR, MAILDIR '/srv/b7' KEEP 3 DAYS REPORT EVERY 1 DAY TRUST TASKS;",
            "PEER b7 MAIL 'a@b.example' AT 08:00, 20:00, MAILDIR '/srv/b7' AT 09:00;",
            "TASK t SEND a TO b;",
            "TASK t RECEIVE a FROM b, c;",
            "TASK t SYNC a, s.b, x.s.\"C d\" WITH b;",
            "TASK t ON erp SEND s.a AS dbo.\"B\" (id AS \"Id\", UPPER(name) AS name TYPE numeric "
            "(10, 2) LOSSY PRIVATE, (a + b) AS c TYPE text PRIVATE, d LOSSY) WHERE (x > 1) WITHOUT "
            "DELETE ON CONFLICT PARK TO b;",
            "TASK t SEND a (* EXCEPT x, \"Y\") TO b;",
            "TASK t SEND a TO b BY DIRECT ELSE MAIL ELSE MAILDIR AFTER 2 HOURS EVERY 1 HOUR "
            "PRIORITY HIGH LOAD FIRST CREATE MISSING TABLES CAPTURE BY TRIGGERS ON CONFLICT SENDER "
            "WINS ON ERROR PARK VERIFY EVERY 1 WEEK REPAIR FROM hq FIRE TRIGGERS NO HISTORY;",
            "TASK t SEND a TO b PRIORITY NORMAL NO LOAD ON CONFLICT LOCAL WINS ON ERROR STOP "
            "VERIFY EVERY 1 DAY REPAIR;",
            "TASK t SYNC a ON CONFLICT NEWEST ROW WINS WITH b PRIORITY LOW ON CONFLICT NODE hq "
            "WINS VERIFY EVERY 1 SECOND;",
            "TASK t SYNC a WITH b ON CONFLICT NEWEST WINS ADDING (x, \"Y\");",
            "DROP PEER a;",
            "DROP TASK a;",
            "DROP GROUP a;",
            "DROP MAILBOX a;",
            "DROP HOSTED NODE a;",
            "PAUSE TASK a;",
            "RESUME TASK a;",
            "PAUSE PEER a;",
            "RESUME PEER a;",
        }) {
        EXPECT_EQ(canonical(statement), "POSTRIDER 1;\n" + statement + "\n");
    }
}

TEST(Parse, TheExampleIsReadAndPrintsToItself) {
    const Result<TaskText> parsed = parse(example);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    EXPECT_EQ(parsed->statements.size(), 10U);
    const Result<TaskText> again = parse(print(*parsed));
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(*parsed, *again);
    EXPECT_TRUE(check_whole(*parsed).has_value()) << check_whole(*parsed).error().message;
}

TEST(Parse, EachTruncationOfTheExampleGivesAModelOrAMessageWithItsPlace) {
    for (std::size_t length = 0; length < example.size(); ++length) {
        const Result<TaskText> parsed = parse(example.substr(0, length));
        if (parsed) {
            EXPECT_EQ(parse(print(*parsed)).value(), *parsed);
        } else {
            EXPECT_EQ(parsed.error().message.rfind("line ", 0), 0U) << parsed.error().message;
            EXPECT_FALSE(parsed.error().hint.empty()) << parsed.error().message;
        }
    }
}

TEST(Parse, EachBitFlipOfAShortTextGivesAModelOrAMessage) {
    const std::string text = "TASK t SEND a (x) WHERE (y = ')') TO b EVERY 1 HOUR; -- end";
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        std::string flipped = text;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        const Result<TaskText> parsed = parse(flipped);
        if (parsed) {
            EXPECT_EQ(parse(print(*parsed)).value(), *parsed) << flipped;
        }
    }
}

TEST(Parse, AnEmptyTextDeclaresNothing) {
    for (const char *text :
         {"", "  \n", "-- nothing\n/* at all */", "POSTRIDER 1", "POSTRIDER 1;"}) {
        EXPECT_EQ(canonical(text), "POSTRIDER 1;\n") << text;
    }
}

TEST(Parse, KeywordsAreReadInAnyCaseAndOurNamesFoldToLowerCase) {
    EXPECT_EQ(canonical("Peer B7 iN Shops maildir '/x' trust Tasks"),
              "POSTRIDER 1;\nPEER b7 IN shops MAILDIR '/x' TRUST TASKS;\n");
}

TEST(Parse, OnlyReservedWordsNeedQuotesAsNames) {
    EXPECT_EQ(canonical("PEER mail IN peer, \"to\" MAIL 'a@b' VIA direct"),
              "POSTRIDER 1;\nPEER mail IN peer, \"to\" MAIL 'a@b' VIA direct;\n");
}

TEST(Parse, TableNamesKeepTheirCaseAndWhetherTheyWereQuoted) {
    EXPECT_EQ(canonical("TASK T SEND Orders, \"Lines\"\"2\" TO B"),
              "POSTRIDER 1;\nTASK t SEND Orders, \"Lines\"\"2\" TO b;\n");
}

TEST(Parse, PlacesDoNotMakeModelsDiffer) {
    EXPECT_EQ(parse("GROUP a;GROUP b").value(), parse("GROUP a;\n\n  GROUP b;").value());
    EXPECT_NE(parse("GROUP a").value(), parse("GROUP b").value());
}

TEST(Parse, ColumnsOfMessagesCountCharactersNotBytes) {
    EXPECT_EQ(message_of("PEER b MAIL 'übergröße' NOPE").substr(0, 17), "line 1, column 25");
    EXPECT_EQ(message_of("GROUP a;\r\n  ?").substr(0, 16), "line 2, column 3");
}

TEST(Parse, SqlIsTakenVerbatimWithBalancedParentheses) {
    for (const std::string sql : {
             "(a = 1)",
             "( (a) AND ((b)) )",
             "(a = ')')",
             "(a = 'it''s )')",
             "(a = E'it\\'s )')",
             "(\"a)\" = 1)",
             "(\"a\"\")\" = 1)",
             "(`a)` = 1)",
             "([Owner's name)] = 1)",
             "(tags[1] = 'x')",
             "(a -- comment )\n = 1)",
             "(a /* comment ) */ = 1)",
             "(a = $$ ) $$)",
             "(a = $tag$ ) $$ ' $tag$)",
             "(a = $1)",
             "(price$x = 1 AND cost$x = 2)",
             "(name = 'Zoë\n\t')",
         }) {
        EXPECT_EQ("(" + where_of(sql).text + ")", sql);
    }
}

TEST(Parse, SqlThatNeverEndsIsAMistakeAtItsBeginning) {
    for (const std::string sql :
         {"(a", "(a = ')", "(\"a)", "([a)", "(`a)", "(a /* )", "(a = $x$ )", "(a -- )"}) {
        const std::string message = message_of("TASK t SEND a WHERE " + sql);
        EXPECT_NE(message.find("never"), std::string::npos) << sql << ": " << message;
    }
}

TEST(Parse, ParenthesesOfSqlMayBeNestedUpToTheLimitAndNoDeeper) {
    const auto nested = [](std::size_t depth) {
        return "TASK t SEND a WHERE " + std::string(depth, '(') + "x" + std::string(depth, ')') +
               " TO b";
    };
    EXPECT_EQ(message_of(nested(limits::task_sql_depth_max)), "parsed");
    EXPECT_NE(message_of(nested(limits::task_sql_depth_max + 1)).find("nested too deeply"),
              std::string::npos);
    EXPECT_NE(message_of("TASK t SEND a WHERE " + std::string(900'000, '(')).find("too deeply"),
              std::string::npos);
}

TEST(Parse, ATextHasAtMostSoManyBytes) {
    std::string text(limits::task_text_bytes_max, ' ');
    EXPECT_TRUE(parse(text).has_value());
    text += ' ';
    ASSERT_FALSE(parse(text).has_value());
    EXPECT_EQ(parse(text).error().code, Errc::too_large);
}

TEST(Parse, ATextIsUtf8WithoutNul) {
    EXPECT_EQ(parse("GROUP \"\xFF\"").error().code, Errc::malformed);
    EXPECT_EQ(parse(std::string_view{"GROUP a\0", 8}).error().code, Errc::malformed);
}

TEST(Parse, AHigherVersionIsRefusedAsSuch) {
    const Result<TaskText> parsed = parse("POSTRIDER 2; WHATEVER FOLLOWS");
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().code, Errc::unsupported_version);
    EXPECT_EQ(parsed.error().message.rfind("line 1, column 11: ", 0), 0U);
}

} // namespace
} // namespace postrider::task

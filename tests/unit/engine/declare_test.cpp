// What a text does to the state tables and to capture, and that nothing is done by half.
#include <gtest/gtest.h>

#include "common/engine/declare.hpp"
#include "common/engine/declare_stored.hpp"

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

using engine::ActionRow;
using engine::ActionRows;

/// A file with tables in which nothing was declared yet.
struct Declaring : testing::Test {
    TemporaryDirectory directory;
    std::string path = directory / "hq.db";
    Application application{path};
    vault::MemoryVault vault;
    std::unique_ptr<sqlite::SqliteDatabase> database =
        *sqlite::open_database({.path = path, .create = true});

    void SetUp() override {
        application.run("CREATE TABLE products(sku TEXT NOT NULL PRIMARY KEY, name TEXT) WITHOUT "
                        "ROWID; CREATE TABLE orders(id INTEGER PRIMARY KEY, sku TEXT);"
                        "CREATE TABLE loose(name TEXT); CREATE TABLE open_key(k TEXT PRIMARY KEY)");
    }

    Result<ActionRows> declare(const std::string &text, bool exact = false) {
        const auto transaction = database->begin(engine::Mode::write);
        Result<ActionRows> rows =
            engine::declare({*transaction, database->dialect(), vault, start}, {text, exact});
        transaction->commit();
        return rows;
    }

    Result<ActionRows> plan(const std::string &text, bool exact = false) {
        const auto transaction = database->begin(engine::Mode::read);
        return engine::plan({*transaction, database->dialect(), vault, start}, {text, exact});
    }

    std::string describe(const std::string &object = {}) {
        const auto transaction = database->begin(engine::Mode::read);
        const Result<std::string> text =
            engine::describe({*transaction, database->dialect(), vault, start}, object);
        return text ? *text : text.error().message;
    }

    std::string message_of(const std::string &text, bool exact = false) {
        const Result<ActionRows> rows = declare(text, exact);
        return rows ? "declared" : rows.error().message;
    }

    std::string triggers() {
        return application.ask("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'");
    }
};

constexpr const char *whole_text =
    "POSTRIDER 1;\n"
    "NODE hq TIME ZONE 'Europe/Berlin' KEEP 30 DAYS;\n"
    "GROUP shops;\n"
    "PEER b7 IN shops (code = 'B7') MAILDIR '/srv/b7', MAILDIR '/mnt/stick' TRUST TASKS;\n"
    "PEER b8;\n"
    "TASK prices SEND products AS goods TO shops BY MAILDIR NO LOAD ON ERROR STOP;\n"
    "TASK sales RECEIVE orders FROM b8, shops;\n";

TEST_F(Declaring, DescribeGivesTheTextBackWhole) {
    ASSERT_EQ(message_of(whole_text), "declared");
    EXPECT_EQ(describe(), whole_text);
    EXPECT_EQ(message_of(describe(), true), "declared");
    EXPECT_EQ(describe(), whole_text);
    EXPECT_EQ(describe("Prices"),
              "POSTRIDER 1;\nTASK prices SEND products AS goods TO shops BY MAILDIR NO LOAD ON "
              "ERROR STOP;\n");
    EXPECT_EQ(describe("nobody"), "nothing is declared under the name \"nobody\"");
}

TEST_F(Declaring, OneTableUnderTwoNamesIsRefused) {
    application.run("CREATE TABLE Bills(id INTEGER PRIMARY KEY)");
    const std::string begin = "NODE hq; PEER b MAILDIR '/srv/b'; TASK t SEND ";
    EXPECT_EQ(message_of(begin + "\"Bills\", bills TO b"),
              "line 1, column 56: the table \"Bills\" stands twice in the task \"t\"");
    EXPECT_EQ(
        message_of(begin + "bills TO b; TASK u SEND main.\"Bills\" AS x TO b"),
        "line 1, column 71: the table \"Bills\" would travel twice between here and \"b\", by "
        "the tasks \"t\" and \"u\"");
    EXPECT_EQ(message_of(begin + "\"Bills\" AS x TO b; TASK u RECEIVE y AS BILLS FROM b"),
              "line 1, column 81: the table \"Bills\" would travel to and from \"b\", by the tasks "
              "\"t\" and \"u\"");
    EXPECT_EQ(message_of(begin + "\"Bills\" AS x TO b; TASK u RECEIVE y AS orders FROM b"),
              "declared");
}

TEST_F(Declaring, PlanSaysWhatDeclareDoesAndWritesNothing) {
    const Result<ActionRows> planned = plan(whole_text);
    ASSERT_TRUE(planned.has_value()) << planned.error().message;
    EXPECT_EQ(application.ask("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'postrider%'"),
              "0");
    const Result<ActionRows> done = declare(whole_text);
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_EQ(*planned, *done);
    EXPECT_EQ((ActionRows{planned->end() - 4, planned->end()}),
              (ActionRows{{"create", "capture of table products", "Triggers and a table of keys."},
                          {"to do", "peer b7", "SELECT postrider_invite('b7');"},
                          {"to do", "peer b8", "PEER b8 MAILDIR '/folder';"},
                          {"to do", "peer b8", "SELECT postrider_invite('b8');"}}));
}

TEST_F(Declaring, TheSameTextAgainChangesNothing) {
    ASSERT_EQ(message_of(whole_text), "declared");
    const Result<ActionRows> again = declare(whole_text);
    ASSERT_TRUE(again.has_value());
    for (const ActionRow &row : *again) {
        EXPECT_EQ(row.action, "to do") << row.object;
    }
}

TEST_F(Declaring, TablesThatAreSentAreCapturedAndOthersAreNot) {
    ASSERT_EQ(message_of(whole_text), "declared");
    EXPECT_EQ(application.ask("SELECT table_name FROM postrider_capture"), "products");
    EXPECT_NE(triggers(), "0");
    ASSERT_EQ(message_of("DROP TASK prices"), "declared");
    EXPECT_EQ(application.ask("SELECT count(*) FROM postrider_capture"), "0");
    EXPECT_EQ(triggers(), "0");
}

TEST_F(Declaring, AStatementReplacesItsObjectWhole) {
    ASSERT_EQ(message_of(whole_text), "declared");
    ASSERT_EQ(message_of("PEER b7 MAILDIR '/elsewhere'; NODE hq"), "declared");
    EXPECT_EQ(describe("b7"), "POSTRIDER 1;\nPEER b7 MAILDIR '/elsewhere';\n");
    EXPECT_EQ(describe("hq"), "POSTRIDER 1;\nNODE hq;\n");
    // The group has no members any more.
    EXPECT_EQ(application.ask("SELECT p.name FROM postrider_task_peer tp JOIN postrider_peer p"
                              " ON p.peer_id = tp.peer_id"),
              "b8");
}

TEST_F(Declaring, WhatIsMissingFromTheTextIsKeptUnlessItIsExact) {
    ASSERT_EQ(message_of(whole_text), "declared");
    const Result<ActionRows> kept = declare("NODE hq; PEER b8");
    ASSERT_TRUE(kept.has_value());
    EXPECT_EQ((*kept)[1].action, "keep");
    EXPECT_EQ((*kept)[1].object, "group shops");
    ASSERT_EQ(message_of("NODE hq; PEER b8", true), "declared");
    EXPECT_EQ(describe(), "POSTRIDER 1;\nNODE hq;\nPEER b8;\n");
    EXPECT_EQ(triggers(), "0");
}

TEST_F(Declaring, APeerThatJoinsAGroupTakesPartInItsTasks) {
    ASSERT_EQ(message_of(whole_text), "declared");
    ASSERT_EQ(message_of("PEER b9 IN shops"), "declared");
    EXPECT_EQ(application.ask("SELECT count(*) FROM postrider_task_peer tp JOIN postrider_peer p"
                              " ON p.peer_id = tp.peer_id WHERE p.name = 'b9'"
                              " AND tp.state = 'waiting'"),
              "2");
}

TEST_F(Declaring, WhatIsStillUsedCannotBeDropped) {
    ASSERT_EQ(message_of(whole_text), "declared");
    EXPECT_EQ(message_of("DROP GROUP shops"),
              "there is no group \"shops\", which the peer \"b7\" names");
    EXPECT_EQ(message_of("DROP PEER b8"),
              "there is no peer or group \"b8\", which the task \"sales\" names");
    EXPECT_EQ(describe(), whole_text);
}

TEST_F(Declaring, AMistakeLeavesEverythingAsItWas) {
    ASSERT_EQ(message_of("NODE hq; PEER b7"), "declared");
    const std::string before = describe();
    const std::vector<std::pair<std::string, std::string>> mistakes = {
        {"PEER b9; TASK t SEND product TO b7",
         "line 1, column 22: table \"product\" does not exist"},
        {"PEER b9; TASK t SEND loose TO b7",
         "line 1, column 22: cannot capture table \"loose\": it has no primary key"},
        {"PEER b9; TASK t SEND open_key TO b7",
         "line 1, column 22: cannot capture table \"open_key\": column \"k\" of the primary key "
         "may be NULL, and NULL keys cannot be told apart"},
        {"PEER b9; TASK t SEND \"Products\" TO b7",
         "line 1, column 22: table \"Products\" does not exist"},
        {"PEER b9; TASK t SEND other.products TO b7",
         "line 1, column 22: table other.products is not in this database"},
        {"PEER b9; TASK t SEND products TO b10",
         "line 1, column 34: there is no peer or group \"b10\""},
        {"PEER b9; TASK t SEND products TO b7 FIRE TRIGGERS",
         "line 1, column 37: FIRE TRIGGERS is not available in this version"},
        {"PEER b9; DROP TASK tt", "line 1, column 20: there is no task \"tt\""},
        {"PEER b9; PAUSE PEER b77", "line 1, column 21: there is no peer \"b77\""},
        {"PEER b9; TASK t SEND products TO b7; TASK u RECEIVE products FROM b7",
         "line 1, column 53: the table products would travel to and from \"b7\", by the tasks "
         "\"t\" and \"u\""},
    };
    for (const auto &[text, message] : mistakes) {
        EXPECT_EQ(message_of(text), message);
        EXPECT_EQ(describe(), before) << text;
    }
    EXPECT_EQ(triggers(), "0");
}

TEST_F(Declaring, ATableGoesToAPeerInOneTaskEvenIfTheOtherWasDeclaredBefore) {
    ASSERT_EQ(message_of("NODE hq; PEER b7; TASK t SEND products TO b7"), "declared");
    EXPECT_EQ(message_of("TASK u SEND Products TO b7"),
              "line 1, column 13: the table Products would travel twice between here and \"b7\", "
              "by the tasks \"t\" and \"u\"");
}

TEST_F(Declaring, TablesThatReferToEachOtherTravelInOneLane) {
    application.run("CREATE TABLE line(id INTEGER PRIMARY KEY, order_id REFERENCES orders(id))");
    EXPECT_EQ(message_of("NODE hq; PEER b7; TASK t SEND orders TO b7;"
                         "TASK u SEND line TO b7 BY MAILDIR"),
              "line 1, column 49: table \"line\" of the task \"u\" refers to table \"orders\" of "
              "the task \"t\", which travels in another lane");
    EXPECT_EQ(message_of("NODE hq; PEER b7; TASK t SEND orders TO b7; TASK u SEND line TO b7"),
              "declared");
}

TEST_F(Declaring, ATaskWithoutHistoryTravelsInALaneOfItsOwn) {
    EXPECT_EQ(message_of("NODE hq; PEER b7; TASK t SEND orders TO b7;"
                         "TASK u SEND products TO b7 NO HISTORY"),
              "declared");
    EXPECT_EQ(application.ask("SELECT lane FROM postrider_task ORDER BY name"),
              "paths in order, ON ERROR PARK\npaths in order, ON ERROR PARK, NO HISTORY");
}

TEST_F(Declaring, TheFirstTextBeginsWithNode) {
    EXPECT_EQ(message_of("PEER b7"), "this database is not a node yet");
    EXPECT_EQ(application.ask("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'postrider%'"),
              "0");
}

TEST_F(Declaring, PauseAndResumeSurviveARedeclaration) {
    ASSERT_EQ(message_of(whole_text), "declared");
    ASSERT_EQ(message_of("PAUSE TASK prices; PAUSE PEER b7"), "declared");
    ASSERT_EQ(message_of("TASK prices SEND products TO b7; PEER b7 IN shops"), "declared");
    EXPECT_EQ(application.ask("SELECT paused FROM postrider_task WHERE name = 'prices'"), "1");
    EXPECT_EQ(application.ask("SELECT paused FROM postrider_peer WHERE name = 'b7'"), "1");
    ASSERT_EQ(message_of("RESUME TASK prices; RESUME PEER b7"), "declared");
    EXPECT_EQ(application.ask("SELECT paused FROM postrider_task WHERE name = 'prices'"), "0");
    EXPECT_EQ(application.ask("SELECT paused FROM postrider_peer WHERE name = 'b7'"), "0");
}

TEST_F(Declaring, ADroppedPeerLeavesNothingBehind) {
    ASSERT_EQ(message_of("NODE hq; PEER b7 MAILDIR '/srv/b7'; PEER b8;"
                         "TASK t SEND products TO b7, b8"),
              "declared");
    ASSERT_EQ(message_of("TASK t SEND products TO b8; DROP PEER b7"), "declared");
    EXPECT_EQ(application.ask("SELECT count(*) FROM postrider_peer_path"), "0");
    EXPECT_EQ(application.ask("SELECT count(*) FROM postrider_task_peer"), "1");
}

TEST_F(Declaring, APeerThatPairsMustHaveANameThatTextsCanName) {
    ASSERT_EQ(message_of("NODE hq; GROUP shops; PEER b7"), "declared");
    const auto transaction = database->begin(engine::Mode::read);
    EXPECT_TRUE(engine::check_peer_name(*transaction, "b8").has_value());
    for (const char *name : {"hq", "shops", "b7", "B8", "b 8", "", "b8;DROP"}) {
        EXPECT_FALSE(engine::check_peer_name(*transaction, name).has_value()) << name;
    }
}

} // namespace
} // namespace postrider::test

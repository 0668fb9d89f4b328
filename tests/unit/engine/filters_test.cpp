// WHERE of SEND: rows that enter and leave, for one receiver and for several.
#include <gtest/gtest.h>

#include "common/engine/approval.hpp"
#include "common/engine/collect.hpp"
#include "common/engine/declare.hpp"
#include "common/engine/diagnose.hpp"
#include "common/engine/dispatch.hpp"
#include "common/engine/reload.hpp"
#include "common/engine/row_filter.hpp"

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

using engine::ActionRows;
using engine::RowPast;
using engine::Session;

std::string word(std::optional<Operation> operation) {
    static const std::vector<std::string> words{"insert", "upsert", "update", "remove", "leave"};
    return operation ? words.at(static_cast<std::size_t>(*operation)) : "nothing";
}

TEST(FilteredOperation, IsWhatTheReceiverHasToKnow) {
    struct Case {
        Operation operation;
        RowPast past;
        bool inside;
        std::string expected;
    };

    for (const Case &each : std::vector<Case>{
             {Operation::insert, RowPast::absent, true, "upsert"},
             {Operation::insert, RowPast::absent, false, "nothing"},
             {Operation::upsert, RowPast::inside, true, "upsert"},
             {Operation::upsert, RowPast::outside, true, "upsert"},
             {Operation::upsert, RowPast::unknown, true, "upsert"},
             {Operation::upsert, RowPast::inside, false, "leave"},
             {Operation::upsert, RowPast::unknown, false, "leave"},
             {Operation::upsert, RowPast::outside, false, "nothing"},
             {Operation::update, RowPast::inside, true, "update"},
             {Operation::update, RowPast::outside, true, "upsert"},
             {Operation::remove, RowPast::inside, false, "remove"},
             {Operation::remove, RowPast::unknown, false, "remove"},
             {Operation::remove, RowPast::outside, false, "nothing"},
             {Operation::leave, RowPast::inside, false, "leave"},
             {Operation::leave, RowPast::outside, false, "nothing"},
         }) {
        EXPECT_EQ(word(engine::filtered_operation(each.operation, each.past, each.inside)),
                  each.expected)
            << word(each.operation) << " " << static_cast<int>(each.past) << " " << each.inside;
    }
}

/// A head office that sends to two shops, which trust its tasks.
struct Filters : testing::Test {
    TemporaryDirectory directory;
    TestNode hq{directory / "hq.db", "hq", start};
    TestNode b7{directory / "b7.db", "b7", start};
    TestNode b8{directory / "b8.db", "b8", start};
    Application hq_application{hq.path};
    Application b7_application{b7.path};
    Application b8_application{b8.path};

    void SetUp() override {
        for (Application *application : {&hq_application, &b7_application, &b8_application}) {
            application->run("CREATE TABLE stock(id INTEGER PRIMARY KEY, store TEXT COLLATE NOCASE,"
                             " on_hand INTEGER, note TEXT)");
        }
        hq_application.run("INSERT INTO stock VALUES(1, 'B7', 5, 'x'), (2, 'B8', 6, 'y'),"
                           " (3, 'B7', 0, 'z'), (4, NULL, 4, NULL)");
        for (TestNode *shop : {&b7, &b8}) {
            const std::string name = shop == &b7 ? "b7" : "b8";
            pair_directly(hq, *shop, directory / name);
            declare(*shop, "PEER hq MAILDIR '" + (directory / name) + "' TRUST TASKS");
            attribute(name, name == "b7" ? "'B7'" : "'B8'");
        }
    }

    std::string attribute(const std::string &peer, const std::string &code) {
        return declare(hq, "PEER " + peer + " (code = " + code + ") MAILDIR '" +
                               (directory / peer) + "'");
    }

    static std::string declare(TestNode &node, const std::string &text) {
        const Result<ActionRows> rows = try_declare(node, text);
        return rows ? "declared" : rows.error().message;
    }

    void settle() {
        for (int round = 0; round < 2; ++round) {
            for (TestNode *shop : {&b7, &b8}) {
                shop->now = hq.now;
                run_until_quiet(hq, *shop);
                hq.now = shop->now;
            }
        }
    }

    static std::string stock(Application &application) {
        return application.ask("SELECT id, store, on_hand, note FROM stock ORDER BY id");
    }

    static std::string ids(Application &application) {
        return application.ask("SELECT group_concat(id, ' ') FROM (SELECT id FROM stock"
                               " ORDER BY id)");
    }

    std::string kept() { return hq_application.ask("SELECT kept FROM postrider_capture"); }

    /// Rows that batches to the shop have told of since this was asked last.
    std::string told() {
        const std::string rows =
            b7_application.ask("SELECT coalesce(sum(rows), 0) FROM postrider_delivery"
                               " WHERE direction = 'received' AND stream > 0");
        b7_application.run("UPDATE postrider_delivery SET rows = 0");
        return rows;
    }
};

/// What was captured tells that the receiver has the row; what is loaded behind it does not.
TEST_F(Filters, ARowThatLeavesInTheRoundOfALoadGoes) {
    ASSERT_EQ(declare(hq, "TASK stock SEND stock WHERE (store = PEER.code) TO b7, b8"), "declared");
    settle();
    ASSERT_EQ(ids(b7_application), "1 3");
    hq_application.run("UPDATE stock SET store = 'B8' WHERE id = 1");
    hq.write([](const Session &session) {
        ASSERT_TRUE(engine::reload(session, "stock", "b7").has_value());
    });
    settle();
    EXPECT_EQ(ids(b7_application), "3");
    EXPECT_EQ(ids(b8_application), "1 2");
}

TEST_F(Filters, OnlyRowsThatMeetTheConditionAreThere) {
    ASSERT_EQ(declare(hq, "TASK t SEND stock WHERE (on_hand > 4) TO b7"), "declared");
    settle();
    EXPECT_EQ(stock(b7_application), "1|B7|5|x\n2|B8|6|y");
    EXPECT_EQ(kept(), "(\"on_hand\")");
    EXPECT_EQ(told(), "2");
}

TEST_F(Filters, DiagnoseFindsNothingWrongWithTheirCapture) {
    declare(hq, "TASK t SEND stock WHERE (on_hand > 4) TO b7");
    hq.write([this](const Session &session) {
        for (const engine::Finding &finding :
             engine::diagnose({session.transaction, session.dialect, hq.vault, session.now})) {
            EXPECT_NE(finding.health, engine::Health::trouble) << finding.detail;
            if (finding.check == "capture of table stock") {
                EXPECT_EQ(finding.health, engine::Health::good) << finding.detail;
            }
        }
    });
}

TEST_F(Filters, ARowThatEntersArrivesWholeAndOneThatLeavesGoes) {
    declare(hq, "TASK t SEND stock WHERE (on_hand > 4) TO b7");
    settle();
    hq_application.run("UPDATE stock SET on_hand = 1 WHERE id = 1;"
                       "UPDATE stock SET on_hand = 9 WHERE id = 3");
    settle();
    EXPECT_EQ(stock(b7_application), "2|B8|6|y\n3|B7|9|z");
    EXPECT_EQ(hq_application.ask("SELECT count(*) FROM stock"), "4");
}

TEST_F(Filters, NothingIsToldOfRowsThatWereAndAreOutside) {
    declare(hq, "TASK t SEND stock WHERE (on_hand > 4) TO b7");
    settle();
    told();
    hq_application.run("UPDATE stock SET note = 'secret' WHERE on_hand <= 4;"
                       "UPDATE stock SET on_hand = 9 WHERE id = 3;"
                       "UPDATE stock SET on_hand = 0 WHERE id = 3;"
                       "INSERT INTO stock VALUES(5, 'B7', 1, 'new'), (6, 'B7', 1, 'new');"
                       "UPDATE stock SET note = 'newer' WHERE id = 5;"
                       "DELETE FROM stock WHERE id IN (4, 6);"
                       "INSERT OR REPLACE INTO stock VALUES(3, 'B7', 2, 'replaced')");
    settle();
    EXPECT_EQ(told(), "0");
    EXPECT_EQ(ids(b7_application), "1 2");
}

/// Composed changes are judged by what the row was first and is last.
TEST_F(Filters, OfChangesThatTravelTogetherTheFirstOldAndTheLastNewRowCount) {
    declare(hq, "TASK t SEND stock WHERE (on_hand > 4) TO b7");
    settle();
    told();
    for (const char *sql :
         {"UPDATE stock SET on_hand = 1 WHERE id = 1; UPDATE stock SET on_hand = 9 WHERE id = 3",
          "UPDATE stock SET on_hand = 8 WHERE id = 1; UPDATE stock SET on_hand = 2 WHERE id = 3",
          "DELETE FROM stock WHERE id = 2; INSERT INTO stock VALUES(2, 'B8', 0, 'again')"}) {
        hq_application.run(sql);
        hq.write([](const Session &session) { engine::collect(session); });
    }
    settle();
    EXPECT_EQ(stock(b7_application), "1|B7|8|x");
    EXPECT_EQ(told(), "2");
}

TEST_F(Filters, ARowThatReplaceKillsLeavesToo) {
    hq_application.run("CREATE UNIQUE INDEX by_note ON stock(note)");
    declare(hq, "TASK t SEND stock WHERE (on_hand > 4) TO b7");
    settle();
    hq_application.run("INSERT OR REPLACE INTO stock VALUES(1, 'B7', 0, 'x');"
                       "INSERT OR REPLACE INTO stock VALUES(9, 'B7', 0, 'y');"
                       "UPDATE OR REPLACE stock SET id = 3 WHERE id = 4");
    settle();
    EXPECT_EQ(ids(b7_application), "");
    EXPECT_EQ(ids(hq_application), "1 3 9");
}

TEST_F(Filters, AKeyThatChangesTakesTheRowAlong) {
    declare(hq, "TASK t SEND stock WHERE (on_hand > 4 AND id < 100) TO b7");
    settle();
    hq_application.run("UPDATE stock SET id = 50 WHERE id = 1; UPDATE stock SET id = 200 WHERE id"
                       " = 2; UPDATE stock SET id = 60, on_hand = 7 WHERE id = 3");
    settle();
    EXPECT_EQ(stock(b7_application), "50|B7|5|x\n60|B7|7|z");
    hq_application.run("UPDATE stock SET id = 99 WHERE id = 200");
    settle();
    EXPECT_EQ(ids(b7_application), "50 60 99");
}

TEST_F(Filters, ComparisonsLeanOnTheColumnsAsInTheTableItself) {
    declare(hq, "TASK t SEND stock WHERE (store = 'b7' AND on_hand < '1') TO b7");
    settle();
    EXPECT_EQ(ids(b7_application), hq_application.ask("SELECT id FROM stock WHERE store = 'b7'"
                                                      " AND on_hand < '1'"));
    EXPECT_EQ(ids(b7_application), "3");
}

TEST_F(Filters, TwoTasksWithDifferentFiltersShareOneCapture) {
    ASSERT_EQ(declare(hq, "TASK full SEND stock WHERE (on_hand > 0) TO b7;"
                          "TASK own SEND stock (id, on_hand) WHERE (store = 'B8') TO b8"),
              "declared");
    settle();
    EXPECT_EQ(kept(), "(\"store\", \"on_hand\")");
    EXPECT_EQ(ids(b7_application), "1 2 4");
    EXPECT_EQ(stock(b8_application), "2||6|");
    hq_application.run("UPDATE stock SET store = 'B8', on_hand = 0 WHERE id = 1");
    settle();
    EXPECT_EQ(ids(b7_application), "2 4");
    EXPECT_EQ(stock(b8_application), "1||0|\n2||6|");
    declare(hq, "DROP TASK full");
    settle();
    EXPECT_EQ(kept(), "(\"store\")");
    hq_application.run("UPDATE stock SET store = 'B7' WHERE id = 2");
    settle();
    EXPECT_EQ(ids(b8_application), "1");
}

TEST_F(Filters, EachPeerGetsTheRowsOfItsAttributes) {
    ASSERT_EQ(declare(hq, "TASK t SEND stock WHERE (store = PEER.code) TO b7, b8"), "declared");
    settle();
    EXPECT_EQ(ids(b7_application), "1 3");
    EXPECT_EQ(ids(b8_application), "2");
    hq_application.run("UPDATE stock SET store = 'B8' WHERE id = 1");
    settle();
    EXPECT_EQ(ids(b7_application), "3");
    EXPECT_EQ(ids(b8_application), "1 2");
}

TEST_F(Filters, AnotherAttributeBringsItsRowsAndTakesTheOthersAway) {
    declare(hq, "TASK t SEND stock WHERE (store = PEER.code) TO b7, b8");
    settle();
    ASSERT_EQ(attribute("b7", "'B8'"), "declared");
    settle();
    EXPECT_EQ(ids(b7_application), "2");
    EXPECT_EQ(ids(b8_application), "2");
}

TEST_F(Filters, AnAttributeThatIsMissingIsAnErrorOfTheDeclaration) {
    const std::string text = "TASK t SEND stock WHERE (store = PEER.region) TO b7";
    EXPECT_EQ(declare(hq, text), "line 1, column 25: the task \"t\" names PEER.region, which the"
                                 " peer \"b7\" has not");
    declare(hq, "TASK t SEND stock WHERE (store = PEER.code) TO b7");
    EXPECT_EQ(declare(hq, "PEER b7 MAILDIR '/x'"),
              "the task \"t\" names PEER.code, which the peer \"b7\" has not");
}

TEST_F(Filters, AttributesAreValuesNotText) {
    attribute("b7", "'x'' OR 1 --'");
    declare(hq, "TASK t SEND stock WHERE (store = PEER.code OR on_hand = 6) TO b7");
    settle();
    EXPECT_EQ(ids(b7_application), "2");
}

TEST_F(Filters, AFilterThatIsChangedReplacesWhatIsThere) {
    for (const std::string options : {"", " NO LOAD"}) {
        declare(hq, "TASK t SEND stock WHERE (on_hand > 4) TO b7" + options);
        settle();
        ASSERT_EQ(declare(hq, "TASK t SEND stock WHERE (store = 'B7') TO b7" + options),
                  "declared");
        settle();
        EXPECT_EQ(ids(b7_application), "1 3") << options;
        ASSERT_EQ(declare(hq, "TASK t SEND stock TO b7" + options), "declared");
        settle();
        EXPECT_EQ(ids(b7_application), "1 2 3 4") << options;
    }
}

TEST_F(Filters, TheConditionNeverTravels) {
    declare(hq, "TASK t SEND stock WHERE (on_hand > 4) TO b7");
    settle();
    EXPECT_EQ(b7_application.ask("SELECT count(*) FROM postrider_task"
                                 " WHERE statement LIKE '%WHERE%'"),
              "0");
    EXPECT_EQ(b7_application.ask("SELECT settings FROM postrider_task_table"), "");
    EXPECT_EQ(b7_application.ask("SELECT count(*) FROM postrider_offer"
                                 " WHERE instr(message, 'on_hand > 4') > 0"),
              "0");
}

TEST_F(Filters, WithoutDeleteRowsThatLeaveStay) {
    declare(hq, "TASK t SEND stock WHERE (on_hand > 4) WITHOUT DELETE TO b7");
    settle();
    hq_application.run("UPDATE stock SET on_hand = 1, note = 'less' WHERE id = 1;"
                       "DELETE FROM stock WHERE id = 2");
    settle();
    EXPECT_EQ(stock(b7_application), "1|B7|5|x\n2|B8|6|y");
}

TEST_F(Filters, ARowThatWasWrittenWhileOthersWereReadIsJudgedAnew) {
    declare(hq, "TASK t SEND stock WHERE (on_hand > 4) TO b7");
    settle();
    engine::GentleCollect gentle;
    hq.write([&](const Session &session) { gentle.mark(session); });
    hq_application.run("UPDATE stock SET on_hand = 9 WHERE id = 3"); // enters, in the new epoch
    {
        const auto transaction = hq.database->begin(engine::Mode::read);
        gentle.read({*transaction, hq.database->dialect(), hq.identity, hq.timing, hq.now});
    }
    hq_application.run("UPDATE stock SET on_hand = 0 WHERE id = 3"); // and leaves
    hq.write([&](const Session &session) { gentle.append(session); });
    hq.write([&](const Session &session) {
        for (const engine::StreamKey &key : engine::outgoing_streams(session.transaction)) {
            engine::build_step(session, *engine::load_peer(session.transaction, key.peer_id), key);
        }
    });
    settle();
    EXPECT_EQ(ids(b7_application), "1 2");
}

TEST_F(Filters, AColumnOfTheConditionThatIsRenamedHoldsTheTableUntilTheTaskIsDeclaredAnew) {
    declare(hq, "TASK t SEND stock WHERE (on_hand > 4) TO b7");
    settle();
    hq_application.run("ALTER TABLE stock RENAME COLUMN on_hand TO left");
    b7_application.run("ALTER TABLE stock RENAME COLUMN on_hand TO left");
    hq_application.run("UPDATE stock SET left = 8 WHERE id = 3");
    settle();
    EXPECT_EQ(hq_application.ask("SELECT held FROM postrider_capture"),
              "table \"stock\" has no column \"on_hand\", which a WHERE or an expression of a task "
              "names");
    EXPECT_EQ(ids(b7_application), "1 2");
    ASSERT_EQ(declare(hq, "TASK t SEND stock WHERE (\"left\" > 4) TO b7"), "declared");
    settle();
    EXPECT_EQ(hq_application.ask("SELECT held FROM postrider_capture"), "");
    EXPECT_EQ(ids(b7_application), "1 2 3");
}

TEST_F(Filters, MistakesInAConditionAreToldAtItsPlace) {
    EXPECT_EQ(declare(hq, "TASK t SEND stock WHERE (price > 1) TO b7"),
              "line 1, column 25: this condition cannot be used: table \"stock\" has no column"
              " \"price\"");
    EXPECT_EQ(declare(hq, "TASK t SEND stock WHERE (id >) TO b7"),
              "line 1, column 25: this condition cannot be used: the database does not take it");
    EXPECT_EQ(declare(hq, "TASK t SEND stock WHERE (id > (SELECT 1)) TO b7"),
              "line 1, column 25: this condition cannot be used: it has a subquery or a window");
}

TEST_F(Filters, AnAttributeThatWasEditedByHandIsNotUsedUntilItIsApproved) {
    declare(hq, "TASK t SEND stock WHERE (store = PEER.code) TO b7");
    settle();
    hq_application.run("UPDATE postrider_peer SET attributes = 'code = ''B8''' WHERE name = 'b7';"
                       "INSERT INTO stock VALUES(7, 'B8', 1, '')");
    for (int round = 0; round < 5; ++round) {
        hq.cycle();
        b7.cycle();
    }
    EXPECT_EQ(ids(b7_application), "1 3");
    hq.write([](const Session &session) {
        EXPECT_EQ(engine::approve_configuration(session).value(), 1U);
    });
    settle();
    EXPECT_EQ(ids(b7_application), "2 7");
}

/// b7 sends on what it has from hq.
struct FiltersFurtherOn : Filters {
    TestNode till{directory / "till.db", "till", start};
    Application till_application{till.path};

    void SetUp() override {
        Filters::SetUp();
        till_application.run("CREATE TABLE stock(id INTEGER PRIMARY KEY, store TEXT,"
                             " on_hand INTEGER, note TEXT)");
        pair_directly(b7, till, directory / "till_mail");
        declare(till, "PEER b7 MAILDIR '" + (directory / "till_mail") + "' TRUST TASKS");
    }

    void settle_all() {
        for (int round = 0; round < 2; ++round) {
            settle();
            till.now = b7.now;
            run_until_quiet(b7, till);
            hq.now = b7.now;
        }
    }
};

TEST_F(FiltersFurtherOn, ARowThatLeavesGoesAtEveryStation) {
    declare(hq, "TASK t SEND stock WHERE (on_hand > 4) TO b7");
    declare(b7, "TASK further SEND stock TO till");
    settle_all();
    EXPECT_EQ(ids(till_application), "1 2");
    hq_application.run("UPDATE stock SET on_hand = 1 WHERE id = 1;"
                       "UPDATE stock SET on_hand = 9 WHERE id = 3");
    settle_all();
    EXPECT_EQ(ids(till_application), "2 3");
    EXPECT_EQ(ids(b7_application), "2 3");
    EXPECT_EQ(ids(hq_application), "1 2 3 4");
}

TEST_F(FiltersFurtherOn, WhatIsSentOnIsFilteredByWhatItWasHere) {
    declare(hq, "TASK t SEND stock TO b7");
    declare(b7, "TASK further SEND stock WHERE (on_hand > 4) TO till");
    settle_all();
    EXPECT_EQ(stock(till_application), "1|B7|5|x\n2|B8|6|y");
    hq_application.run("UPDATE stock SET on_hand = 1 WHERE id = 1;"
                       "UPDATE stock SET on_hand = 9 WHERE id = 3;"
                       "DELETE FROM stock WHERE id = 2");
    settle_all();
    EXPECT_EQ(stock(till_application), "3|B7|9|z");
}

TEST_F(FiltersFurtherOn, RowsThatCameWithSomeColumnsGoOnWhole) {
    b7_application.run("ALTER TABLE stock ADD COLUMN shelf TEXT DEFAULT 'here'");
    till_application.run("ALTER TABLE stock ADD COLUMN shelf TEXT DEFAULT 'there'");
    declare(hq, "TASK t SEND stock (id, on_hand) TO b7");
    declare(b7, "TASK further SEND stock TO till");
    settle_all();
    b7_application.run("UPDATE stock SET note = 'local' WHERE id = 1");
    hq_application.run("UPDATE stock SET on_hand = 2 WHERE id = 1");
    settle_all();
    EXPECT_EQ(till_application.ask("SELECT * FROM stock WHERE id = 1"), "1||2|local|here");
}

/// WHERE of RECEIVE: what a peer may write.
struct Guards : Filters {
    void SetUp() override {
        Filters::SetUp();
        hq_application.run("DELETE FROM stock");
        b7_application.run("INSERT INTO stock VALUES(1, 'B7', 5, 'x'), (2, 'B7', 6, 'y')");
        for (TestNode *shop : {&b7, &b8}) {
            const std::string name = shop == &b7 ? "b7" : "b8";
            declare(hq, "PEER " + name + " (code = '" + (shop == &b7 ? "B7" : "B8") +
                            "') MAILDIR '" + (directory / name) + "' TRUST TASKS");
            declare(*shop, "PEER hq MAILDIR '" + (directory / name) + "' TRUST TASKS");
        }
        EXPECT_EQ(declare(hq, "TASK t RECEIVE stock WHERE (store = PEER.code) FROM b7"),
                  "declared");
        settle();
    }

    std::string refused() {
        return hq_application.ask("SELECT reason FROM postrider_refused ORDER BY first");
    }
};

TEST_F(Guards, RowsInsideAreTaken) {
    EXPECT_EQ(stock(hq_application), "1|B7|5|x\n2|B7|6|y");
    b7_application.run("UPDATE stock SET on_hand = 7 WHERE id = 1; DELETE FROM stock WHERE id = 2");
    settle();
    EXPECT_EQ(stock(hq_application), "1|B7|7|x");
    EXPECT_EQ(refused(), "");
}

TEST_F(Guards, ANewRowOutsideIsRefusedAndTheRestGoesOn) {
    b7_application.run("INSERT INTO stock VALUES(3, 'B8', 1, 'theirs'), (4, 'B7', 1, 'ours')");
    settle();
    EXPECT_EQ(ids(hq_application), "1 2 4");
    EXPECT_EQ(refused(), "1 rows of table \"stock\" are outside the rows b7 may write");
    EXPECT_EQ(b7_application.ask("SELECT count(*) FROM postrider_event WHERE kind = 'peer_note'"
                                 " AND message LIKE '%outside the rows b7 may write%'"),
              "1");
}

TEST_F(Guards, ARowHereThatIsOutsideIsNeitherOverwrittenNorDeleted) {
    hq_application.run("INSERT INTO stock VALUES(5, 'B8', 5, 'of b8'), (6, 'B8', 6, 'of b8')");
    b7_application.run("INSERT INTO stock VALUES(5, 'B7', 1, 'stolen'), (6, 'B7', 1, 'stolen')");
    settle();
    b7_application.run("DELETE FROM stock WHERE id = 6");
    settle();
    EXPECT_EQ(hq_application.ask("SELECT id, note FROM stock WHERE id > 4"), "5|of b8\n6|of b8");
}

TEST_F(Guards, ARowCannotBeMovedOut) {
    b7_application.run("UPDATE stock SET store = 'B8' WHERE id = 1");
    settle();
    EXPECT_EQ(stock(hq_application), "1|B7|5|x\n2|B7|6|y");
}

TEST_F(Guards, ALoadThatReplacesLeavesTheRowsOutsideAlone) {
    hq_application.run("INSERT INTO stock VALUES(5, 'B8', 5, 'of b8'), (6, 'b7', 6, 'gone there')");
    b7.load_whole_again();
    settle();
    EXPECT_EQ(ids(hq_application), "1 2 5");
}

} // namespace
} // namespace postrider::test

// A task declared on one side becomes a task on both, by offer and acceptance over the maildir.
#include <filesystem>

#include <gtest/gtest.h>

#include "common/engine/declare.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/store/peers.hpp"
#include "common/wire/control.hpp"

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

using engine::ActionRows;
using engine::Session;

struct Offers : testing::Test {
    TemporaryDirectory directory;
    TestNode hq{directory / "hq.db", "hq", start};
    TestNode b7{directory / "b7.db", "b7", start};
    Application hq_application{hq.path};
    Application b7_application{b7.path};

    void SetUp() override {
        for (Application *application : {&hq_application, &b7_application}) {
            application->run("CREATE TABLE product(id INTEGER PRIMARY KEY, name TEXT);"
                             "CREATE TABLE sale(id INTEGER PRIMARY KEY, amount REAL)");
        }
        hq_application.run("INSERT INTO product VALUES(1, 'rope'), (2, 'lamp')");
        b7_application.run("INSERT INTO sale VALUES(7, 1.5)");
        pair_directly(hq, b7, directory / "mail");
    }

    void trust(TestNode &node, const std::string &peer) {
        declare(node, "PEER " + peer + " MAILDIR '" + (directory / "mail") + "' TRUST TASKS");
    }

    std::string state(Application &application, const std::string &task) {
        return application.ask("SELECT tp.state FROM postrider_task_peer tp JOIN postrider_task t"
                               " ON t.task_id = tp.task_id WHERE t.name = '" +
                               task + "'");
    }

    static std::string products(Application &application) {
        return application.ask("SELECT id, name FROM product ORDER BY id");
    }
};

TEST_F(Offers, AnOfferWaitsUntilItIsAcceptedAndThenTheRowsAreLoaded) {
    declare(hq, "TASK prices SEND product TO b7");
    run_until_quiet(hq, b7);
    EXPECT_EQ(state(hq_application, "prices"), "offered");
    EXPECT_EQ(b7_application.ask("SELECT offer, state FROM postrider_offers"), "hq.prices|open");
    EXPECT_EQ(products(b7_application), "");
    const Result<ActionRows> accepted = accept(b7, "hq.prices");
    ASSERT_TRUE(accepted.has_value()) << accepted.error().message;
    EXPECT_EQ(accepted->front().action, "accept");
    run_until_quiet(hq, b7);
    EXPECT_EQ(state(hq_application, "prices"), "active");
    EXPECT_EQ(products(b7_application), "1|rope\n2|lamp");
    hq_application.run("UPDATE product SET name = 'line' WHERE id = 1");
    run_until_quiet(hq, b7);
    EXPECT_EQ(products(b7_application), "1|line\n2|lamp");
}

TEST_F(Offers, ATrustedPeersTaskIsAppliedAtOnce) {
    trust(b7, "hq");
    declare(hq, "TASK prices SEND product TO b7; TASK sales RECEIVE sale FROM b7");
    run_until_quiet(hq, b7);
    EXPECT_EQ(products(b7_application), "1|rope\n2|lamp");
    EXPECT_EQ(hq_application.ask("SELECT * FROM sale"), "7|1.5");
    b7_application.run("INSERT INTO sale VALUES(8, 2.5)");
    run_until_quiet(hq, b7);
    EXPECT_EQ(hq_application.ask("SELECT count(*) FROM sale"), "2");
    EXPECT_EQ(hq_application.ask("SELECT count(*) FROM postrider_refused"), "0");
    EXPECT_EQ(b7_application.ask("SELECT table_name FROM postrider_capture"), "sale");
}

TEST_F(Offers, WithoutHistoryNothingIsKeptOnEitherSideWhoeverDeclaredTheTask) {
    trust(b7, "hq");
    declare(hq, "TASK prices SEND product TO b7 NO HISTORY;"
                "TASK sales RECEIVE sale FROM b7 NO HISTORY");
    run_until_quiet(hq, b7);
    hq_application.run("INSERT INTO product VALUES(3, 'knife')");
    b7_application.run("INSERT INTO sale VALUES(8, 2.5)");
    run_until_quiet(hq, b7);
    EXPECT_EQ(hq_application.ask("SELECT count(*) FROM sale"), "2");
    EXPECT_EQ(b7_application.ask("SELECT count(*) FROM product"), "3");
    for (Application *application : {&hq_application, &b7_application}) {
        EXPECT_EQ(application->ask("SELECT count(*) FROM postrider_history_frame"), "0");
    }
    // Declared otherwise, the tables move to a stream that keeps it.
    declare(hq, "TASK prices SEND product TO b7; TASK sales RECEIVE sale FROM b7");
    hq_application.run("INSERT INTO product VALUES(4, 'fork')");
    run_until_quiet(hq, b7);
    EXPECT_EQ(hq_application.ask("SELECT group_concat(direction || ' ' || table_name, ', ')"
                                 " FROM postrider_history_frame ORDER BY direction"),
              "received sale, sent product");
}

TEST_F(Offers, NoLoadSendsOnlyWhatChangesLater) {
    trust(b7, "hq");
    declare(hq, "TASK prices SEND product TO b7 NO LOAD");
    run_until_quiet(hq, b7);
    EXPECT_EQ(products(b7_application), "");
    hq_application.run("INSERT INTO product VALUES(3, 'knife')");
    run_until_quiet(hq, b7);
    EXPECT_EQ(products(b7_application), "3|knife");
}

TEST_F(Offers, WhatChangesBetweenDeclarationAndAcceptanceArrivesWithoutLoadToo) {
    declare(hq, "TASK prices SEND product TO b7 NO LOAD");
    run_until_quiet(hq, b7);
    hq_application.run("INSERT INTO product VALUES(3, 'knife')");
    run_until_quiet(hq, b7);
    ASSERT_TRUE(accept(b7, "hq.prices").has_value());
    run_until_quiet(hq, b7);
    EXPECT_EQ(products(b7_application), "3|knife");
}

TEST_F(Offers, TheSameWhenTheOnlyPeerThatWasServedIsDroppedMeanwhile) {
    TestNode depot{directory / "depot.db", "depot", start};
    Application(depot.path).run("CREATE TABLE sale(id INTEGER PRIMARY KEY, amount REAL)");
    pair_directly(hq, depot, directory / "depot_mail");
    declare(hq, "TASK sales SEND sale TO depot");
    run_until_quiet(hq, depot);
    ASSERT_TRUE(accept(depot, "hq.sales").has_value());
    run_until_quiet(hq, depot);
    for (int number = 1; number <= 3; ++number) {
        hq_application.run("INSERT INTO sale VALUES(" + std::to_string(number) + ", 1)");
        run_until_quiet(hq, depot);
    }
    declare(hq, "TASK prices SEND product TO b7 NO LOAD");
    run_until_quiet(hq, b7);
    const auto prune = [&] {
        hq.now += std::chrono::hours{2};
        hq.cycle();
    };
    prune();
    ASSERT_EQ(hq_application.ask("SELECT count(*) FROM postrider_queue"), "0");
    declare(hq, "DROP TASK sales; DROP PEER depot");
    hq_application.run("INSERT INTO product VALUES(3, 'knife')");
    hq.cycle();
    prune();
    b7.now = hq.now;
    ASSERT_TRUE(accept(b7, "hq.prices").has_value());
    run_until_quiet(hq, b7);
    EXPECT_EQ(products(b7_application), "3|knife");
}

TEST_F(Offers, TablesMayHaveOtherNamesThere) {
    b7_application.run("CREATE TABLE \"Goods\"(id INTEGER PRIMARY KEY, name TEXT);"
                       "CREATE TABLE till(id INTEGER PRIMARY KEY, amount REAL);"
                       "INSERT INTO till VALUES(1, 4.5)");
    trust(b7, "hq");
    declare(hq, "TASK prices SEND product AS goods TO b7; TASK sales RECEIVE till AS sale FROM b7");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT name FROM Goods ORDER BY id"), "rope\nlamp");
    EXPECT_EQ(hq_application.ask("SELECT * FROM sale"), "1|4.5");
}

TEST_F(Offers, AnOfferThatDoesNotFitStaysOpenAndSaysWhy) {
    hq_application.run("CREATE TABLE extra(id INTEGER PRIMARY KEY, x, y)");
    trust(b7, "hq");
    declare(hq, "TASK more SEND extra TO b7");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT state FROM postrider_offers"), "waiting for table");
    b7_application.run("CREATE TABLE extra(id INTEGER PRIMARY KEY, x)");
    EXPECT_EQ(accept(b7, "hq.more").error().message, "table \"extra\" has no column \"y\"");
    b7_application.run("DROP TABLE extra; CREATE TABLE extra(id, x INTEGER PRIMARY KEY, y)");
    EXPECT_EQ(accept(b7, "hq.more").error().message,
              "table \"extra\" has another primary key than the peer's");
    EXPECT_EQ(state(b7_application, "more"), "");
    b7_application.run("DROP TABLE extra; CREATE TABLE extra(id INTEGER PRIMARY KEY, y, x, z)");
    EXPECT_TRUE(accept(b7, "hq.more").has_value());
    EXPECT_EQ(accept(b7, "hq.nothing").error().message, "there is no offer \"hq.nothing\"");
}

TEST_F(Offers, ANameThatNoTableCanHaveThereIsToldToWhoOffersIt) {
    declare(hq, "TASK prices SEND product AS crm.product TO b7");
    run_until_quiet(hq, b7);
    EXPECT_EQ(state(hq_application, "prices"), "refused");
    EXPECT_EQ(hq_application.ask("SELECT reason FROM postrider_task_peer"),
              "no table is called crm.product in a database of kind sqlite; give the table a name "
              "there, as in crm.product AS product");
    declare(hq, "TASK prices SEND product TO b7");
    run_until_quiet(hq, b7);
    EXPECT_TRUE(accept(b7, "hq.prices").has_value());
}

TEST_F(Offers, ATableIsNotGivenToTwoTasksByAnOffer) {
    declare(b7, "TASK mine SEND product TO hq");
    declare(hq, "TASK prices SEND product TO b7");
    run_until_quiet(hq, b7);
    const Result<ActionRows> accepted = accept(b7, "hq.prices");
    ASSERT_FALSE(accepted.has_value());
    EXPECT_EQ(accepted.error().message,
              "the table \"product\" would travel to and from \"hq\", by the tasks \"mine\" and "
              "\"hq.prices\"");
}

TEST_F(Offers, AWithdrawnTaskEndsOnBothSidesAndTheRowsStay) {
    trust(b7, "hq");
    declare(hq, "TASK prices SEND product TO b7; TASK sales RECEIVE sale FROM b7");
    run_until_quiet(hq, b7);
    declare(hq, "DROP TASK prices; DROP TASK sales");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT count(*) FROM postrider_task"), "0");
    EXPECT_EQ(b7_application.ask("SELECT count(*) FROM postrider_capture"), "0");
    EXPECT_EQ(b7_application.ask("SELECT count(*) FROM postrider_offer"), "0");
    EXPECT_EQ(products(b7_application), "1|rope\n2|lamp");
}

TEST_F(Offers, AMirrorThatIsDroppedIsRefusedToItsDeclarer) {
    trust(b7, "hq");
    declare(hq, "TASK prices SEND product TO b7");
    run_until_quiet(hq, b7);
    declare(b7, "DROP TASK prices");
    run_until_quiet(hq, b7);
    EXPECT_EQ(state(hq_application, "prices"), "refused");
    hq_application.run("INSERT INTO product VALUES(3, 'knife')");
    run_until_quiet(hq, b7);
    EXPECT_EQ(products(b7_application), "1|rope\n2|lamp");
}

TEST_F(Offers, AChangedTaskIsOfferedAgainAndItsNewTableIsLoaded) {
    for (Application *application : {&hq_application, &b7_application}) {
        application->run("CREATE TABLE brand(id INTEGER PRIMARY KEY, name TEXT)");
    }
    hq_application.run("INSERT INTO brand VALUES(1, 'x')");
    trust(b7, "hq");
    declare(hq, "TASK prices SEND product TO b7");
    run_until_quiet(hq, b7);
    declare(hq, "TASK prices SEND product, brand TO b7");
    hq_application.run("INSERT INTO product VALUES(3, 'knife')");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT * FROM brand"), "1|x");
    EXPECT_EQ(products(b7_application), "1|rope\n2|lamp\n3|knife");
    EXPECT_EQ(state(hq_application, "prices"), "active");
}

TEST_F(Offers, ANewTableOfATaskLoadsAloneWhileTheOthersFlow) {
    declare(hq, "TASK prices SEND product TO b7");
    run_until_quiet(hq, b7);
    ASSERT_TRUE(accept(b7, "hq.prices").has_value());
    run_until_quiet(hq, b7);
    b7_application.run("UPDATE product SET name = 'not sent again' WHERE id = 2");
    for (Application *application : {&hq_application, &b7_application}) {
        application->run("CREATE TABLE brand(id INTEGER PRIMARY KEY, name TEXT)");
    }
    hq_application.run("INSERT INTO brand VALUES(1, 'x')");
    declare(hq, "TASK prices SEND product, brand TO b7");
    run_until_quiet(hq, b7);
    hq_application.run("INSERT INTO product VALUES(3, 'knife')");
    run_until_quiet(hq, b7);
    EXPECT_EQ(products(b7_application), "1|rope\n2|not sent again\n3|knife");
    ASSERT_TRUE(accept(b7, "hq.prices").has_value());
    run_until_quiet(hq, b7);
    EXPECT_EQ(products(b7_application), "1|rope\n2|not sent again\n3|knife");
    EXPECT_EQ(b7_application.ask("SELECT * FROM brand"), "1|x");
}

TEST_F(Offers, ATableThatGetsAnotherNameThereIsLoadedAgain) {
    declare(hq, "TASK prices SEND product TO b7");
    run_until_quiet(hq, b7);
    ASSERT_TRUE(accept(b7, "hq.prices").has_value());
    run_until_quiet(hq, b7);
    b7_application.run("CREATE TABLE goods(id INTEGER PRIMARY KEY, name TEXT)");
    declare(hq, "TASK prices SEND product AS goods TO b7");
    run_until_quiet(hq, b7);
    ASSERT_TRUE(accept(b7, "hq.prices").has_value());
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT name FROM goods ORDER BY id"), "rope\nlamp");
}

TEST_F(Offers, RowsThatGoWhileATaskHasAnotherFormGoThereToo) {
    declare(hq, "TASK prices SEND product TO b7");
    run_until_quiet(hq, b7);
    ASSERT_TRUE(accept(b7, "hq.prices").has_value());
    run_until_quiet(hq, b7);
    declare(hq, "DROP TASK prices; TASK products SEND product TO b7");
    hq_application.run("DELETE FROM product WHERE id = 2");
    run_until_quiet(hq, b7);
    EXPECT_EQ(products(b7_application), "1|rope\n2|lamp");
    ASSERT_TRUE(accept(b7, "hq.products").has_value());
    run_until_quiet(hq, b7);
    EXPECT_EQ(products(b7_application), "1|rope");
}

/// b7 says once more that it has accepted; that mail is held up while hq offers the task anew.
struct LateAnswer : Offers {
    std::filesystem::path late;

    void SetUp() override {
        Offers::SetUp();
        declare(hq, "TASK prices SEND product TO b7");
        run_until_quiet(hq, b7);
        ASSERT_TRUE(accept(b7, "hq.prices").has_value());
        run_until_quiet(hq, b7);
        ASSERT_EQ(products(b7_application), "1|rope\n2|lamp");
        b7.write([](const Session &session) {
            engine::restate_control(session, *engine::load_peer(session.transaction, 1));
        });
        b7.cycle();
        late = directory / "late";
        std::filesystem::rename(std::filesystem::directory_iterator(directory / "mail/new")->path(),
                                late);
    }

    void change_and_let_it_come() {
        hq_application.run("INSERT INTO product VALUES(3, 'knife')");
        hq.cycle();
        b7.cycle();
        ASSERT_EQ(b7_application.ask("SELECT offer, state FROM postrider_offers"),
                  "hq.prices|open");
        std::filesystem::rename(late, directory / "mail/new/late");
        run_until_quiet(hq, b7);
    }

    void accept_at_last(const std::string &rows) {
        ASSERT_TRUE(accept(b7, "hq.prices").has_value());
        run_until_quiet(hq, b7);
        EXPECT_EQ(state(hq_application, "prices"), "active");
        EXPECT_EQ(products(b7_application), rows);
    }
};

TEST_F(LateAnswer, DoesNotAcceptATaskThatWasDroppedAndComesAgain) {
    declare(hq, "DROP TASK prices");
    declare(hq, "TASK prices SEND product TO b7");
    change_and_let_it_come();
    EXPECT_EQ(state(hq_application, "prices"), "offered");
    EXPECT_EQ(hq_application.ask("SELECT count(*) FROM postrider_event WHERE kind = 'refused'"),
              "0");
    accept_at_last("1|rope\n2|lamp\n3|knife");
}

TEST_F(LateAnswer, NorANewFormOfItWithTheSameTables) {
    declare(hq, "TASK prices SEND product WITHOUT DELETE TO b7");
    change_and_let_it_come();
    EXPECT_EQ(state(hq_application, "prices"), "offered");
    hq_application.run("DELETE FROM product WHERE id = 2");
    accept_at_last("1|rope\n2|lamp\n3|knife");
}

TEST_F(Offers, SayingEverythingAgainChangesNothing) {
    trust(b7, "hq");
    declare(hq, "TASK prices SEND product TO b7; TASK sales RECEIVE sale FROM b7");
    run_until_quiet(hq, b7);
    const std::string tasks = "SELECT name, direction, statement, paused FROM postrider_task";
    const std::string before = b7_application.ask(tasks);
    for (TestNode *node : {&hq, &b7}) {
        node->write([](const Session &session) {
            engine::restate_control(session, *engine::load_peer(session.transaction, 1));
        });
    }
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask(tasks), before);
    EXPECT_EQ(state(hq_application, "prices"), "active");
    EXPECT_EQ(state(b7_application, "sales"), "active");
}

TEST_F(Offers, RowsThatArriveWhileATaskIsDeclaredAgainAreTaken) {
    for (Application *application : {&hq_application, &b7_application}) {
        application->run("CREATE TABLE brand(id INTEGER PRIMARY KEY, name TEXT)");
    }
    trust(b7, "hq");
    declare(hq, "TASK sales RECEIVE sale FROM b7 NO LOAD");
    run_until_quiet(hq, b7);
    b7_application.run("INSERT INTO sale VALUES(8, 2.5)");
    b7.cycle();
    declare(hq, "TASK sales RECEIVE sale, brand FROM b7 NO LOAD");
    ASSERT_EQ(state(hq_application, "sales"), "waiting");
    run_until_quiet(hq, b7);
    EXPECT_EQ(hq_application.ask("SELECT * FROM sale"), "8|2.5");
    EXPECT_EQ(hq_application.ask("SELECT count(*) FROM postrider_refused"), "0");
}

/// A price that changed, whose mail was lost, and that changes once more with the lane of its task.
struct ChangedLanes : Offers {
    void lose_a_batch() {
        trust(b7, "hq");
        declare(hq, "TASK prices SEND product TO b7");
        run_until_quiet(hq, b7);
        hq_application.run("UPDATE product SET name = 'older' WHERE id = 1");
        hq.cycle();
        for (const auto &mail : std::filesystem::directory_iterator(directory / "mail/new")) {
            std::filesystem::remove(mail.path());
        }
        hq_application.run("UPDATE product SET name = 'newer' WHERE id = 1");
    }

    /// All that is in time for the batch to be sent again, and then that too.
    void settle_and_wait() {
        run_until_quiet(hq, b7);
        EXPECT_EQ(state(hq_application, "prices"), "active");
        EXPECT_NE(products(b7_application), products(hq_application));
        for (int minute = 0; minute < 3; ++minute) {
            hq.now += std::chrono::minutes{1};
            b7.now += std::chrono::minutes{1};
            run_until_quiet(hq, b7);
        }
        EXPECT_EQ(products(b7_application), products(hq_application));
    }
};

TEST_F(ChangedLanes, AnOldBatchThatIsSentAgainDoesNotOverwriteNewerRows) {
    lose_a_batch();
    declare(hq, "TASK prices SEND product TO b7 BY MAILDIR");
    settle_and_wait();
    EXPECT_EQ(hq_application.ask("SELECT count(*) FROM postrider_outbox"), "0");
    EXPECT_EQ(hq_application.ask("SELECT count(*) FROM postrider_stream_out WHERE stream > 0"),
              "1");
}

TEST_F(ChangedLanes, NorWhereTheOldLaneGoesOnForOtherTables) {
    for (Application *application : {&hq_application, &b7_application}) {
        application->run("CREATE TABLE brand(id INTEGER PRIMARY KEY, name TEXT)");
    }
    declare(hq, "TASK brands SEND brand TO b7");
    lose_a_batch();
    declare(hq, "TASK prices SEND product TO b7 BY MAILDIR");
    settle_and_wait();
}

TEST_F(ChangedLanes, AStreamThatSendsNothingAnyMoreIsNotWaitedFor) {
    lose_a_batch();
    hq_application.run("UPDATE postrider_stream_out SET state = 1, reason = 'too large'"
                       " WHERE stream = 1");
    declare(hq, "TASK prices SEND product TO b7 BY MAILDIR");
    run_until_quiet(hq, b7);
    EXPECT_EQ(products(b7_application), products(hq_application));
}

struct PairedAgain : Offers {
    /// What `hq` captures meanwhile finds its peer revoked, and is kept for nobody.
    void revoke_and_change() {
        hq_application.run("UPDATE product SET name = 'given up' WHERE id = 1");
        hq.cycle();
        hq.write(
            [](const Session &session) { ASSERT_TRUE(engine::revoke(session, "b7").has_value()); });
        b7.write(
            [](const Session &session) { ASSERT_TRUE(engine::revoke(session, "hq").has_value()); });
        hq_application.run("DELETE FROM product WHERE id = 2;"
                           "INSERT INTO product VALUES(3, 'knife')");
        hq.cycle();
        hq.write([](const Session &session) { engine::prune_queue(session.transaction); });
        EXPECT_EQ(hq_application.ask("SELECT count(*) FROM postrider_queue"), "0");
    }

    void pair_again() {
        std::string line;
        hq.write([&](const Session &session) { line = engine::invite(session, "b7").value(); });
        b7.write([&](const Session &session) {
            ASSERT_TRUE(engine::accept(session, {line, std::nullopt, true}).has_value());
        });
        for (int minute = 0; minute < 5; ++minute) {
            run_until_quiet(hq, b7);
            hq.now += std::chrono::minutes{1};
            b7.now += std::chrono::minutes{1};
        }
        EXPECT_EQ(state(hq_application, "prices"), "active");
        EXPECT_EQ(products(b7_application), "1|given up\n3|knife");
    }
};

TEST_F(PairedAgain, APeerGetsAllOfItsTables) {
    trust(b7, "hq");
    declare(hq, "TASK prices SEND product TO b7");
    run_until_quiet(hq, b7);
    ASSERT_EQ(products(b7_application), "1|rope\n2|lamp");
    revoke_and_change();
    pair_again();
}

TEST_F(PairedAgain, ATaskWithoutLoadLoadsWhatWasNotKept) {
    declare(hq, "TASK prices SEND product TO b7 NO LOAD");
    run_until_quiet(hq, b7); // and is not accepted
    revoke_and_change();
    pair_again();
}

TEST_F(Offers, PauseReachesTheMirror) {
    trust(b7, "hq");
    declare(hq, "TASK sales RECEIVE sale FROM b7");
    run_until_quiet(hq, b7);
    declare(hq, "PAUSE TASK sales");
    run_until_quiet(hq, b7);
    b7_application.run("INSERT INTO sale VALUES(8, 2.5)");
    run_until_quiet(hq, b7);
    EXPECT_EQ(hq_application.ask("SELECT count(*) FROM sale"), "1");
    declare(hq, "RESUME TASK sales");
    run_until_quiet(hq, b7);
    EXPECT_EQ(hq_application.ask("SELECT count(*) FROM sale"), "2");
}

TEST_F(Offers, MirrorsAreDescribedAsComments) {
    trust(b7, "hq");
    declare(hq, "TASK prices SEND product TO b7");
    run_until_quiet(hq, b7);
    b7.write([&](const Session &session) {
        const Result<std::string> text =
            engine::describe({session.transaction, session.dialect, b7.vault, b7.now});
        ASSERT_TRUE(text.has_value());
        EXPECT_NE(text->find("-- offered by hq: TASK prices RECEIVE \"product\" FROM hq;\n"),
                  std::string::npos)
            << *text;
    });
}

TEST_F(Offers, APeerCannotSpeakOfTheTasksOfOthers) {
    hq.write([](const Session &session) {
        const engine::Peer peer = *engine::load_peer(session.transaction, 1);
        const wire::TaskName foreign{NodeId{9}, "prices"};
        EXPECT_FALSE(take_control_message(session, peer, wire::OfferWithdrawn{foreign}));
        EXPECT_FALSE(take_control_message(session, peer, wire::TaskAccepted{foreign, {}}));
        EXPECT_FALSE(take_control_message(session, peer, wire::TaskRefused{foreign, ""}));
        EXPECT_FALSE(take_control_message(session, peer, wire::PauseTask{foreign}));
        wire::Offer offer;
        offer.task = foreign;
        EXPECT_FALSE(take_control_message(session, peer, offer));
        offer.task.declaring_node = *peer.node;
        EXPECT_FALSE(take_control_message(session, peer, offer)); // no tables
    });
}

TEST_F(Offers, NothingThatWasAgreedWithARevokedPeerPassesToTheNextOne) {
    trust(b7, "hq");
    declare(hq, "TASK prices SEND product TO b7; TASK sales RECEIVE sale FROM b7");
    declare(b7, "TASK products SEND product TO hq");
    run_until_quiet(hq, b7);
    b7.write([](const Session &session) { EXPECT_TRUE(engine::revoke(session, "hq")); });
    EXPECT_EQ(b7_application.ask("SELECT name FROM postrider_task"), "products");
    EXPECT_EQ(state(b7_application, "products"), "waiting");
    EXPECT_EQ(b7_application.ask("SELECT table_name FROM postrider_capture"), "product");
    for (const char *table : {"offer", "control_out", "note", "stream_in", "inbox_part"}) {
        EXPECT_EQ(b7_application.ask(std::string{"SELECT count(*) FROM postrider_"} + table), "0")
            << table;
    }
}

TEST_F(Offers, ATableNameThatNoTextCanHoldIsRefusedAndNothingStops) {
    trust(b7, "hq");
    wire::Offer offer;
    offer.task = {hq.identity.node, "prices"};
    offer.tables.push_back({std::string{"pro\0duct", 8}, "product", TableSchema{}});
    offer.tables.front().schema->name = offer.tables.front().wire_name;
    b7.write([&](const Session &session) {
        const engine::Peer peer = *engine::find_peer(session.transaction, "hq");
        EXPECT_EQ(engine::take_control_message(session, peer, offer).error().code, Errc::refused);
    });
    EXPECT_EQ(b7_application.ask("SELECT count(*) FROM postrider_offer"), "0");
}

TEST_F(Offers, WhatASenderThatWasTakenBackHasForgottenIsWithdrawn) {
    trust(b7, "hq");
    hq.back_up(directory / "backup.db");
    declare(hq, "TASK prices SEND product TO b7");
    run_until_quiet(hq, b7);
    hq.restore(directory / "backup.db");
    declare(hq, "TASK articles SEND product TO b7");
    for (int minutes = 0; minutes < 10; ++minutes) {
        run_until_quiet(hq, b7);
    }
    EXPECT_EQ(b7_application.ask("SELECT name FROM postrider_task"), "articles");
    EXPECT_EQ(state(hq_application, "articles"), "active");
    EXPECT_EQ(products(b7_application), "1|rope\n2|lamp");
}

TEST_F(Offers, AReceiverThatWasTakenBackIsOfferedTheTaskAgain) {
    trust(b7, "hq");
    b7.back_up(directory / "backup.db");
    declare(hq, "TASK prices SEND product TO b7");
    run_until_quiet(hq, b7);
    b7.restore(directory / "backup.db");
    hq_application.run("INSERT INTO product VALUES(3, 'knife')");
    for (int minutes = 0; minutes < 10; ++minutes) {
        run_until_quiet(hq, b7);
    }
    EXPECT_EQ(b7_application.ask("SELECT name FROM postrider_task"), "prices");
    EXPECT_EQ(products(b7_application), "1|rope\n2|lamp\n3|knife");
}

} // namespace
} // namespace postrider::test

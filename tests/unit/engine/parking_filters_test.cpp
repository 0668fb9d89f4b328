// What is parked where tasks have conditions: trying again is decided like an arrival, and goes on
// like one.
#include <gtest/gtest.h>

#include "common/engine/declare.hpp"
#include "common/engine/park.hpp"

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

/// A shop sends to an office, and that to a till.
struct ParkingAndFilters : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    TestNode till{directory / "till.db", "till", start};
    Application there{shop.path};
    Application here{office.path};
    Application further{till.path};

    void SetUp() override {
        pair_directly(shop, office, directory / "mail");
        pair_directly(office, till, directory / "till_mail");
        declare(shop, "PEER office MAILDIR '" + (directory / "mail") + "' TRUST TASKS");
        declare(office, "PEER shop MAILDIR '" + (directory / "mail") + "' TRUST TASKS");
        declare(till, "PEER office MAILDIR '" + (directory / "till_mail") + "' TRUST TASKS");
    }

    void settle_all() {
        for (int round = 0; round < 2; ++round) {
            shop.now = office.now;
            run_until_quiet(shop, office);
            till.now = office.now;
            run_until_quiet(office, till);
        }
    }

    std::string parked() { return here.ask("SELECT row FROM postrider_parked ORDER BY id"); }
};

TEST_F(ParkingAndFilters, ARowThatIsOutsideByNowIsRefusedWhenItIsTriedAgain) {
    there.run("CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT, store TEXT)");
    here.run("CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT UNIQUE, store TEXT)");
    declare(office, "TASK t RECEIVE t WHERE (store = 'a') FROM shop");
    settle_all();
    here.run("INSERT INTO t VALUES(100, 'k', 'a'), (101, 'm', 'a')");
    there.run("INSERT INTO t VALUES(1, 'k', 'a'), (2, 'm', 'a')");
    settle_all();
    EXPECT_EQ(parked(), "1\n2");
    here.run("DELETE FROM t WHERE id >= 100; INSERT INTO t VALUES(1, 'mine', 'b')");
    settle_all();
    EXPECT_EQ(here.ask("SELECT * FROM t ORDER BY id"), "1|mine|b\n2|m|a");
    EXPECT_EQ(parked(), "");
    EXPECT_EQ(here.ask("SELECT reason FROM postrider_refused"),
              "1 rows of table \"t\" are outside the rows shop may write");
}

TEST_F(ParkingAndFilters, AGuardLooksAtWhatIsParkedTogetherWithWhatArrives) {
    there.run("CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT, store TEXT, v TEXT)");
    here.run("CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT UNIQUE, store TEXT, v TEXT)");
    declare(office, "TASK t RECEIVE t WHERE (store = 'a') FROM shop");
    settle_all();
    here.run("INSERT INTO t VALUES(100, 'k', 'a', 'in the way')");
    there.run("INSERT INTO t VALUES(1, 'k', 'a', 'first')");
    settle_all();
    there.run("UPDATE t SET v = 'second' WHERE id = 1"); // the store is in what is parked alone
    settle_all();
    EXPECT_EQ(parked(), "1");
    EXPECT_EQ(here.ask("SELECT reason FROM postrider_refused"), "");
    here.run("DELETE FROM t WHERE id = 100");
    settle_all();
    EXPECT_EQ(here.ask("SELECT * FROM t"), "1|k|a|second");
    EXPECT_EQ(parked(), "");
}

TEST_F(ParkingAndFilters, WhatTheTaskTakesNoMoreIsNotTriedAgain) {
    there.run("CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER, v TEXT)");
    here.run("CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER CHECK(n < 10), v TEXT)");
    declare(office, "TASK t RECEIVE t FROM shop");
    settle_all();
    there.run("INSERT INTO t VALUES(1, 1, 'x')");
    settle_all();
    there.run("UPDATE t SET n = 20 WHERE id = 1");
    settle_all();
    ASSERT_EQ(parked(), "1");
    declare(office, "TASK t RECEIVE t (id, v) FROM shop");
    office.write([](const engine::Session &session) {
        EXPECT_EQ(engine::retry_parked_now(session, std::nullopt).value(),
                  "0 rows applied, nothing is parked any more");
    });
    EXPECT_EQ(parked(), "");
    EXPECT_EQ(here.ask("SELECT count(*) FROM postrider_refused"), "1");
    EXPECT_EQ(here.ask("SELECT * FROM t"), "1|1|x");
}

TEST_F(ParkingAndFilters, WhatIsAppliedLatePassesTheFilterOfTheNextTask) {
    there.run("CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT)");
    here.run("CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT UNIQUE, n INTEGER DEFAULT 9)");
    further.run("CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT, n INTEGER)");
    declare(shop, "TASK t SEND t TO office");
    declare(office, "TASK further SEND t WHERE (n > 4) TO till");
    settle_all();
    here.run("INSERT INTO t VALUES(100, 'k', 1)");
    there.run("INSERT INTO t VALUES(1, 'k'), (2, 'm')");
    settle_all();
    EXPECT_EQ(parked(), "1");
    EXPECT_EQ(further.ask("SELECT * FROM t"), "2|m|9");
    here.run("DELETE FROM t WHERE id = 100");
    settle_all();
    EXPECT_EQ(parked(), "");
    EXPECT_EQ(further.ask("SELECT * FROM t"), "1|k|9\n2|m|9");
}

} // namespace
} // namespace postrider::test

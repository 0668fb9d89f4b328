// ON ERROR PARK: what cannot be applied waits with what hangs on it, and everything else goes on
// (docs/correctness.md, C3).
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/park.hpp"

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

struct Parking : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    Application there{shop.path};
    Application here{office.path};

    void SetUp() override { pair_directly(shop, office, directory / "mail"); }

    void share(const std::string &create_there,
               const std::string &create_here,
               const std::vector<std::string> &tables) {
        there.run(create_there);
        here.run(create_here);
        shop.send("task", "office", tables);
        office.receive("task", "shop", tables);
    }

    void settle() { run_until_quiet(shop, office); }

    void stop_on_error() { here.run("UPDATE postrider_task SET lane = 'maildir, ON ERROR STOP'"); }

    std::string parked() {
        return here.ask("SELECT \"table\", row, change, reason FROM postrider_parked ORDER BY id");
    }

    std::string state() { return here.ask("SELECT state FROM postrider_status"); }

    std::string state_there() { return there.ask("SELECT state FROM postrider_status"); }
};

const std::string family = "CREATE TABLE a(id INTEGER PRIMARY KEY, v);"
                           "CREATE TABLE b(id INTEGER PRIMARY KEY, a INT, v);"
                           "CREATE TABLE c(id INTEGER PRIMARY KEY, b INT, v);";
const std::string strict_family =
    "CREATE TABLE a(id INTEGER PRIMARY KEY, v);"
    "CREATE TABLE b(id INTEGER PRIMARY KEY, a INT REFERENCES a ON DELETE CASCADE, v);"
    "CREATE TABLE c(id INTEGER PRIMARY KEY, b INT REFERENCES b ON DELETE CASCADE, v);";

TEST_F(Parking, AMissingParentParksItsDependentsAlone) {
    share(family, strict_family, {"a", "b", "c"});
    there.run("INSERT INTO a VALUES(1, 'x'); INSERT INTO b VALUES(1, 1, 'x'), (2, 9, 'y');"
              "INSERT INTO c VALUES(1, 1, 'x'), (2, 2, 'y'), (3, 2, 'z')");
    settle();
    EXPECT_EQ(here.ask("SELECT * FROM b"), "1|1|x");
    EXPECT_EQ(here.ask("SELECT * FROM c"), "1|1|x");
    EXPECT_EQ(parked(), "b|2|write|it refers to a row of table \"a\" that is not here\n"
                        "c|2|write|it hangs on a row that is parked\n"
                        "c|3|write|it hangs on a row that is parked");
    EXPECT_EQ(state(), "parked");
    EXPECT_EQ(state_there(), "parked");
    there.run("INSERT INTO c VALUES(4, 1, 'later'), (5, 2, 'later too')");
    settle();
    EXPECT_EQ(here.ask("SELECT count(*) FROM c"), "2");
    there.run("INSERT INTO a VALUES(9, 'late')");
    settle();
    EXPECT_EQ(parked(), "");
    for (const std::string table : {"a", "b", "c"}) {
        EXPECT_EQ(here.ask("SELECT * FROM " + table), there.ask("SELECT * FROM " + table));
    }
    EXPECT_EQ(state(), "in step");
    EXPECT_EQ(state_there(), "in step");
}

TEST_F(Parking, LaterChangesOfAParkedRowAreJoinedToIt) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, n INT)",
          "CREATE TABLE t(id INTEGER PRIMARY KEY, n INT CHECK(n < 10))", {"t"});
    there.run("INSERT INTO t VALUES(1, 1), (2, 2), (3, 3)");
    settle();
    there.run("UPDATE t SET n = 20");
    settle();
    EXPECT_EQ(here.ask("SELECT * FROM t"), "1|1\n2|2\n3|3");
    there.run("UPDATE t SET n = 30 WHERE id = 1; UPDATE t SET n = 5 WHERE id = 2;"
              "DELETE FROM t WHERE id = 3");
    settle();
    EXPECT_EQ(here.ask("SELECT * FROM t"), "1|1\n2|5");
    EXPECT_EQ(parked(), "t|1|write|CHECK constraint failed: n < 10");
    EXPECT_EQ(here.ask("SELECT count(*) FROM postrider_parked_row"), "1");
    there.run("UPDATE t SET n = 7 WHERE id = 1");
    settle();
    EXPECT_EQ(here.ask("SELECT * FROM t"), "1|7\n2|5");
    EXPECT_EQ(parked(), "");
}

TEST_F(Parking, MoreRowsThanAreTriedAtOnceAreTriedLotByLot) {
    share(family, strict_family, {"a", "b", "c"});
    const std::string rows = std::to_string(limits::parked_tried_at_once_max + 5);
    there.run("INSERT INTO b WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
              " WHERE i < " +
              rows + ") SELECT i, 9, 'x' FROM n");
    settle();
    ASSERT_EQ(here.ask("SELECT count(*) FROM postrider_parked"), rows);
    there.run("INSERT INTO a VALUES(9, 'late')");
    settle();
    shop.now += std::chrono::minutes{1}; // so many are not tried more often
    office.now += std::chrono::minutes{1};
    settle();
    EXPECT_EQ(here.ask("SELECT count(*) FROM postrider_parked"), "0");
    EXPECT_EQ(here.ask("SELECT count(*) FROM b"), rows);
}

TEST_F(Parking, ARowThatStaysParkedKeepsItsNumberBesideNewOnes) {
    share(family, strict_family, {"a", "b", "c"});
    there.run("INSERT INTO b VALUES(5, 9, 'x')");
    settle();
    EXPECT_EQ(here.ask("SELECT id FROM postrider_parked"), "1");
    there.run("INSERT INTO b VALUES(3, 9, 'y'), (4, 9, 'z'); UPDATE b SET v = 'w' WHERE id = 5");
    settle();
    EXPECT_EQ(here.ask("SELECT id, row FROM postrider_parked ORDER BY id"), "1|5\n2|3\n3|4");
    there.run("INSERT INTO a VALUES(9, 'late')");
    settle();
    EXPECT_EQ(parked(), "");
    EXPECT_EQ(here.ask("SELECT * FROM b"), there.ask("SELECT * FROM b"));
    there.run("INSERT INTO b VALUES(6, 10, 'x')");
    settle();
    EXPECT_EQ(here.ask("SELECT id FROM postrider_parked"), "4") << "no number comes again";
}

TEST_F(Parking, WhatTheStorageRefusesIsParkedToo) {
    share("CREATE TABLE k(id NOT NULL PRIMARY KEY, v); CREATE TABLE s(id INTEGER PRIMARY KEY, n);"
          "CREATE TABLE m(id INTEGER PRIMARY KEY, v);"
          "CREATE TABLE j(id INTEGER PRIMARY KEY, v)",
          "CREATE TABLE k(id INTEGER PRIMARY KEY, v);"
          "CREATE TABLE s(id INTEGER PRIMARY KEY, n INTEGER) STRICT;"
          "CREATE TABLE m(id INTEGER PRIMARY KEY, v NOT NULL);"
          "CREATE TABLE j(id INTEGER PRIMARY KEY, v, size AS (abs(v)) STORED)",
          {"k", "s", "m", "j"});
    there.run("INSERT INTO k VALUES(1, 'x'), ('one', 'y'); INSERT INTO s VALUES(1, 1), (2, 'two');"
              "INSERT INTO m VALUES(1, 'x'), (2, NULL); INSERT INTO j VALUES(1, -7), (2, "
              "-9223372036854775808)");
    settle();
    EXPECT_EQ(parked(), "j|2|write|integer overflow\n"
                        "k|'one'|write|datatype mismatch\n"
                        "m|2|write|NOT NULL constraint failed: m.v\n"
                        "s|2|write|cannot store TEXT value in INTEGER column s.n");
    for (const std::string table : {"k", "s", "m", "j"}) {
        EXPECT_EQ(here.ask("SELECT count(*) FROM " + table), "1") << table;
    }
}

TEST_F(Parking, ARowThatIsInTheWayIsWaitedFor) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT UNIQUE)",
          "CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT UNIQUE)", {"t"});
    here.run("INSERT INTO t VALUES(100, 'a')");
    there.run("INSERT INTO t VALUES(1, 'a'), (2, 'b')");
    settle();
    EXPECT_EQ(here.ask("SELECT * FROM t"), "2|b\n100|a");
    EXPECT_EQ(parked(), "t|1|write|UNIQUE constraint failed: t.code");
    here.run("DELETE FROM t WHERE id = 100");
    settle();
    EXPECT_EQ(here.ask("SELECT * FROM t"), "1|a\n2|b");
    EXPECT_EQ(state_there(), "in step");
}

TEST_F(Parking, AValueIsHandedOverBetweenAParkedRowAndOneThatArrives) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT UNIQUE, n INT)",
          "CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT UNIQUE, n INT CHECK(n < 10))", {"t"});
    there.run("INSERT INTO t VALUES(1, 'a', 1), (2, 'b', 2), (3, 'c', 3)");
    settle();
    there.run("UPDATE t SET code = 'z', n = 20 WHERE id = 1");
    settle();
    there.run("UPDATE t SET code = 'a' WHERE id = 2; UPDATE t SET code = 'b' WHERE id = 3");
    settle();
    EXPECT_EQ(here.ask("SELECT id, code FROM t"), "1|a\n2|b\n3|c");
    EXPECT_EQ(here.ask("SELECT count(*) FROM postrider_parked"), "3");
    there.run("UPDATE t SET n = 5 WHERE id = 1");
    settle();
    EXPECT_EQ(here.ask("SELECT id, code, n FROM t"), "1|z|5\n2|a|2\n3|b|3");
    EXPECT_EQ(parked(), "");
}

TEST_F(Parking, ARowToWhichAParkedOneStillRefersIsNotDeleted) {
    const std::string child = "CREATE TABLE p(id INTEGER PRIMARY KEY);"
                              "CREATE TABLE c(id INTEGER PRIMARY KEY, n INT,"
                              " p INT REFERENCES p ON DELETE CASCADE";
    share(child + ")", child + ", CHECK(n < 10))", {"p", "c"});
    there.run("INSERT INTO p VALUES(1), (2); INSERT INTO c VALUES(7, 1, 1), (8, 1, 1)");
    settle();
    there.run("UPDATE c SET p = 2, n = 20 WHERE id = 7; UPDATE c SET p = 2 WHERE id = 8;"
              "DELETE FROM p WHERE id = 1");
    settle();
    EXPECT_EQ(here.ask("SELECT * FROM c"), "7|1|1\n8|1|2");
    EXPECT_EQ(parked(), "c|7|write|CHECK constraint failed: n < 10\n"
                        "p|1|delete|rows that refer to it are parked");
    there.run("UPDATE c SET n = 2 WHERE id = 7");
    settle();
    EXPECT_EQ(here.ask("SELECT * FROM c"), "7|2|2\n8|1|2");
    EXPECT_EQ(here.ask("SELECT * FROM p"), "2");
    EXPECT_EQ(parked(), "");
}

TEST_F(Parking, ADeletionThatRowsHereForbidIsParked) {
    share("CREATE TABLE p(id INTEGER PRIMARY KEY, v)", "CREATE TABLE p(id INTEGER PRIMARY KEY, v)",
          {"p"});
    here.run("CREATE TABLE own(id INTEGER PRIMARY KEY, p REFERENCES p);"
             "CREATE TABLE other(id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE RESTRICT)");
    there.run("INSERT INTO p VALUES(1, 'x'), (2, 'y'), (3, 'z')");
    settle();
    here.run("INSERT INTO own VALUES(1, 1); INSERT INTO other VALUES(1, 2)");
    there.run("DELETE FROM p; INSERT INTO p VALUES(4, 'w')");
    settle();
    EXPECT_EQ(here.ask("SELECT id FROM p"), "1\n2\n4");
    EXPECT_EQ(parked(), "p|2|delete|rows of table \"other\" refer to it\n"
                        "p|1|delete|rows of table \"own\" refer to it");
    here.run("DELETE FROM own; DELETE FROM other");
    settle();
    EXPECT_EQ(here.ask("SELECT id FROM p"), "4");
}

TEST_F(Parking, ATableThatComesWholeReplacesWhatIsParkedOfIt) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, n INT)",
          "CREATE TABLE t(id INTEGER PRIMARY KEY, n INT CHECK(n < 10))", {"t"});
    there.run("INSERT INTO t VALUES(1, 1), (2, 20), (3, 30)");
    settle();
    EXPECT_EQ(here.ask("SELECT count(*) FROM postrider_parked"), "2");
    there.run("DROP TRIGGER postrider_capture_1_delete");
    there.run("DELETE FROM t WHERE id = 2");
    settle();
    EXPECT_EQ(here.ask("SELECT * FROM t"), "1|1");
    EXPECT_EQ(here.ask("SELECT row FROM postrider_parked"), "3");
    there.run("ALTER TABLE t ADD COLUMN v");
    here.run("ALTER TABLE t ADD COLUMN v");
    there.run("UPDATE t SET n = 3, v = 'new' WHERE id = 3");
    settle();
    EXPECT_EQ(here.ask("SELECT * FROM t"), "1|1|\n3|3|new");
    EXPECT_EQ(parked(), "");
}

TEST_F(Parking, WhatIsParkedSendsNoMailsOfItsOwn) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, n INT)",
          "CREATE TABLE t(id INTEGER PRIMARY KEY, n INT CHECK(n < 10))", {"t"});
    here.run("CREATE TABLE noise(v)");
    there.run("INSERT INTO t VALUES(1, 20)");
    settle();
    std::uint64_t sent = 0;
    for (int day = 0; day < 40; ++day) {
        here.run("INSERT INTO noise VALUES(1)");
        shop.now += std::chrono::hours{24};
        office.now += std::chrono::hours{24};
        sent += shop.cycle().parts_sent + office.cycle().parts_sent;
    }
    EXPECT_EQ(sent, 0U);
    EXPECT_GE(std::stoi(here.ask("SELECT tries FROM postrider_parked")), 40);
}

TEST_F(Parking, WithOnErrorStopAStepIsHeldWhole) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, n INT)",
          "CREATE TABLE t(id INTEGER PRIMARY KEY, n INT CHECK(n < 10))", {"t"});
    stop_on_error();
    there.run("INSERT INTO t VALUES(1, 1), (2, 20)");
    settle();
    EXPECT_EQ(state(), "stuck");
    EXPECT_EQ(here.ask("SELECT count(*) FROM t"), "0");
    EXPECT_EQ(parked(), "");
}

TEST_F(Parking, RetryAndDiscardSayWhatIsLeft) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, n INT)",
          "CREATE TABLE t(id INTEGER PRIMARY KEY, n INT CHECK(n < 10))", {"t"});
    there.run("INSERT INTO t VALUES(1, 20), (2, 30)");
    settle();
    office.write([](const engine::Session &session) {
        EXPECT_EQ(*engine::retry_parked_now(session, std::nullopt),
                  "0 rows applied, 2 are still parked");
        EXPECT_EQ(*engine::discard_parked(session, 1),
                  "a change of a row of table \"t\" was discarded; the row stays here as it is");
        EXPECT_FALSE(engine::discard_parked(session, 1).has_value());
        EXPECT_FALSE(engine::retry_parked_now(session, 1).has_value());
    });
    settle();
    EXPECT_EQ(here.ask("SELECT row FROM postrider_parked"), "2");
    EXPECT_EQ(there.ask("SELECT summary FROM postrider_status"),
              "1 row of ours cannot be applied there yet, the first into table \"t\": CHECK"
              " constraint failed: n < 10");
    EXPECT_EQ(there.ask("SELECT count(*) FROM postrider_events"
                        " WHERE message LIKE '%was discarded'"),
              "1");
}

TEST_F(Parking, WhatIsParkedOfAPeerGoesWithItsKeysOrItsTask) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, n INT); CREATE TABLE u(id INTEGER PRIMARY KEY)",
          "CREATE TABLE t(id INTEGER PRIMARY KEY, n INT CHECK(n < 10));"
          "CREATE TABLE u(id INTEGER PRIMARY KEY)",
          {"t", "u"});
    there.run("INSERT INTO t VALUES(1, 20)");
    settle();
    here.run("DELETE FROM postrider_task_table WHERE local_name = 't'");
    settle();
    EXPECT_EQ(parked(), "");
    EXPECT_EQ(state_there(), "in step");
    here.run("INSERT INTO postrider_parked_row (peer_id, stream, number, wire_name, local_name,"
             " row_key, row_text, operation, content, code, reason, hint, parked_at)"
             " VALUES (1, 1, 1, 't', 't', x'81', '1', 'write', x'00', '', '', '', 0)");
    office.write([](const engine::Session &session) {
        EXPECT_TRUE(engine::revoke(session, "shop").has_value());
    });
    EXPECT_EQ(here.ask("SELECT count(*) FROM postrider_parked_row"), "0");
}

TEST_F(Parking, MoreRowsThanMayBeParkedHoldTheStream) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, n INT)",
          "CREATE TABLE t(id INTEGER PRIMARY KEY, n INT CHECK(n < 10))", {"t"});
    const auto fill = [&](std::int64_t count) {
        here.run("WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < " +
                 std::to_string(count) +
                 ") INSERT INTO postrider_parked_row (peer_id, stream, number, wire_name,"
                 " local_name, row_key, row_text, operation, content, code, reason, hint,"
                 " parked_at) SELECT 1, 1, 1, 'gone', 'gone', CAST(n AS BLOB), '', 'write', x'00',"
                 " '', '', '', 0 FROM i;"
                 "UPDATE postrider_node SET last_parked = (SELECT max(parked_id) FROM"
                 " postrider_parked_row)");
    };
    office.cycle();
    fill(limits::parked_rows_max - 1);
    there.run("INSERT INTO t VALUES(1, 20), (2, 2)");
    shop.cycle();
    const auto apply = [&] {
        // Rounds that try what is parked would meet rows that were not packed by us.
        office.write([](const engine::Session &session) {
            const engine::Peer peer = *engine::find_peer(session.transaction, "shop");
            dialect::TableDescription table =
                *engine::describe_table(session.transaction, session.dialect, "t");
            TableSchema schema = table.schema();
            for (const std::int64_t id : {1, 2}) {
                std::vector<engine::TargetTable> targets{{table, schema, {}}};
                targets.front().changes.changes.emplace(
                    Key{id}, postrider::Change{.operation = Operation::upsert,
                                               .new_values = {{1}, {Value{20 * id}}},
                                               .old_values = {}});
                const Result<engine::ApplyCounts> done =
                    engine::apply_or_park(session, peer, {{1, 1}, 1}, targets);
                EXPECT_EQ(done.has_value(), id == 1) << id;
            }
        });
    };
    apply();
    EXPECT_EQ(here.ask("SELECT count(*) FROM postrider_parked_row WHERE wire_name = 't'"), "2");
}

/// What the office receives of the shop it touches beside it, and tells the depot.
TEST_F(Parking, WhatCascadesHereGoesOnToOthers) {
    TestNode depot{directory / "depot.db", "depot", start};
    pair_directly(office, depot, directory / "mail2");
    Application beyond{depot.path};
    share("CREATE TABLE p(id INTEGER PRIMARY KEY, code UNIQUE)",
          "CREATE TABLE p(id INTEGER PRIMARY KEY, code UNIQUE)", {"p"});
    const std::string own =
        "CREATE TABLE c(id INTEGER PRIMARY KEY, p INT REFERENCES p ON DELETE CASCADE);"
        "CREATE TABLE g(id INTEGER PRIMARY KEY, c INT REFERENCES c ON DELETE SET NULL);"
        "CREATE TABLE u(id INTEGER PRIMARY KEY, code REFERENCES p(code) ON UPDATE CASCADE)";
    here.run(own);
    beyond.run("CREATE TABLE c(id INTEGER PRIMARY KEY, p INT);"
               "CREATE TABLE g(id INTEGER PRIMARY KEY, c INT);"
               "CREATE TABLE u(id INTEGER PRIMARY KEY, code)");
    office.send("on", "depot", {"c", "g", "u"});
    depot.receive("on", "office", {"c", "g", "u"});
    const auto settle_all = [&] {
        settle();
        depot.now = office.now;
        run_until_quiet(office, depot);
        shop.now = office.now;
    };
    there.run("INSERT INTO p VALUES(1, 'a'), (2, 'b')");
    settle_all();
    here.run("INSERT INTO c VALUES(1, 1), (2, 2); INSERT INTO g VALUES(1, 1), (2, 2);"
             "INSERT INTO u VALUES(1, NULL), (2, 'b')");
    settle_all();
    there.run("DELETE FROM p WHERE id = 1; UPDATE p SET code = 'z' WHERE id = 2");
    settle_all();
    EXPECT_EQ(beyond.ask("SELECT * FROM c"), "2|2");
    EXPECT_EQ(beyond.ask("SELECT * FROM g"), "1|\n2|2");
    EXPECT_EQ(beyond.ask("SELECT * FROM u"), "1|\n2|z");
    for (const std::string table : {"c", "g", "u"}) {
        EXPECT_EQ(here.ask("SELECT * FROM " + table), beyond.ask("SELECT * FROM " + table));
    }
}

TEST_F(Parking, WhatIsAppliedLaterGoesOnToOthersOnceMore) {
    TestNode depot{directory / "depot.db", "depot", start};
    pair_directly(office, depot, directory / "mail2");
    Application beyond{depot.path};
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, code, v)",
          "CREATE TABLE t(id INTEGER PRIMARY KEY, code UNIQUE, v)", {"t"});
    beyond.run("CREATE TABLE t(id INTEGER PRIMARY KEY, code, v)");
    office.send("on", "depot", {"t"});
    depot.receive("on", "office", {"t"});
    const auto settle_all = [&] {
        settle();
        depot.now = office.now;
        run_until_quiet(office, depot);
        shop.now = office.now;
    };
    there.run("INSERT INTO t VALUES(1, 'q', 'x')");
    here.run("INSERT INTO t VALUES(100, 'a', 'in the way')");
    settle_all();
    there.run("UPDATE t SET code = 'a', v = 'y'");
    settle_all();
    EXPECT_EQ(beyond.ask("SELECT * FROM t WHERE id = 1"), "1|a|y"); // in its turn
    here.run("UPDATE t SET v = 'here' WHERE id = 1");
    settle_all();
    EXPECT_EQ(beyond.ask("SELECT * FROM t WHERE id = 1"), "1|q|here");
    here.run("DELETE FROM t WHERE id = 100");
    settle_all();
    EXPECT_EQ(here.ask("SELECT * FROM t"), "1|a|y");
    EXPECT_EQ(beyond.ask("SELECT * FROM t"), "1|a|y");
}

TEST_F(Parking, AKeyThatBecomesOneThatIsTheSameHereKeepsItsRow) {
    share("CREATE TABLE t(id NOT NULL PRIMARY KEY, v); CREATE TABLE u(id NOT NULL PRIMARY KEY, v)",
          "CREATE TABLE t(id INTEGER PRIMARY KEY, v); CREATE TABLE u(id TEXT NOT NULL PRIMARY KEY, "
          "v)",
          {"t", "u"});
    there.run("INSERT INTO t VALUES(5, 'x'), (6, 'y'); INSERT INTO u VALUES(5, 'x'), (6, 'y')");
    settle();
    there.run("UPDATE t SET id = '5', v = 'z' WHERE id = 5; DELETE FROM t WHERE id = 6;"
              "UPDATE u SET id = '5', v = 'z' WHERE id = 5; DELETE FROM u WHERE id = 6");
    settle();
    EXPECT_EQ(here.ask("SELECT quote(id), v FROM t"), "5|z");
    EXPECT_EQ(here.ask("SELECT quote(id), v FROM u"), "'5'|z");
}

TEST_F(Parking, ChildrenThatFollowASwapIntoTheirKeysEndAsTheSenderHasThem) {
    const std::string tables =
        "CREATE TABLE p(id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);"
        "CREATE TABLE c(code TEXT NOT NULL REFERENCES p(code) ON UPDATE CASCADE ON DELETE CASCADE,"
        " n INT NOT NULL, v, PRIMARY KEY(code, n)) WITHOUT ROWID";
    share(tables, tables, {"p", "c"});
    there.run("INSERT INTO p VALUES(1, 'a'), (2, 'b');"
              "INSERT INTO c VALUES('a', 1, 'of 1'), ('a', 2, 'of 1'), ('b', 1, 'of 2')");
    settle();
    there.run("DELETE FROM c WHERE n = 2; UPDATE p SET code = 'x' WHERE id = 1;"
              "UPDATE p SET code = 'a' WHERE id = 2; UPDATE p SET code = 'b' WHERE id = 1");
    settle();
    EXPECT_EQ(here.ask("SELECT * FROM p"), "1|b\n2|a");
    EXPECT_EQ(here.ask("SELECT * FROM c"), "a|1|of 2\nb|1|of 1");
    EXPECT_EQ(here.ask("SELECT * FROM c"), there.ask("SELECT * FROM c"));
    EXPECT_EQ(parked(), "");
}

} // namespace
} // namespace postrider::test

// What goes wrong on the way and at either end, and how it ends right.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "common/engine/declare_stored.hpp"
#include "common/engine/dispatch.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/report.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/uninstall.hpp"

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

struct Trouble : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    std::unique_ptr<Application> shop_application = std::make_unique<Application>(shop.path);
    std::unique_ptr<Application> office_application = std::make_unique<Application>(office.path);

    void SetUp() override { pair_directly(shop, office, directory / "mail"); }

    void share(const std::string &create, const std::vector<std::string> &tables) {
        shop_application->run(create);
        office_application->run(create);
        shop.send("task", "office", tables);
        office.receive("task", "shop", tables);
    }

    void settle() { run_until_quiet(shop, office); }

    /// Both sides show the same rows of a query.
    void expect_equal(const std::string &sql) {
        EXPECT_EQ(office_application->ask(sql), shop_application->ask(sql)) << sql;
    }

    void lose_mails() {
        for (const auto &mail : std::filesystem::directory_iterator(directory / "mail/new")) {
            std::filesystem::remove(mail.path());
        }
    }

    std::size_t mails() {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto &mail :
             std::filesystem::directory_iterator(directory / "mail/new")) {
            ++count;
        }
        return count;
    }
};

TEST_F(Trouble, RowsThatSwapTheirUniqueValuesEndRight) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, n INT UNIQUE)", {"t"});
    shop_application->run("INSERT INTO t VALUES(1, 'a', 10), (2, 'b', 20), (3, 'c', 30)");
    settle();
    shop_application->run("UPDATE t SET code = code || '*', n = -n;"
                          "UPDATE t SET code = 'b', n = 20 WHERE id = 1;"
                          "UPDATE t SET code = 'c', n = 30 WHERE id = 2;"
                          "UPDATE t SET code = 'a', n = 10 WHERE id = 3");
    settle();
    EXPECT_EQ(office_application->ask("SELECT * FROM t ORDER BY id"), "1|b|20\n2|c|30\n3|a|10");
}

TEST_F(Trouble, AChildThatWasMovedSurvivesTheDeletionOfItsFormerParent) {
    share("CREATE TABLE parent(id INTEGER PRIMARY KEY);"
          "CREATE TABLE child(id INTEGER PRIMARY KEY, parent REFERENCES parent ON DELETE CASCADE)",
          {"child", "parent"});
    shop_application->run(
        "INSERT INTO parent VALUES(1), (2); INSERT INTO child VALUES(7, 1), (8, 1)");
    settle();
    shop_application->run(
        "UPDATE child SET parent = 2 WHERE id = 7; DELETE FROM parent WHERE id = 1");
    settle();
    EXPECT_EQ(office_application->ask("SELECT * FROM child"), "7|2");
    EXPECT_EQ(office_application->ask("SELECT * FROM parent"), "2");
}

TEST_F(Trouble, AMissingTableHoldsTheStreamUntilItIsThere) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {"t"});
    office_application->run("DROP TABLE t");
    shop_application->run("INSERT INTO t VALUES(1, 'x')");
    settle();
    EXPECT_EQ(office_application->ask("SELECT state FROM postrider_status"), "stuck");
    office_application->run("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)");
    office.now += std::chrono::minutes{2};
    shop.now += std::chrono::minutes{2};
    settle();
    EXPECT_EQ(office_application->ask("SELECT * FROM t"), "1|x");
    EXPECT_EQ(office_application->ask("SELECT state FROM postrider_status"), "in step");
}

TEST_F(Trouble, AForeignKeyThatCannotHoldIsRefusedAtCommitAndTriedAgain) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, v INT)", {"t"});
    office_application->run("CREATE TABLE parent(id INTEGER PRIMARY KEY); DROP TABLE t;"
                            "CREATE TABLE t(id INTEGER PRIMARY KEY, v INT REFERENCES parent);"
                            "UPDATE postrider_task SET lane = 'maildir, ON ERROR STOP'");
    shop_application->run("INSERT INTO t VALUES(1, 5)");
    settle();
    EXPECT_EQ(office_application->ask("SELECT state FROM postrider_status"), "stuck");
    EXPECT_EQ(office_application->ask("SELECT reason FROM postrider_stream_in WHERE stream > 0"),
              "table \"t\" refers to rows of table \"parent\" that are not here");
    EXPECT_EQ(office_application->ask("SELECT action FROM postrider_status"),
              "Have the missing rows sent too, or put them here; the batch is tried again by"
              " itself.");
    office_application->run("INSERT INTO parent VALUES(5)");
    office.now += std::chrono::minutes{2};
    settle();
    EXPECT_EQ(office_application->ask("SELECT * FROM t"), "1|5");
}

TEST_F(Trouble, ATableThatComesAgainWholeKeepsRowsWhoseKeysAreStoredInAnotherFormHere) {
    shop_application->run("CREATE TABLE t(code INTEGER PRIMARY KEY, v TEXT);"
                          "CREATE TABLE r(code INTEGER PRIMARY KEY, v TEXT);"
                          "CREATE TABLE n(code TEXT NOT NULL PRIMARY KEY, v TEXT)");
    office_application->run("CREATE TABLE t(code TEXT NOT NULL PRIMARY KEY, v TEXT);"
                            "CREATE TABLE r(code REAL NOT NULL PRIMARY KEY, v TEXT);"
                            "CREATE TABLE n(code INTEGER PRIMARY KEY, v TEXT)");
    shop.send("task", "office", {"n", "r", "t"});
    office.receive("task", "shop", {"n", "r", "t"});
    for (const std::string table : {"n", "r", "t"}) {
        shop_application->run("INSERT INTO " + table + " VALUES(5, 'x'), (6, 'y')");
        office_application->run("INSERT INTO " + table + " VALUES(7, 'only here')");
    }
    settle();
    shop.load_whole_again();
    shop_application->run("INSERT INTO t VALUES(8, 'z')");
    settle();
    EXPECT_EQ(office_application->ask("SELECT quote(code), v FROM t ORDER BY code"),
              "'5'|x\n'6'|y\n'8'|z");
    EXPECT_EQ(office_application->ask("SELECT quote(code), v FROM r ORDER BY code"),
              "5.0|x\n6.0|y");
    EXPECT_EQ(office_application->ask("SELECT quote(code), v FROM n ORDER BY code"), "5|x\n6|y");
}

TEST_F(Trouble, LostMailsAreSentAgain) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {"t"});
    for (int number = 1; number <= 5; ++number) {
        shop_application->run("INSERT INTO t VALUES(" + std::to_string(number) + ", 'x')");
        shop.cycle();
        shop.now += std::chrono::seconds{1};
        if (number != 3) {
            lose_mails();
        }
    }
    office.now = shop.now;
    for (int minute = 0; minute < 20; ++minute) {
        settle();
        shop.now += std::chrono::minutes{1};
        office.now += std::chrono::minutes{1};
    }
    expect_equal("SELECT * FROM t ORDER BY id");
    EXPECT_EQ(shop_application->ask("SELECT count(*) FROM postrider_outbox"), "0");
    EXPECT_EQ(mails(), 0U);
}

TEST_F(Trouble, ASenderRestoredFromAnOlderCopyGoesOnUnderANewIncarnation) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {"t"});
    shop_application->run("INSERT INTO t VALUES(1, 'first')");
    settle();
    shop_application.reset();
    shop.copy_to(directory / "backup.db");
    shop_application = std::make_unique<Application>(shop.path);
    shop_application->run(
        "INSERT INTO t VALUES(2, 'lost'); UPDATE t SET v = 'changed' WHERE id = 1");
    settle();
    expect_equal("SELECT * FROM t ORDER BY id");
    shop_application.reset();
    shop.restore(directory / "backup.db");
    shop_application = std::make_unique<Application>(shop.path);
    shop_application->run("INSERT INTO t VALUES(3, 'new')");
    settle();
    settle();
    EXPECT_EQ(office_application->ask("SELECT * FROM t ORDER BY id"), "1|first\n3|new");
    EXPECT_EQ(shop_application->ask(
                  "SELECT count(*) FROM postrider_events WHERE kind = 'new_incarnation'"),
              "1");
}

TEST_F(Trouble, ASenderRestoredTogetherWithItsStateFileIsNoticedByTheAcknowledgements) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {"t"});
    shop_application->run("INSERT INTO t VALUES(1, 'first')");
    settle();
    shop_application.reset();
    shop.copy_to(directory / "backup.db");
    const vault::MemoryVaultContent snapshot = shop.vault.snapshot();
    shop_application = std::make_unique<Application>(shop.path);
    shop_application->run("INSERT INTO t VALUES(2, 'lost')");
    settle();
    shop_application->run("INSERT INTO t VALUES(3, 'lost too')");
    settle();
    shop_application.reset();
    shop.vault.restore(snapshot);
    shop.restore(directory / "backup.db");
    shop_application = std::make_unique<Application>(shop.path);
    shop_application->run("INSERT INTO t VALUES(4, 'new')");
    for (int minute = 0; minute < 10; ++minute) {
        settle();
        shop.now += std::chrono::minutes{1};
        office.now += std::chrono::minutes{1};
    }
    EXPECT_EQ(office_application->ask("SELECT * FROM t ORDER BY id"), "1|first\n4|new");
}

TEST_F(Trouble, AReceiverRestoredFromAnOlderCopyGetsWhatItLost) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {"t"});
    shop_application->run("INSERT INTO t VALUES(1, 'first')");
    settle();
    office_application.reset();
    office.copy_to(directory / "backup.db");
    shop_application->run("INSERT INTO t VALUES(2, 'second'); DELETE FROM t WHERE id = 1");
    office_application = std::make_unique<Application>(office.path);
    settle();
    office_application.reset();
    office.restore(directory / "backup.db");
    office_application = std::make_unique<Application>(office.path);
    for (int minute = 0; minute < 5; ++minute) {
        settle();
        shop.now += std::chrono::minutes{1};
        office.now += std::chrono::minutes{1};
    }
    EXPECT_EQ(office_application->ask("SELECT * FROM t ORDER BY id"), "2|second");
}

TEST_F(Trouble, ACopyAtAnotherPlaceRefusesToWork) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {"t"});
    shop_application->run("INSERT INTO t VALUES(1, 'first')");
    settle();
    shop.vault.move_to("/elsewhere/shop.db", 2, 3);
    shop.restart();
    const Result<engine::CycleResult> result = shop.engine->cycle(shop.now);
    ASSERT_FALSE(result.has_value());
    EXPECT_NE(result.error().hint.find("claim_identity"), std::string::npos);
}

TEST_F(Trouble, APeerThatWasRevokedOrDroppedDoesNotMakeTheDatabaseLookOlder) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {"t"});
    shop_application->run("INSERT INTO t VALUES(1, 'first')");
    settle();
    const std::string restored =
        "SELECT count(*) FROM postrider_events WHERE kind = 'new_incarnation'";
    shop.write([](const engine::Session &session) {
        ASSERT_TRUE(engine::revoke(session, "office").has_value());
    });
    shop.restart();
    shop.cycle();
    EXPECT_EQ(shop_application->ask(restored), "0");
    office.write([](const engine::Session &session) { engine::drop_peer(session, "shop"); });
    office.restart();
    office.cycle();
    EXPECT_EQ(office_application->ask(restored), "0");
}

TEST_F(Trouble, ControlMessagesOfABatchThatCannotBeMadeAreKept) {
    shop.write([](const engine::Session &session) {
        const engine::Peer peer = *engine::find_peer(session.transaction, "office");
        session.transaction.execute(
            "INSERT INTO @control_out (peer_id, message) VALUES (?1, x'00')", {peer.peer_id});
        // The report that rides along, on many streams, makes the header too great.
        session.transaction.execute(
            "INSERT INTO @stream_in (peer_id, stream, applied_chain) WITH RECURSIVE n(i) AS"
            " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)"
            " SELECT ?1, i, zeroblob(32) FROM n",
            {peer.peer_id});
        engine::leave_note(session, peer,
                           {.number = 0,
                            .kind = wire::NoteKind::error,
                            .stream = 0,
                            .batch_number = 0,
                            .rows = 0,
                            .code = {},
                            .message = "news"});
        EXPECT_EQ(engine::build_step(session, peer, {peer.peer_id, engine::control_stream}), 0U);
    });
    EXPECT_EQ(shop_application->ask("SELECT state FROM postrider_stream_out"), "1");
    EXPECT_EQ(shop_application->ask("SELECT count(*) FROM postrider_control_out"), "1");
}

TEST_F(Trouble, WhatWaitsForAPeerThatWasRevokedIsGivenUp) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {"t"});
    shop_application->run("INSERT INTO t VALUES(1, 'first')");
    shop.cycle();
    ASSERT_NE(shop_application->ask("SELECT count(*) FROM postrider_outbox"), "0");
    shop.write([](const engine::Session &session) {
        ASSERT_TRUE(engine::revoke(session, "office").has_value());
    });
    EXPECT_EQ(shop_application->ask("SELECT count(*) FROM postrider_outbox"), "0");
    EXPECT_EQ(shop_application->ask("SELECT DISTINCT state FROM postrider_history"), "replaced");
    shop_application->run("INSERT INTO t VALUES(2, 'second')");
    shop.cycle();
    ASSERT_NE(shop_application->ask("SELECT count(*) FROM postrider_queue"), "0");
    shop.write([](const engine::Session &session) {
        EXPECT_TRUE(engine::uninstall(session, false).has_value());
    });
}

/// A vault whose directory can be read and not written.
class ReadOnlyVault final : public engine::Vault {
  public:
    explicit ReadOnlyVault(engine::Vault &inner) : inner_(inner) {}

    Result<engine::Secret> load_secret(const NodeId &node) override {
        return inner_.load_secret(node);
    }

    Result<void> store_secret(const engine::Secret & /*secret*/) override { return full(); }

    Result<std::optional<engine::StateFile>> load_state(const NodeId &node) override {
        return inner_.load_state(node);
    }

    Result<void> store_state(const engine::StateFile & /*state*/) override { return full(); }

    [[nodiscard]] std::string user() const override { return inner_.user(); }

    [[nodiscard]] engine::StateFile here() const override { return inner_.here(); }

    [[nodiscard]] Result<TimeZone> time_zone(const std::string &name) const override {
        return inner_.time_zone(name);
    }

  private:
    static Error full() { return {Errc::unavailable, "no space left"}; }

    engine::Vault &inner_;
};

TEST_F(Trouble, AStateFileThatIsGoneAndCannotBeWrittenBeginsNothing) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {"t"});
    shop_application->run("INSERT INTO t VALUES(1, 'first')");
    settle();
    vault::MemoryVaultContent disk = shop.vault.snapshot();
    disk.states.clear();
    shop.vault.restore(disk);
    const std::string incarnation = shop_application->ask("SELECT incarnation FROM postrider_node");
    ReadOnlyVault vault{shop.vault};
    engine::Engine engine{{*shop.database, vault, *shop.transport},
                          {.timing = shop.timing, .holder = "other"}};
    for (int round = 0; round < 3; ++round) {
        EXPECT_FALSE(engine.cycle(shop.now).has_value());
    }
    EXPECT_EQ(shop_application->ask("SELECT incarnation FROM postrider_node"), incarnation);
    shop.restart();
    settle();
    EXPECT_NE(shop_application->ask("SELECT incarnation FROM postrider_node"), incarnation);
    expect_equal("SELECT * FROM t");
}

TEST_F(Trouble, ASecondWorkerTakesTheLeaseOver) {
    share("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", {"t"});
    shop_application->run("INSERT INTO t VALUES(1, 'first')");
    shop.cycle();
    Result<std::unique_ptr<sqlite::SqliteDatabase>> second =
        sqlite::open_database({.path = shop.path});
    transport::Maildir maildir;
    engine::Engine other{{**second, shop.vault, maildir},
                         {.timing = shop.timing, .holder = "other"}};
    shop_application->run("INSERT INTO t VALUES(2, 'second')");
    ASSERT_TRUE(other.cycle(shop.now).has_value());
    shop_application->run("INSERT INTO t VALUES(3, 'third')");
    EXPECT_FALSE(shop.engine->cycle(shop.now).has_value());
    settle();
    EXPECT_EQ(office_application->ask("SELECT count(*) FROM t"), "3");
}

TEST_F(Trouble, KeysWhoseColumnsStandInAnotherOrderHereNameTheSameRows) {
    shop_application->run("CREATE TABLE t(a INT NOT NULL, b INT NOT NULL, v, PRIMARY KEY(a, b))");
    office_application->run("CREATE TABLE t(a INT NOT NULL, b INT NOT NULL, v, PRIMARY KEY(b, a))");
    shop.send("task", "office", {"t"});
    office.receive("task", "shop", {"t"});
    shop_application->run("INSERT INTO t VALUES(1, 2, 'x'), (2, 1, 'y'), (3, 3, 'z')");
    settle();
    shop_application->run("DELETE FROM t WHERE a = 1; UPDATE t SET v = 'w' WHERE a = 3");
    settle();
    EXPECT_EQ(office_application->ask("SELECT a, b, v FROM t ORDER BY a"), "2|1|y\n3|3|w");
}

TEST_F(Trouble, WhatStrangersSendDoesNotPushOutWhatWasRefusedOfPeers) {
    office.write([](const engine::Session &session) {
        engine::log_refused(session.transaction, session.now,
                            {1, "a mail", {Errc::refused, "of a peer"}});
        for (int number = 0; number < 2000; ++number) {
            engine::log_refused(
                session.transaction, session.now,
                {std::nullopt, "a mail", {Errc::refused, "no " + std::to_string(number)}});
        }
    });
    EXPECT_EQ(
        office_application->ask("SELECT count(*) FROM postrider_refusal WHERE peer_id IS NULL"),
        "1000");
    EXPECT_EQ(office_application->ask("SELECT reason FROM postrider_refusal WHERE peer_id = 1"),
              "of a peer");
}

TEST_F(Trouble, MailsOfOthersBeforeOursDoNotEndARound) {
    share("CREATE TABLE sale(id INTEGER PRIMARY KEY)", {"sale"});
    settle();
    for (int number = 0; number < 2100; ++number) {
        std::ofstream{directory / ("mail/new/0" + std::to_string(number))} << "Subject: lunch\n\n";
    }
    shop_application->run("INSERT INTO sale VALUES(1)");
    shop.cycle();
    shop.cycle();
    int rounds = 0;
    while (office.cycle().did_anything()) {
        ++rounds;
    }
    EXPECT_GT(rounds, 1);
    EXPECT_EQ(office_application->ask("SELECT count(*) FROM sale"), "1");
}

} // namespace
} // namespace postrider::test

// The simulated disk: what SQLite promises holds on it, and it does bite where SQLite is told not
// to wait for the disk.
#include <string>

#include <gtest/gtest.h>

#include "tests/simulation/memory_disk.hpp"

namespace postrider::simulation {
namespace {

struct Connection {
    explicit Connection(const MemoryDisk &disk, const std::string &settings = "") {
        code = sqlite3_open_v2("/db", &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                               disk.vfs_name().c_str());
        if (code == SQLITE_OK) {
            run(settings);
        }
    }

    Connection(const Connection &) = delete;
    Connection &operator=(const Connection &) = delete;

    ~Connection() { sqlite3_close(handle); }

    int run(const std::string &sql) {
        code = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr);
        return code;
    }

    std::string ask(const std::string &sql) {
        sqlite3_stmt *statement = nullptr;
        std::string answer = "failed";
        if (sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW) {
            answer = reinterpret_cast<const char *>(sqlite3_column_text(statement, 0));
        }
        sqlite3_finalize(statement);
        return answer;
    }

    sqlite3 *handle = nullptr;
    int code = SQLITE_OK;
};

const std::string wal = "PRAGMA journal_mode=WAL; PRAGMA synchronous=EXTRA;"
                        "PRAGMA wal_autocheckpoint=5;";
const std::string journal = "PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA;";
const std::string careless = "PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF;";

/// Inserts rows until the disk dies; gives how many commits succeeded.
int insert_until_death(MemoryDisk &disk, const std::string &settings) {
    Connection connection(disk, settings);
    int committed = 0;
    while (!disk.is_dead() && committed < 20) {
        if (connection.run("INSERT INTO t VALUES(NULL, hex(randomblob(900)))") == SQLITE_OK) {
            ++committed;
        }
    }
    return committed;
}

struct Survival {
    int runs = 0;
    int broken = 0;
    std::uint64_t lost_writes = 0;
};

/// A death at every operation of some twenty transactions, with the power cut.
Survival die_everywhere(const std::string &settings) {
    Survival survival;
    for (std::uint64_t at = 0; at < 200; ++at) {
        Random random(at);
        const WorldTime time;
        const NodeClock clock(time);
        MemoryDisk disk("disk_test", random, clock);
        {
            Connection setup(disk, settings + "CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
            EXPECT_EQ(setup.code, SQLITE_OK);
        }
        disk.fail_in(at, DiskFault::death);
        const int committed = insert_until_death(disk, settings);
        disk.die(Death::power);
        Connection after(disk, settings);
        const std::string rows = after.ask("SELECT count(*) FROM t");
        const bool intact =
            after.ask("PRAGMA integrity_check") == "ok" &&
            (rows == std::to_string(committed) || rows == std::to_string(committed + 1));
        ++survival.runs;
        survival.broken += intact ? 0 : 1;
        survival.lost_writes += disk.lost_writes();
    }
    return survival;
}

TEST(MemoryDisk, WithAWriteAheadLogEveryCommitSurvivesAPowerCut) {
    const Survival survival = die_everywhere(wal);
    EXPECT_EQ(survival.broken, 0);
    EXPECT_GT(survival.lost_writes, 100U);
}

TEST(MemoryDisk, WithARollbackJournalEveryCommitSurvivesAPowerCut) {
    const Survival survival = die_everywhere(journal);
    EXPECT_EQ(survival.broken, 0);
    EXPECT_GT(survival.lost_writes, 100U);
}

TEST(MemoryDisk, WithoutWaitingForTheDiskAPowerCutBreaksThings) {
    EXPECT_GT(die_everywhere(careless).broken, 20);
}

class MemoryDiskTest : public testing::Test {
  protected:
    Random random_{7};
    WorldTime time_;
    NodeClock clock_{time_};
    MemoryDisk disk_{"disk_test", random_, clock_};
};

TEST_F(MemoryDiskTest, ADeadProcessLosesItsLocksAndNothingElse) {
    for (const std::string &settings : {wal, journal}) {
        disk_.restore({});
        Connection first(disk_, settings + "CREATE TABLE t(v); INSERT INTO t VALUES(1);");
        ASSERT_EQ(first.run("BEGIN IMMEDIATE; INSERT INTO t VALUES(2)"), SQLITE_OK);
        disk_.die(Death::process);
        EXPECT_NE(first.run("COMMIT"), SQLITE_OK);
        Connection second(disk_, settings);
        EXPECT_EQ(second.ask("SELECT count(*) FROM t"), "1");
        EXPECT_EQ(second.run("INSERT INTO t VALUES(3)"), SQLITE_OK);
    }
}

TEST_F(MemoryDiskTest, WritersExcludeEachOtherAndReadersKeepTheirSnapshot) {
    for (const std::string &settings : {wal, journal}) {
        disk_.restore({});
        Connection first(disk_, settings + "CREATE TABLE t(v); INSERT INTO t VALUES(1);");
        Connection second(disk_, settings);
        ASSERT_EQ(first.run("BEGIN IMMEDIATE; INSERT INTO t VALUES(2)"), SQLITE_OK);
        EXPECT_EQ(second.run("BEGIN IMMEDIATE"), SQLITE_BUSY);
        EXPECT_EQ(second.ask("SELECT count(*) FROM t"), "1");
        EXPECT_EQ(first.run("COMMIT"), SQLITE_OK);
        EXPECT_EQ(second.ask("SELECT count(*) FROM t"), "2");
        EXPECT_EQ(second.run("BEGIN IMMEDIATE; COMMIT"), SQLITE_OK);
    }
}

TEST_F(MemoryDiskTest, AReaderHoldsUpAWriterWithAJournalAndNotWithALog) {
    for (const std::string &settings : {wal, journal}) {
        disk_.restore({});
        Connection writer(disk_, settings + "CREATE TABLE t(v); INSERT INTO t VALUES(1);");
        Connection reader(disk_, settings);
        ASSERT_EQ(reader.run("BEGIN; SELECT count(*) FROM t"), SQLITE_OK);
        EXPECT_EQ(writer.run("INSERT INTO t VALUES(2)"), settings == wal ? SQLITE_OK : SQLITE_BUSY);
        EXPECT_EQ(reader.ask("SELECT count(*) FROM t"), "1");
    }
}

TEST_F(MemoryDiskTest, AFullDiskAndAnErrorAreToldOnceAndHarmNothing) {
    for (const auto &[fault, code] :
         {std::pair{DiskFault::full, SQLITE_FULL}, {DiskFault::io_error, SQLITE_IOERR}}) {
        disk_.restore({});
        Connection connection(disk_, wal + "CREATE TABLE t(v)");
        disk_.fail_in(0, fault);
        EXPECT_EQ(connection.run("INSERT INTO t VALUES(1)") & 0xff, code);
        EXPECT_EQ(connection.run("INSERT INTO t VALUES(2)"), SQLITE_OK);
        EXPECT_EQ(connection.ask("SELECT group_concat(v) FROM t"), "2");
    }
}

TEST_F(MemoryDiskTest, AnImageBringsBackThePast) {
    DiskImage past;
    {
        Connection connection(disk_, wal + "CREATE TABLE t(v); INSERT INTO t VALUES(1)");
        past = disk_.image();
        connection.run("INSERT INTO t VALUES(2)");
    }
    disk_.restore(past);
    Connection connection(disk_);
    EXPECT_EQ(connection.ask("SELECT count(*) FROM t"), "1");
}

TEST_F(MemoryDiskTest, TheTimeOfTheNodeIsTheTimeOfSql) {
    Connection connection(disk_);
    EXPECT_EQ(connection.ask("SELECT strftime('%s', 'now')"), "1800000000");
    clock_.set_skew(std::chrono::hours{1});
    EXPECT_EQ(connection.ask("SELECT strftime('%s', 'now')"), "1800003600");
}

TEST(MemoryDisk, SqlitesRandomNumbersFollowTheSeed) {
    std::string first;
    for (int run = 0; run < 2; ++run) {
        Random random(5);
        const WorldTime time;
        const NodeClock clock(time);
        const MemoryDisk disk("disk_test", random, clock);
        Connection connection(disk);
        const std::string drawn = connection.ask("SELECT hex(randomblob(16))");
        EXPECT_TRUE(run == 0 || drawn == first);
        first = drawn;
    }
}

} // namespace
} // namespace postrider::simulation

// The worker thread: it works while the host does something else, and ends when it is told to.
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "common/engine/declare.hpp"

#include "sqlite_extension/node_file.hpp"
#include "sqlite_extension/worker.hpp"
#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

struct Worker : testing::Test {
    TemporaryDirectory directory;
    TemporaryDirectory secrets; // never beside the data
    std::string path = directory / "shop.db";

    void SetUp() override {
        setenv("POSTRIDER_STATE_DIRECTORY", (secrets / "state").c_str(), 1); // NOLINT
        declare("NODE shop; PEER office MAILDIR '" + (directory / "mail") +
                "'; TASK items SEND item TO office;");
    }

    void TearDown() override { sqlite::stop_all_workers(); }

    /// Makes the file of `path`.
    void declare(const std::string &text) const {
        Application application{path};
        application.run("PRAGMA journal_mode = wal; CREATE TABLE item(id INTEGER PRIMARY KEY)");
        const auto database = sqlite::open_database({.path = path});
        vault::FileVault vault = sqlite::file_vault(path);
        const auto transaction = (*database)->begin(engine::Mode::write);
        const auto declared = engine::declare(
            {*transaction, (*database)->dialect(), vault, sqlite::system_now()}, {.text = text});
        ASSERT_TRUE(declared.has_value()) << declared.error().message;
        transaction->commit();
    }

    /// Whether the captured keys are collected before a deadline that no healthy machine needs.
    bool is_collected(std::chrono::seconds patience = std::chrono::seconds{60}) {
        Application application{path};
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (std::chrono::steady_clock::now() < deadline) {
            if (application.ask("SELECT count(*) FROM postrider_capture_1") == "0") {
                return true;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        return false;
    }
};

TEST_F(Worker, GoesOnAfterAnotherOneCameBetween) {
    const auto node = *sqlite::NodeFile::open(path);
    const auto other = *sqlite::NodeFile::open(path);
    bool is_told = false;
    int rounds = 0;
    const auto stop = [&] {
        if (++rounds == 2) {
            EXPECT_TRUE(other->run_once().has_value()); // takes the lease
        }
        return is_told;
    };
    const auto result = node->run_until(sqlite::system_now() + std::chrono::minutes{1}, stop,
                                        [&](const Error &) { is_told = true; });
    EXPECT_TRUE(result.has_value());
    EXPECT_TRUE(is_told);
}

TEST_F(Worker, WorksBesideTheHostUntilItIsStopped) {
    ASSERT_EQ(sqlite::start_worker(path).value(), sqlite::WorkerState::started);
    EXPECT_EQ(sqlite::start_worker(path).value(), sqlite::WorkerState::running);
    Application{path}.run("INSERT INTO item VALUES(1)");
    EXPECT_TRUE(is_collected());
    EXPECT_EQ(sqlite::stop_worker(path), sqlite::WorkerState::stopped);
    EXPECT_EQ(sqlite::stop_worker(path), sqlite::WorkerState::none);
}

TEST_F(Worker, GoesOnAfterTheFileWasLocked) {
    Application application{path};
    application.run("BEGIN IMMEDIATE; INSERT INTO item VALUES(1)");
    ASSERT_EQ(sqlite::start_worker(path).value(), sqlite::WorkerState::started);
    application.run("COMMIT");
    EXPECT_TRUE(is_collected());
}

TEST_F(Worker, SoonSeesACommitWhereNoMaildirIsLookedInto) {
    path = directory / "by_mail.db";
    declare("NODE by_mail; PEER office; TASK items SEND item TO office;");
    ASSERT_EQ(sqlite::start_worker(path).value(), sqlite::WorkerState::started);
    for (int item = 1; item <= 2; ++item) { // the first may be there before the first round
        Application{path}.run("INSERT INTO item VALUES(" + std::to_string(item) + ")");
        EXPECT_TRUE(is_collected(std::chrono::seconds{20}));
    }
}

TEST_F(Worker, RefusesAFileThatIsNoNode) {
    const std::string other = directory / "other.db";
    Application{other}.run("CREATE TABLE t(id INTEGER PRIMARY KEY)");
    EXPECT_FALSE(sqlite::start_worker(other).has_value());
}

} // namespace
} // namespace postrider::test

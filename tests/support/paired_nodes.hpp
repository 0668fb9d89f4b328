// Two nodes over SQLite files with a maildir between them, paired behind the back of the pairing
// protocol, for tests of the engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "common/engine/cycle.hpp"
#include "common/engine/declare.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/load_request.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/schema.hpp"
#include "common/transport/maildir.hpp"
#include "common/vault/memory_vault.hpp"

#include "sqlite_extension/sqlite_database.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postrider::test {

/// When the nodes of tests begin.
inline constexpr Timestamp start = from_milliseconds(1'790'000'000'000);
inline constexpr Duration day = std::chrono::hours{24};

/// A plain connection, as an application has one: triggers fire, nothing of ours is loaded.
class Application {
  public:
    explicit Application(const std::string &path);
    Application(const Application &) = delete;
    Application &operator=(const Application &) = delete;

    ~Application() { sqlite3_close(connection_); }

    /// Throws std::runtime_error with SQLite's message.
    void run(const std::string &sql);
    /// All rows, columns joined with '|', rows with '\n'.
    std::string ask(const std::string &sql);

  private:
    sqlite3 *connection_ = nullptr;
};

/// Timing of a test: everything at once.
stream::Timing quick_timing();

class TestNode {
  public:
    TestNode(const std::string &path, const std::string &name, Timestamp now);
    /// Another machine with a copy of `original`'s file and vault. Its file is at the same place
    /// there, in its own inode.
    TestNode(TestNode &original, const std::string &path);

    /// Runs `work` in a write transaction and commits.
    void write(const std::function<void(const engine::Session &)> &work);
    engine::CycleResult cycle();
    /// The process dies and comes back: everything in memory is gone.
    void restart();
    /// Puts the database file back to an older copy of itself.
    void restore(const std::string &copy);
    /// A copy of the database file as it is now.
    void copy_to(const std::string &copy);

    /// The whole machine: database and vault.
    struct Backup {
        std::string file;
        vault::MemoryVaultContent vault;
    };

    Backup back_up(const std::string &file);
    void restore(const Backup &backup);
    /// As if each table had been altered: it comes whole for everybody, and replaces what is there.
    void load_whole_again();
    void
    send(const std::string &task, const std::string &peer, const std::vector<std::string> &tables);
    void receive(const std::string &task,
                 const std::string &peer,
                 const std::vector<std::string> &tables);

    std::string path;
    Timestamp now;
    stream::Timing timing = quick_timing();
    engine::BatchSizes batches;                    // taken at the next start
    Duration look_every = std::chrono::seconds{1}; // into the maildir; taken at the next start
    vault::MemoryVault vault;
    std::unique_ptr<sqlite::SqliteDatabase> database;
    std::unique_ptr<transport::Maildir> transport;
    std::unique_ptr<engine::Engine> engine;
    engine::Identity identity;

  private:
    void close();
    std::int64_t add_task(const engine::Session &session,
                          const std::string &task,
                          const std::string &direction,
                          const std::string &peer,
                          const std::vector<std::string> &tables);
    void open();
};

/// Gives each the other's keys and the maildir at `maildir`.
void pair_directly(TestNode &left, TestNode &right, const std::string &maildir);

/// What a text does at a node, in a transaction of its own.
Result<engine::ActionRows> try_declare(TestNode &node, const std::string &text);
/// The same; it is expected to work.
void declare(TestNode &node, const std::string &text);
Result<engine::ActionRows> accept(TestNode &node, const std::string &offer);

/// Cycles both, the clock going on, until neither does anything.
void run_until_quiet(TestNode &left, TestNode &right);
/// And again a day later: what was lost last is sent again.
void run_until_settled(TestNode &left, TestNode &right);

} // namespace postrider::test

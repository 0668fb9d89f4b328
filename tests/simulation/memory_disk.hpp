// A disk in memory as a SQLite VFS, with write-ahead log, that behaves like the worst disk SQLite
// is made for: at a power cut every write since the last sync of its file is kept, lost or torn,
// each by itself, or all are kept, or all are lost. A process that dies keeps the disk and loses
// its locks and shared memory. Single thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "common/base/bytes.hpp"

#include "tests/simulation/clock.hpp"
#include "tests/simulation/crash_points.hpp"
#include "tests/simulation/random.hpp"

namespace postrider::simulation {

enum class DiskFault {
    death,    // the process dies before this operation, or a random part of it
    full,     // SQLITE_FULL, once
    io_error, // SQLITE_IOERR, once
};

enum class Death { process, power };

/// The files as a backup program would have copied them, by what follows the database's path in
/// their names.
using DiskImage = std::map<std::string, Bytes>;

class MemoryDisk {
  public:
    /// Registers a VFS of that name, as the default one too, so that SQLite's own randomness comes
    /// from here. All must outlive the disk.
    MemoryDisk(std::string vfs_name, Random &random, const Clock &clock);
    MemoryDisk(const MemoryDisk &) = delete;
    MemoryDisk &operator=(const MemoryDisk &) = delete;
    ~MemoryDisk();

    [[nodiscard]] const std::string &vfs_name() const { return vfs_name_; }

    /// The fault strikes at the `operations`-th write, truncation, sync or delete from now (0: the
    /// next one).
    void fail_in(std::uint64_t operations, DiskFault fault);

    void cancel_fault() { planned_.reset(); }

    /// Every change is a point of `points`, which must outlive the disk.
    void count_in(CrashPoints &points) { points_ = &points; }

    /// The process does something else than writing. False: it dies of it, and the disk with it.
    bool survives_call();

    /// Since a planned death struck: every operation of open handles fails and changes nothing.
    [[nodiscard]] bool is_dead() const { return dead_; }

    /// The process is gone: open handles are dead for ever, locks and shared memory vanish. With
    /// `power`, unsynced writes suffer too. The disk can be used again afterwards.
    void die(Death death);

    /// Where the database lies.
    [[nodiscard]] const std::string &database_path() const { return database_path_; }

    /// The connection of a program that knows nothing of us, as it opens one. Kept open like such a
    /// program's, because opening one is dear, until the node's process ends: the last connection
    /// to close a database tidies up behind itself, and is to be the node's own. Null: the disk
    /// would not let it.
    [[nodiscard]] sqlite3 *program() const;

    using Rows = std::vector<std::vector<std::string>>; // exact: text of types and bytes

    /// What the program reads by `sql`, which asks for nothing but what the database holds. Kept as
    /// long as nothing on the disk changes. Valid until the next change.
    [[nodiscard]] const Rows &answer(const std::string &sql) const;
    void close_program();

    /// Renames the database and what belongs to it. Only while nothing is open.
    void move_database(const std::string &path);

    [[nodiscard]] DiskImage image() const;
    /// Only while nothing is open.
    void restore(const DiskImage &image);

    [[nodiscard]] bool exists(const std::string &path) const;

    /// Writes that a power cut has dropped or torn, over the life of the disk.
    [[nodiscard]] std::uint64_t lost_writes() const { return lost_writes_; }

    struct File;
    struct Handle;

  private:
    friend struct DiskCalls;

    struct Plan {
        std::uint64_t operations;
        DiskFault fault;
    };

    /// SQLITE_OK, or what the planned fault makes of this operation.
    int before_change();
    enum class Loss { some, all, none };
    void lose_unsynced(File &file, Loss loss);
    void make_deletions_durable();

    std::string vfs_name_;
    std::string database_path_ = "/db";

    struct Question {
        sqlite3_stmt *statement = nullptr;
        std::uint64_t asked_at = 0; // which change of the disk
        Rows rows;
    };

    mutable sqlite3 *program_ = nullptr;
    mutable std::map<std::string, Question> questions_; // of the program
    std::uint64_t changes_ = 1;                         // every one that was begun, of any file
    Random &random_;
    const Clock &clock_;
    sqlite3_vfs vfs_{};
    std::map<std::string, std::shared_ptr<File>> files_;
    std::optional<Plan> planned_;
    CrashPoints *points_ = nullptr;
    std::uint64_t life_ = 1; // handles of an earlier life are dead
    bool dead_ = false;
    std::uint64_t lost_writes_ = 0;
};

} // namespace postrider::simulation

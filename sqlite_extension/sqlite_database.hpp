// engine::Database over sqlite3: a connection of our own, or a transaction inside the caller's
// connection for SQL functions.
//
// A connection of our own runs no trigger and no function that the file could have chosen, keeps
// foreign keys, waits for the disk at each commit (synchronous=FULL), overwrites what it deletes,
// and leaves the user's journal mode as it is.
#pragma once

#include <memory>
#include <string>

#include "common/engine/database.hpp"

#include "sqlite_extension/sqlite_api.hpp"

namespace postrider::sqlite {

struct OpenOptions {
    std::string path;     // or ":memory:", for tests
    std::string vfs = {}; // empty: the default one
    bool read_only = false;
    bool create = false; // otherwise a file that is not there is an error
    int busy_timeout_ms = 5000;
};

class SqliteDatabase : public engine::Database {
  public:
    /// The underlying connection, for tests and for what has no SQL (interrupt).
    [[nodiscard]] virtual sqlite3 *handle() = 0;
};

/// `refused` when the file is missing, not a database or not ours to read; `unavailable` when it is
/// locked.
Result<std::unique_ptr<SqliteDatabase>> open_database(const OpenOptions &options);

/// A transaction inside the caller's connection: a savepoint in whatever the caller has open, or a
/// transaction of its own outside of one. `commit` keeps the work and leaves an outer transaction
/// open. Settings and triggers are the caller's. Never outlives the call that made it.
std::unique_ptr<engine::Transaction> join_transaction(sqlite3 *connection);

/// Where DatabaseError sorts an extended result code.
engine::DatabaseError::Reason reason_of(int extended_code);

} // namespace postrider::sqlite

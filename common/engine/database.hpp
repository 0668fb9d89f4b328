// The port to the node's own database. Implemented over sqlite3 (extension, programs, simulation),
// later over SPI, libpq and ODBC. The engine is written against this alone.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/dialect/block_statement.hpp"
#include "common/model/value.hpp"

namespace postrider::dialect {
class Dialect;
}

namespace postrider::engine {

/// The statement, and with it the transaction, is lost. Thrown by every call of the port;
/// `Transaction::attempt` and the border of a step are the only places that catch it.
class DatabaseError : public std::exception {
  public:
    /// `constraint`: the statement met a UNIQUE, CHECK, NOT NULL or FOREIGN KEY and nothing else is
    /// wrong. `overtaken`: another session was faster; the same may succeed at once, in a new
    /// transaction.
    enum class Reason { constraint, busy, overtaken, full, read_only, corrupt, missing, other };

    DatabaseError(Reason reason, Error error) : reason_(reason), error_(std::move(error)) {}

    [[nodiscard]] Reason reason() const noexcept { return reason_; }

    [[nodiscard]] const Error &error() const noexcept { return error_; }

    [[nodiscard]] const char *what() const noexcept override { return error_.message.c_str(); }

  private:
    Reason reason_;
    Error error_;
};

using Row = std::vector<Value>;
using Parameters = std::span<const Value>;

/// Rows of a query, one at a time. Must be destroyed before its transaction ends.
class Cursor {
  public:
    Cursor() = default;
    Cursor(const Cursor &) = delete;
    Cursor &operator=(const Cursor &) = delete;
    virtual ~Cursor() = default;
    /// The next row; valid until the next call. Null after the last one.
    virtual const Row *next() = 0;
};

/// A row that a query gave for one of a block.
struct FoundRow {
    std::size_t index = 0; // of the row that was asked for
    Row row;
};

/// How a statement fared with the rows of a block.
struct BlockOutcome {
    std::vector<std::size_t> refused; // indexes of rows that met a constraint, rising
    std::size_t without_effect = 0;   // rows for which it changed nothing
    Error reason = {};                // of the last one that was refused, where it is known
};

/// What the node does with the rows of a table.
struct TableUse {
    bool reads = false;
    bool writes = false;

    friend bool operator==(const TableUse &, const TableUse &) = default;
};

/// Something of the machine under the database that a declaration names for the node to use.
struct MachinePart {
    enum class Kind {
        directory, // that mails are put into and taken from
        file,      // outside of the directory of the secrets
        program,
    };

    Kind kind = Kind::directory;
    std::string name; // the full path; of a program, its command
};

class Transaction {
  public:
    Transaction() = default;
    Transaction(const Transaction &) = delete;
    Transaction &operator=(const Transaction &) = delete;
    /// Rolls back unless committed.
    virtual ~Transaction() = default;

    /// Runs one statement with `?1`, `?2`, … bound; statements are prepared once and kept. Gives
    /// the number of rows changed. One that names state tables (`@queue`) has the rights of their
    /// owner, and names nothing else: no table of a user's, no expression of his.
    virtual std::int64_t execute(std::string_view sql, Parameters parameters) = 0;
    virtual std::unique_ptr<Cursor> query(std::string_view sql, Parameters parameters) = 0;
    /// All rows of a query that asks for nothing but tables, columns, indexes and foreign keys.
    /// They may be kept and given again as long as the schema is the same.
    virtual std::vector<Row> catalogue(std::string_view sql, Parameters parameters);
    /// Runs one statement for some rows of a block, in the order of their rising indexes. A row
    /// that meets a constraint is left out; any other error throws.
    virtual BlockOutcome execute_block(const dialect::BlockStatement &statement,
                                       std::span<const Row> rows,
                                       std::span<const std::size_t> indexes) = 0;
    /// Runs a query for each row, in any order. It sees what others have committed until now, even
    /// where the other statements of the transaction do not.
    virtual std::vector<FoundRow> query_block(const dialect::BlockStatement &query,
                                              std::span<const Row> rows);
    /// Runs several statements without parameters, for DDL.
    virtual void execute_script(std::string_view sql) = 0;
    /// The same with the rights of who owns the state tables: for DDL on users' tables. Nothing in
    /// it is anybody's but ours: names are quoted, and no expression of a user's is part of it.
    virtual void define(std::string_view sql);
    /// After it, `execute_block` and `execute` may violate foreign keys until the commit.
    virtual void defer_foreign_keys() = 0;
    /// Whether the commit would fail for a foreign key that is violated now. Cheap.
    [[nodiscard]] virtual bool has_broken_references() = 0;
    /// `not_permitted` unless whoever asks may decide what happens to the table. Where the database
    /// knows no owners, everybody may.
    virtual Result<void> may_decide(std::string_view table);
    /// The same about all tables, also those that come later.
    virtual Result<void> may_decide_all();
    /// `not_permitted`, with the ways out as the hint, unless whoever asks may let the node use it.
    /// Where the database knows no roles, he is the user of the operating system whom the node
    /// works as, and may.
    virtual Result<void> may_reach(const MachinePart &part);
    /// `refused`, with what would let it as the hint, where the node lacks a right that it needs.
    virtual Result<void> may_use(std::string_view table, TableUse use);
    /// Gives the node just these rights on the table. What whoever asks cannot give is left to
    /// `may_use` to tell. False: there is no such table, or the database knows no rights.
    virtual bool let_use(std::string_view table, TableUse use);
    virtual void savepoint() = 0;
    virtual void release() = 0;
    virtual void rollback_to() = 0;
    /// Durable when it returns.
    virtual void commit() = 0;

    std::int64_t execute(std::string_view sql, std::initializer_list<Value> parameters = {}) {
        return execute(sql, Parameters{parameters.begin(), parameters.size()});
    }

    std::unique_ptr<Cursor> query(std::string_view sql,
                                  std::initializer_list<Value> parameters = {}) {
        return query(sql, Parameters{parameters.begin(), parameters.size()});
    }

    std::vector<Row> catalogue(std::string_view sql, std::initializer_list<Value> parameters = {}) {
        return catalogue(sql, Parameters{parameters.begin(), parameters.size()});
    }

    /// Runs `work` in a savepoint: what it throws as DatabaseError or returns as an Error undoes it
    /// and is returned. Out of disk, busy and corrupt databases are thrown on: no savepoint mends
    /// those.
    Result<void> attempt(const std::function<Result<void>()> &work);
};

enum class Mode {
    read,  // one snapshot, takes no lock that a writer meets
    write, // holds the write lock from the start
};

/// One connection. Not thread-safe. One transaction at a time.
class Database {
  public:
    Database() = default;
    Database(const Database &) = delete;
    Database &operator=(const Database &) = delete;
    virtual ~Database() = default;
    virtual std::unique_ptr<Transaction> begin(Mode mode) = 0;
    [[nodiscard]] virtual const dialect::Dialect &dialect() const = 0;
};

} // namespace postrider::engine

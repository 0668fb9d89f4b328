// The connection, its settings, and its transactions.
#include "sqlite_extension/sqlite_database.hpp"

#include <exception>
#include <vector>

#include "common/base/utf8.hpp"
#include "common/dialect/sqlite.hpp"
#include "common/dialect/state_names.hpp"

#include "sqlite_extension/sqlite_catalogue.hpp"
#include "sqlite_extension/sqlite_error.hpp"
#include "sqlite_extension/sqlite_statement.hpp"

namespace postrider::sqlite {

namespace {

using engine::DatabaseError;

/// A second or two: how long a foreign key that is broken is looked for.
constexpr int check_steps_max = 20'000'000;

void run_script(sqlite3 *connection, const std::string &sql) {
    if (sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        throw_last_error(connection, "run a statement", sql);
    }
}

class SqliteCursor final : public engine::Cursor {
  public:
    SqliteCursor(StatementCache &cache, std::string_view sql, engine::Parameters parameters)
        : statement_(cache, sql) {
        // The caller's values may be gone before the last row is read.
        statement_.bind(parameters, Lifetime::copied);
        row_.resize(static_cast<std::size_t>(sqlite3_column_count(statement_.handle())));
    }

    const engine::Row *next() override {
        if (!statement_.step()) {
            return nullptr;
        }
        int index = 0;
        for (Value &value : row_) {
            value = column_value(statement_.handle(), index++);
        }
        return &row_;
    }

  private:
    Statement statement_;
    engine::Row row_;
};

/// What both kinds of transaction share: everything but how they begin and end.
class SqliteTransaction : public engine::Transaction {
  public:
    explicit SqliteTransaction(StatementCache &cache) : cache_(cache) {}

    std::int64_t execute(std::string_view sql, engine::Parameters parameters) override {
        Statement statement(cache_, sql);
        statement.bind(parameters, Lifetime::until_reset);
        const auto before = sqlite3_total_changes64(connection());
        while (statement.step()) {
            // RETURNING rows are of no interest here, but the statement must run to its end.
        }
        // DDL and reads leave the last statement's count standing.
        return sqlite3_total_changes64(connection()) == before ? 0
                                                               : sqlite3_changes64(connection());
    }

    std::unique_ptr<engine::Cursor> query(std::string_view sql,
                                          engine::Parameters parameters) override {
        return std::make_unique<SqliteCursor>(cache_, sql, parameters);
    }

    engine::BlockOutcome execute_block(const dialect::BlockStatement &block,
                                       std::span<const engine::Row> rows,
                                       std::span<const std::size_t> indexes) override {
        engine::BlockOutcome outcome;
        Statement statement(cache_, block.one_row);
        for (const std::size_t index : indexes) {
            if (!run_row(statement, rows[index])) {
                outcome.refused.push_back(index);
            } else if (sqlite3_changes64(connection()) == 0) {
                ++outcome.without_effect;
            }
        }
        return outcome;
    }

    void execute_script(std::string_view sql) override {
        run_script(connection(), dialect::expand_state_names(sql, dialect::sqlite()));
    }

    /// The pragma makes SQLite compile every statement anew, so it is left out where it says
    /// nothing.
    void defer_foreign_keys() override {
        if (!catalogue("SELECT 1 FROM main.sqlite_schema WHERE type = 'table'"
                       " AND instr(lower(sql), 'references') > 0 LIMIT 1",
                       {})
                 .empty()) {
            run_script(connection(), "PRAGMA defer_foreign_keys=ON");
        }
    }

    /// https://www.sqlite.org/c3ref/c_dbstatus_options.html#sqlitedbstatusdeferredfks
    bool has_broken_references() override {
        int current = 0;
        int highest = 0;
        sqlite3_db_status(connection(), SQLITE_DBSTATUS_DEFERRED_FKS, &current, &highest, 0);
        return current != 0;
    }

    void savepoint() override { execute("SAVEPOINT postrider_step", {}); }

    void release() override { execute("RELEASE postrider_step", {}); }

    /// SQLite keeps a savepoint after rolling back to it; the port does not.
    void rollback_to() override {
        execute("ROLLBACK TO postrider_step", {});
        release();
    }

  protected:
    [[nodiscard]] sqlite3 *connection() const { return cache_.connection(); }

    using engine::Transaction::execute;

  private:
    /// False: the row met a constraint and left no trace.
    static bool run_row(Statement &statement, const engine::Row &row) {
        statement.reset();
        try {
            statement.bind(row, Lifetime::until_reset);
            while (statement.step()) {
            }
            return true;
        } catch (const DatabaseError &error) {
            if (error.reason() != DatabaseError::Reason::constraint) {
                throw;
            }
            return false;
        }
    }

    StatementCache &cache_;
};

/// Interrupts a statement after so many steps of SQLite's machine.
class StepLimit {
  public:
    StepLimit(sqlite3 *connection, int steps_max) : connection_(connection) {
        sqlite3_progress_handler(
            connection_, steps_max, [](void *) { return 1; }, nullptr);
    }

    StepLimit(const StepLimit &) = delete;
    StepLimit &operator=(const StepLimit &) = delete;

    ~StepLimit() { sqlite3_progress_handler(connection_, 0, nullptr, nullptr); }

  private:
    sqlite3 *connection_;
};

/// A transaction of our own connection.
class OwnTransaction final : public SqliteTransaction {
  public:
    OwnTransaction(StatementCache &cache, CatalogueCache &answers, engine::Mode mode)
        : SqliteTransaction(cache), answers_(answers) {
        ensure(sqlite3_get_autocommit(connection()) != 0, "a connection has one transaction");
        execute(mode == engine::Mode::write ? "BEGIN IMMEDIATE" : "BEGIN");
        try {
            // The snapshot of a reader exists from the first read on, not from BEGIN.
            schema_at_begin_ = schema_version();
        } catch (const DatabaseError &) {
            roll_back();
            throw;
        }
    }

    OwnTransaction(const OwnTransaction &) = delete;
    OwnTransaction &operator=(const OwnTransaction &) = delete;

    ~OwnTransaction() override {
        if (!committed_) {
            roll_back();
        }
    }

    /// A transaction that altered the schema may be rolled back, and its version given to another
    /// schema: it keeps nothing and is given nothing kept.
    std::vector<engine::Row> catalogue(std::string_view sql,
                                       engine::Parameters parameters) override {
        if (schema_version() != schema_at_begin_) {
            return SqliteTransaction::catalogue(sql, parameters);
        }
        const CatalogueQuery asked{sql, parameters};
        if (const auto *kept = answers_.find(schema_at_begin_, asked)) {
            return *kept;
        }
        std::vector<engine::Row> rows = SqliteTransaction::catalogue(sql, parameters);
        answers_.keep(schema_at_begin_, asked, rows);
        return rows;
    }

    void commit() override {
        try {
            execute("COMMIT");
        } catch (const DatabaseError &error) {
            if (error.reason() != DatabaseError::Reason::constraint) {
                throw;
            }
            throw DatabaseError{error.reason(), broken_references(error.error())};
        }
        committed_ = true;
    }

  private:
    /// Also within a transaction that alters the schema.
    /// https://www.sqlite.org/pragma.html#pragma_schema_version
    std::int64_t schema_version() {
        return *query("PRAGMA main.schema_version", {})->next()->front().as<std::int64_t>();
    }

    /// SQLite says that a foreign key is broken and not which one. The transaction is still open
    /// and can be asked. `refused` as it is when there is no answer in time.
    Error broken_references(Error refused) {
        std::string found;
        const StepLimit limit{connection(), check_steps_max};
        try {
            const auto cursor = query("SELECT DISTINCT \"table\", parent FROM"
                                      " pragma_foreign_key_check LIMIT 3",
                                      {});
            while (const engine::Row *row = cursor->next()) {
                found += (found.empty() ? "table \"" : ", or table \"") +
                         printable(row->at(0).as<Text>()->text) + "\" refers to rows of table \"" +
                         printable(row->at(1).as<Text>()->text) + "\" that are not here";
            }
        } catch (const DatabaseError &) { // NOLINT(bugprone-empty-catch): what was found counts
        }
        if (!found.empty()) {
            refused.message = std::move(found);
        }
        return refused;
    }

    /// SQLite has already rolled back by itself after some errors. Every reader ends here, so the
    /// statement is a kept one where it can be.
    void roll_back() noexcept {
        try {
            if (sqlite3_get_autocommit(connection()) == 0) {
                execute("ROLLBACK");
            }
        } catch (const std::exception &) {
            sqlite3_exec(connection(), "ROLLBACK", nullptr, nullptr, nullptr);
        }
    }

    CatalogueCache &answers_;
    std::int64_t schema_at_begin_ = 0;
    bool committed_ = false;
};

class OwnDatabase final : public SqliteDatabase {
  public:
    explicit OwnDatabase(sqlite3 *connection) : connection_(connection), cache_(connection) {}

    OwnDatabase(const OwnDatabase &) = delete;
    OwnDatabase &operator=(const OwnDatabase &) = delete;
    ~OwnDatabase() override = default;

    std::unique_ptr<engine::Transaction> begin(engine::Mode mode) override {
        return std::make_unique<OwnTransaction>(cache_, answers_, mode);
    }

    [[nodiscard]] const dialect::Dialect &dialect() const override { return dialect::sqlite(); }

    [[nodiscard]] sqlite3 *handle() override { return connection_.get(); }

    /// Settings that no file and no host can change afterwards.
    void configure(int busy_timeout_ms) {
        sqlite3 *connection = connection_.get();
        sqlite3_extended_result_codes(connection, 1);
        sqlite3_busy_timeout(connection, busy_timeout_ms);
        sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
        sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
        sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
        // EXTRA is FULL where there is a write-ahead log; with a rollback journal it also waits for
        // the directory, without which a power cut could undo a commit that was acknowledged.
        run_script(connection,
                   "PRAGMA synchronous=EXTRA; PRAGMA secure_delete=ON; PRAGMA cell_size_check=ON;"
                   "PRAGMA schema_version;");
    }

  private:
    struct Close {
        void operator()(sqlite3 *connection) const noexcept { sqlite3_close_v2(connection); }
    };

    std::unique_ptr<sqlite3, Close> connection_;
    StatementCache cache_;
    CatalogueCache answers_;
};

/// While the engine writes through the connection of a host, what the file brings along runs
/// nothing, and what is deleted is gone.
class GuardedConnection {
  public:
    explicit GuardedConnection(sqlite3 *connection)
        : connection_(connection),
          triggers_(change(SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)),
          trust_(change(SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)),
          erases_(change_erasing("ON")) {}

    GuardedConnection(const GuardedConnection &) = delete;
    GuardedConnection &operator=(const GuardedConnection &) = delete;

    ~GuardedConnection() {
        static_cast<void>(change_erasing(erases_.c_str()));
        sqlite3_db_config(connection_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, trust_, nullptr);
        sqlite3_db_config(connection_, SQLITE_DBCONFIG_ENABLE_TRIGGER, triggers_, nullptr);
    }

  private:
    /// Gives what was set before.
    [[nodiscard]] int change(int option, int value) const {
        int before = 0;
        sqlite3_db_config(connection_, option, -1, &before);
        sqlite3_db_config(connection_, option, value, nullptr);
        return before;
    }

    [[nodiscard]] std::string change_erasing(const char *value) const {
        std::string before = "OFF";
        const auto keep = [](void *out, int, char **values, char **) {
            *static_cast<std::string *>(out) = values[0];
            return 0;
        };
        sqlite3_exec(connection_, "PRAGMA main.secure_delete", keep, &before, nullptr);
        sqlite3_exec(connection_, (std::string{"PRAGMA main.secure_delete="} + value).c_str(),
                     nullptr, nullptr, nullptr);
        return before == "2" ? "FAST" : before;
    }

    sqlite3 *connection_;
    int triggers_;
    int trust_;
    std::string erases_;
};

/// A transaction inside a connection that belongs to the host application.
class JoinedTransaction final : public SqliteTransaction {
  public:
    explicit JoinedTransaction(std::unique_ptr<StatementCache> cache)
        : SqliteTransaction(*cache), guard_(connection()), cache_(std::move(cache)) {
        execute("SAVEPOINT postrider_call");
    }

    JoinedTransaction(const JoinedTransaction &) = delete;
    JoinedTransaction &operator=(const JoinedTransaction &) = delete;

    ~JoinedTransaction() override {
        if (!committed_ && sqlite3_get_autocommit(connection()) == 0) {
            sqlite3_exec(connection(), "ROLLBACK TO postrider_call; RELEASE postrider_call",
                         nullptr, nullptr, nullptr);
        }
    }

    void commit() override {
        execute("RELEASE postrider_call");
        committed_ = true;
    }

  private:
    GuardedConnection guard_;
    std::unique_ptr<StatementCache> cache_;
    bool committed_ = false;
};

int open_flags(const OpenOptions &options) {
    if (options.read_only) {
        return SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    }
    return SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (options.create ? SQLITE_OPEN_CREATE : 0);
}

} // namespace

Result<std::unique_ptr<SqliteDatabase>> open_database(const OpenOptions &options) {
    sqlite3 *connection = nullptr;
    const int code = sqlite3_open_v2(options.path.c_str(), &connection, open_flags(options),
                                     options.vfs.empty() ? nullptr : options.vfs.c_str());
    if (connection == nullptr) {
        throw std::bad_alloc();
    }
    auto database = std::make_unique<OwnDatabase>(connection);
    const std::string doing = "open database \"" + options.path + "\"";
    if (code != SQLITE_OK) {
        Error error = last_error(connection, doing, "").error();
        if ((code & 0xff) == SQLITE_CANTOPEN) {
            error.code = Errc::refused;
            error.hint = "Check the path, and that this user may read and write the file and its "
                         "directory.";
        }
        return error;
    }
    try {
        database->configure(options.busy_timeout_ms);
    } catch (const DatabaseError &) {
        return last_error(connection, doing, "").error();
    }
    return std::unique_ptr<SqliteDatabase>{std::move(database)};
}

std::unique_ptr<engine::Transaction> join_transaction(sqlite3 *connection) {
    return std::make_unique<JoinedTransaction>(std::make_unique<StatementCache>(connection));
}

} // namespace postrider::sqlite

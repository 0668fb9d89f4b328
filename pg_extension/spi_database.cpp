// Transactions, savepoints and cursors over SPI.
#include "pg_extension/spi_database.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "common/dialect/postgresql.hpp"

#include "pg_extension/spi_error.hpp"
#include "pg_extension/spi_lists.hpp"

extern "C" {
#include <access/htup_details.h>
#include <access/xact.h>
#include <catalog/namespace.h>
#include <catalog/pg_class.h>
#include <miscadmin.h>
#include <nodes/makefuncs.h>
#include <storage/lmgr.h>
#include <utils/memutils.h>
#include <utils/portal.h>
#include <utils/resowner.h>
#include <utils/snapmgr.h>
#include <utils/syscache.h>

#include "pg_extension/capture.h"
}

namespace postrider::pg {

namespace {

using engine::BlockOutcome;
using engine::DatabaseError;
using engine::Parameters;
using engine::Row;

constexpr const char *run_statement = "run a statement";
/// Rows that a cursor has fetched and not given yet.
constexpr long rows_at_once = 100;
/// What one statement for many rows is given.
constexpr std::size_t lot_rows_max = 1000;
constexpr std::size_t lot_bytes_max = 4U << 20U;
/// Fewer are not worth the planning.
constexpr std::size_t lot_rows_min = 8;

void check_spi(int code) {
    if (code < 0) {
        ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR),
                errmsg("a statement was not run: %s", SPI_result_code_string(code)));
    }
}

/// A memory context that is emptied when a statement has run.
class StatementMemory {
  public:
    StatementMemory()
        : own_(call([]() noexcept {
              return AllocSetContextCreate(CurrentMemoryContext, "postrider values",
                                           ALLOCSET_DEFAULT_SIZES);
          })),
          outer_(MemoryContextSwitchTo(own_)) {}

    StatementMemory(const StatementMemory &) = delete;
    StatementMemory &operator=(const StatementMemory &) = delete;

    ~StatementMemory() {
        MemoryContextSwitchTo(outer_);
        MemoryContextDelete(own_);
    }

  private:
    MemoryContext own_;
    MemoryContext outer_;
};

/// Reads the rows of an SPI result into values.
class RowReader {
  public:
    RowReader(StatementCache &cache, TupleDesc description) : description_(description) {
        for (int index = 0; index < description->natts; ++index) {
            forms_.push_back(cache.form(TupleDescAttr(description, index)->atttypid));
        }
    }

    void read(HeapTuple tuple, Row &row) const {
        row.resize(forms_.size());
        for (std::size_t index = 0; index < forms_.size(); ++index) {
            bool is_null = false;
            const Datum datum = call([&]() noexcept {
                return SPI_getbinval(tuple, description_, static_cast<int>(index) + 1, &is_null);
            });
            row[index] = is_null ? Value{} : from_server(forms_[index], datum);
        }
    }

  private:
    TupleDesc description_;
    std::vector<TypeForm> forms_;
};

/// The rows of a query, some of them at a time. Where its transaction or savepoint was aborted, the
/// server has closed the portal already.
class SpiCursor final : public engine::Cursor {
  public:
    SpiCursor(StatementCache &cache, std::string_view sql, Parameters parameters) : cache_(cache) {
        Statement &statement = cache.prepare(sql);
        const StatementMemory memory;
        Statement::Arguments given = statement.arguments(parameters);
        Portal portal = call([&]() noexcept {
            return SPI_cursor_open(nullptr, statement.plan(), given.datums.data(),
                                   given.nulls.data(), false);
        });
        name_ = portal->name;
    }

    SpiCursor(const SpiCursor &) = delete;
    SpiCursor &operator=(const SpiCursor &) = delete;

    ~SpiCursor() override {
        if (fetched_ != nullptr && IsTransactionState()) {
            SPI_freetuptable(fetched_);
        }
        Portal portal = SPI_cursor_find(name_.c_str());
        if (portal != nullptr && portal->status != PORTAL_FAILED && IsTransactionState()) {
            SPI_cursor_close(portal);
        }
    }

    const Row *next() override {
        return as_database_error(run_statement, [&]() -> const Row * {
            if (at_ == count_ && !fetch()) {
                return nullptr;
            }
            const StatementMemory memory;
            reader_->read(fetched_->vals[at_++], row_);
            return &row_;
        });
    }

  private:
    bool fetch() {
        if (is_done_) {
            return false;
        }
        call([&]() noexcept {
            SPI_freetuptable(fetched_);
            fetched_ = nullptr;
            Portal portal = SPI_cursor_find(name_.c_str());
            if (portal == nullptr) {
                ereport(ERROR, errcode(ERRCODE_INVALID_CURSOR_STATE),
                        errmsg("a cursor was closed while it was read"));
            }
            SPI_cursor_fetch(portal, true, rows_at_once);
            fetched_ = SPI_tuptable;
        });
        reader_.emplace(cache_, fetched_->tupdesc);
        at_ = 0;
        count_ = SPI_processed;
        is_done_ = count_ < static_cast<std::uint64_t>(rows_at_once);
        return count_ > 0;
    }

    StatementCache &cache_;
    std::string name_;
    SPITupleTable *fetched_ = nullptr;
    std::optional<RowReader> reader_; // of what was fetched
    std::uint64_t at_ = 0;
    std::uint64_t count_ = 0;
    bool is_done_ = false;
    Row row_;
};

/// What both kinds of transaction share: everything but how they begin and end.
class SpiTransaction : public engine::Transaction {
    struct Scope {
        MemoryContext memory;
        ResourceOwner owner;
    };

    template <typename Body>
    auto run(std::string_view sql, Body body) {
        try {
            return as_database_error(run_statement, body);
        } catch (const DatabaseError &) {
            cache_.forget(sql);
            throw;
        }
    }

  public:
    /// `is_engine`: what its statements write is not captured again.
    SpiTransaction(StatementCache &cache, bool is_engine) : cache_(cache), is_engine_(is_engine) {}

    std::int64_t execute(std::string_view sql, Parameters parameters) override {
        return run(sql, [&] {
            Statement &statement = cache_.prepare(sql);
            const StatementMemory memory;
            return execute_plan(statement.plan(), statement.arguments(parameters), is_engine_);
        });
    }

    std::unique_ptr<engine::Cursor> query(std::string_view sql, Parameters parameters) override {
        return run(sql, [&]() -> std::unique_ptr<engine::Cursor> {
            return std::make_unique<SpiCursor>(cache_, sql, parameters);
        });
    }

    /// Lot by lot; in a lot of which something is refused, row by row.
    BlockOutcome execute_block(const dialect::BlockStatement &statement,
                               std::span<const Row> rows,
                               std::span<const std::size_t> indexes) override {
        BlockOutcome outcome;
        while (!indexes.empty()) {
            const auto lot = indexes.first(lot_size(rows, indexes));
            if (!run_lot(statement, rows, lot, outcome)) {
                run_each(statement, rows, lot, outcome);
            }
            indexes = indexes.subspan(lot.size());
        }
        return outcome;
    }

    std::vector<engine::FoundRow> query_block(const dialect::BlockStatement &query,
                                              std::span<const Row> rows) override {
        return run(query.one_row, [&] {
            std::vector<engine::FoundRow> found;
            std::vector<std::size_t> indexes(rows.size());
            std::iota(indexes.begin(), indexes.end(), std::size_t{0});
            for (std::span<const std::size_t> left = indexes; !left.empty();) {
                const auto lot = left.first(lot_size(rows, left));
                query_lot(query, rows, lot, found);
                left = left.subspan(lot.size());
            }
            return found;
        });
    }

    void execute_script(std::string_view sql) override {
        const std::string text = server_sql(sql);
        as_database_error(run_statement, [&] {
            call([&]() noexcept { check_spi(SPI_execute(text.c_str(), false, 0)); });
        });
    }

    /// The foreign keys are not checked by the server while the engine writes.
    void defer_foreign_keys() override {}

    bool has_broken_references() override { return false; }

    void savepoint() override {
        const Scope scope{CurrentMemoryContext, CurrentResourceOwner};
        as_database_error(run_statement, [&] {
            call([&]() noexcept {
                BeginInternalSubTransaction(nullptr);
                MemoryContextSwitchTo(scope.memory);
            });
        });
        scopes_.push_back(scope);
    }

    void release() override {
        const Scope scope = scopes_.back();
        as_database_error(run_statement, [&] {
            call([&]() noexcept {
                ReleaseCurrentSubTransaction();
                MemoryContextSwitchTo(scope.memory);
                CurrentResourceOwner = scope.owner;
            });
        });
        scopes_.pop_back();
    }

    void rollback_to() override {
        const Scope scope = scopes_.back();
        scopes_.pop_back();
        as_database_error(run_statement, [&] {
            call([&]() noexcept {
                RollbackAndReleaseCurrentSubTransaction();
                MemoryContextSwitchTo(scope.memory);
                CurrentResourceOwner = scope.owner;
            });
        });
    }

    using engine::Transaction::execute;

  private:
    static std::int64_t
    execute_plan(SPIPlanPtr plan, Statement::Arguments given, bool is_hidden_from_capture) {
        return call([&]() noexcept {
            if (is_hidden_from_capture) {
                postrider_applying_begin();
            }
            check_spi(SPI_execute_plan(plan, given.datums.data(), given.nulls.data(), false, 0));
            if (is_hidden_from_capture) {
                postrider_applying_end();
            }
            SPI_freetuptable(SPI_tuptable);
            return static_cast<std::int64_t>(SPI_processed);
        });
    }

    /// How many of the rows one statement may be given.
    static std::size_t lot_size(std::span<const Row> rows, std::span<const std::size_t> indexes) {
        std::size_t bytes = 0;
        std::size_t size = 0;
        while (size < std::min(indexes.size(), lot_rows_max)) {
            for (const Value &value : rows[indexes[size]]) {
                bytes += value.cell_bytes();
            }
            if (bytes > lot_bytes_max && size > 0) {
                break;
            }
            ++size;
        }
        return size;
    }

    [[nodiscard]] bool is_hidden(const dialect::BlockStatement &statement) const {
        return is_engine_ && !statement.is_own_change;
    }

    /// False: it was undone, and nothing is known of single rows.
    bool run_lot(const dialect::BlockStatement &statement,
                 std::span<const Row> rows,
                 std::span<const std::size_t> lot,
                 BlockOutcome &outcome) {
        if (lot.size() < lot_rows_min || statement.many_rows.empty()) {
            return false;
        }
        std::size_t changed = 0;
        bool is_run = false;
        const Result<void> done = attempt([&]() -> Result<void> {
            run(statement.many_rows, [&] {
                ListStatement *many = cache_.prepare_lists(statement);
                if (many != nullptr) {
                    const StatementMemory memory;
                    changed = static_cast<std::size_t>(execute_plan(
                        many->plan(), many->arguments(rows, lot), is_hidden(statement)));
                    is_run = true;
                }
            });
            return {};
        });
        outcome.without_effect += done && changed < lot.size() ? lot.size() - changed : 0;
        return done && is_run;
    }

    /// A row that is refused costs the savepoint in which it and those before it ran; these are run
    /// again without it.
    void run_each(const dialect::BlockStatement &statement,
                  std::span<const Row> rows,
                  std::span<const std::size_t> indexes,
                  BlockOutcome &outcome) {
        while (!indexes.empty()) {
            const std::size_t done = run_rows(statement, rows, indexes, outcome);
            if (done < indexes.size()) {
                outcome.refused.push_back(indexes[done]);
            }
            indexes = indexes.subspan(std::min(done + 1, indexes.size()));
        }
    }

    /// Runs the rows up to the first one that is refused, and gives how many there are before it.
    std::size_t run_rows(const dialect::BlockStatement &block,
                         std::span<const Row> rows,
                         std::span<const std::size_t> indexes,
                         BlockOutcome &outcome) {
        std::size_t wanted = indexes.size();
        while (wanted > 0) {
            std::size_t done = 0;
            std::size_t without_effect = 0;
            savepoint();
            try {
                const StatementMemory memory;
                Statement &statement = cache_.prepare(block.one_row);
                for (; done < wanted; ++done) {
                    const auto changed =
                        execute_plan(statement.plan(), statement.arguments(rows[indexes[done]]),
                                     is_hidden(block));
                    without_effect += changed == 0 ? 1U : 0U;
                }
            } catch (const PgError &error) {
                refused_alone(error);
                rollback_to();
                wanted = done;
                continue;
            } catch (const DatabaseError &error) {
                if (error.reason() != DatabaseError::Reason::constraint) {
                    throw;
                }
                rollback_to();
                wanted = done;
                continue;
            }
            release();
            outcome.without_effect += without_effect;
            break;
        }
        return wanted;
    }

    void query_lot(const dialect::BlockStatement &query,
                   std::span<const Row> rows,
                   std::span<const std::size_t> lot,
                   std::vector<engine::FoundRow> &found) {
        const StatementMemory memory;
        ListStatement *many = lot.size() >= lot_rows_min ? cache_.prepare_lists(query) : nullptr;
        if (many != nullptr) {
            for (Row &row : latest_rows(many->plan(), many->arguments(rows, lot))) {
                const std::int64_t number = *row.at(0).as<std::int64_t>();
                row.erase(row.begin());
                found.push_back({lot[static_cast<std::size_t>(number - 1)], std::move(row)});
            }
            return;
        }
        Statement &statement = cache_.prepare(query.one_row);
        for (const std::size_t index : lot) {
            for (Row &row : latest_rows(statement.plan(), statement.arguments(rows[index]))) {
                found.push_back({index, std::move(row)});
            }
        }
    }

    /// All rows of a query, as committed until now. It may lock rows.
    std::vector<Row> latest_rows(SPIPlanPtr plan, Statement::Arguments given) {
        SPITupleTable *table = call([&]() noexcept {
            check_spi(SPI_execute_snapshot(plan, given.datums.data(), given.nulls.data(),
                                           GetLatestSnapshot(), InvalidSnapshot, false, false, 0));
            return SPI_tuptable;
        });
        const std::uint64_t count = SPI_processed;
        const RowReader reader{cache_, table->tupdesc};
        std::vector<Row> rows(count);
        for (std::uint64_t index = 0; index < count; ++index) {
            reader.read(table->vals[index], rows[index]);
        }
        SPI_freetuptable(table);
        return rows;
    }

    /// Throws what is not the row's own fault.
    static void refused_alone(const PgError &error) {
        try {
            throw_database_error(error, run_statement);
        } catch (const DatabaseError &known) {
            if (known.reason() != DatabaseError::Reason::constraint) {
                throw;
            }
        }
    }

    StatementCache &cache_;
    bool is_engine_;
    std::vector<Scope> scopes_;
};

struct StateTable {
    Oid table;
    Oid owner; // of the extension
};

/// The one that stands for all of them. Locked, if that is asked for, until the transaction ends:
/// one writer of the state tables at a time.
StateTable open_state(engine::Mode mode) {
    return call([&]() noexcept {
        StateTable state{InvalidOid, InvalidOid};
        const LOCKMODE lock = mode == engine::Mode::write ? ExclusiveLock : AccessShareLock;
        state.table =
            RangeVarGetRelid(makeRangeVar(pstrdup("postrider"), pstrdup("lease"), -1), lock, false);
        HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(state.table));
        if (!HeapTupleIsValid(row)) {
            ereport(ERROR, errcode(ERRCODE_UNDEFINED_TABLE),
                    errmsg("the extension postrider was dropped meanwhile"));
        }
        state.owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(row))->relowner;
        ReleaseSysCache(row);
        return state;
    });
}

class WorkerTransaction final : public SpiTransaction {
  public:
    WorkerTransaction(StatementCache &cache, engine::Mode mode)
        : SpiTransaction(cache, true), mode_(mode) {
        try {
            as_database_error("begin a transaction", [&] { begin(); });
        } catch (...) {
            roll_back();
            throw;
        }
    }

    WorkerTransaction(const WorkerTransaction &) = delete;
    WorkerTransaction &operator=(const WorkerTransaction &) = delete;

    ~WorkerTransaction() override {
        if (!is_committed_) {
            roll_back();
        }
    }

    void commit() override {
        as_database_error("commit", [&] {
            call([&]() noexcept {
                PopActiveSnapshot();
                SPI_finish();
                if (mode_ == engine::Mode::write) {
                    ForceSyncCommit();
                }
                CommitTransactionCommand();
            });
        });
        is_committed_ = true;
    }

  private:
    void begin() {
        call([]() noexcept {
            StartTransactionCommand();
            XactIsoLevel = XACT_REPEATABLE_READ;
        });
        if (mode_ == engine::Mode::write) {
            (void)open_state(mode_);
        } else {
            XactReadOnly = true;
        }
        call([]() noexcept {
            SPI_connect();
            PushActiveSnapshot(GetTransactionSnapshot());
        });
    }

    /// With all savepoints in it, in which an error may have left us.
    static void roll_back() noexcept {
        if (IsTransactionOrTransactionBlock()) {
            AbortOutOfAnyTransaction();
        }
    }

    engine::Mode mode_;
    bool is_committed_ = false;
};

/// What it does it does as the owner of the extension: the caller has no right on any of its
/// tables.
class JoinedTransaction final : public SpiTransaction {
  public:
    JoinedTransaction(std::unique_ptr<StatementCache> cache, engine::Mode mode)
        : SpiTransaction(*cache, false), cache_(std::move(cache)) {
        if (mode == engine::Mode::write && IsolationUsesXactSnapshot()) {
            throw CoreError({Errc::refused,
                             "a transaction that sees one snapshot cannot change the node",
                             "What the worker has done since would not be seen.",
                             "Call it in a transaction at READ COMMITTED."});
        }
        as_database_error("begin", [&] {
            const StateTable state = open_state(mode);
            call([&]() noexcept {
                GetUserIdAndSecContext(&caller_, &caller_context_);
                SetUserIdAndSecContext(state.owner, caller_context_ | SECURITY_LOCAL_USERID_CHANGE);
                SPI_connect();
            });
        });
    }

    JoinedTransaction(const JoinedTransaction &) = delete;
    JoinedTransaction &operator=(const JoinedTransaction &) = delete;

    /// Where it was not committed, an error is on its way out, and the server ends SPI and gives
    /// the caller back with it.
    ~JoinedTransaction() override = default;

    void commit() override {
        call([&]() noexcept {
            SPI_finish();
            SetUserIdAndSecContext(caller_, caller_context_);
        });
    }

  private:
    std::unique_ptr<StatementCache> cache_;
    Oid caller_ = InvalidOid;
    int caller_context_ = 0;
};

} // namespace

std::unique_ptr<engine::Transaction> WorkerDatabase::begin(engine::Mode mode) {
    return std::make_unique<WorkerTransaction>(cache_, mode);
}

const dialect::Dialect &WorkerDatabase::dialect() const {
    return dialect::postgresql();
}

std::unique_ptr<engine::Transaction> join_transaction(engine::Mode mode) {
    return std::make_unique<JoinedTransaction>(std::make_unique<StatementCache>(), mode);
}

} // namespace postrider::pg

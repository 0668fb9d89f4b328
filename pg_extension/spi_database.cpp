// Transactions, savepoints and cursors over SPI.
#include "pg_extension/spi_database.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "common/dialect/postgresql.hpp"

#include "pg_extension/acting_user.hpp"
#include "pg_extension/spi_caller.hpp"
#include "pg_extension/spi_copy.hpp"
#include "pg_extension/spi_cursor.hpp"
#include "pg_extension/spi_error.hpp"
#include "pg_extension/spi_lists.hpp"
#include "pg_extension/spi_lots.hpp"
#include "pg_extension/spi_rights.hpp"

extern "C" {
#include <access/xact.h>
#include <miscadmin.h>
#include <utils/memutils.h>
#include <utils/resowner.h>
#include <utils/snapmgr.h>

#include "pg_extension/capture.h"
#include "pg_extension/deferred.h"
#include "pg_extension/statement_rights.h"
#include "pg_extension/worker_session.h"
}

namespace postrider::pg {

namespace {

using engine::BlockOutcome;
using engine::DatabaseError;
using engine::Parameters;
using engine::Row;

constexpr const char *run_statement = "run a statement";

/// What both kinds of transaction share: everything but how they begin and end.
class SpiTransaction : public engine::Transaction {
    struct Scope {
        MemoryContext memory;
        ResourceOwner owner;
    };

    /// With rights other than the session's only until the body is done.
    template <typename Body>
    auto with_rights(StatementRights rights, Body body) {
        settle();
        switch (rights) {
        case RIGHTS_OF_EXTENSION: {
            const ActingUser acting{owner_};
            return body();
        }
        case RIGHTS_OF_OWNERS:
        case RIGHTS_OF_SESSION:
            break;
        }
        return body();
    }

    template <typename Body>
    auto run(std::string_view sql, StatementRights rights, Body body) {
        try {
            return as_database_error(run_statement, [&] { return with_rights(rights, body); });
        } catch (const DatabaseError &) {
            cache_.forget(sql);
            throw;
        }
    }

  public:
    /// `is_engine`: what its statements write is not captured again.
    SpiTransaction(StatementCache &cache, bool is_engine) : cache_(cache), is_engine_(is_engine) {}

    std::int64_t execute(std::string_view sql, Parameters parameters) override {
        return run(sql, rights_of(sql), [&] {
            Statement &statement = cache_.prepare(sql);
            const StatementMemory memory;
            return execute_plan(statement.plan(), statement.arguments(parameters),
                                {.is_hidden_from_capture = is_engine_});
        });
    }

    std::unique_ptr<engine::Cursor> query(std::string_view sql, Parameters parameters) override {
        return run(sql, rights_of(sql), [&]() -> std::unique_ptr<engine::Cursor> {
            return open_cursor(cache_, sql, parameters);
        });
    }

    /// Lot by lot: new rows by COPY, others by lists; in a lot of which something is refused, row
    /// by row.
    BlockOutcome execute_block(const dialect::BlockStatement &statement,
                               std::span<const Row> rows,
                               std::span<const std::size_t> indexes) override {
        return as_database_error(run_statement, [&] {
            return with_rights(rights_of(statement),
                               [&] { return run_block(statement, rows, indexes); });
        });
    }

    std::vector<engine::FoundRow> query_block(const dialect::BlockStatement &query,
                                              std::span<const Row> rows) override {
        return run(query.one_row, rights_of(query), [&] {
            std::vector<engine::FoundRow> found;
            std::vector<std::size_t> indexes(rows.size());
            std::iota(indexes.begin(), indexes.end(), std::size_t{0});
            for (std::span<const std::size_t> left = indexes; !left.empty();) {
                const auto lot = left.first(lot_size(rows, left, list_lot_max));
                query_lot(query, rows, lot, found);
                left = left.subspan(lot.size());
            }
            return found;
        });
    }

    void execute_script(std::string_view sql) override { run_script(sql, RIGHTS_OF_SESSION); }

    void define(std::string_view sql) override { run_script(sql, RIGHTS_OF_EXTENSION); }

    /// Whoever asks: it is the apply role that needs the rights.
    Result<void> may_use(std::string_view table, engine::TableUse use) override {
        return as_database_error(run_statement, [&] { return check_use(table, use); });
    }

    bool let_use(std::string_view table, engine::TableUse use) override {
        return as_database_error(run_statement, [&] { return set_use(table, use); });
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

  protected:
    /// Whose rights are given away: those of whoever decides about the table.
    [[nodiscard]] virtual StatementRights granting_rights() const = 0;

    /// What users' code in this session may have left behind is mended before each statement.
    virtual void settle() {
        call([]() noexcept { postrider_settle_names(); });
    }

    void set_owner(Oid owner) { owner_ = owner; }

  private:
    /// What a statement is beside its text.
    struct Manner {
        bool is_hidden_from_capture = false;
        bool gives_places = false;
    };

    bool set_use(std::string_view name, engine::TableUse use) {
        const Oid table = find_table(name);
        const Result<Oid> role = apply_role();
        if (!OidIsValid(table) || !role) {
            return false;
        }
        with_rights(granting_rights(), [&] {
            const bool owns =
                call([&]() noexcept { return postrider_owns_table(table, GetUserId()); });
            for (const std::string &grant : missing_grants(table, *role, use)) {
                const bool is_of_schema = grant.starts_with("GRANT USAGE");
                if (is_of_schema ? may_grant_schema(table) : owns) {
                    call([&]() noexcept { check_spi(SPI_execute(grant.c_str(), false, 0)); });
                }
            }
        });
        if (const auto revoke = needless_grants(table, *role, use)) {
            run_script(*revoke, RIGHTS_OF_EXTENSION);
        }
        return true;
    }

    void run_script(std::string_view sql, StatementRights rights) {
        const std::string text = server_sql(sql);
        as_database_error(run_statement, [&] {
            with_rights(rights, [&] {
                call([&]() noexcept { check_spi(SPI_execute(text.c_str(), false, 0)); });
            });
        });
    }

    static std::int64_t execute_plan(SPIPlanPtr plan, Statement::Arguments given, Manner manner) {
        return call([&]() noexcept {
            if (manner.is_hidden_from_capture) {
                postrider_applying_begin();
            }
            check_spi(SPI_execute_plan(plan, given.datums.data(), given.nulls.data(), false, 0));
            if (manner.is_hidden_from_capture) {
                postrider_applying_end();
            }
            SPITupleTable *rows = SPI_tuptable;
            const auto changed = static_cast<std::int64_t>(SPI_processed);
            if (manner.gives_places) {
                postrider_check_deferred(rows);
            }
            SPI_freetuptable(rows);
            return changed;
        });
    }

    [[nodiscard]] Manner manner_of(const dialect::BlockStatement &statement) const {
        return {.is_hidden_from_capture = is_engine_ && !statement.is_own_change,
                .gives_places = statement.gives_places};
    }

    BlockOutcome run_block(const dialect::BlockStatement &statement,
                           std::span<const Row> rows,
                           std::span<const std::size_t> indexes) {
        BlockOutcome outcome;
        while (!indexes.empty()) {
            const auto lot = indexes.first(lot_size(rows, indexes, copy_lot_max));
            if (!copy_lot(statement, rows, lot)) {
                run_lots(statement, rows, lot, outcome);
            }
            indexes = indexes.subspan(lot.size());
        }
        return outcome;
    }

    void run_lots(const dialect::BlockStatement &statement,
                  std::span<const Row> rows,
                  std::span<const std::size_t> indexes,
                  BlockOutcome &outcome) {
        while (!indexes.empty()) {
            const auto lot = indexes.first(lot_size(rows, indexes, list_lot_max));
            const std::optional<std::size_t> changed = list_lot(statement, rows, lot);
            if (changed) {
                outcome.without_effect += lot.size() - std::min(*changed, lot.size());
            } else {
                run_each(statement, rows, lot, outcome);
            }
            indexes = indexes.subspan(lot.size());
        }
    }

    /// In a savepoint; nothing where it failed.
    template <typename Body>
    std::optional<std::size_t> attempted(Body body) {
        std::optional<std::size_t> changed;
        const Result<void> done = attempt([&]() -> Result<void> {
            const StatementMemory memory;
            changed = as_database_error(run_statement, body);
            return {};
        });
        return done ? changed : std::nullopt;
    }

    /// How many rows it changed. Nothing: it was undone, and nothing is known of single rows.
    std::optional<std::size_t> list_lot(const dialect::BlockStatement &statement,
                                        std::span<const Row> rows,
                                        std::span<const std::size_t> lot) {
        if (lot.size() < lot_rows_min || statement.many_rows.empty()) {
            return std::nullopt;
        }
        return attempted([&]() -> std::optional<std::size_t> {
            const ListStatement *lists = cache_.prepare_lists(statement);
            if (lists == nullptr) {
                return std::nullopt;
            }
            return static_cast<std::size_t>(
                execute_plan(lists->plan(), lists->arguments(rows, lot), manner_of(statement)));
        });
    }

    /// False where it is not to be tried, or one of the rows is there or refused.
    bool copy_lot(const dialect::BlockStatement &statement,
                  std::span<const Row> rows,
                  std::span<const std::size_t> lot) {
        if (lot.size() < lot_rows_min || statement.many_new_rows.empty()) {
            return false;
        }
        bool is_tried = false;
        const auto changed = attempted([&]() -> std::optional<std::size_t> {
            CopyStatement *copy = cache_.prepare_copy(statement);
            if (copy == nullptr || !copy->encode(rows, lot)) {
                return std::nullopt;
            }
            is_tried = true;
            const bool hides = manner_of(statement).is_hidden_from_capture;
            call([&]() noexcept {
                if (hides) {
                    postrider_applying_begin();
                }
            });
            const std::uint64_t copied = copy->run();
            postrider_applying_end();
            return copied;
        });
        if (is_tried && !changed) {
            cache_.copy_was_refused(statement);
        }
        return changed.has_value();
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
                Statement &statement = cache_.prepare(block.one_row, rights_of(block));
                for (; done < wanted; ++done) {
                    const auto changed =
                        execute_plan(statement.plan(), statement.arguments(rows[indexes[done]]),
                                     manner_of(block));
                    without_effect += changed == 0 ? 1U : 0U;
                }
            } catch (const PgError &error) {
                outcome.reason = refused_alone(error);
                rollback_to();
                wanted = done;
                continue;
            } catch (const DatabaseError &error) {
                if (error.reason() != DatabaseError::Reason::constraint) {
                    throw;
                }
                outcome.reason = error.error();
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
        Statement &statement = cache_.prepare(query.one_row, rights_of(query));
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

    /// Why the row is refused. Throws what is not its own fault.
    static Error refused_alone(const PgError &error) {
        try {
            throw_database_error(error, run_statement);
        } catch (const DatabaseError &known) {
            if (known.reason() != DatabaseError::Reason::constraint) {
                throw;
            }
            return known.error();
        }
    }

    StatementCache &cache_;
    bool is_engine_;
    Oid owner_ = InvalidOid; // of the extension
    std::vector<Scope> scopes_;
};

/// Gives the extension's owner. With `Mode::write` one writer of the state tables at a time, until
/// the transaction ends.
Oid open_state(engine::Mode mode) {
    const LOCKMODE lock = mode == engine::Mode::write ? ExclusiveLock : AccessShareLock;
    return call([&]() noexcept { return postrider_open_state(lock); });
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
        call([&]() noexcept {
            StartTransactionCommand();
            postrider_settle_worker();
            XactIsoLevel = XACT_REPEATABLE_READ;
            XactReadOnly = mode_ == engine::Mode::read;
        });
        set_owner(open_state(mode_));
        call([]() noexcept {
            SPI_connect();
            PushActiveSnapshot(GetTransactionSnapshot());
        });
    }

    [[nodiscard]] StatementRights granting_rights() const override { return RIGHTS_OF_EXTENSION; }

    void settle() override {
        call([]() noexcept {
            postrider_settle_names();
            postrider_settle_role();
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

/// The caller has no right on any of the extension's tables; all others are read and written with
/// the rights that he has.
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
            set_owner(open_state(mode));
            call([]() noexcept { SPI_connect(); });
        });
    }

    JoinedTransaction(const JoinedTransaction &) = delete;
    JoinedTransaction &operator=(const JoinedTransaction &) = delete;

    /// Where it was not committed, an error is on its way out, and the server ends SPI with it.
    ~JoinedTransaction() override = default;

    Result<void> may_decide(std::string_view table) override { return check_owner(table); }

    Result<void> may_decide_all() override { return check_trust(); }

    Result<void> may_reach(const engine::MachinePart &part) override { return check_reach(part); }

    void commit() override {
        call([]() noexcept { SPI_finish(); });
    }

  private:
    [[nodiscard]] StatementRights granting_rights() const override { return RIGHTS_OF_SESSION; }

    std::unique_ptr<StatementCache> cache_;
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

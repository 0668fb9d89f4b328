// What applying a step costs beside SQLite's own sqlite3changeset_apply: the same rows from bytes
// into the same file, over the same connection settings, in one transaction that waits for the
// disk. CPU time, since waiting is the same for both. Modes take turns, so that a busy machine
// disturbs both alike; medians are compared.
#define SQLITE_ENABLE_PREUPDATE_HOOK // declares the session extension, which Debian's library has
#define SQLITE_ENABLE_SESSION

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "common/dialect/sqlite.hpp"
#include "common/engine/apply_fitting.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/store/schema.hpp"
#include "common/wire/changeset_format.hpp"

#include "sqlite_extension/sqlite_database.hpp"

namespace {

using namespace postrider;

constexpr int rounds = 7;

void check(int code, sqlite3 *connection) {
    if (code != SQLITE_OK) {
        throw std::runtime_error(sqlite3_errmsg(connection));
    }
}

void run(sqlite3 *connection, const std::string &sql) {
    check(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr), connection);
}

std::unique_ptr<sqlite::SqliteDatabase> open(const std::string &path) {
    auto database = sqlite::open_database({.path = path, .create = true});
    if (!database) {
        throw std::runtime_error(database.error().message);
    }
    return *std::move(database);
}

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// What a figure applies: so many steps of so many rows each, a third of them inserted, a third
/// updated in two columns, a third deleted, over a table that has `there` rows before.
struct Shape {
    int there;
    int rows_per_step;
    int steps;
};

enum class File { before, sender, session, engine };

/// On a RAM disk.
std::string path_of(File file) {
    return "/dev/shm/postrider_bench_" + std::to_string(getpid()) + "_apply_" +
           std::to_string(static_cast<int>(file)) + ".db";
}

void remove(File file) {
    for (const char *suffix : {"", "-wal", "-shm"}) {
        std::filesystem::remove(path_of(file) + suffix);
    }
}

/// How the receiver's file is before, made once; and the files in which it is written. Beside the
/// table stand others, one of them captured, as at a node that sends too.
class Files {
  public:
    explicit Files(const Shape &shape) {
        const auto database = open(path_of(File::before));
        run(database->handle(),
            "PRAGMA journal_mode=WAL;"
            "CREATE TABLE t(id INTEGER PRIMARY KEY, sku TEXT, name TEXT, quantity INTEGER,"
            "price REAL, note TEXT, token BLOB, changed TEXT); CREATE INDEX by_sku ON t(sku)");
        for (int other = 0; other < 20; ++other) {
            run(database->handle(), "CREATE TABLE other" + std::to_string(other) +
                                        "(id INTEGER PRIMARY KEY, name TEXT, note TEXT)");
        }
        const auto transaction = database->begin(engine::Mode::write);
        engine::create_state_tables(*transaction, database->dialect());
        transaction->execute("INSERT INTO @capture VALUES(1, 'other0', '', 0, 0, '', '')");
        transaction->execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                             " WHERE i < ?1) INSERT INTO t SELECT 2 * i, 'SKU-' ||"
                             " (i * 7919 % 1000003), 'article number ' || i, i % 500,"
                             " i * 0.01 + 0.5, 'bought from the usual supplier',"
                             " CAST('0123456789abcdef' AS BLOB), '2026-11-24 09:30:00' FROM n",
                             {std::int64_t{shape.there}});
        transaction->commit();
    }

    Files(const Files &) = delete;
    Files &operator=(const Files &) = delete;

    ~Files() {
        for (const File file : {File::before, File::sender, File::session, File::engine}) {
            remove(file);
        }
    }
};

std::unique_ptr<sqlite::SqliteDatabase> open_copy(File file) {
    remove(file);
    std::filesystem::copy_file(path_of(File::before), path_of(file));
    return open(path_of(file));
}

/// The steps as both know them.
struct Steps {
    std::vector<Bytes> of_session;
    std::vector<Bytes> of_engine;
};

/// The rows of the step as statements of the sender, and as our changeset.
class StepMaker {
  public:
    explicit StepMaker(const Shape &shape) : shape_(shape) {
        sender_ = open_copy(File::sender);
        table_.name = "t";
        const auto transaction = sender_->begin(engine::Mode::read);
        const auto table = engine::describe_table(*transaction, sender_->dialect(), "t");
        for (const auto &column : table.value().columns) {
            table_.columns.push_back({.name = column.name, .type = column.type});
        }
        table_.key = {0};
    }

    Steps make() {
        Steps steps;
        for (int step = 0; step < shape_.steps; ++step) {
            make_step(step, steps);
        }
        return steps;
    }

  private:
    void make_step(int step, Steps &steps) {
        sqlite3 *connection = sender_->handle();
        sqlite3_session *session = nullptr;
        check(sqlite3session_create(connection, "main", &session), connection);
        check(sqlite3session_attach(session, "t"), connection);
        Changeset changeset;
        TableChanges &changes = changeset.tables["t"];
        changes.schema = table_;
        {
            const auto transaction = sender_->begin(engine::Mode::write);
            for (int row = 0; row < shape_.rows_per_step; ++row) {
                add_row(*transaction, step * shape_.rows_per_step + row,
                        std::get<OneWayChanges>(changes.changes));
            }
            transaction->commit();
        }
        int size = 0;
        void *bytes = nullptr;
        check(sqlite3session_changeset(session, &size, &bytes), connection);
        const auto *first = static_cast<const std::uint8_t *>(bytes);
        steps.of_session.emplace_back(first, first + size);
        steps.of_engine.push_back(wire::pack_changeset(changeset));
        sqlite3_free(bytes);
        sqlite3session_delete(session);
    }

    /// In an order that jumps about, as orders and stock counts do; each row once.
    void add_row(engine::Transaction &transaction, int number, OneWayChanges &changes) const {
        const std::int64_t place = number * 7919LL % shape_.there + 1;
        const Value sku = Value::text("SKU-" + std::to_string(number * 104'729LL % 1'000'003));
        switch (number % 3) {
        case 0: {
            const std::int64_t id = 2 * place + 1;
            const std::vector<Value> values = {sku,
                                               Value::text("article number " + std::to_string(id)),
                                               id % 500,
                                               Value::float64(static_cast<double>(id) * 0.25),
                                               Value::text("bought from another supplier"),
                                               Bytes(16, static_cast<std::uint8_t>(id)),
                                               Value::text("2026-11-25 10:00:00")};
            std::vector<Value> row = values;
            row.insert(row.begin(), id);
            transaction.execute("INSERT INTO t VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                                engine::Parameters{row});
            changes.changes[{id}] = {Operation::insert, {{1, 2, 3, 4, 5, 6, 7}, values}, {}};
            return;
        }
        case 1: {
            const std::vector<Value> values = {std::int64_t{number % 1000 + 1000},
                                               Value::text("counted again in November")};
            transaction.execute("UPDATE t SET quantity = ?1, note = ?2 WHERE id = ?3",
                                {values[0], values[1], 2 * place});
            changes.changes[{2 * place}] = {Operation::update, {{3, 5}, values}, {}};
            return;
        }
        default:
            transaction.execute("DELETE FROM t WHERE id = ?1", {2 * place});
            changes.changes[{2 * place}] = {Operation::remove, {}, {}};
        }
    }

    Shape shape_;
    std::unique_ptr<sqlite::SqliteDatabase> sender_;
    TableSchema table_;
};

int refuse(void * /*context*/, int /*conflict*/, sqlite3_changeset_iter * /*place*/) {
    return SQLITE_CHANGESET_ABORT;
}

double session_seconds(const Steps &steps) {
    const auto database = open_copy(File::session);
    sqlite3 *connection = database->handle();
    const double begin = cpu_seconds();
    for (const Bytes &step : steps.of_session) {
        run(connection, "BEGIN IMMEDIATE");
        Bytes bytes = step; // the function takes what is not const
        check(sqlite3changeset_apply(connection, static_cast<int>(bytes.size()), bytes.data(),
                                     nullptr, refuse, nullptr),
              connection);
        run(connection, "COMMIT");
    }
    return cpu_seconds() - begin;
}

void apply_step(engine::Transaction &transaction, ByteView step) {
    Changeset changeset = wire::unpack_changeset(step).value();
    std::vector<engine::TargetTable> targets;
    for (auto &[name, changes] : changeset.tables) {
        targets.push_back({engine::describe_table(transaction, dialect::sqlite(), name).value(),
                           std::move(changes.schema),
                           std::get<OneWayChanges>(std::move(changes.changes))});
    }
    const auto done = engine::apply_fitting(transaction, dialect::sqlite(), targets, {});
    if (!done || !done->refused.empty() || done->counts.missing > 0) {
        throw std::runtime_error("the engine could not apply a step");
    }
}

double engine_seconds(const Steps &steps) {
    const auto database = open_copy(File::engine);
    const double begin = cpu_seconds();
    for (const Bytes &step : steps.of_engine) {
        const auto transaction = database->begin(engine::Mode::write);
        apply_step(*transaction, step);
        transaction->commit();
    }
    return cpu_seconds() - begin;
}

/// A figure of work that was not done would be worth nothing.
void check_equal(File file) {
    const auto database = open(path_of(file));
    run(database->handle(), "ATTACH '" + path_of(File::sender) + "' AS sender");
    const auto transaction = database->begin(engine::Mode::read);
    const auto differing =
        transaction->query("SELECT EXISTS (SELECT * FROM main.t EXCEPT SELECT * FROM sender.t) OR"
                           " EXISTS (SELECT * FROM sender.t EXCEPT SELECT * FROM main.t)");
    if (*differing->next()->at(0).as<std::int64_t>() != 0) {
        throw std::runtime_error("the sender's rows did not all arrive");
    }
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void measure(const char *name, const Shape &shape) {
    const Files files{shape};
    const Steps steps = StepMaker{shape}.make();
    std::vector<double> session;
    std::vector<double> engine;
    for (int round = 0; round < rounds; ++round) {
        session.push_back(session_seconds(steps));
        engine.push_back(engine_seconds(steps));
    }
    check_equal(File::session);
    check_equal(File::engine);
    const double baseline = median(session);
    const double ratio = median(engine) / baseline;
    const int rows = shape.rows_per_step * shape.steps;
    std::printf("%s %.2f x (baseline: sqlite3changeset_apply %.3f s CPU for %d rows in %d"
                " transactions) goal <= 1.0 %s (a row costs %.0f ns, there %.0f ns)\n",
                name, ratio, baseline, rows, shape.steps, ratio <= 1.0 ? "met" : "not met",
                median(engine) / rows * 1e9, baseline / rows * 1e9);
}

} // namespace

int main(int argument_count, char **arguments) {
    const auto asked = [&](std::string_view name) {
        return argument_count < 2 || std::any_of(arguments + 1, arguments + argument_count,
                                                 [&](const char *each) { return name == each; });
    };
    try {
        if (asked("sqlite_apply_large")) {
            measure("sqlite_apply_large", {.there = 100'003, .rows_per_step = 60'000, .steps = 1});
        }
        if (asked("sqlite_apply_small")) {
            measure("sqlite_apply_small", {.there = 100'003, .rows_per_step = 15, .steps = 1000});
        }
    } catch (const std::exception &error) {
        std::fprintf(stderr, "sqlite_apply: %s\n", error.what());
        return 1;
    }
    return 0;
}

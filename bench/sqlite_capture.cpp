// What capture by triggers costs the writing program: CPU time of bulk inserts and of updates by
// key in one transaction, against the same without capture, with the session extension beside it.
// Modes take turns, so that a busy machine disturbs all alike; medians are compared.
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

#include "common/dialect/sqlite.hpp"
#include "common/engine/introspect.hpp"

#include "sqlite_extension/sqlite_database.hpp"

namespace {

using namespace postrider;

constexpr int row_count = 100'000;
constexpr int rounds = 7;

enum class Mode { plain, session, keys, mask };

constexpr std::array<Mode, 4> all_modes = {Mode::plain, Mode::session, Mode::keys, Mode::mask};

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void check(int code, sqlite3 *connection) {
    if (code != SQLITE_OK && code != SQLITE_DONE) {
        throw std::runtime_error(sqlite3_errmsg(connection));
    }
}

void run(sqlite3 *connection, const std::string &sql) {
    check(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr), connection);
}

/// A database on a RAM disk with the table that is measured, empty.
class Bench {
  public:
    Bench() : path_("/dev/shm/postrider_bench_" + std::to_string(getpid()) + ".db") {
        remove();
        check(sqlite3_open(path_.c_str(), &connection_), connection_);
        run(connection_,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "CREATE TABLE t(id INTEGER PRIMARY KEY, sku TEXT, name TEXT, quantity INTEGER,"
            "price REAL, note TEXT, token BLOB)");
        run(connection_, dialect::sqlite().create_table(dialect::epoch_table()));
        run(connection_, "INSERT INTO postrider_epoch(one, epoch) VALUES(1, 1)");
    }

    Bench(const Bench &) = delete;
    Bench &operator=(const Bench &) = delete;

    ~Bench() {
        if (session_ != nullptr) {
            sqlite3session_delete(session_);
        }
        sqlite3_close_v2(connection_);
        remove();
    }

    void capture(Mode mode) {
        if (mode == Mode::session) {
            check(sqlite3session_create(connection_, "main", &session_), connection_);
            check(sqlite3session_attach(session_, "t"), connection_);
        }
        if (mode == Mode::keys || mode == Mode::mask) {
            const auto transaction = sqlite::join_transaction(connection_);
            const auto table = engine::describe_table(*transaction, dialect::sqlite(), "t");
            const engine::Capture capture{1, {.mask = mode == Mode::mask}};
            if (!engine::install_capture(*transaction, dialect::sqlite(), table.value(), capture)) {
                throw std::runtime_error("could not install capture");
            }
            transaction->commit();
        }
    }

    void insert() {
        sqlite3_stmt *statement =
            prepare("INSERT INTO t(sku, name, quantity, price, note, token) VALUES(?,?,?,?,?,?)");
        for (int row = 0; row < row_count; ++row) {
            const std::string sku = "SKU-" + std::to_string(row * 7919 % 1'000'003);
            const std::string name = "article number " + std::to_string(row);
            sqlite3_bind_text(statement, 1, sku.c_str(), -1, SQLITE_STATIC);
            sqlite3_bind_text(statement, 2, name.c_str(), -1, SQLITE_STATIC);
            sqlite3_bind_int(statement, 3, row % 500);
            sqlite3_bind_double(statement, 4, row * 0.01 + 0.5);
            sqlite3_bind_text(statement, 5, "bought from the usual supplier", -1, SQLITE_STATIC);
            sqlite3_bind_blob(statement, 6, "0123456789abcdef", 16, SQLITE_STATIC);
            step(statement);
        }
        finish(statement);
    }

    void update() {
        sqlite3_stmt *statement = prepare("UPDATE t SET quantity = ?, note = ? WHERE id = ?");
        for (int row = 0; row < row_count; ++row) {
            sqlite3_bind_int(statement, 1, row % 500 + 1);
            sqlite3_bind_text(statement, 2, "counted again in November", -1, SQLITE_STATIC);
            // Every row once, in an order that jumps about, as orders and stock counts do.
            sqlite3_bind_int(statement, 3, static_cast<int>(row * 7919LL % row_count) + 1);
            step(statement);
        }
        finish(statement);
    }

  private:
    sqlite3_stmt *prepare(const char *sql) {
        run(connection_, "BEGIN");
        sqlite3_stmt *statement = nullptr;
        check(sqlite3_prepare_v2(connection_, sql, -1, &statement, nullptr), connection_);
        return statement;
    }

    void step(sqlite3_stmt *statement) {
        check(sqlite3_step(statement), connection_);
        sqlite3_reset(statement);
    }

    void finish(sqlite3_stmt *statement) {
        sqlite3_finalize(statement);
        run(connection_, "COMMIT");
    }

    void remove() const {
        for (const char *suffix : {"", "-wal", "-shm"}) {
            std::filesystem::remove(path_ + suffix);
        }
    }

    std::string path_;
    sqlite3 *connection_ = nullptr;
    sqlite3_session *session_ = nullptr;
};

double insert_seconds(Mode mode) {
    Bench bench;
    bench.capture(mode);
    const double begin = cpu_seconds();
    bench.insert();
    return cpu_seconds() - begin;
}

double update_seconds(Mode mode) {
    Bench bench;
    bench.insert();
    bench.capture(mode);
    const double begin = cpu_seconds();
    bench.update();
    return cpu_seconds() - begin;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// Median seconds by mode.
std::array<double, 4> measure(double (*seconds)(Mode)) {
    std::array<std::vector<double>, 4> samples;
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t mode = 0; mode < all_modes.size(); ++mode) {
            samples[mode].push_back(seconds(all_modes[mode]));
        }
    }
    std::array<double, 4> medians{};
    std::transform(samples.begin(), samples.end(), medians.begin(), median);
    return medians;
}

struct Goal {
    double ratio;
    const char *obstacle = ""; // why it is not met, where it is not
};

void report(const char *name, const std::array<double, 4> &seconds, Mode mode, const Goal &goal) {
    constexpr double nanoseconds_per_row = 1e9 / row_count;
    const double plain = seconds[0];
    const double ratio = seconds[static_cast<std::size_t>(mode)] / plain;
    std::printf("%s %.2f x (baseline: no capture %.3f s CPU for %d rows; session extension %.2f x) "
                "goal <= %.1f %s (a captured row costs %.0f ns more%s)\n",
                name, ratio, plain, row_count, seconds[1] / plain, goal.ratio,
                ratio <= goal.ratio ? "met" : "not met", (ratio - 1) * plain * nanoseconds_per_row,
                ratio <= goal.ratio ? "" : goal.obstacle);
}

bool asked(int count, char **names, std::string_view name) {
    return count < 2 ||
           std::any_of(names + 1, names + count, [&](const char *each) { return name == each; });
}

} // namespace

int main(int argument_count, char **arguments) {
    try {
        if (asked(argument_count, arguments, "sqlite_capture_insert")) {
            report("sqlite_capture_insert", measure(insert_seconds), Mode::keys,
                   {2.2,
                    "; a trigger runs its program for each row and writes the key into a second"
                    " tree, which is as much as the row itself where rows are small"});
        }
        const bool update = asked(argument_count, arguments, "sqlite_capture_update");
        const bool mask = asked(argument_count, arguments, "sqlite_capture_update_mask");
        if (update || mask) {
            const auto seconds = measure(update_seconds);
            if (update) {
                report("sqlite_capture_update", seconds, Mode::keys, {2.1});
            }
            if (mask) {
                report("sqlite_capture_update_mask", seconds, Mode::mask, {2.5});
            }
        }
    } catch (const std::exception &error) {
        std::fprintf(stderr, "sqlite_capture: %s\n", error.what());
        return 1;
    }
    return 0;
}

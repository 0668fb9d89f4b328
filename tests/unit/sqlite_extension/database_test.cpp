// The connection over sqlite3: values, transactions, errors.
#include <bit>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "common/dialect/dialect.hpp"

#include "sqlite_extension/sqlite_database.hpp"

namespace postrider {
namespace {

using engine::DatabaseError;
using engine::Mode;
using Reason = DatabaseError::Reason;

std::unique_ptr<sqlite::SqliteDatabase> open(const sqlite::OpenOptions &options) {
    auto opened = sqlite::open_database(options);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    return std::move(*opened);
}

std::unique_ptr<sqlite::SqliteDatabase> in_memory() {
    return open({.path = ":memory:"});
}

/// A file of its own, gone with the test.
class File {
  public:
    explicit File(const std::string &name)
        : path_(std::filesystem::temp_directory_path() /
                ("postrider_" + std::to_string(getpid()) + "_" + name)) {
        remove();
    }

    File(const File &) = delete;
    File &operator=(const File &) = delete;

    ~File() { remove(); }

    [[nodiscard]] std::string path() const { return path_.string(); }

  private:
    void remove() const {
        for (const char *suffix : {"", "-wal", "-shm", "-journal"}) {
            std::filesystem::remove(path_.string() + suffix);
        }
    }

    std::filesystem::path path_;
};

std::int64_t integer(engine::Transaction &transaction, std::string_view sql) {
    const auto cursor = transaction.query(sql);
    return *cursor->next()->front().as<std::int64_t>();
}

/// The names of a table's columns, as the catalogue has them.
std::string columns_of_t(engine::Transaction &transaction) {
    std::string names;
    for (const engine::Row &row :
         transaction.catalogue("SELECT name FROM pragma_table_info(?1)", {Value::text("t")})) {
        names += row.front().as<Text>()->text;
    }
    return names;
}

Reason reason_of_failure(const std::function<void()> &work) {
    try {
        work();
    } catch (const DatabaseError &error) {
        return error.reason();
    }
    ADD_FAILURE() << "nothing was thrown";
    return Reason::other;
}

/// Every storage class with the values that encodings lose.
std::vector<Value> difficult_values() {
    using Limits = std::numeric_limits<double>;
    std::vector<Value> values = {
        Null{},
        std::int64_t{0},
        std::int64_t{1},
        std::int64_t{-1},
        std::int64_t{9007199254740993},
        std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min(),
        Value::text(""),
        Value::text("plain"),
        Value::text("O'Brien \"quoted\""),
        Value::text(std::string("a\0b", 3)),
        Value::text(std::string("\0", 1)),
        Value::text("\xff\xfe"),
        Value::text("\xed\xa0\x80"),
        Value::text("\xf0\x9f\x90\xa2"),
        Value::text("1"),
        Value::text("1.0"),
        Bytes{},
        Bytes{0},
        Bytes{'a'},
        Bytes{0xff, 0x00, 0x27},
    };
    for (const double number :
         {0.0, -0.0, 1.0, 0.1 + 0.2, 1.0 / 3.0, 3.141592653589793, 9007199254740992.0,
          9223372036854775808.0, Limits::max(), Limits::min(), Limits::denorm_min(),
          Limits::infinity(), -Limits::infinity()}) {
        values.push_back(Value::float64(number));
    }
    return values;
}

TEST(SqliteDatabase, every_value_comes_back_with_its_kind_and_its_bits) {
    const auto database = in_memory();
    const auto transaction = database->begin(Mode::write);
    transaction->execute("CREATE TABLE t(v)");
    const std::vector<Value> values = difficult_values();
    EXPECT_EQ(values.size(), 34U);
    for (const Value &value : values) {
        transaction->execute("INSERT INTO t(v) VALUES(?1)", {value});
    }
    const auto cursor = transaction->query("SELECT v FROM t ORDER BY rowid");
    for (const Value &value : values) {
        const engine::Row *row = cursor->next();
        ASSERT_NE(row, nullptr);
        EXPECT_EQ(row->front(), value);
    }
    EXPECT_EQ(cursor->next(), nullptr);
}

TEST(SqliteDatabase, kinds_that_sqlite_lacks_are_bound_in_their_documented_form) {
    const auto database = in_memory();
    const auto transaction = database->begin(Mode::write);
    const auto bound = [&](const Value &value) {
        return *transaction->query("SELECT ?1", {value})->next();
    };
    EXPECT_EQ(bound(true).front(), Value{std::int64_t{1}});
    EXPECT_EQ(bound(Decimal{"12.50"}).front(), Value::text("12.50"));
    EXPECT_EQ(bound(Date{0}).front(), Value::text("2000-01-01"));
}

TEST(SqliteDatabase, a_nan_is_refused_instead_of_becoming_null) {
    const auto database = in_memory();
    const auto transaction = database->begin(Mode::write);
    EXPECT_EQ(
        reason_of_failure([&] { transaction->query("SELECT ?1", {Value::float64(std::nan(""))}); }),
        Reason::constraint);
}

TEST(SqliteDatabase, a_transaction_that_is_not_committed_leaves_nothing) {
    const auto database = in_memory();
    {
        const auto transaction = database->begin(Mode::write);
        transaction->execute("CREATE TABLE t(v)");
        transaction->commit();
    }
    { database->begin(Mode::write)->execute("INSERT INTO t(v) VALUES(1)"); }
    const auto transaction = database->begin(Mode::read);
    EXPECT_EQ(integer(*transaction, "SELECT count(*) FROM t"), 0);
}

TEST(SqliteDatabase, execute_counts_the_rows_it_changed_and_none_for_ddl) {
    const auto database = in_memory();
    const auto transaction = database->begin(Mode::write);
    EXPECT_EQ(transaction->execute("CREATE TABLE t(v)"), 0);
    EXPECT_EQ(transaction->execute("INSERT INTO t(v) VALUES(1), (2), (3)"), 3);
    EXPECT_EQ(transaction->execute("CREATE TABLE u(v)"), 0);
    EXPECT_EQ(transaction->execute("DELETE FROM t WHERE v > 1"), 2);
}

TEST(SqliteDatabase, a_read_transaction_keeps_its_snapshot_while_another_connection_commits) {
    const File file("snapshot.db");
    const auto writer = open({.path = file.path(), .create = true});
    {
        sqlite3_exec(writer->handle(), "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
        const auto transaction = writer->begin(Mode::write);
        transaction->execute("CREATE TABLE t(v)");
        transaction->commit();
    }
    const auto reader = open({.path = file.path()});
    const auto snapshot = reader->begin(Mode::read);
    {
        const auto transaction = writer->begin(Mode::write);
        transaction->execute("INSERT INTO t(v) VALUES(1)");
        transaction->commit();
    }
    EXPECT_EQ(integer(*snapshot, "SELECT count(*) FROM t"), 0);
}

TEST(SqliteDatabase, nested_attempts_undo_only_what_failed) {
    const auto database = in_memory();
    const auto transaction = database->begin(Mode::write);
    transaction->execute("CREATE TABLE t(v UNIQUE)");
    const Result<void> outer = transaction->attempt([&]() -> Result<void> {
        transaction->execute("INSERT INTO t(v) VALUES(1)");
        const Result<void> inner = transaction->attempt([&]() -> Result<void> {
            transaction->execute("INSERT INTO t(v) VALUES(2)");
            transaction->execute("INSERT INTO t(v) VALUES(1)");
            return {};
        });
        EXPECT_FALSE(inner);
        EXPECT_EQ(inner.error().code, Errc::conflict);
        transaction->execute("INSERT INTO t(v) VALUES(3)");
        return {};
    });
    EXPECT_TRUE(outer);
    EXPECT_EQ(integer(*transaction, "SELECT sum(v) FROM t"), 4);
}

TEST(SqliteDatabase, a_block_leaves_out_the_rows_that_meet_a_constraint) {
    const auto database = in_memory();
    const auto transaction = database->begin(Mode::write);
    transaction->execute("CREATE TABLE t(id INTEGER PRIMARY KEY, v NOT NULL CHECK(v <> 'bad'))");
    const std::vector<engine::Row> rows = {{std::int64_t{1}, Value::text("a")},
                                           {std::int64_t{1}, Value::text("b")},
                                           {std::int64_t{2}, Value::text("bad")},
                                           {Value::text("x"), Value::text("c")},
                                           {std::int64_t{3}, Null{}},
                                           {std::int64_t{4}, Value::text("not asked for")}};
    const std::vector<std::size_t> indexes = {0, 1, 2, 3, 4};
    const engine::BlockOutcome outcome = transaction->execute_block(
        {.one_row = "INSERT INTO t(id, v) VALUES(?1, ?2)"}, rows, indexes);
    EXPECT_EQ(outcome.refused, (std::vector<std::size_t>{1, 2, 3, 4}));
    EXPECT_EQ(integer(*transaction, "SELECT count(*) FROM t"), 1);
}

TEST(SqliteDatabase, a_block_counts_the_rows_that_are_not_there) {
    const auto database = in_memory();
    const auto transaction = database->begin(Mode::write);
    transaction->execute("CREATE TABLE t(id INTEGER PRIMARY KEY, v CHECK(v <> 'bad'))");
    transaction->execute("INSERT INTO t VALUES(1, 'a'), (2, 'b')");
    const std::vector<engine::Row> rows = {{Value::text("a"), std::int64_t{1}},
                                           {Value::text("c"), std::int64_t{7}},
                                           {Value::text("bad"), std::int64_t{2}},
                                           {Value::text("c"), std::int64_t{8}}};
    const std::vector<std::size_t> indexes = {0, 1, 2, 3};
    const engine::BlockOutcome outcome =
        transaction->execute_block({.one_row = "UPDATE t SET v = ?1 WHERE id = ?2"}, rows, indexes);
    EXPECT_EQ(outcome.refused, (std::vector<std::size_t>{2}));
    EXPECT_EQ(outcome.without_effect, 2U);
}

TEST(SqliteDatabase, deferred_foreign_keys_are_checked_at_the_commit) {
    const auto database = in_memory();
    {
        const auto transaction = database->begin(Mode::write);
        transaction->execute_script("CREATE TABLE p(id INTEGER PRIMARY KEY);"
                                    "CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p(id))");
        EXPECT_EQ(
            reason_of_failure([&] { transaction->execute("INSERT INTO c(id, p) VALUES(1, 7)"); }),
            Reason::constraint);
        transaction->defer_foreign_keys();
        transaction->execute("INSERT INTO c(id, p) VALUES(1, 7)");
        EXPECT_EQ(reason_of_failure([&] { transaction->commit(); }), Reason::constraint);
        transaction->execute("INSERT INTO p(id) VALUES(7)");
        transaction->commit();
    }
    const auto transaction = database->begin(Mode::read);
    EXPECT_EQ(integer(*transaction, "SELECT count(*) FROM c"), 1);
}

TEST(SqliteDatabase, deferring_foreign_keys_where_there_are_none_compiles_nothing_anew) {
    const auto database = in_memory();
    const auto write = [&] {
        const auto transaction = database->begin(Mode::write);
        transaction->execute("CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY)");
        transaction->defer_foreign_keys();
        transaction->execute("INSERT INTO t(id) VALUES(NULL)");
        transaction->commit();
    };
    const auto compiled_anew = [&] {
        int count = 0;
        for (sqlite3_stmt *each = sqlite3_next_stmt(database->handle(), nullptr); each != nullptr;
             each = sqlite3_next_stmt(database->handle(), each)) {
            count += sqlite3_stmt_status(each, SQLITE_STMTSTATUS_REPREPARE, 0);
        }
        return count;
    };
    write();
    write(); // now that the schema stays as it is
    const int before = compiled_anew();
    write();
    write();
    EXPECT_EQ(compiled_anew(), before);
}

TEST(SqliteDatabase, a_commit_that_breaks_foreign_keys_names_their_tables) {
    const auto database = in_memory();
    const auto transaction = database->begin(Mode::write);
    transaction->execute_script("CREATE TABLE p(id INTEGER PRIMARY KEY);"
                                "CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p(id))");
    transaction->defer_foreign_keys();
    transaction->execute("INSERT INTO c(id, p) VALUES(1, 7), (2, 8)");
    try {
        transaction->commit();
        ADD_FAILURE() << "nothing was thrown";
    } catch (const DatabaseError &error) {
        EXPECT_EQ(error.error().message,
                  "table \"c\" refers to rows of table \"p\" that are not here");
    }
}

TEST(SqliteDatabase, triggers_of_the_file_do_not_run_on_our_connection) {
    const auto database = in_memory();
    const auto transaction = database->begin(Mode::write);
    transaction->execute_script("CREATE TABLE t(v); CREATE TABLE log(v);"
                                "CREATE TRIGGER spy AFTER INSERT ON t BEGIN "
                                "INSERT INTO log(v) VALUES(NEW.v); END");
    transaction->execute("INSERT INTO t(v) VALUES(1)");
    EXPECT_EQ(integer(*transaction, "SELECT count(*) FROM log"), 0);
}

TEST(SqliteDatabase, our_connection_waits_for_the_disk_and_keeps_foreign_keys) {
    const auto database = in_memory();
    const auto transaction = database->begin(Mode::read);
    EXPECT_EQ(integer(*transaction, "PRAGMA synchronous"), 3);
    EXPECT_EQ(integer(*transaction, "PRAGMA foreign_keys"), 1);
    EXPECT_EQ(integer(*transaction, "PRAGMA trusted_schema"), 0);
    EXPECT_EQ(integer(*transaction, "PRAGMA secure_delete"), 1);
}

TEST(SqliteDatabase, a_second_writer_is_told_that_the_file_is_busy) {
    const File file("busy.db");
    const auto first = open({.path = file.path(), .create = true});
    const auto second = open({.path = file.path(), .busy_timeout_ms = 1});
    const auto holder = first->begin(Mode::write);
    holder->execute("CREATE TABLE t(v)");
    try {
        const auto transaction = second->begin(Mode::write);
        FAIL();
    } catch (const DatabaseError &error) {
        EXPECT_EQ(error.reason(), Reason::busy);
        EXPECT_EQ(error.error().code, Errc::unavailable);
        EXPECT_FALSE(error.error().hint.empty());
    }
}

TEST(SqliteDatabase, a_read_only_connection_names_what_it_cannot_do) {
    const File file("read_only.db");
    { open({.path = file.path(), .create = true})->begin(Mode::write)->execute("SELECT 1"); }
    const auto database = open({.path = file.path(), .read_only = true});
    EXPECT_EQ(reason_of_failure([&] {
                  const auto transaction = database->begin(Mode::read);
                  transaction->execute("CREATE TABLE t(v)");
              }),
              Reason::read_only);
}

TEST(SqliteDatabase, a_full_disk_is_told_apart) {
    const auto database = in_memory();
    sqlite3_exec(database->handle(), "PRAGMA max_page_count=4", nullptr, nullptr, nullptr);
    const auto transaction = database->begin(Mode::write);
    transaction->execute("CREATE TABLE t(v)");
    EXPECT_EQ(reason_of_failure(
                  [&] { transaction->execute("INSERT INTO t(v) VALUES(zeroblob(100000))"); }),
              Reason::full);
}

TEST(SqliteDatabase, a_file_that_is_no_database_is_refused_with_a_hint) {
    const File file("garbage.db");
    std::ofstream(file.path()) << std::string(4096, 'x');
    const auto opened = sqlite::open_database({.path = file.path()});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::refused);
    EXPECT_FALSE(opened.error().hint.empty());
}

TEST(SqliteDatabase, a_file_that_is_not_there_is_not_made) {
    const File file("absent.db");
    const auto opened = sqlite::open_database({.path = file.path()});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::refused);
    EXPECT_FALSE(std::filesystem::exists(file.path()));
}

TEST(SqliteDatabase, a_missing_table_is_told_apart_from_a_mistake) {
    const auto database = in_memory();
    const auto transaction = database->begin(Mode::write);
    EXPECT_EQ(reason_of_failure([&] { transaction->query("SELECT v FROM absent"); }),
              Reason::missing);
    EXPECT_EQ(reason_of_failure([&] { transaction->query("SELEC"); }), Reason::other);
}

TEST(SqliteDatabase, a_joined_transaction_never_ends_the_callers_own) {
    const auto database = in_memory();
    sqlite3 *connection = database->handle();
    sqlite3_exec(connection, "CREATE TABLE t(v); BEGIN", nullptr, nullptr, nullptr);
    {
        const auto kept = sqlite::join_transaction(connection);
        kept->execute("INSERT INTO t(v) VALUES(1)");
        kept->commit();
    }
    { sqlite::join_transaction(connection)->execute("INSERT INTO t(v) VALUES(2)"); }
    EXPECT_EQ(sqlite3_get_autocommit(connection), 0);
    sqlite3_exec(connection, "COMMIT", nullptr, nullptr, nullptr);
    const auto transaction = database->begin(Mode::read);
    EXPECT_EQ(integer(*transaction, "SELECT sum(v) FROM t"), 1);
}

TEST(SqliteDatabase, a_joined_transaction_outside_of_one_commits_by_itself) {
    const auto database = in_memory();
    sqlite3 *connection = database->handle();
    {
        const auto joined = sqlite::join_transaction(connection);
        joined->execute("CREATE TABLE t(v)");
        joined->commit();
    }
    EXPECT_NE(sqlite3_get_autocommit(connection), 0);
    const auto transaction = database->begin(Mode::read);
    EXPECT_EQ(integer(*transaction, "SELECT count(*) FROM t"), 0);
}

TEST(Catalogue, IsAskedAnewWhereAnotherConnectionAlteredATable) {
    const File file("catalogue");
    const auto database = open({.path = file.path(), .create = true});
    const auto other = open({.path = file.path()});
    {
        const auto transaction = database->begin(Mode::write);
        transaction->execute_script("CREATE TABLE t(a)");
        transaction->commit();
    }
    EXPECT_EQ(columns_of_t(*database->begin(Mode::read)), "a");
    EXPECT_EQ(columns_of_t(*database->begin(Mode::read)), "a");
    {
        const auto transaction = other->begin(Mode::write);
        transaction->execute_script("ALTER TABLE t ADD COLUMN b");
        transaction->commit();
    }
    EXPECT_EQ(columns_of_t(*database->begin(Mode::read)), "ab");
}

/// Both alterations give the schema the same version.
TEST(Catalogue, ForgetsAnAlterationThatWasRolledBack) {
    const auto database = in_memory();
    {
        const auto transaction = database->begin(Mode::write);
        transaction->execute_script("CREATE TABLE t(a)");
        transaction->commit();
    }
    {
        const auto transaction = database->begin(Mode::write);
        EXPECT_EQ(columns_of_t(*transaction), "a");
        transaction->execute_script("ALTER TABLE t ADD COLUMN b");
        EXPECT_EQ(columns_of_t(*transaction), "ab");
    }
    const auto transaction = database->begin(Mode::write);
    transaction->execute_script("ALTER TABLE t ADD COLUMN c");
    EXPECT_EQ(columns_of_t(*transaction), "ac");
    transaction->commit();
    EXPECT_EQ(columns_of_t(*database->begin(Mode::read)), "ac");
}

} // namespace
} // namespace postrider

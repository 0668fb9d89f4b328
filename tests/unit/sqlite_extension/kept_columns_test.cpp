// What a key table says of a row before its first change, against what the row was.
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "common/dialect/sqlite.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/schema.hpp"

#include "sqlite_extension/sqlite_database.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postrider::sqlite {
namespace {

/// A table as capture may meet it, and statements about its rows.
struct Kind {
    std::string definition;
    std::string key; // SQL of the key from a number
};

struct KeptColumns : testing::Test {
    test::TemporaryDirectory directory;
    std::unique_ptr<SqliteDatabase> database =
        *open_database({.path = directory / "kept.db", .create = true});
    sqlite3 *writer = nullptr;

    void SetUp() override {
        ASSERT_EQ(sqlite3_open((directory / "kept.db").c_str(), &writer), SQLITE_OK);
        const auto transaction = database->begin(engine::Mode::write);
        engine::create_state_tables(*transaction, database->dialect());
        transaction->commit();
    }

    void TearDown() override { sqlite3_close(writer); }

    /// Statements that a constraint refuses are left out.
    void run(const std::string &sql) const {
        sqlite3_exec(writer, sql.c_str(), nullptr, nullptr, nullptr);
    }

    std::map<engine::Row, engine::Row> rows(const std::string &sql, std::size_t key_columns) {
        std::map<engine::Row, engine::Row> out;
        const auto transaction = database->begin(engine::Mode::read);
        const auto cursor = transaction->query(sql);
        while (const engine::Row *row = cursor->next()) {
            const auto end = row->begin() + static_cast<std::ptrdiff_t>(key_columns);
            out.emplace(engine::Row(row->begin(), end), engine::Row(end, row->end()));
        }
        return out;
    }

    void install() {
        const auto transaction = database->begin(engine::Mode::write);
        const auto table = engine::describe_table(*transaction, database->dialect(), "t");
        ASSERT_TRUE(table.has_value());
        const Result<void> installed = engine::install_capture(
            *transaction, database->dialect(), *table, {1, {.mask = false, .kept = {"a", "u"}}});
        ASSERT_TRUE(installed.has_value()) << installed.error().message;
        transaction->commit();
    }
};

std::string statement(const std::string &key, std::mt19937 &random) {
    const auto number = [&](unsigned below) { return std::to_string(random() % below); };
    const auto key_of = [&] {
        std::string out = key;
        for (std::size_t at = out.find('#'); at != std::string::npos; at = out.find('#')) {
            out.replace(at, 1, number(6));
        }
        return out;
    };
    switch (random() % 8) {
    case 0:
        return "INSERT INTO t VALUES(" + key_of() + ", " + number(3) + ", " + number(9) + ")";
    case 1:
        return "INSERT OR REPLACE INTO t VALUES(" + key_of() + ", " + number(3) + ", " + number(9) +
               ")";
    case 2:
        return "UPDATE t SET a = a + 1 WHERE (k, l) = (" + key_of() + ")";
    case 3:
        return "UPDATE OR REPLACE t SET u = " + number(9) + " WHERE (k, l) = (" + key_of() + ")";
    case 4:
        return "UPDATE OR REPLACE t SET (k, l) = (" + key_of() + ") WHERE (k, l) = (" + key_of() +
               ")";
    case 5:
        return "DELETE FROM t WHERE (k, l) = (" + key_of() + ")";
    case 6:
        return "INSERT INTO t VALUES(" + key_of() +
               ", 1, NULL) ON CONFLICT(k, l) DO UPDATE SET a ="
               " excluded.a + 5";
    default:
        return "UPDATE OR IGNORE t SET u = 1, a = 0 WHERE a = " + number(3);
    }
}

/// Whatever was done since, a key table knows what each row was when nothing had been noted yet.
TEST_F(KeptColumns, AreThoseOfTheRowBeforeItsFirstChange) {
    const std::vector<Kind> kinds{
        {"k INTEGER NOT NULL, l TEXT NOT NULL, a, u UNIQUE, PRIMARY KEY(k, l)", "#, 'l#'"},
        {"k TEXT COLLATE NOCASE NOT NULL, l INT NOT NULL, a, u UNIQUE, PRIMARY KEY(k, l)",
         "char(65 + # % 2 * 32), # / 3"},
    };
    for (const Kind &kind : kinds) {
        for (const char *suffix : {"", " WITHOUT ROWID"}) {
            run("DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS postrider_capture_1");
            run("CREATE TABLE t(" + kind.definition + ")" + suffix);
            install();
            std::mt19937 random{7};
            for (int round = 0; round < 150; ++round) {
                run("DELETE FROM postrider_capture_1");
                const auto before = rows("SELECT k, l, a, u FROM t", 2);
                for (auto count = 1 + random() % 6; count > 0; --count) {
                    run(statement(kind.key, random));
                }
                const auto after = rows("SELECT k, l, a, u FROM t", 2);
                const auto noted = rows("SELECT k0, k1, was, o0, o1 FROM postrider_capture_1", 2);
                for (const auto &[key, said] : noted) {
                    const auto was = before.find(key);
                    engine::Row expected{Value{std::int64_t{was == before.end() ? 0 : 1}}, {}, {}};
                    if (was != before.end()) {
                        expected = {Value{std::int64_t{1}}, was->second[0], was->second[1]};
                    }
                    EXPECT_EQ(said, expected) << kind.definition << " round " << round;
                }
                for (const auto &[key, row] : before) {
                    const auto now = after.find(key);
                    EXPECT_TRUE((now != after.end() && now->second == row) || noted.contains(key))
                        << kind.definition << " round " << round;
                }
            }
        }
    }
}

/// The same where the key is the rowid, which has no index.
TEST_F(KeptColumns, AreKeptOfTheRowThatReplaceKillsByItsRowid) {
    run("CREATE TABLE t(k INTEGER PRIMARY KEY, a, u UNIQUE); INSERT INTO t VALUES(1, 'one', 1),"
        " (2, 'two', 2), (3, 'three', 3)");
    install();
    run("INSERT OR REPLACE INTO t VALUES(1, 'new', 7); UPDATE OR REPLACE t SET rowid = 2 WHERE k ="
        " 3; INSERT OR REPLACE INTO t(a, u) VALUES('four', 9)");
    const auto noted = rows("SELECT k0, was, o0, o1 FROM postrider_capture_1", 1);
    const auto known = [](const char *a, std::int64_t u) {
        return engine::Row{Value{std::int64_t{1}}, Value::text(a), Value{u}};
    };
    EXPECT_EQ(noted, (std::map<engine::Row, engine::Row>{
                         {{Value{std::int64_t{1}}}, known("one", 1)},
                         {{Value{std::int64_t{2}}}, known("two", 2)},
                         {{Value{std::int64_t{3}}}, known("three", 3)},
                         // The highest rowid is 2 by then, so the new row takes 3.
                     }));
}

} // namespace
} // namespace postrider::sqlite

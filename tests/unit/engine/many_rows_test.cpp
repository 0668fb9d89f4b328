// Steps of many rows of one table, which are written lot by lot.
#include <gtest/gtest.h>

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

struct ManyRows : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    Application there{shop.path};
    Application here{office.path};

    /// Both have the tables, and the same rows of them.
    void begin_with(const std::string &schema, const std::string &rows) {
        pair_directly(shop, office, directory / "mail");
        there.run(schema);
        here.run(schema);
        shop.send("task", "office", {"child", "t"});
        office.receive("task", "shop", {"child", "t"});
        there.run(rows);
        run_until_quiet(shop, office);
        expect_equal();
    }

    void expect_equal() {
        for (const char *query :
             {"SELECT * FROM t ORDER BY id", "SELECT * FROM child ORDER BY id"}) {
            EXPECT_EQ(here.ask(query), there.ask(query));
        }
        EXPECT_EQ(here.ask("SELECT local_name, row_text, reason FROM postrider_parked_row"), "");
    }
};

constexpr const char *unique_codes =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT UNIQUE, n INT); CREATE TABLE child(id INTEGER"
    " PRIMARY KEY)";

std::string insert_rows(int from, int to) {
    return "WITH RECURSIVE n(i) AS (SELECT " + std::to_string(from) +
           " UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(to) +
           ") INSERT INTO t SELECT i, 'code ' || i, i % 7 FROM n;";
}

TEST_F(ManyRows, TakeUniqueValuesFromRowsOfOtherLots) {
    begin_with(unique_codes, insert_rows(1, 1000));
    there.run("BEGIN; DELETE FROM t WHERE id % 4 = 0;"
              "UPDATE t SET n = n + 1 WHERE id % 4 = 1;"
              // Of rows that go, many lots further on.
              "UPDATE t SET code = 'code ' || (1002 - id) WHERE id % 4 = 2;"
              // Exchanged from one end to the other.
              "UPDATE t SET code = NULL WHERE id % 4 = 3;"
              "UPDATE t SET code = 'code ' || (1002 - id) WHERE id % 4 = 3;" +
              insert_rows(1001, 1600) + "COMMIT");
    run_until_quiet(shop, office);
    expect_equal();
    EXPECT_EQ(here.ask("SELECT count(*) FROM t"), "1350");
}

TEST_F(ManyRows, GoAfterTheRowsThatReferredToThem) {
    begin_with("CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT, n INT); CREATE TABLE child(id"
               " INTEGER PRIMARY KEY, t INT REFERENCES t(id) ON DELETE CASCADE)",
               insert_rows(1, 1000) + "INSERT INTO child SELECT id, id FROM t");
    here.run("ALTER TABLE child ADD COLUMN note TEXT; UPDATE child SET note = 'of this node'");
    there.run("BEGIN; UPDATE child SET t = 1000 WHERE t <= 900; DELETE FROM t WHERE id <= 900;"
              "COMMIT");
    run_until_quiet(shop, office);
    EXPECT_EQ(here.ask("SELECT count(*), min(id), max(id) FROM t"), "100|901|1000");
    EXPECT_EQ(here.ask("SELECT count(*) FROM child WHERE t = 1000 AND note = 'of this node'"),
              "901");
}

} // namespace
} // namespace postrider::test

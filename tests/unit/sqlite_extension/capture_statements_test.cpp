// Every kind of statement that changes rows, with and without recursive triggers and masks: nothing
// escapes capture, and no statement fares otherwise than it would without.
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/sqlite_extension/capture_oracle.hpp"

namespace postrider {
namespace {

struct Case {
    std::string name;
    std::string schema; // the captured tables and their first rows
    std::vector<std::string> tables;
    std::string work; // may fail half-way, as the user's own statements do
};

// clang-format off
const std::string simple =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b INT, u TEXT UNIQUE, v);"
    "INSERT INTO t VALUES(1,'a',1,'u1',1.5),(2,'b',2,'u2',x'00'),(3,'c',3,NULL,NULL),(4,'d',4,'u4','t');";
const std::string composite =
    "CREATE TABLE t(a TEXT NOT NULL, b INT NOT NULL, u TEXT COLLATE NOCASE UNIQUE, v, PRIMARY KEY(a,b));"
    "INSERT INTO t VALUES('a',1,'u1',1),('a',2,'u2',2),('b',1,'u3',3);";
const std::string clustered =
    "CREATE TABLE t(a TEXT, b INT, u UNIQUE, PRIMARY KEY(a,b)) WITHOUT ROWID;"
    "INSERT INTO t VALUES('a',1,1),('a',2,2),('b',1,3);";
const std::string nocase =
    "CREATE TABLE t(k TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, v); INSERT INTO t VALUES('a',1),('b',2);";
const std::string untyped =
    "CREATE TABLE t(k NOT NULL PRIMARY KEY, v); INSERT INTO t VALUES(1,'one'),(2.0,'two'),('1','text'),(x'31','blob');";
const std::string text_key =
    "CREATE TABLE t(k TEXT NOT NULL PRIMARY KEY, v); INSERT INTO t(rowid,k,v) VALUES(10,'a',1),(20,'b',2),(30,'c',3);";
const std::string family =
    "PRAGMA foreign_keys=ON;"
    "CREATE TABLE p(id INTEGER PRIMARY KEY, n UNIQUE);"
    "CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p(id) ON DELETE CASCADE ON UPDATE CASCADE);"
    "CREATE TABLE s(id INTEGER PRIMARY KEY, p REFERENCES p(id) ON DELETE SET NULL ON UPDATE SET NULL);"
    "CREATE TABLE d(id INTEGER PRIMARY KEY, p DEFAULT 9 REFERENCES p(id) ON DELETE SET DEFAULT);"
    "CREATE TABLE k(p INT NOT NULL REFERENCES p(id) ON UPDATE CASCADE ON DELETE CASCADE, l INT NOT NULL, PRIMARY KEY(p,l));"
    "INSERT INTO p VALUES(1,'x'),(2,'y'),(9,'z'); INSERT INTO c VALUES(1,1),(2,1),(3,2);"
    "INSERT INTO s VALUES(1,1),(2,2); INSERT INTO d VALUES(1,1),(2,2); INSERT INTO k VALUES(1,1),(1,2),(2,1);";
const std::vector<std::string> relatives = {"p", "c", "s", "d", "k"};
const std::string tree =
    "PRAGMA foreign_keys=ON;"
    "CREATE TABLE t(id INTEGER PRIMARY KEY, up REFERENCES t(id) ON DELETE CASCADE, u UNIQUE);"
    "INSERT INTO t VALUES(1,NULL,1),(2,1,2),(3,2,3),(4,3,4),(5,NULL,5);";
const std::string partial =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, u, gone INT NOT NULL DEFAULT 0);"
    "CREATE UNIQUE INDEX one ON t(u) WHERE gone = 0 /* where */ AND t.u <> 'where )';"
    "INSERT INTO t VALUES(1,'a',0),(2,'a',1),(3,'b',0);";
const std::string replacing =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE ON CONFLICT REPLACE, v); INSERT INTO t VALUES(1,1,1),(2,2,2),(3,3,3);";
const std::string defaulted =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, u TEXT NOT NULL DEFAULT 'x' UNIQUE, v); INSERT INTO t VALUES(1,'x',1),(2,'y',2);";
const std::string generated =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, a INT, g INT AS (a % 10) UNIQUE, h AS (a + 1) STORED);"
    "INSERT INTO t(id,a) VALUES(1,11),(2,12),(3,13);";
const std::string triggered =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, n INT, u UNIQUE); CREATE TABLE log(id INTEGER PRIMARY KEY, what);"
    "CREATE TRIGGER before_t BEFORE INSERT ON t BEGIN DELETE FROM t WHERE n = NEW.n; END;"
    "CREATE TRIGGER after_t AFTER UPDATE ON t BEGIN INSERT OR REPLACE INTO log(id, what) VALUES(NEW.id % 2, NEW.n); END;"
    "INSERT INTO t VALUES(1,1,1),(2,2,2),(3,3,3);";
const std::string odd_names =
    "CREATE TABLE \"a \"\"b\"\" 'c'\"(\"rowid\" TEXT NOT NULL, \"select\" INT NOT NULL, \"x.y\" UNIQUE, epoch, k0, mask0, PRIMARY KEY(\"rowid\",\"select\"));"
    "INSERT INTO \"a \"\"b\"\" 'c'\" VALUES('r',1,1,1,1,1),('r',2,2,2,2,2);";
const std::string strict =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, n ANY, r REAL) STRICT; INSERT INTO t VALUES(1,1,1),(2,'2',2.5);";
const std::string viewed = simple +
    "CREATE VIEW w AS SELECT id, a FROM t;"
    "CREATE TRIGGER w_i INSTEAD OF INSERT ON w BEGIN INSERT INTO t(id,a) VALUES(NEW.id,NEW.a); END;"
    "CREATE TRIGGER w_d INSTEAD OF DELETE ON w BEGIN DELETE FROM t WHERE id = OLD.id; END;";
const std::string with_source = simple + "CREATE TABLE src(id INTEGER PRIMARY KEY, a TEXT, b INT, u TEXT, v);"
    "INSERT INTO src VALUES(2,'s2',20,'s2',0),(7,'s7',70,'u1',0),(8,'s8',80,'s8',0);";
const std::string descending =
    "CREATE TABLE t(id INTEGER PRIMARY KEY DESC NOT NULL, v); INSERT INTO t(rowid,id,v) VALUES(5,1,1),(6,2,2);";
const std::string joint =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, UNIQUE(a,b), UNIQUE(id,a)); INSERT INTO t VALUES(1,1,1),(2,1,2),(3,2,1);";

const std::vector<Case> cases = {
    {"insert", simple, {"t"}, "INSERT INTO t VALUES(9,'x',9,'u9',NULL)"},
    {"insert_with_automatic_id", simple, {"t"}, "INSERT INTO t(a) VALUES('x'),('y')"},
    {"insert_default_values", simple, {"t"}, "INSERT INTO t DEFAULT VALUES"},
    {"insert_returning", simple, {"t"}, "INSERT INTO t(a) VALUES('x') RETURNING id"},
    {"insert_that_fails", simple, {"t"}, "INSERT INTO t VALUES(10,'x',1,'n1',0),(1,'x',1,'n2',0)"},
    {"insert_or_ignore", simple, {"t"}, "INSERT OR IGNORE INTO t VALUES(1,'x',1,'n',0),(11,'y',1,'u1',0),(12,'z',1,'n3',0)"},
    {"insert_or_ignore_of_a_key_marked_before", simple, {"t"}, "UPDATE t SET b=7 WHERE id=1; INSERT OR IGNORE INTO t VALUES(13,'q',1,'n4',0); DELETE FROM t WHERE id=13; INSERT OR IGNORE INTO t VALUES(13,'r',1,'n4',0)"},
    {"insert_or_fail", simple, {"t"}, "INSERT OR FAIL INTO t VALUES(14,'x',1,'n5',0),(1,'x',1,'n6',0)"},
    {"insert_or_rollback", simple, {"t"}, "BEGIN; UPDATE t SET b=8; INSERT OR ROLLBACK INTO t VALUES(1,'x',1,'n7',0)"},
    {"replace_on_the_key", simple, {"t"}, "REPLACE INTO t VALUES(1,'x',1,'n8',0)"},
    {"replace_on_another_unique", simple, {"t"}, "INSERT OR REPLACE INTO t VALUES(15,'x',1,'u1',0)"},
    {"replace_on_both", simple, {"t"}, "REPLACE INTO t VALUES(2,'x',1,'u1',0)"},
    {"replace_with_automatic_id", simple, {"t"}, "REPLACE INTO t(a,u) VALUES('x','u4')"},
    {"replace_many", simple, {"t"}, "REPLACE INTO t VALUES(20,'x',1,'u1',0),(21,'y',1,'u1',0),(22,'z',1,'u2',0)"},
    {"upsert_that_updates", simple, {"t"}, "INSERT INTO t VALUES(1,'x',1,'n9',0) ON CONFLICT(id) DO UPDATE SET a=excluded.a, b=b+1"},
    {"upsert_on_another_unique", simple, {"t"}, "INSERT INTO t VALUES(30,'x',1,'u1',0) ON CONFLICT(u) DO UPDATE SET id=excluded.id"},
    {"upsert_that_does_nothing", simple, {"t"}, "INSERT INTO t VALUES(1,'x',1,'n',0) ON CONFLICT DO NOTHING"},
    {"upsert_in_a_row", simple, {"t"}, "INSERT INTO t VALUES(1,'x',1,'na',0),(31,'y',2,'nb',0),(31,'z',3,'nc',0) ON CONFLICT(id) DO UPDATE SET v=excluded.v+1"},
    {"or_replace_with_upsert", simple, {"t"}, "INSERT OR REPLACE INTO t VALUES(1,'x',1,'u2',0) ON CONFLICT(id) DO UPDATE SET u=excluded.u"},
    {"update", simple, {"t"}, "UPDATE t SET b = b + 1 WHERE id > 1"},
    {"update_of_nothing", simple, {"t"}, "UPDATE t SET b = b"},
    {"update_or_ignore", simple, {"t"}, "UPDATE OR IGNORE t SET u='u1'"},
    {"update_or_replace", simple, {"t"}, "UPDATE OR REPLACE t SET u='u1' WHERE id=2"},
    {"update_or_replace_all", simple, {"t"}, "UPDATE OR REPLACE t SET u='same'"},
    {"update_or_fail", simple, {"t"}, "UPDATE OR FAIL t SET u='new'"},
    {"update_from", with_source, {"t"}, "UPDATE t SET a=src.a, b=src.b FROM src WHERE src.id=t.id"},
    {"update_limit", simple, {"t"}, "UPDATE t SET b=0 ORDER BY id LIMIT 2"},
    {"update_of_the_key", simple, {"t"}, "UPDATE t SET id=40 WHERE id=1"},
    {"update_of_the_rowid", simple, {"t"}, "UPDATE t SET rowid=41 WHERE id=1; UPDATE t SET _rowid_=42 WHERE id=2; UPDATE t SET oid=43 WHERE id=3"},
    {"update_of_all_keys", simple, {"t"}, "UPDATE t SET id=id+100"},
    {"update_of_the_key_onto_another", simple, {"t"}, "UPDATE OR REPLACE t SET id=2 WHERE id=1"},
    {"update_of_the_key_or_ignore", simple, {"t"}, "UPDATE OR IGNORE t SET id=id+1"},
    {"swap_of_keys", simple, {"t"}, "BEGIN; UPDATE t SET id=-1 WHERE id=1; UPDATE t SET id=1 WHERE id=2; UPDATE t SET id=2 WHERE id=-1; COMMIT"},
    {"delete", simple, {"t"}, "DELETE FROM t WHERE id=2"},
    {"delete_of_all", simple, {"t"}, "DELETE FROM t"},
    {"delete_limit", simple, {"t"}, "DELETE FROM t ORDER BY id LIMIT 1"},
    {"delete_returning", simple, {"t"}, "DELETE FROM t WHERE id=3 RETURNING *"},
    {"delete_and_insert_again", simple, {"t"}, "DELETE FROM t WHERE id=1; INSERT INTO t(id,a) VALUES(1,'again')"},
    {"insert_and_delete_again", simple, {"t"}, "INSERT INTO t(id) VALUES(50); DELETE FROM t WHERE id=50"},
    {"insert_select", with_source, {"t"}, "INSERT INTO t SELECT id+50,a,b,NULL,v FROM src"},
    {"insert_select_all", "CREATE TABLE t(id INTEGER PRIMARY KEY,v); CREATE TABLE src(id INTEGER PRIMARY KEY,v); INSERT INTO src VALUES(1,1),(2,2);", {"t"}, "INSERT INTO t SELECT * FROM src"},
    {"replace_select", with_source, {"t"}, "REPLACE INTO t SELECT * FROM src"},
    {"with_clause", simple, {"t"}, "WITH n(i) AS (VALUES(60),(61)) INSERT INTO t(id) SELECT i FROM n"},
    {"savepoint_rolled_back", simple, {"t"}, "BEGIN; UPDATE t SET b=5 WHERE id=1; SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; INSERT INTO t(id) VALUES(70); COMMIT"},
    {"transaction_rolled_back", simple, {"t"}, "BEGIN; DELETE FROM t; ROLLBACK"},
    {"composite_update_of_one_key_column", composite, {"t"}, "UPDATE t SET b=b+10 WHERE a='a'"},
    {"composite_replace", composite, {"t"}, "REPLACE INTO t VALUES('n',1,'U1',9)"},
    {"composite_upsert", composite, {"t"}, "INSERT INTO t VALUES('a',1,'n',9),('c',1,'m',9) ON CONFLICT(a,b) DO UPDATE SET v=excluded.v"},
    {"clustered_replace", clustered, {"t"}, "REPLACE INTO t VALUES('z',1,1); REPLACE INTO t VALUES('a',2,9)"},
    {"clustered_update_of_the_key", clustered, {"t"}, "UPDATE t SET a='y' WHERE a='a'; DELETE FROM t WHERE a='b'"},
    {"nocase_spelling", nocase, {"t"}, "UPDATE t SET k='A' WHERE k='a'"},
    {"nocase_replace", nocase, {"t"}, "REPLACE INTO t VALUES('B',9)"},
    {"nocase_update_or_replace", nocase, {"t"}, "UPDATE OR REPLACE t SET k='A' WHERE k='b'"},
    {"untyped_key_type", untyped, {"t"}, "UPDATE t SET k=1.0 WHERE k=1 AND typeof(k)='integer'; UPDATE t SET k=2 WHERE k=2"},
    {"untyped_key_replace", untyped, {"t"}, "REPLACE INTO t VALUES(1.0,'real')"},
    {"untyped_key_delete", untyped, {"t"}, "DELETE FROM t WHERE k='1'; DELETE FROM t WHERE k=x'31'"},
    {"replace_by_rowid", text_key, {"t"}, "INSERT OR REPLACE INTO t(rowid,k,v) VALUES(10,'new',9)"},
    {"update_or_replace_by_rowid", text_key, {"t"}, "UPDATE OR REPLACE t SET rowid=20 WHERE k='a'"},
    {"replace_by_rowid_of_a_descending_key", descending, {"t"}, "INSERT OR REPLACE INTO t(rowid,id,v) VALUES(5,9,9)"},
    {"cascade_delete", family, relatives, "DELETE FROM p WHERE id=1"},
    {"cascade_update", family, relatives, "UPDATE p SET id=8 WHERE id=1"},
    {"cascade_by_replace", family, relatives, "REPLACE INTO p VALUES(2,'new')"},
    {"cascade_by_replace_on_another_unique", family, relatives, "REPLACE INTO p VALUES(7,'x')"},
    {"cascade_by_update_or_replace", family, relatives, "UPDATE OR REPLACE p SET n='y' WHERE id=9"},
    {"cascade_deep", tree, {"t"}, "DELETE FROM t WHERE id=1"},
    {"cascade_deep_by_replace", tree, {"t"}, "REPLACE INTO t VALUES(6,NULL,2)"},
    {"partial_index_replace", partial, {"t"}, "REPLACE INTO t VALUES(9,'a',0)"},
    {"partial_index_update", partial, {"t"}, "UPDATE OR REPLACE t SET gone=0 WHERE id=2"},
    {"partial_index_outside", partial, {"t"}, "REPLACE INTO t VALUES(9,'a',1)"},
    {"column_that_replaces_insert", replacing, {"t"}, "INSERT INTO t VALUES(9,1,9)"},
    {"column_that_replaces_update", replacing, {"t"}, "UPDATE t SET u=1 WHERE id=2"},
    {"replace_fills_in_the_default", defaulted, {"t"}, "REPLACE INTO t VALUES(9,NULL,9)"},
    {"update_or_replace_fills_in_the_default", defaulted, {"t"}, "UPDATE OR REPLACE t SET u=NULL WHERE id=2"},
    {"generated_unique_replace", generated, {"t"}, "REPLACE INTO t(id,a) VALUES(9,21)"},
    {"generated_unique_update", generated, {"t"}, "UPDATE OR REPLACE t SET a=31 WHERE id=2"},
    {"users_triggers", triggered, {"t", "log"}, "INSERT INTO t VALUES(4,1,9); UPDATE t SET n=n+1; UPDATE OR IGNORE t SET u=2; REPLACE INTO t VALUES(5,9,3)"},
    {"instead_of_view", viewed, {"t"}, "INSERT INTO w VALUES(80,'v'); DELETE FROM w WHERE id=1"},
    {"odd_names", odd_names, {"a \"b\" 'c'"}, "REPLACE INTO \"a \"\"b\"\" 'c'\" VALUES('n',1,2,3,3,3); UPDATE \"a \"\"b\"\" 'c'\" SET \"select\"=9, epoch=5; DELETE FROM \"a \"\"b\"\" 'c'\" WHERE \"x.y\"=1"},
    {"strict_any", strict, {"t"}, "UPDATE t SET n=1.0 WHERE id=1; UPDATE t SET r=-0.0; INSERT INTO t VALUES(3,x'00',1e308)"},
    {"joint_unique", joint, {"t"}, "REPLACE INTO t VALUES(9,1,2); UPDATE OR REPLACE t SET b=1 WHERE id=9; UPDATE OR REPLACE t SET rowid=3 WHERE id=9"},
    {"values_of_every_class", simple, {"t"}, "UPDATE t SET v=9e999; UPDATE t SET v=-9e999 WHERE id=1; UPDATE t SET v=x'' WHERE id=2; UPDATE t SET v=CAST(x'610062ff' AS TEXT) WHERE id=3; INSERT INTO t(id,v) VALUES(90,-0.0),(91,9223372036854775807),(92,0.1+0.2)"},
};

// clang-format on

class Statements : public testing::TestWithParam<std::tuple<std::size_t, bool, bool>> {
  protected:
    static const Case &the_case() { return cases[std::get<0>(GetParam())]; }

    static void prepare(const HostConnection &host) {
        host.must(the_case().schema);
        host.must("PRAGMA trusted_schema=OFF");
        host.must(std::get<1>(GetParam()) ? "PRAGMA recursive_triggers=ON"
                                          : "PRAGMA recursive_triggers=OFF");
    }
};

/// The columns whose value differs between two images of a row.
std::set<std::uint32_t> changed_columns(const std::vector<Value> &before,
                                        const std::vector<Value> &after) {
    std::set<std::uint32_t> changed;
    for (std::uint32_t index = 0; index < before.size(); ++index) {
        if (before[index] != after[index]) {
            changed.insert(index);
        }
    }
    return changed;
}

void expect_masks_cover(const dialect::TableDescription &table,
                        const Rows &before,
                        const std::vector<Collected> &collected) {
    for (const Collected &each : collected) {
        if (!each.present) {
            continue;
        }
        const auto named = dialect::masked_columns(table, each.mask);
        const std::set<std::uint32_t> mask(named.begin(), named.end());
        const auto found = before.find(each.key);
        if (found == before.end()) {
            EXPECT_EQ(mask.size(), table.columns.size() - table.key.size());
            continue;
        }
        for (const std::uint32_t column : changed_columns(found->second, each.row)) {
            EXPECT_TRUE(mask.contains(column)) << table.columns[column].name;
        }
    }
}

TEST_P(Statements, leave_nothing_uncaptured_and_fare_as_they_would_without_capture) {
    const HostConnection plain;
    const HostConnection host;
    prepare(plain);
    prepare(host);
    create_epoch(host);
    const bool mask = std::get<2>(GetParam());
    std::vector<CapturedTable> tables;
    tables.reserve(the_case().tables.size());
    std::vector<Rows> before;
    for (const std::string &name : the_case().tables) {
        tables.emplace_back(host, name,
                            engine::Capture{static_cast<std::int64_t>(tables.size() + 1), {mask}});
        before.push_back(tables.back().rows());
    }

    sqlite3_set_last_insert_rowid(host.handle(), 0);
    sqlite3_set_last_insert_rowid(plain.handle(), 0);
    EXPECT_EQ(host.run(the_case().work), plain.run(the_case().work))
        << sqlite3_errmsg(host.handle());
    EXPECT_EQ(sqlite3_changes(host.handle()), sqlite3_changes(plain.handle()));
    EXPECT_EQ(sqlite3_last_insert_rowid(host.handle()), sqlite3_last_insert_rowid(plain.handle()));
    host.run("COMMIT");

    for (std::size_t index = 0; index < tables.size(); ++index) {
        const Rows after = tables[index].rows();
        const auto collected = tables[index].collect();
        EXPECT_EQ(replay(before[index], collected), after) << the_case().tables[index];
        if (mask) {
            expect_masks_cover(tables[index].description(), before[index], collected);
        }
        EXPECT_TRUE(tables[index].collect().empty());
    }
}

INSTANTIATE_TEST_SUITE_P(Capture,
                         Statements,
                         testing::Combine(testing::Range<std::size_t>(0, cases.size()),
                                          testing::Bool(),
                                          testing::Bool()),
                         [](const auto &instance) {
                             return cases[std::get<0>(instance.param)].name +
                                    (std::get<1>(instance.param) ? "_recursive" : "") +
                                    (std::get<2>(instance.param) ? "_masked" : "");
                         });

} // namespace
} // namespace postrider

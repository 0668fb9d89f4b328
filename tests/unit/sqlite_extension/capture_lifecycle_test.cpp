// Capture over the life of a table: what is refused, what ALTER does, what a check notices, and how
// it goes away again.
#include <gtest/gtest.h>

#include "common/dialect/sqlite.hpp"

#include "tests/unit/sqlite_extension/capture_oracle.hpp"

namespace postrider {
namespace {

const engine::Capture unmasked{1, {}};
const engine::Capture masked{1, {.mask = true}};

dialect::TableDescription describe(const HostConnection &host, const std::string &table) {
    const auto transaction = sqlite::join_transaction(host.handle());
    auto described = engine::describe_table(*transaction, dialect::sqlite(), table);
    EXPECT_TRUE(described);
    return *described;
}

void install(const HostConnection &host, const std::string &table, const engine::Capture &capture) {
    const auto transaction = sqlite::join_transaction(host.handle());
    const auto installed =
        engine::install_capture(*transaction, dialect::sqlite(), describe(host, table), capture);
    EXPECT_TRUE(installed);
    transaction->commit();
}

std::vector<std::string>
problems(const HostConnection &host, const std::string &table, const engine::Capture &capture) {
    const auto transaction = sqlite::join_transaction(host.handle());
    return engine::check_capture(*transaction, dialect::sqlite(), describe(host, table), capture);
}

std::string refusal(const std::string &schema) {
    const HostConnection host;
    host.must(schema);
    const auto transaction = sqlite::join_transaction(host.handle());
    const auto described = engine::describe_table(*transaction, dialect::sqlite(), "t");
    EXPECT_TRUE(described);
    const auto checked = dialect::sqlite().check_capturable(*described);
    EXPECT_FALSE(checked);
    EXPECT_EQ(checked.error().code, Errc::refused);
    EXPECT_FALSE(checked.error().hint.empty());
    return checked.error().message;
}

bool says(const std::string &message, const std::string &part) {
    return message.find(part) != std::string::npos;
}

TEST(CaptureRefuses, a_table_without_primary_key) {
    EXPECT_TRUE(says(refusal("CREATE TABLE t(a)"), "no primary key"));
}

TEST(CaptureRefuses, a_key_that_may_be_null) {
    EXPECT_TRUE(says(refusal("CREATE TABLE t(a TEXT PRIMARY KEY)"), "may be NULL"));
    EXPECT_TRUE(
        says(refusal("CREATE TABLE t(a TEXT NOT NULL, b INT, PRIMARY KEY(a,b))"), "column \"b\""));
}

TEST(CaptureRefuses, a_unique_index_on_an_expression) {
    EXPECT_TRUE(says(refusal("CREATE TABLE t(id INTEGER PRIMARY KEY, a);"
                             "CREATE UNIQUE INDEX i ON t(lower(a))"),
                     "on an expression"));
}

TEST(CaptureRefuses, views_virtual_and_temporary_tables) {
    EXPECT_TRUE(says(refusal("CREATE VIEW t AS SELECT 1 AS id"), "view"));
    EXPECT_TRUE(says(refusal("CREATE VIRTUAL TABLE t USING fts5(a)"), "virtual"));
    EXPECT_TRUE(says(refusal("CREATE TEMP TABLE t(id INTEGER PRIMARY KEY)"), "temporary"));
    EXPECT_TRUE(says(refusal("CREATE TABLE t(id INTEGER PRIMARY KEY);"
                             "CREATE TEMP TABLE t(id INTEGER PRIMARY KEY)"),
                     "hides it"));
}

TEST(CaptureRefuses, a_table_that_is_not_there_with_the_nearest_name) {
    const HostConnection host;
    host.must("CREATE TABLE customers(id INTEGER PRIMARY KEY)");
    const auto transaction = sqlite::join_transaction(host.handle());
    const auto described = engine::describe_table(*transaction, dialect::sqlite(), "custmers");
    ASSERT_FALSE(described);
    EXPECT_EQ(described.error().hint, "Did you mean \"customers\"?");
}

TEST(CaptureLife, a_host_never_fails_because_a_key_was_marked_in_an_earlier_epoch) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    install(host, "t", unmasked);
    host.must("INSERT INTO t VALUES(1, 1); UPDATE postrider_epoch SET epoch = 2;"
              "UPDATE t SET v = 2; UPDATE t SET v = 3");
    host.must("CREATE TEMP TABLE seen AS SELECT count(*) AS n FROM postrider_capture_1");
    EXPECT_EQ(host.run("INSERT INTO seen SELECT 1 FROM seen WHERE n <> 2"), SQLITE_OK);
    EXPECT_EQ(sqlite3_changes(host.handle()), 0);
}

TEST(CaptureLife, writes_through_another_programs_attach_are_captured) {
    const std::string path = testing::TempDir() + "postrider_attach.db";
    std::remove(path.c_str());
    {
        const HostConnection owner(path);
        create_epoch(owner);
        owner.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
        CapturedTable table(owner, "t", unmasked);
        const HostConnection other;
        other.must("ATTACH '" + path + "' AS f; INSERT INTO f.t VALUES(7, 'x')");
        const auto collected = table.collect();
        ASSERT_EQ(collected.size(), 1U);
        EXPECT_EQ(collected.front().key, Key{std::int64_t{7}});
    }
    std::remove(path.c_str());
}

TEST(CaptureLife, alter_table_works_and_goes_on_being_captured) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES(1,1,1)");
    install(host, "t", unmasked);
    host.must("ALTER TABLE t ADD COLUMN c DEFAULT 5; ALTER TABLE t DROP COLUMN b;"
              "ALTER TABLE t RENAME COLUMN a TO aa; ALTER TABLE t RENAME COLUMN id TO number;"
              "ALTER TABLE t RENAME TO renamed; INSERT INTO renamed VALUES(2,2,2)");
    EXPECT_EQ(problems(host, "renamed", unmasked), std::vector<std::string>{});
    CapturedTable table(host, "renamed", unmasked);
    EXPECT_EQ(table.collect().size(), 1U);
}

TEST(CaptureLife, a_rebuilt_table_is_noticed) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
    install(host, "t", unmasked);
    EXPECT_TRUE(problems(host, "t", unmasked).empty());
    host.must("CREATE TABLE n(id INTEGER PRIMARY KEY, a); DROP TABLE t; ALTER TABLE n RENAME TO t");
    EXPECT_EQ(problems(host, "t", unmasked).size(), 4U);
    install(host, "t", unmasked);
    EXPECT_TRUE(problems(host, "t", unmasked).empty());
}

TEST(CaptureLife, an_altered_or_missing_trigger_is_noticed) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE)");
    install(host, "t", unmasked);
    host.must("DROP TRIGGER postrider_capture_1_unique0_insert");
    EXPECT_EQ(
        problems(host, "t", unmasked),
        std::vector<std::string>{"Trigger \"postrider_capture_1_unique0_insert\" is missing."});
    host.must("CREATE TRIGGER postrider_capture_1_unique0_insert BEFORE INSERT ON t BEGIN "
              "SELECT 1; END");
    EXPECT_EQ(
        problems(host, "t", unmasked),
        std::vector<std::string>{"Trigger \"postrider_capture_1_unique0_insert\" was altered."});
}

TEST(CaptureLife, a_new_unique_index_asks_for_new_guards) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
    install(host, "t", unmasked);
    const std::string before = dialect::fingerprint(describe(host, "t"));
    host.must("CREATE UNIQUE INDEX i ON t(a)");
    EXPECT_NE(dialect::fingerprint(describe(host, "t")), before);
    EXPECT_EQ(problems(host, "t", unmasked).size(), 2U);
}

TEST(CaptureLife, a_new_unique_index_on_an_expression_is_noticed) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
    install(host, "t", unmasked);
    host.must("CREATE UNIQUE INDEX i ON t(lower(a))");
    const std::vector<std::string> found = problems(host, "t", unmasked);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(says(found.front(), "on an expression"));
}

TEST(CaptureLife, a_partial_index_may_end_in_a_comment) {
    for (const std::string comment : {"-- those that count", "/* those that count"}) {
        const HostConnection host;
        create_epoch(host);
        host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b)");
        host.must("CREATE UNIQUE INDEX i ON t(a) WHERE b > 0 " + comment);
        ASSERT_EQ(describe(host, "t").indexes.at(0).predicate, "b > 0 " + comment);
        CapturedTable table(host, "t", unmasked);
        EXPECT_EQ(problems(host, "t", unmasked), std::vector<std::string>{});
        host.must("INSERT INTO t VALUES(1, 5, 1)");
        EXPECT_EQ(table.collect().size(), 1U);
        host.must("INSERT OR REPLACE INTO t VALUES(2, 5, 1)");
        EXPECT_EQ(table.collect().size(), 2U);
    }
}

TEST(CaptureLife, removal_leaves_nothing_and_the_host_writes_on) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE)");
    install(host, "t", masked);
    {
        const auto transaction = sqlite::join_transaction(host.handle());
        engine::remove_capture(*transaction, dialect::sqlite(), 1);
        engine::remove_capture(*transaction, dialect::sqlite(), 1);
        engine::drop_leftovers(*transaction, dialect::sqlite(), {2});
        transaction->commit();
    }
    host.must("INSERT INTO t VALUES(1, 1)");
    EXPECT_NE(host.run("SELECT * FROM postrider_capture_1"), SQLITE_OK);
}

TEST(CaptureLife, captures_with_similar_numbers_do_not_touch_each_other) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE t(id INTEGER PRIMARY KEY); CREATE TABLE u(id INTEGER PRIMARY KEY)");
    install(host, "t", {1, {}});
    install(host, "u", {11, {}});
    {
        const auto transaction = sqlite::join_transaction(host.handle());
        engine::remove_capture(*transaction, dialect::sqlite(), 1);
        transaction->commit();
    }
    EXPECT_TRUE(problems(host, "u", {11, {}}).empty());
}

TEST(CaptureLife, marks_survive_when_a_mask_is_added_and_then_mean_all_columns) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES(1,1,1),(2,2,2)");
    install(host, "t", unmasked);
    host.must("UPDATE t SET a = 5 WHERE id = 1; DELETE FROM t WHERE id = 2");
    CapturedTable table(host, "t", masked);
    const auto collected = table.collect();
    ASSERT_EQ(collected.size(), 2U);
    EXPECT_EQ(collected[0].mask, std::vector<std::int64_t>{-1});
    EXPECT_FALSE(collected[1].present);
}

TEST(CaptureLife, open_masks_mean_all_columns_after_a_new_installation) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES(1,1,1)");
    install(host, "t", masked);
    host.must("UPDATE t SET b = 5; ALTER TABLE t ADD COLUMN c");
    CapturedTable table(host, "t", masked);
    const auto collected = table.collect();
    ASSERT_EQ(collected.size(), 1U);
    EXPECT_EQ(collected[0].mask, std::vector<std::int64_t>{-1});
}

TEST(CaptureMask, names_exactly_the_columns_that_changed) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE t(a TEXT, id INTEGER PRIMARY KEY, b INT, c REAL, d);"
              "INSERT INTO t VALUES('x', 1, 1, 1.5, 1)");
    CapturedTable table(host, "t", masked);
    const auto after = [&](const std::string &work) {
        host.must(work);
        return dialect::masked_columns(table.description(), table.collect().at(0).mask);
    };
    using Columns = std::vector<std::uint32_t>;
    EXPECT_EQ(after("UPDATE t SET b = 2"), (Columns{2}));
    EXPECT_EQ(after("UPDATE t SET b = b"), (Columns{}));
    EXPECT_EQ(after("UPDATE t SET a = 'X', d = 1.0"), (Columns{0, 4}));
    EXPECT_EQ(after("UPDATE t SET c = 2.5; UPDATE t SET a = 'y'"), (Columns{0, 3}));
    EXPECT_EQ(after("UPDATE t SET a = NULL"), (Columns{0}));
    EXPECT_EQ(after("UPDATE t SET c = 0.0; UPDATE t SET c = -0.0"), (Columns{3}));
    // A real zero counts as changed whenever its row is written.
    EXPECT_EQ(after("UPDATE t SET b = 3"), (Columns{2, 3}));
}

TEST(CaptureMask, counts_what_sql_takes_for_equal) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE t(id INTEGER PRIMARY KEY, x, i INT, r REAL, n TEXT COLLATE NOCASE);"
              "INSERT INTO t VALUES(1, 0.0, -9223372036854775808, 1.0, 'a')");
    CapturedTable table(host, "t", masked);
    host.must("UPDATE t SET x = -0.0, i = -9223372036854775808.0, n = 'A'");
    const auto collected = table.collect();
    const auto columns = dialect::masked_columns(table.description(), collected.at(0).mask);
    EXPECT_EQ(columns, (std::vector<std::uint32_t>{1, 2, 4}));
}

TEST(CaptureMask, covers_tables_with_more_columns_than_a_word_has_bits) {
    const HostConnection host;
    create_epoch(host);
    std::string columns = "id INTEGER PRIMARY KEY";
    for (int number = 1; number <= 130; ++number) {
        columns += ", c" + std::to_string(number);
    }
    host.must("CREATE TABLE t(" + columns + "); INSERT INTO t(id) VALUES(1)");
    CapturedTable table(host, "t", masked);
    for (const std::uint32_t number : {1U, 61U, 62U, 63U, 64U, 124U, 125U, 130U}) {
        host.must("UPDATE t SET c" + std::to_string(number) + " = 1");
        const auto collected = table.collect();
        ASSERT_EQ(collected.at(0).mask.size(), 3U);
        EXPECT_EQ(dialect::masked_columns(table.description(), collected.at(0).mask),
                  std::vector<std::uint32_t>{number});
    }
    host.must("INSERT INTO t(id) VALUES(2)");
    EXPECT_EQ(dialect::masked_columns(table.description(), table.collect().at(0).mask).size(),
              130U);
}

TEST(CaptureMark, marks_keys_children_and_whole_tables_without_triggers) {
    const HostConnection host;
    create_epoch(host);
    host.must("CREATE TABLE p(id INTEGER PRIMARY KEY);"
              "CREATE TABLE c(k NOT NULL PRIMARY KEY, p REFERENCES p(id) ON DELETE CASCADE);"
              "INSERT INTO p VALUES(1),(2); INSERT INTO c VALUES('a',1),('b',2),(3,1)");
    CapturedTable table(host, "c", masked);
    const auto &dialect = dialect::sqlite();
    const auto &description = table.description();
    const auto run = [&](const std::string &sql, std::initializer_list<Value> parameters) {
        const auto transaction = sqlite::join_transaction(host.handle());
        transaction->execute(sql, parameters);
        transaction->commit();
        return table.collect().size();
    };
    EXPECT_EQ(run(dialect.keys()->mark_key(description, 1, {.mask = true}), {Value::text("gone")}),
              1U);
    EXPECT_EQ(run(dialect.keys()->mark_children(description, description.foreign_keys.at(0), 1,
                                                {.mask = true}),
                  {std::int64_t{1}}),
              2U);
    EXPECT_EQ(run(dialect.keys()->mark_all(description, 1, {.mask = true}), {}), 3U);
}

} // namespace
} // namespace postrider

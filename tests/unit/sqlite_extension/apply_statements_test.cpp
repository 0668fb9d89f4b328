// Statements for rows of a user's table, against SQLite itself.
#include <gtest/gtest.h>

#include "common/dialect/sqlite.hpp"

#include "tests/unit/sqlite_extension/capture_oracle.hpp"

namespace postrider {
namespace {

class RowStatements : public testing::Test {
  protected:
    void use(const std::string &schema) {
        host_.must(schema);
        const auto transaction = sqlite::join_transaction(host_.handle());
        const auto described = engine::describe_table(*transaction, dialect::sqlite(), "t");
        ASSERT_TRUE(described);
        table_ = *described;
        columns_.clear();
        for (const Column &column : table_.schema().columns) {
            columns_.push_back(column.name);
        }
    }

    std::int64_t run(const std::string &sql, std::initializer_list<Value> parameters) {
        const auto transaction = sqlite::join_transaction(host_.handle());
        const std::int64_t changed = transaction->execute(sql, parameters);
        transaction->commit();
        return changed;
    }

    std::vector<engine::Row> rows() {
        const auto transaction = sqlite::join_transaction(host_.handle());
        const auto cursor = transaction->query(dialect::sqlite().select_all(table_, columns_));
        std::vector<engine::Row> all;
        while (const engine::Row *row = cursor->next()) {
            all.push_back(*row);
        }
        return all;
    }

    HostConnection host_;
    dialect::TableDescription table_;
    std::vector<std::string> columns_;
};

Value number(std::int64_t value) {
    return value;
}

TEST_F(RowStatements, upsert_writes_a_row_whether_it_is_there_or_not) {
    use("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
    const std::string sql = dialect::sqlite().upsert(table_, columns_);
    run(sql, {number(1), number(10)});
    run(sql, {number(1), number(20)});
    EXPECT_EQ(rows(), (std::vector<engine::Row>{{number(1), number(20)}}));
}

TEST_F(RowStatements, upsert_of_a_table_that_is_all_key_changes_nothing) {
    use("CREATE TABLE t(a INT NOT NULL, b INT NOT NULL, PRIMARY KEY(a, b))");
    const std::string sql = dialect::sqlite().upsert(table_, columns_);
    run(sql, {number(1), number(2)});
    run(sql, {number(1), number(2)});
    EXPECT_EQ(rows().size(), 1U);
}

TEST_F(RowStatements, upsert_takes_over_another_spelling_of_the_key) {
    use("CREATE TABLE t(k TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, a)");
    const std::string sql = dialect::sqlite().upsert(table_, columns_);
    run(sql, {Value::text("a"), number(1)});
    run(sql, {Value::text("A"), number(2)});
    EXPECT_EQ(rows(), (std::vector<engine::Row>{{Value::text("A"), number(2)}}));
}

TEST_F(RowStatements, upsert_takes_over_another_type_of_the_key) {
    use("CREATE TABLE t(k NOT NULL PRIMARY KEY, a)");
    const std::string sql = dialect::sqlite().upsert(table_, columns_);
    run(sql, {number(1), number(1)});
    run(sql, {Value::float64(1.0), number(2)});
    EXPECT_EQ(rows(), (std::vector<engine::Row>{{Value::float64(1.0), number(2)}}));
}

TEST_F(RowStatements, remove_and_update_mean_the_key_to_the_bit) {
    use("CREATE TABLE t(k TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, a)");
    run(dialect::sqlite().insert(table_, columns_), {Value::text("A"), number(1)});
    EXPECT_EQ(run(dialect::sqlite().remove(table_), {Value::text("a")}), 0);
    const std::vector<std::string> a = {"a"};
    EXPECT_EQ(run(dialect::sqlite().update(table_, a), {number(5), Value::text("a")}), 0);
    EXPECT_EQ(run(dialect::sqlite().update(table_, a), {number(5), Value::text("A")}), 1);
    EXPECT_EQ(run(dialect::sqlite().remove(table_), {Value::text("A")}), 1);
}

TEST_F(RowStatements, never_replace_even_where_the_table_asks_for_it) {
    use("CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE ON CONFLICT REPLACE)");
    const std::string sql = dialect::sqlite().upsert(table_, columns_);
    run(sql, {number(1), number(7)});
    EXPECT_THROW(run(sql, {number(2), number(7)}), engine::DatabaseError);
    run(sql, {number(3), number(8)});
    const std::vector<std::string> u = {"u"};
    EXPECT_THROW(run(dialect::sqlite().update(table_, u), {number(7), number(3)}),
                 engine::DatabaseError);
    EXPECT_EQ(rows().size(), 2U);
}

TEST_F(RowStatements, leave_generated_columns_to_the_table) {
    use("CREATE TABLE t(id INTEGER PRIMARY KEY, a INT, g INT AS (a + 1), s INT AS (a * 2) STORED)");
    EXPECT_EQ(columns_, (std::vector<std::string>{"id", "a"}));
    run(dialect::sqlite().upsert(table_, columns_), {number(1), number(10)});
    EXPECT_EQ(rows().size(), 1U);
}

TEST_F(RowStatements, select_row_gives_the_asked_columns) {
    use("CREATE TABLE t(a TEXT NOT NULL, b INT NOT NULL, v, PRIMARY KEY(b, a)) WITHOUT ROWID");
    run(dialect::sqlite().insert(table_, columns_), {Value::text("x"), number(1), number(9)});
    const auto transaction = sqlite::join_transaction(host_.handle());
    const std::vector<std::string> v = {"v"};
    const auto cursor =
        transaction->query(dialect::sqlite().select_row(table_, v), {number(1), Value::text("x")});
    const engine::Row *row = cursor->next();
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(*row, (engine::Row{number(9)}));
}

TEST_F(RowStatements, describe_a_table_as_its_catalogue_has_it) {
    host_.must("CREATE TABLE p(x, y, PRIMARY KEY(x, y)) WITHOUT ROWID");
    use("CREATE TABLE t(id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL DEFAULT 'n', "
        "price DECIMAL(10,2), x, y, FOREIGN KEY(x, y) REFERENCES p ON DELETE CASCADE);"
        "CREATE UNIQUE INDEX i ON t(name COLLATE NOCASE, x) WHERE price > 0");
    EXPECT_EQ(table_.key, std::vector<std::uint32_t>{0});
    EXPECT_EQ(table_.columns[1].type.kind, Kind::text);
    EXPECT_EQ(table_.columns[1].type.precision, 40);
    EXPECT_TRUE(table_.columns[1].not_null);
    EXPECT_EQ(table_.columns[1].default_sql, "'n'");
    EXPECT_EQ(table_.columns[2].type.kind, Kind::decimal);
    EXPECT_EQ(table_.columns[2].type.scale, 2);
    ASSERT_EQ(table_.indexes.size(), 1U);
    EXPECT_EQ(table_.indexes[0].predicate, "price > 0");
    EXPECT_EQ(table_.indexes[0].columns[0].collation, "NOCASE");
    ASSERT_EQ(table_.foreign_keys.size(), 1U);
    EXPECT_EQ(table_.foreign_keys[0].columns, (std::vector<std::string>{"x", "y"}));
    EXPECT_TRUE(table_.foreign_keys[0].parent_columns.empty());
    EXPECT_EQ(table_.foreign_keys[0].on_delete, dialect::ForeignKeyAction::cascade);
}

TEST_F(RowStatements, state_tables_check_the_type_of_each_column) {
    dialect::StateTable table;
    table.name = "sample";
    table.columns = {{"id", dialect::StateType::integer},
                     {"note", dialect::StateType::text, false},
                     {"body", dialect::StateType::blob, true, "x''"}};
    table.primary_key = {"id"};
    table.unique = {{"note"}};
    table.indexes = {{"body", "note"}};
    table.checks = {"id > 0"};
    host_.must(dialect::sqlite().create_table(table));
    host_.must("INSERT INTO postrider_sample(note) VALUES('a'), (NULL)");
    EXPECT_NE(host_.run("INSERT INTO postrider_sample(note) VALUES(x'00')"), SQLITE_OK);
    EXPECT_NE(host_.run("INSERT INTO postrider_sample(body) VALUES('text')"), SQLITE_OK);
    EXPECT_NE(host_.run("INSERT INTO postrider_sample(note) VALUES('a')"), SQLITE_OK);
    EXPECT_NE(host_.run("INSERT INTO postrider_sample(id) VALUES(-1)"), SQLITE_OK);
}

} // namespace
} // namespace postrider

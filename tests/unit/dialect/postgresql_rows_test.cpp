// Statements for rows of a user's table, and along foreign keys, in PostgreSQL.
#include <gtest/gtest.h>

#include "common/dialect/postgresql.hpp"

namespace postrider::dialect {
namespace {

ColumnDescription pg_column(const char *name, const char *type) {
    ColumnDescription column;
    column.name = name;
    column.type = postgresql().neutral_type(type);
    return column;
}

TableDescription clients() {
    TableDescription table;
    table.name = "crm.clients";
    table.columns = {pg_column("id", "integer"), pg_column("Code", "text"),
                     pg_column("name", "text"), pg_column("price", "numeric(10,2)")};
    table.key = {1, 0};
    return table;
}

const std::vector<std::string> three{"id", "Code", "name"};

TEST(PostgresqlRows, are_written_whatever_an_identity_would_give) {
    EXPECT_EQ(postgresql().insert(clients(), three),
              "INSERT INTO \"crm\".\"clients\"(\"id\", \"Code\", \"name\") OVERRIDING SYSTEM VALUE"
              " VALUES (?1, ?2, ?3)");
    EXPECT_EQ(postgresql().upsert(clients(), three),
              postgresql().insert(clients(), three) +
                  " ON CONFLICT (\"Code\", \"id\") DO UPDATE SET \"name\" = excluded.\"name\"");
    const std::vector<std::string> key{"id", "Code"};
    EXPECT_EQ(postgresql().upsert(clients(), key),
              postgresql().insert(clients(), key) + " ON CONFLICT (\"Code\", \"id\") DO NOTHING");
}

TEST(PostgresqlRows, keep_the_spelling_of_a_key_that_has_several) {
    TableDescription table = clients();
    table.key = {3};
    const std::vector<std::string> key{"price"};
    EXPECT_EQ(postgresql().upsert(table, key),
              "INSERT INTO \"crm\".\"clients\"(\"price\") OVERRIDING SYSTEM VALUE VALUES (?1)"
              " ON CONFLICT (\"price\") DO UPDATE SET \"price\" = excluded.\"price\"");
}

TEST(PostgresqlRows, are_found_by_their_key) {
    const std::vector<std::string> columns{"name", "price"};
    EXPECT_EQ(postgresql().update(clients(), columns),
              "UPDATE \"crm\".\"clients\" AS t SET \"name\" = ?1, \"price\" = ?2 WHERE"
              " t.\"Code\" = ?3 AND t.\"id\" = ?4");
    EXPECT_EQ(postgresql().remove(clients()),
              "DELETE FROM \"crm\".\"clients\" WHERE \"Code\" = ?1 AND \"id\" = ?2");
    EXPECT_EQ(postgresql().select_row(clients(), columns),
              "SELECT \"name\", \"price\" FROM \"crm\".\"clients\" WHERE \"Code\" = ?1"
              " AND \"id\" = ?2");
}

TEST(PostgresqlRows, are_read_in_one_order_however_far_they_were_read) {
    const std::string order = " ORDER BY \"Code\", \"id\"";
    EXPECT_EQ(postgresql().select_all(clients(), three),
              "SELECT \"id\", \"Code\", \"name\" FROM \"crm\".\"clients\"" + order);
    EXPECT_EQ(postgresql().select_behind(clients(), three, {}),
              postgresql().select_all(clients(), three));
    EXPECT_EQ(postgresql().select_behind(clients(), three, {{"name"}, true}),
              "SELECT \"id\", \"Code\", \"name\" FROM \"crm\".\"clients\" WHERE \"name\" = ?1 AND"
              " (\"Code\", \"id\") > (?2, ?3)" +
                  order);
}

TEST(PostgresqlRows, keep_what_no_update_can_write) {
    TableDescription table = clients();
    table.columns[2].default_sql = "identity always";
    const std::vector<std::string> both{"name", "price"};
    EXPECT_EQ(postgresql().update(table, both),
              "UPDATE \"crm\".\"clients\" AS t SET \"price\" = ?2 WHERE t.\"Code\" = ?3 AND"
              " t.\"id\" = ?4 AND t.\"name\" IS NOT DISTINCT FROM ?1");
    const std::vector<std::string> alone{"name"};
    EXPECT_EQ(postgresql().update(table, alone),
              "SELECT 1 FROM \"crm\".\"clients\" AS t WHERE t.\"Code\" = ?2 AND t.\"id\" = ?3 AND"
              " t.\"name\" IS NOT DISTINCT FROM ?1");
    EXPECT_EQ(postgresql().upsert(table, three),
              postgresql().insert(table, three) + " ON CONFLICT (\"Code\", \"id\") DO NOTHING");
    EXPECT_EQ(postgresql().find_different(table, alone).one_row,
              "SELECT 1 FROM \"crm\".\"clients\" AS t WHERE t.\"Code\" = ?1 AND t.\"id\" = ?2 AND"
              " (t.\"name\" IS DISTINCT FROM ?3)");
    EXPECT_TRUE(postgresql().why_not_updated(table, table.columns[2]).has_value());
    EXPECT_FALSE(postgresql().why_not_updated(table, table.columns[3]).has_value());
    table.key = {2};
    EXPECT_FALSE(postgresql().why_not_updated(table, table.columns[2]).has_value());
}

TEST(PostgresqlRows, give_their_places_where_constraints_are_deferrable) {
    TableDescription table = clients();
    EXPECT_EQ(postgresql().check_deferred(table), BlockStatement{});
    table.indexes.emplace_back().deferrable = true;
    const BlockStatement check = postgresql().check_deferred(table);
    EXPECT_TRUE(check.gives_places);
    EXPECT_EQ(check.one_row, "SELECT t.tableoid, t.ctid FROM \"crm\".\"clients\" AS t WHERE"
                             " t.\"Code\" = ?1 AND t.\"id\" = ?2");
    EXPECT_EQ(check.many_rows,
              "SELECT t.tableoid, t.ctid FROM ROWS FROM (pg_catalog.unnest(?1),"
              " pg_catalog.unnest(?2)) AS k(v1, v2) JOIN \"crm\".\"clients\" AS t ON"
              " t.\"Code\" = k.v1 AND t.\"id\" = k.v2");
}

TEST(PostgresqlReferences, look_from_the_child_and_from_the_parent) {
    const TableDescription parent = clients();
    TableDescription child;
    child.name = "orders";
    child.columns = {pg_column("order", "bigint"), pg_column("client", "integer"),
                     pg_column("code", "text")};
    child.key = {0};
    const Reference reference{
        &child,
        &parent,
        {.parent = "crm.clients", .columns = {"code", "client"}, .parent_columns = {"Code", "id"}}};
    const std::string lost =
        "c.\"code\" IS NOT NULL AND c.\"client\" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM"
        " \"crm\".\"clients\" AS p WHERE p.\"Code\" = c.\"code\" AND p.\"id\" = c.\"client\")";
    EXPECT_EQ(postgresql().find_orphan(reference),
              "SELECT 1 FROM \"public\".\"orders\" AS c WHERE c.\"order\" = ?1 AND " + lost);
    EXPECT_EQ(postgresql().find_parent(reference),
              "SELECT p.\"Code\", p.\"id\" FROM \"public\".\"orders\" AS c JOIN"
              " \"crm\".\"clients\" AS p ON p.\"Code\" = c.\"code\" AND p.\"id\" = c.\"client\""
              " WHERE c.\"order\" = ?1");
    EXPECT_EQ(postgresql().find_referring(reference),
              "SELECT 1 FROM \"public\".\"orders\" AS c WHERE c.\"code\" = ?1 AND c.\"client\" = ?2"
              " AND " +
                  lost + " LIMIT 1");
    const std::vector<std::string> columns{"order"};
    EXPECT_EQ(postgresql().select_referring(reference, columns),
              "SELECT c.\"order\" FROM \"public\".\"orders\" AS c WHERE c.\"code\" = ?1 AND"
              " c.\"client\" = ?2");
    Reference full = reference;
    full.key.match_full = true;
    EXPECT_NE(postgresql().find_orphan(full).find(
                  "(c.\"code\" IS NOT NULL OR c.\"client\" IS NOT NULL) AND NOT EXISTS"),
              std::string::npos);
}

TEST(PostgresqlRows, are_written_many_at_once_out_of_lists) {
    EXPECT_EQ(postgresql().upsert_many(clients(), three),
              "INSERT INTO \"crm\".\"clients\"(\"id\", \"Code\", \"name\") OVERRIDING SYSTEM VALUE"
              " SELECT k.v1, k.v2, k.v3 FROM ROWS FROM (pg_catalog.unnest(?1),"
              " pg_catalog.unnest(?2), pg_catalog.unnest(?3)) AS k(v1, v2, v3)"
              " ON CONFLICT (\"Code\", \"id\") DO UPDATE SET \"name\" = excluded.\"name\"");
    EXPECT_EQ(
        postgresql().insert_many(clients(), three),
        "COPY \"crm\".\"clients\"(\"id\", \"Code\", \"name\") FROM STDIN WITH (FORMAT binary)");
    const std::vector<std::string> columns{"name", "price"};
    EXPECT_EQ(postgresql().update_many(clients(), columns),
              "UPDATE \"crm\".\"clients\" AS t SET \"name\" = k.v1, \"price\" = k.v2 FROM ROWS FROM"
              " (pg_catalog.unnest(?1), pg_catalog.unnest(?2), pg_catalog.unnest(?3),"
              " pg_catalog.unnest(?4)) AS k(v1, v2, v3, v4) WHERE t.\"Code\" = k.v3"
              " AND t.\"id\" = k.v4");
    EXPECT_EQ(postgresql().remove_many(clients()),
              "DELETE FROM \"crm\".\"clients\" AS t USING ROWS FROM (pg_catalog.unnest(?1),"
              " pg_catalog.unnest(?2)) AS k(v1, v2) WHERE t.\"Code\" = k.v1 AND t.\"id\" = k.v2");
}

TEST(PostgresqlRows, are_updated_one_by_one_where_a_key_has_several_spellings) {
    TableDescription table = clients();
    table.key = {3};
    EXPECT_EQ(postgresql().update_many(table, three), "");
    EXPECT_NE(postgresql().upsert_many(table, three), ""); // the server refuses a row twice
}

} // namespace
} // namespace postrider::dialect

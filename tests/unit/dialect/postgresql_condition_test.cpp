// What a condition of a task may hold in PostgreSQL, and what it becomes.
#include <gtest/gtest.h>

#include "common/dialect/postgresql.hpp"

namespace postrider::dialect {
namespace {

TableDescription pg_products() {
    TableDescription table;
    table.name = "crm.products";
    for (const auto &[name, type] :
         {std::pair{"sku", "integer"}, std::pair{"name", "text"}, std::pair{"Price", "numeric"},
          std::pair{"day", "date"}, std::pair{"at", "timestamp with time zone"},
          std::pair{"odd \"name\"", "text"}, std::pair{"x", "integer"}, std::pair{"Two", "text"},
          std::pair{"TWO", "text"}, std::pair{"days", "date[]"}}) {
        ColumnDescription column;
        column.name = name;
        column.type = postgresql().neutral_type(type);
        table.columns.push_back(column);
    }
    table.columns[6].generated = Generated::stored;
    table.key = {0};
    return table;
}

std::string refused(const std::string &text) {
    const Result<Condition> condition = postgresql().read_condition(text, pg_products());
    if (condition) {
        return "taken: " + condition->sql;
    }
    const std::string begin = "this condition cannot be used: ";
    EXPECT_EQ(condition.error().message.rfind(begin, 0), 0U) << condition.error().message;
    EXPECT_NE(condition.error().hint, "");
    return condition.error().message.substr(begin.size());
}

TEST(PostgresqlCondition, names_its_columns_as_the_catalogue_spells_them) {
    const Result<Condition> condition = postgresql().read_condition(
        "NAME = 'it''s' AND crm.products.price>=1.5e-3 OR products . \"Price\" IN (1, 2) AND"
        " \"odd \"\"name\"\"\" IS NOT NULL AND \"Two\" <> ''",
        pg_products());
    ASSERT_TRUE(condition.has_value()) << condition.error().message;
    EXPECT_EQ(condition->sql, "\"name\" = 'it''s' AND \"Price\">=1.5e-3 OR  \"Price\" IN (1, 2) AND"
                              " \"odd \"\"name\"\"\" IS NOT NULL AND \"Two\" <> ''");
    EXPECT_EQ(condition->columns,
              (std::vector<std::string>{"name", "Price", "odd \"name\"", "Two"}));
}

TEST(PostgresqlCondition, binds_attributes_of_peers) {
    const Result<Condition> condition = postgresql().read_condition(
        "name = PEER.code AND price < peer . \"size\" OR name = 'PEER.x' || PEER.Code",
        pg_products());
    ASSERT_TRUE(condition.has_value()) << condition.error().message;
    EXPECT_EQ(condition->sql, "\"name\" = ?1 AND \"Price\" < ?2 OR \"name\" = 'PEER.x' || ?1");
    EXPECT_EQ(condition->attributes, (std::vector<std::string>{"code", "size"}));
}

TEST(PostgresqlCondition, may_use_what_gives_the_same_result_everywhere) {
    for (const char *text : {"NOT price > 1",
                             "price BETWEEN 1 AND 2 AND name LIKE 'a%' ESCAPE '!'",
                             "CASE WHEN price > -1 THEN TRUE ELSE FALSE END",
                             "CAST(price AS integer) = 2",
                             "price::numeric(10, 2) = 2",
                             "price::double precision = 2",
                             "sku::character varying = '2'",
                             "name < 'a' COLLATE \"C\"",
                             "lower(left(name, 2)) IS NOT DISTINCT FROM E'a\\\\b'",
                             "coalesce(price, 0) % 2 = 0",
                             "name ~* '^a' AND name !~~ '%now%'",
                             "price*-1 <-2",
                             "sku = ANY('{1,2}') AND sku = ANY(ARRAY[1, 2])",
                             "day = DATE '2026-01-01'",
                             "day > '2026-01-01' AND day - interval '1 day' < '2026-02-01'",
                             "day::timestamp = '2026-01-01'",
                             "day::timestamp > TIMESTAMP '2026-01-01 10:00'",
                             "day = PEER.day",
                             "at > '2026-01-01 00:00:00+00' AND at IS NOT NULL",
                             "X'1F' = B'00011111'",
                             "name = 'now'",
                             "(day, sku) > ('2026-01-01', 1)"}) {
        EXPECT_EQ(refused(text).rfind("taken", 0), 0U) << text << ": " << refused(text);
    }
}

TEST(PostgresqlCondition, looks_at_nothing_but_its_row) {
    EXPECT_EQ(refused("sku IN (SELECT sku FROM orders)"), "it has a subquery or a window");
    EXPECT_EQ(refused("sku IN (TABLE orders)"), "it has a subquery or a window");
    EXPECT_EQ(refused("EXISTS (VALUES (1))"), "it has a subquery or a window");
    EXPECT_EQ(refused("orders.sku = 1"), "table \"crm.products\" has no column \"orders\"");
    EXPECT_EQ(refused("products IS NULL"), "table \"crm.products\" has no column \"products\"");
    EXPECT_EQ(refused("ctid = '(0,1)'"), "table \"crm.products\" has no column \"ctid\"");
    EXPECT_EQ(refused("name = \"rope\""), "table \"crm.products\" has no column \"rope\"");
    EXPECT_EQ(refused("name = \"NAME\""), "table \"crm.products\" has no column \"NAME\"");
    EXPECT_EQ(refused("two = ''"), "table \"crm.products\" has no column \"two\"");
    EXPECT_EQ(refused("price > random()"), "\"random\" gives another result at another time");
    EXPECT_EQ(refused("day < CURRENT_DATE"), "\"current_date\" gives another result at another"
                                             " time");
    EXPECT_EQ(refused("my_function(name)"),
              "the function \"my_function\" is not one of those whose result is the same"
              " everywhere");
    EXPECT_EQ(refused("\"lower\"(name) = ''"),
              "the function \"lower\" is not one of those whose result is the same everywhere");
    EXPECT_EQ(refused("text(name) = ''"), "the function \"text\" is not one of those whose result"
                                          " is the same everywhere");
    EXPECT_EQ(refused("name OPERATOR(public.=) ''"),
              "the function \"OPERATOR\" is not one of those whose result is the same everywhere");
    EXPECT_EQ(refused("x > 1"), "column \"x\" is computed by the table");
    EXPECT_EQ(refused("name < 'a' COLLATE \"de_DE\""),
              "the collation \"de_DE\" is not the same everywhere");
    EXPECT_EQ(refused("name < 'a' COLLATE pg_catalog.\"C\""),
              "the collation \"pg_catalog\" is not the same everywhere");
    EXPECT_EQ(refused("name @@ 'a'"), "it holds the operator \"@@\"");
}

TEST(PostgresqlCondition, leans_neither_on_the_clock_nor_on_the_time_zone) {
    const std::string now = "a text that says \"now\", \"today\", \"tomorrow\" or \"yesterday\""
                            " gives another time at another time";
    EXPECT_EQ(refused("day > 'today'"), now);
    EXPECT_EQ(refused("at > ' Now '"), now);
    EXPECT_EQ(refused("day > E'n\\x6fw'"), now);
    EXPECT_EQ(refused("name::date > E'2026-01-01' OR name = 'yesterday 10:00'"), now);
    const std::string zone = "a value with a time zone would be converted by the session's";
    EXPECT_EQ(refused("at::date = '2026-01-01'"), zone);
    EXPECT_EQ(refused("CAST(at AS text) = ''"), zone);
    EXPECT_EQ(refused("at || '' = ''"), zone);
    EXPECT_EQ(refused("at > day"), zone);
    EXPECT_EQ(refused("at + '1 day' > at"), zone);
    EXPECT_EQ(refused("at > at + PEER.late"), zone);
    const std::string written =
        "a time, or a value that may hold one, would be written in the session's style";
    EXPECT_EQ(refused("day::text = '2026-01-01'"), written);
    EXPECT_EQ(refused("'' || day = '2026-01-01'"), written);
    EXPECT_EQ(refused("interval '1 day'::text = name"), written);
    EXPECT_EQ(refused("days::text = '{2026-01-01}'"), written);
    const std::string read = "a text would be read as a time in the session's style";
    EXPECT_EQ(refused("name::date = '2026-01-01'"), read);
    EXPECT_EQ(refused("reverse('won')::date > day"), read);
    EXPECT_EQ(refused("CAST(PEER.day AS date) = '2026-01-01'"), read);
    EXPECT_EQ(refused("name::timestamptz > '2026-01-01'"),
              "\"timestamptz\" is read in the session's time zone");
    EXPECT_EQ(refused("day > timestamptz '2026-01-01'"),
              "\"timestamptz\" is read in the session's time zone");
    EXPECT_EQ(refused("name::regclass = 1"),
              "the type \"regclass\" is not one of those that are the same everywhere");
}

TEST(PostgresqlCondition, compares_by_what_is_built_in_alone) {
    TableDescription table = pg_products();
    table.columns[1].collation = "citext";
    const Result<Condition> condition = postgresql().read_condition("name = 'a'", table);
    ASSERT_FALSE(condition.has_value());
    EXPECT_EQ(condition.error().message,
              "this condition cannot be used: column \"name\" is of type citext, whose comparisons"
              " are not built in");
}

TEST(PostgresqlCondition, is_one_expression_that_the_server_reads_as_it_is_read_here) {
    EXPECT_EQ(refused("price -- > 1"), "it has a comment");
    EXPECT_EQ(refused("price > 1 /* x */"), "it has a comment");
    EXPECT_EQ(refused("price +/* x */ 1"), "it has a comment");
    EXPECT_EQ(refused("price; DROP TABLE products"), "it holds the character \";\"");
    EXPECT_EQ(refused("price > ?1"), "it holds the operator \"?\"");
    EXPECT_EQ(refused("price > $1"), "it holds the character \"$\"");
    EXPECT_EQ(refused("name = $$a$$"), "it holds the character \"$\"");
    EXPECT_EQ(refused("name = u&'a'"), "it begins a text or a name with U&");
    EXPECT_EQ(refused("U&\"name\" = 'a'"), "it begins a text or a name with U&");
    EXPECT_EQ(refused("name = 'a"), "a text is not closed");
    EXPECT_EQ(refused("name = '"), "a text is not closed");
    EXPECT_EQ(refused("name = 'a''"), "a text is not closed");
    EXPECT_EQ(refused("\"name\"\""), "a name is not closed");
    EXPECT_EQ(refused("name = E'\\'"), "a text has a backslash before a quote");
    EXPECT_EQ(refused("\"name"), "a name is not closed");
    EXPECT_EQ(refused("name = E'a\\'b'"), "a text has a backslash before a quote");
    EXPECT_EQ(refused("name = E'a'\n'\\'' OR (SELECT 1) = 1 --'"), "two texts stand side by side");
    EXPECT_EQ(refused("price > 1or true"), "a number and a word stand side by side");
    EXPECT_EQ(refused("price = 1) OR (1 = 1"), "its parentheses do not match");
    EXPECT_EQ(refused("(price = 1"), "its parentheses do not match");
    EXPECT_EQ(refused("price > PEER."), "\"PEER.\" stands without a name");
}

TEST(PostgresqlCondition, holds_nothing_else_however_it_is_cut) {
    const std::string text = "\"na\"\"me\" = E'it''s' AND price >= PEER.\"a\" /* c */ $x$ '";
    for (std::size_t size = 0; size <= text.size(); ++size) {
        EXPECT_EQ(refused(text.substr(0, size)).find("/*"), std::string::npos);
    }
}

TEST(PostgresqlExpression, is_computed_of_any_type) {
    const Result<Condition> expression =
        postgresql().read_expression("upper(NAME) || peer.code", pg_products());
    ASSERT_TRUE(expression.has_value()) << expression.error().message;
    EXPECT_EQ(postgresql().select_computed(pg_products(), *expression),
              "SELECT (upper(\"name\") || ?1) FROM \"crm\".\"products\"");
}

TEST(PostgresqlExpression, is_refused_in_words_of_its_own) {
    const Result<Condition> result = postgresql().read_expression("random()", pg_products());
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message,
              "this expression cannot be used: \"random\" gives another result at another time");
    EXPECT_EQ(result.error().hint,
              "Use columns of the row alone: with a clock, chance or the session, the column would"
              " change without its row being changed.");
}

TEST(PostgresqlImages, have_the_types_and_collations_of_the_tables_own_columns) {
    const TableDescription table = pg_products();
    const Result<Condition> condition = postgresql().read_condition("price > PEER.a", table);
    ASSERT_TRUE(condition.has_value());
    const std::string images =
        " FROM (SELECT CAST(NULL AS bigint) AS postrider_row, \"Price\" FROM \"crm\".\"products\""
        " WHERE false UNION ALL SELECT i.number, CAST(i.fields[1] AS numeric) FROM"
        " pg_temp.postrider_image AS i) AS image ORDER BY image.postrider_row";
    EXPECT_EQ(postgresql().select_images(table, *condition),
              "SELECT CAST(CASE WHEN (\"Price\" > ?1) THEN 1 ELSE 0 END AS bigint)" + images);
    EXPECT_EQ(postgresql().select_values(table, *condition), "SELECT (\"Price\" > ?1)" + images);
    EXPECT_EQ(postgresql().images(table, condition->columns).insert,
              "INSERT INTO pg_temp.postrider_image(fields) VALUES (CAST(ARRAY[CAST(CAST(?1 AS"
              " numeric) AS text)] AS text[]))");
    const std::vector<std::string> columns{"name"};
    EXPECT_EQ(postgresql().select_where(table, columns, *condition, true),
              "SELECT \"name\" FROM \"crm\".\"products\" WHERE ((\"Price\" > ?1) IS TRUE) AND"
              " \"sku\" = ?2");
}

} // namespace
} // namespace postrider::dialect

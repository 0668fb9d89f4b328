// What a condition of a task may hold, and what it becomes.
#include <gtest/gtest.h>

#include "common/dialect/sqlite.hpp"
#include "common/dialect/sqlite_predicate.hpp"

namespace postrider::dialect {
namespace {

TableDescription products() {
    TableDescription table;
    table.name = "products";
    for (const char *name : {"sku", "name", "price", "Shelf", "odd \"name\"", "x"}) {
        ColumnDescription column;
        column.name = name;
        table.columns.push_back(column);
    }
    table.columns.back().generated = Generated::computed;
    table.columns[3].collation = "backwards";
    table.key = {0};
    return table;
}

std::string sql_of(const std::string &text) {
    const Result<Condition> condition = sqlite().read_condition(text, products());
    return condition ? condition->sql : condition.error().message;
}

std::string refusal_of(const std::string &text) {
    const Result<Condition> condition = sqlite().read_condition(text, products());
    if (condition) {
        return "taken: " + condition->sql;
    }
    const std::string begin = "this condition cannot be used: ";
    EXPECT_EQ(condition.error().message.rfind(begin, 0), 0U) << condition.error().message;
    EXPECT_NE(condition.error().hint, "");
    return condition.error().message.substr(begin.size());
}

TEST(Condition, NamesItsColumnsAsTheCatalogueSpellsThem) {
    const Result<Condition> condition = sqlite().read_condition(
        "NAME = 'it''s' AND products.price>=1.5e-3 OR [price] IN (1, 2) AND \"odd \"\"name\"\"\""
        " IS NOT NULL AND x'00' <> name",
        products());
    ASSERT_TRUE(condition.has_value()) << condition.error().message;
    EXPECT_EQ(condition->sql,
              "\"name\" = 'it''s' AND \"products\".\"price\">=1.5e-3 OR \"price\" IN (1, 2) AND"
              " \"odd \"\"name\"\"\" IS NOT NULL AND x'00' <> \"name\"");
    EXPECT_EQ(condition->columns, (std::vector<std::string>{"name", "price", "odd \"name\""}));
    EXPECT_TRUE(condition->attributes.empty());
}

TEST(Condition, BindsAttributesOfPeers) {
    const Result<Condition> condition = sqlite().read_condition(
        "name = PEER.code AND price < peer . \"size\" OR 'PEER.x' = PEER.Code", products());
    ASSERT_TRUE(condition.has_value()) << condition.error().message;
    EXPECT_EQ(condition->sql, "\"name\" = ?1 AND \"price\" < ?2 OR 'PEER.x' = ?1");
    EXPECT_EQ(condition->attributes, (std::vector<std::string>{"code", "size"}));
}

TEST(Condition, MayUseWhatGivesTheSameResultEverywhere) {
    for (const char *text :
         {"NOT price", "price BETWEEN 1 AND 2 AND name LIKE 'a%' ESCAPE '\\'",
          "CASE WHEN price > 1 THEN TRUE ELSE FALSE END", "CAST(price AS INTEGER) = 2",
          "name = 'a' COLLATE NOCASE", "lower(substr(name, 1, 2)) IS NOT DISTINCT FROM 'ab'",
          "coalesce(price, 0) % 2 = 0", "price IS NULL OR price ISNULL", "length(name)||'' = 3"}) {
        EXPECT_EQ(refusal_of(text).rfind("taken", 0), 0U) << refusal_of(text);
    }
}

TEST(Condition, LooksAtNothingButItsRow) {
    EXPECT_EQ(refusal_of("sku IN (SELECT sku FROM orders)"), "it has a subquery or a window");
    EXPECT_EQ(refusal_of("EXISTS (VALUES (1))"), "it has a subquery or a window");
    EXPECT_EQ(refusal_of("sku IN orders"), "IN names a table");
    EXPECT_EQ(refusal_of("orders.sku = 1"), "table \"products\" has no column \"orders\"");
    EXPECT_EQ(refusal_of("rowid = 1"), "table \"products\" has no column \"rowid\"");
    EXPECT_EQ(refusal_of("name = \"rope\""), "table \"products\" has no column \"rope\"");
    EXPECT_EQ(refusal_of("price > random()"), "\"random\" gives another result at another time");
    EXPECT_EQ(refusal_of("name < CURRENT_DATE"),
              "\"current_date\" gives another result at another time");
    EXPECT_EQ(refusal_of("date(name) > date('now')"),
              "\"date\" gives another result at another time");
    EXPECT_EQ(refusal_of("my_function(name)"),
              "the function \"my_function\" is not one of those whose result is the same"
              " everywhere");
    EXPECT_EQ(refusal_of("text(name)"), "the function \"text\" is not one of those whose result is"
                                        " the same everywhere");
    EXPECT_EQ(refusal_of("max(price) > 1"),
              "the function \"max\" is not one of those whose result is the same everywhere");
    EXPECT_EQ(refusal_of("x > 1"), "column \"x\" is computed by the table");
    EXPECT_EQ(refusal_of("shelf = 'a'"),
              "column \"Shelf\" has the application's collation \"backwards\"");
}

TEST(Expression, IsReadAsAConditionAndRefusedInWordsOfItsOwn) {
    const Result<Condition> expression =
        sqlite().read_expression("upper(NAME) || peer.code", products());
    ASSERT_TRUE(expression.has_value()) << expression.error().message;
    EXPECT_EQ(expression->sql, "upper(\"name\") || ?1");
    EXPECT_EQ(sqlite().select_values(products(), *expression),
              "SELECT (upper(\"name\") || ?1) FROM temp.\"postrider_image\" AS \"products\""
              " ORDER BY \"postrider_row\"");
    EXPECT_EQ(sqlite().select_computed(products(), *expression),
              "SELECT (upper(\"name\") || ?1) FROM main.\"products\"");
    const Result<Condition> refused = sqlite().read_expression("random()", products());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message,
              "this expression cannot be used: \"random\" gives another result at another time");
    EXPECT_EQ(refused.error().hint,
              "Use columns of the row alone: with a clock or chance, the column would change"
              " without its row being changed.");
}

TEST(Condition, IsOneExpressionWithoutCommentsAndParameters) {
    EXPECT_EQ(refusal_of("price -- > 1"), "it has a comment");
    EXPECT_EQ(refusal_of("price /* > 1 */"), "it has a comment");
    EXPECT_EQ(refusal_of("price; DROP TABLE products"), "it holds the character \";\"");
    EXPECT_EQ(refusal_of("price > ?1"), "it holds the character \"?\"");
    EXPECT_EQ(refusal_of("price > :one"), "it holds the character \":\"");
    EXPECT_EQ(refusal_of("price > $one"), "it holds the character \"$\"");
    EXPECT_EQ(refusal_of("price > PEER."), "\"PEER.\" stands without a name");
}

TEST(Condition, HoldsNothingElseHoweverItIsCut) {
    const std::string text = "\"na\"\"me\" = 'it''s' AND [price] >= PEER.\"a\" /* c */ `x`";
    for (std::size_t size = 0; size <= text.size(); ++size) {
        const std::string sql = sql_of(text.substr(0, size));
        EXPECT_EQ(sql.find("/*"), std::string::npos);
    }
}

TEST(Collations, AreReadFromTheDefinition) {
    using Map = std::map<std::string, std::string>;
    EXPECT_EQ(sqlite().column_collations(
                  "CREATE TABLE \"t (\"(a TEXT COLLATE NOCASE, b, -- , c COLLATE x\n"
                  " \"d \"\"e\"\"\" VARCHAR(10) NOT NULL DEFAULT ('COLLATE') /* , */ collate"
                  " \"RTRIM\", f CHECK (f COLLATE NOCASE <> 'x'), PRIMARY KEY(a COLLATE BINARY))"),
              (Map{{"a", "NOCASE"}, {"d \"e\"", "RTRIM"}}));
    EXPECT_EQ(sqlite().column_collations("CREATE TABLE t(a"), Map{});
    EXPECT_EQ(sqlite().column_collations(""), Map{});
}

} // namespace
} // namespace postrider::dialect

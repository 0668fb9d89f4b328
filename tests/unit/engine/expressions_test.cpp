// Columns that the sender's database computes: (sql) AS name, fn(args) AS name.
#include <gtest/gtest.h>

#include "common/engine/declare.hpp"

#include "tests/support/head_office.hpp"

namespace postrider::test {
namespace {

/// A head office and a shop that trusts its tasks.
struct Expressions : HeadOffice {
    void SetUp() override {
        hq_application.run(
            "CREATE TABLE product(sku TEXT PRIMARY KEY NOT NULL, name TEXT COLLATE NOCASE,"
            " price REAL, cost REAL, note TEXT);"
            "INSERT INTO product VALUES('a', 'rope', 2, 1, 'x'), ('b', 'lamp', 7, 3, NULL)");
        shop_application.run(
            "CREATE TABLE product(sku TEXT PRIMARY KEY NOT NULL, name TEXT, margin)");
        declare(shop, "PEER hq MAILDIR '" + (directory / "mail") + "' TRUST TASKS");
        attribute("3");
    }

    void attribute(const std::string &rate) {
        declare(hq, "PEER shop (rate = " + rate + ") MAILDIR '" + (directory / "mail") + "'");
    }

    std::string send(const std::string &table) {
        return declare(hq, "TASK t SEND product " + table + " TO shop");
    }

    std::string products() { return shop_application.ask("SELECT * FROM product ORDER BY sku"); }
};

TEST_F(Expressions, AreComputedWhereRowsComeFrom) {
    ASSERT_EQ(send("(sku, upper(name) AS name, (price - cost) AS margin)"), "declared");
    settle();
    EXPECT_EQ(products(), "a|ROPE|1.0\nb|LAMP|4.0");
    hq_application.run("UPDATE product SET cost = 0.5 WHERE sku = 'a';"
                       "UPDATE product SET name = 'Lantern' WHERE sku = 'b';"
                       "INSERT INTO product VALUES('c', NULL, 5, 4, NULL)");
    settle();
    EXPECT_EQ(products(), "a|ROPE|1.5\nb|LANTERN|4.0\nc||1.0");
    hq_application.run("DELETE FROM product WHERE sku = 'b';"
                       "UPDATE product SET sku = 'd' WHERE sku = 'c'");
    settle();
    EXPECT_EQ(products(), "a|ROPE|1.5\nd||1.0");
    EXPECT_EQ(hq_application.ask("SELECT kept FROM postrider_capture"),
              R"(("name", "price", "cost"))");
}

TEST_F(Expressions, CompareAsTheTableDoes) {
    ASSERT_EQ(send("(sku, (name = 'ROPE') AS margin)"), "declared");
    settle();
    EXPECT_EQ(products(), "a||1\nb||0");
}

TEST_F(Expressions, MayUseNothingOfTheRowOrItsKeyAlone) {
    ASSERT_EQ(send("(sku, (sku || '!') AS name, ('hq') AS margin)"), "declared");
    settle();
    hq_application.run("INSERT INTO product(sku) VALUES('c')");
    settle();
    EXPECT_EQ(products(), "a|a!|hq\nb|b!|hq\nc|c!|hq");
}

TEST_F(Expressions, StandBesideACondition) {
    ASSERT_EQ(send("(sku, (price * 2) AS margin) WHERE (cost > 2)"), "declared");
    settle();
    EXPECT_EQ(products(), "b||14.0");
    hq_application.run("UPDATE product SET cost = 9 WHERE sku = 'a';"
                       "UPDATE product SET cost = 1 WHERE sku = 'b'");
    settle();
    EXPECT_EQ(products(), "a||4.0");
}

TEST_F(Expressions, MayNameAttributesOfThePeer) {
    ASSERT_EQ(send("(sku, (price * PEER.rate) AS margin)"), "declared");
    settle();
    EXPECT_EQ(products(), "a||6.0\nb||21.0");
    attribute("10");
    settle();
    EXPECT_EQ(products(), "a||20.0\nb||70.0");
    EXPECT_EQ(send("(sku, (price * PEER.discount) AS margin)"),
              "line 1, column 27: the task \"t\" names PEER.discount, which the peer \"shop\" has"
              " not | Declare it: PEER shop (discount = '…') with the peer's other clauses.");
}

TEST_F(Expressions, AnotherExpressionSendsTheTableAgain) {
    send("(sku, (price) AS margin)");
    settle();
    ASSERT_EQ(send("(sku, (cost) AS margin)"), "declared");
    settle();
    EXPECT_EQ(products(), "a||1.0\nb||3.0");
}

TEST_F(Expressions, AreNeverSeenByThePeer) {
    send("(sku, (price + cost) AS margin)");
    settle();
    EXPECT_EQ(shop_application.ask("SELECT columns FROM postrider_task_table"),
              R"(("sku", "margin"))");
    EXPECT_EQ(shop_application.ask("SELECT instr(message, 'cost') FROM postrider_offer"), "0");
}

TEST_F(Expressions, GiveAColumnThatHoldsAnyValueToATableThatIsMade) {
    shop_application.run("DROP TABLE product");
    declare(hq, "TASK t SEND product (sku, iif(price > 5, 'dear', 7) AS class) TO shop"
                " CREATE MISSING TABLES");
    settle();
    EXPECT_EQ(shop_application.ask("SELECT sql FROM sqlite_schema WHERE name = 'product'"),
              "CREATE TABLE \"product\"(\"sku\" TEXT NOT NULL, \"class\", PRIMARY KEY(\"sku\"))");
    EXPECT_EQ(shop_application.ask("SELECT sku, class, typeof(class) FROM product ORDER BY sku"),
              "a|7|integer\nb|dear|text");
}

TEST_F(Expressions, AColumnThatIsRenamedHoldsTheTableUntilTheTaskIsDeclaredAnew) {
    send("(sku, (price - cost) AS margin)");
    settle();
    hq_application.run("ALTER TABLE product RENAME COLUMN cost TO expense;"
                       "UPDATE product SET expense = 2 WHERE sku = 'a'");
    settle();
    EXPECT_EQ(hq_application.ask("SELECT held FROM postrider_capture"),
              "table \"product\" has no column \"cost\", which a WHERE or an expression of a task"
              " names");
    EXPECT_EQ(products(), "a||1.0\nb||4.0");
    ASSERT_EQ(send("(sku, (price - expense) AS margin)"), "declared");
    settle();
    EXPECT_EQ(products(), "a||0.0\nb||4.0");
}

/// The shop sends on what it has from hq.
TEST_F(Expressions, AreComputedFromTheRowAsItStandsWhereItIsSentOn) {
    TestNode till{directory / "till.db", "till", shop.now};
    Application till_application{till.path};
    till_application.run("CREATE TABLE product(sku TEXT PRIMARY KEY NOT NULL, label TEXT)");
    pair_directly(shop, till, directory / "till_mail");
    declare(till, "PEER shop MAILDIR '" + (directory / "till_mail") + "' TRUST TASKS");
    shop_application.run("ALTER TABLE product ADD COLUMN shelf TEXT DEFAULT 'up'");
    ASSERT_EQ(declare(shop, "TASK further SEND product (sku, (name || ' ' || shelf) AS label)"
                            " TO till"),
              "declared");
    send("(sku, name)");
    for (int round = 0; round < 2; ++round) {
        settle();
        till.now = shop.now;
        run_until_quiet(shop, till);
        hq.now = shop.now;
    }
    EXPECT_EQ(till_application.ask("SELECT * FROM product ORDER BY sku"), "a|rope up\nb|lamp up");
}

TEST_F(Expressions, MistakesAreToldAtTheirPlace) {
    EXPECT_EQ(send("(sku, (price > (SELECT 1)) AS margin)"),
              "line 1, column 27: this expression cannot be used: it has a subquery or a window |"
              " Use columns of the row alone: with others, the column would change without its row"
              " being changed.");
    EXPECT_EQ(send("(sku, date(name) AS margin)"),
              "line 1, column 27: this expression cannot be used: \"date\" gives another result at"
              " another time | Use columns of the row alone: with a clock or chance, the column"
              " would change without its row being changed.");
    EXPECT_EQ(send("(sku, (price +) AS margin)"),
              "line 1, column 27: this expression cannot be used: the database does not take it |"
              " Try it in: SELECT (price +) FROM \"product\";");
    EXPECT_EQ(send("((upper(sku)) AS sku, name)"),
              "line 1, column 21: column \"sku\" of the primary key of table \"product\" would not"
              " travel | Let it travel as it is: rows are told apart by it.");
    EXPECT_EQ(send("(sku, name, (price) AS name)"),
              "line 1, column 44: the column \"name\" is given twice | Name it once.");
    EXPECT_EQ(declare(shop, "TASK t RECEIVE product (sku, upper(name) AS name) FROM hq"),
              "line 1, column 30: an expression in RECEIVE is not available in this version | Put"
              " it into the task of the node that sends, or let a generated column of the table"
              " here compute it.");
}

TEST_F(Expressions, WithoutTheColumnAtTheReceiverTheOfferStaysOpen) {
    ASSERT_EQ(send("(sku, (price) AS list_price)"), "declared");
    settle();
    EXPECT_EQ(shop_application.ask("SELECT state FROM postrider_offers"), "open");
    shop_application.run("ALTER TABLE product ADD COLUMN list_price REAL");
    ASSERT_TRUE(accept(shop, "hq.t").has_value());
    settle();
    EXPECT_EQ(shop_application.ask("SELECT sku, list_price FROM product ORDER BY sku"),
              "a|2.0\nb|7.0");
}

} // namespace
} // namespace postrider::test

// TYPE and LOSSY: what a column at the receiver does not hold exactly.
#include <gtest/gtest.h>

#include "common/engine/declare.hpp"

#include "tests/support/head_office.hpp"

namespace postrider::test {
namespace {

struct Types : HeadOffice {
    void SetUp() override {
        hq_application.run("CREATE TABLE product(id INTEGER PRIMARY KEY, code TEXT, price REAL);"
                           "INSERT INTO product VALUES(1, '007', 2.5), (2, '12', 3)");
        trust_each_other();
    }

    std::string products() {
        return shop_application.ask("SELECT id, code, typeof(code), price, typeof(price)"
                                    " FROM product ORDER BY id");
    }

    std::string parked() {
        return shop_application.ask("SELECT row, reason FROM postrider_parked");
    }
};

TEST_F(Types, AValueThatWouldChangeIsParked) {
    shop_application.run("CREATE TABLE product(id INTEGER PRIMARY KEY, code INTEGER, price REAL)");
    ASSERT_EQ(declare(hq, "TASK t SEND product TO shop"), "declared");
    settle();
    EXPECT_EQ(products(), "2|12|integer|3.0|real");
    EXPECT_EQ(parked(), "1|column \"code\" of table \"product\" cannot hold a value exactly: this"
                        " text would become a number that is written otherwise");
    hq_application.run("UPDATE product SET code = '7' WHERE id = 1");
    settle();
    EXPECT_EQ(products(), "1|7|integer|2.5|real\n2|12|integer|3.0|real");
    EXPECT_EQ(parked(), "");
}

TEST_F(Types, LossyOfTheSenderWritesTheNearestValue) {
    shop_application.run(
        "CREATE TABLE product(id INTEGER PRIMARY KEY, code INTEGER, price INTEGER) STRICT");
    ASSERT_EQ(declare(hq, "TASK t SEND product (id, code LOSSY, price LOSSY) TO shop"), "declared");
    settle();
    EXPECT_EQ(products(), "1|7|integer|3|integer\n2|12|integer|3|integer");
    EXPECT_EQ(shop_application.ask("SELECT columns FROM postrider_task_table"),
              R"(("id", "code" LOSSY, "price" LOSSY))");
    EXPECT_EQ(parked(), "");
}

TEST_F(Types, LossyOfTheReceiverWritesWhatWasParked) {
    shop_application.run("CREATE TABLE product(id INTEGER PRIMARY KEY, code ANY, list INTEGER)"
                         " STRICT");
    ASSERT_EQ(declare(shop, "TASK t RECEIVE product (id, code, price AS list) FROM hq"),
              "declared");
    settle();
    EXPECT_EQ(shop_application.ask("SELECT id, code, typeof(code), list FROM product"),
              "2|12|text|3");
    EXPECT_EQ(parked(), "1|column \"list\" of table \"product\" cannot hold a value exactly: this"
                        " number is not an integer of 64 bits");
    ASSERT_EQ(declare(shop, "TASK t RECEIVE product (id, code, price AS list LOSSY) FROM hq"),
              "declared");
    settle();
    EXPECT_EQ(shop_application.ask("SELECT id, code, list FROM product ORDER BY id"),
              "1|007|3\n2|12|3");
    EXPECT_EQ(parked(), "");
}

TEST_F(Types, AConditionOfTheReceiverLooksAtTheNearestValue) {
    shop_application.run("CREATE TABLE product(id INTEGER PRIMARY KEY, price INTEGER) STRICT");
    hq_application.run("UPDATE product SET price = 2.4 WHERE id = 2");
    ASSERT_EQ(declare(shop, "TASK t RECEIVE product (id, price LOSSY) WHERE (price < 3) FROM hq"),
              "declared");
    settle();
    EXPECT_EQ(shop_application.ask("SELECT * FROM product"), "2|2"); // 2.5 would be 3
    EXPECT_EQ(shop_application.ask("SELECT reason FROM postrider_refused"),
              "1 rows of table \"product\" are outside the rows hq may write");
}

TEST_F(Types, WithOnErrorStopTheStreamWaits) {
    shop_application.run("CREATE TABLE product(id INTEGER PRIMARY KEY, code INTEGER, price REAL)");
    ASSERT_EQ(declare(hq, "TASK t SEND product TO shop ON ERROR STOP"), "declared");
    settle();
    EXPECT_EQ(products(), "");
    EXPECT_NE(shop_application.ask("SELECT reason FROM postrider_stream_in WHERE stream > 0")
                  .find("cannot hold a value exactly"),
              std::string::npos);
}

TEST_F(Types, TypeIsThatOfTheTableThatIsMade) {
    ASSERT_EQ(declare(hq, "TASK t SEND product (id, code TYPE varchar (20),"
                          " (price * 100) AS cents TYPE INTEGER, price TYPE DECIMAL(10,2)) TO shop"
                          " CREATE MISSING TABLES"),
              "declared");
    settle();
    EXPECT_EQ(shop_application.ask("SELECT sql FROM sqlite_schema WHERE name = 'product'"),
              "CREATE TABLE \"product\"(\"id\" INTEGER NOT NULL, \"code\" VARCHAR(20), \"price\""
              " DECIMAL(10,2), \"cents\" INTEGER, PRIMARY KEY(\"id\"))");
    EXPECT_EQ(shop_application.ask("SELECT code, cents FROM product ORDER BY id"),
              "007|250\n12|300");
}

TEST_F(Types, MistakesAreToldAtTheirPlace) {
    EXPECT_EQ(declare(hq, "TASK t SEND product (id, code TYPE strng) TO shop"),
              "line 1, column 31: there is no type \"strng\" | Use INTEGER, REAL, DECIMAL, TEXT,"
              " BLOB, BOOLEAN, DATE, TIME, TIMESTAMP, JSON or UUID.");
    shop_application.run("CREATE TABLE product(id INTEGER PRIMARY KEY, code INTEGER, price REAL)");
    EXPECT_EQ(declare(shop, "TASK t RECEIVE product (id, code TYPE TEXT) FROM hq"),
              "line 1, column 34: TYPE in RECEIVE is not available in this version | Give the"
              " column of the table here the type, or put TYPE into the task of the node that"
              " sends.");
}

} // namespace
} // namespace postrider::test

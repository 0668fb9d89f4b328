// Lists of columns and WITHOUT DELETE, declared on one side and obeyed on both.
#include <gtest/gtest.h>

#include "common/engine/declare.hpp"
#include "common/engine/offers.hpp"

#include "tests/support/head_office.hpp"

namespace postrider::test {
namespace {

using engine::Session;

/// A head office and a shop that trust each other's tasks.
struct Lists : HeadOffice {
    void SetUp() override {
        hq_application.run(
            "CREATE TABLE product(sku TEXT PRIMARY KEY NOT NULL, name TEXT, price REAL, cost REAL);"
            "INSERT INTO product VALUES('a', 'rope', 2, 1), ('b', 'lamp', 7, 3)");
        shop_application.run("CREATE TABLE product(sku TEXT PRIMARY KEY NOT NULL, name TEXT,"
                             " price REAL, cost REAL DEFAULT -1)");
        trust_each_other();
    }

    std::string products() { return shop_application.ask("SELECT * FROM product ORDER BY sku"); }

    static std::string task_of(Application &application) {
        return application.ask("SELECT columns || '/' || settings FROM postrider_task_table");
    }

    std::string refused() { return shop_application.ask("SELECT reason FROM postrider_refused"); }
};

TEST_F(Lists, OnlyTheListedColumnsTravelAndTheOthersKeepWhatTheReceiverHas) {
    ASSERT_EQ(declare(hq, "TASK prices SEND product (sku, name, price) TO shop"), "declared");
    settle();
    EXPECT_EQ(products(), "a|rope|2.0|-1.0\nb|lamp|7.0|-1.0");
    shop_application.run("UPDATE product SET cost = 5 WHERE sku = 'a'");
    hq_application.run("UPDATE product SET price = 2.5, cost = 9 WHERE sku = 'a';"
                       "DELETE FROM product WHERE sku = 'b'");
    settle();
    EXPECT_EQ(products(), "a|rope|2.5|5.0");
    EXPECT_EQ(task_of(shop_application), R"(("sku", "name", "price")/)");
    EXPECT_EQ(refused(), "");
}

TEST_F(Lists, AColumnMayHaveAnotherNameThere) {
    shop_application.run("ALTER TABLE product RENAME COLUMN name TO title");
    ASSERT_EQ(declare(hq, "TASK prices SEND product (sku, NAME AS title) TO shop"), "declared");
    settle();
    EXPECT_EQ(products(), "a|rope||-1.0\nb|lamp||-1.0");
    EXPECT_EQ(task_of(hq_application), R"(("sku", "name" AS "title")/)");
}

TEST_F(Lists, TheKeyMayHaveAnotherNameThere) {
    shop_application.run("ALTER TABLE product RENAME COLUMN sku TO code");
    ASSERT_EQ(declare(hq, "TASK prices SEND product (price, sku AS code) TO shop"), "declared");
    settle();
    hq_application.run("DELETE FROM product WHERE sku = 'b'");
    settle();
    EXPECT_EQ(shop_application.ask("SELECT * FROM product"), "a||2.0|-1.0");
}

TEST_F(Lists, TheReceiverMayDeclareTheListAndTheNames) {
    shop_application.run("ALTER TABLE product RENAME COLUMN name TO title");
    ASSERT_EQ(declare(shop, "TASK prices RECEIVE product (sku, name AS title) FROM hq"),
              "declared");
    settle();
    EXPECT_EQ(products(), "a|rope||-1.0\nb|lamp||-1.0");
    EXPECT_EQ(task_of(hq_application), R"(("sku", "name")/)");
}

TEST_F(Lists, AllColumnsButSomeTravelNewOnesToo) {
    ASSERT_EQ(declare(hq, "TASK prices SEND product (* EXCEPT cost) TO shop"), "declared");
    settle();
    EXPECT_EQ(products(), "a|rope|2.0|-1.0\nb|lamp|7.0|-1.0");
    for (Application *application : {&shop_application, &hq_application}) {
        application->run("ALTER TABLE product ADD COLUMN shelf TEXT");
    }
    hq_application.run("UPDATE product SET shelf = 'up' WHERE sku = 'a'");
    settle();
    EXPECT_EQ(products(), "a|rope|2.0|-1.0|up\nb|lamp|7.0|-1.0|");
}

TEST_F(Lists, AReceiverThatLeavesColumnsOutGetsTheOthers) {
    hq_application.run("ALTER TABLE product DROP COLUMN price");
    ASSERT_EQ(declare(shop, "TASK prices RECEIVE product (* EXCEPT cost) FROM hq"), "declared");
    settle();
    EXPECT_EQ(products(), "a|rope||-1.0\nb|lamp||-1.0");
    EXPECT_EQ(task_of(hq_application), R"(("sku", "name")/)");
}

TEST_F(Lists, AnotherListSendsTheTableAgain) {
    declare(hq, "TASK prices SEND product (sku, name) TO shop");
    settle();
    ASSERT_EQ(declare(hq, "TASK prices SEND product (sku, price) TO shop"), "declared");
    settle();
    EXPECT_EQ(products(), "a|rope|2.0|-1.0\nb|lamp|7.0|-1.0");
}

TEST_F(Lists, AColumnOutsideTheListIsRefusedWithItsRowsWhileTheRestGoesOn) {
    for (Application *application : {&shop_application, &hq_application}) {
        application->run("CREATE TABLE other(id INTEGER PRIMARY KEY)");
    }
    declare(hq, "TASK prices SEND product, other TO shop");
    settle();
    // What a sender does that does not keep to what was agreed.
    shop.write([](const Session &session) {
        session.transaction.execute(
            "UPDATE @task_table SET columns = '(sku, name)' WHERE local_name = 'product'");
        engine::approve(session);
    });
    hq_application.run("UPDATE product SET price = 9 WHERE sku = 'a';"
                       "INSERT INTO other VALUES(1)");
    settle();
    EXPECT_EQ(products(), "a|rope|2.0|1.0\nb|lamp|7.0|3.0");
    EXPECT_EQ(shop_application.ask("SELECT * FROM other"), "1");
    EXPECT_EQ(refused(), "no task takes column \"price\" of table \"product\" from peer \"hq\"");
    EXPECT_EQ(hq_application.ask("SELECT count(*) FROM postrider_event WHERE kind = 'peer_note'"),
              "1");
}

TEST_F(Lists, MistakesAreNamedWithTheWayOut) {
    EXPECT_EQ(declare(hq, "TASK t SEND product (name) TO shop"),
              "line 1, column 21: column \"sku\" of the primary key of table \"product\" would not"
              " travel | Let it travel as it is: rows are told apart by it.");
    EXPECT_EQ(declare(hq, "TASK t SEND product (* EXCEPT sku) TO shop"),
              "line 1, column 21: column \"sku\" of the primary key of table \"product\" would not"
              " travel | Let it travel as it is: rows are told apart by it.");
    EXPECT_EQ(declare(hq, "TASK t SEND product (sku, nane) TO shop"),
              "line 1, column 27: table \"product\" has no column \"nane\" | Did you mean"
              " \"name\"?");
    EXPECT_EQ(declare(hq, "TASK t SEND product (sku, name AS a, name AS b) TO shop"),
              "line 1, column 21: the column \"name\" is given twice | Name it once.");
    hq_application.run("ALTER TABLE product ADD COLUMN twice REAL AS (price * 2)");
    EXPECT_EQ(
        declare(hq, "TASK t SEND product (sku, twice) TO shop"),
        "line 1, column 27: column \"twice\" of table \"product\" is computed by the table and"
        " does not travel | Leave it out: the other side's table computes its own.");
}

TEST_F(Lists, AColumnThatNewRowsNeedAtTheReceiverIsNamed) {
    shop_application.run("DROP TABLE product; CREATE TABLE product(sku TEXT PRIMARY KEY NOT NULL,"
                         " name TEXT NOT NULL, price REAL)");
    EXPECT_EQ(declare(shop, "TASK t RECEIVE product (sku, price) FROM hq"),
              "line 1, column 24: column \"name\" of table \"product\" must not be NULL, has no"
              " default, and does not travel | Give the column a default here, or let it travel"
              " too.");
    declare(hq, "TASK prices SEND product (sku, price) TO shop");
    settle();
    EXPECT_NE(shop_application.ask("SELECT message FROM postrider_event WHERE kind = 'offer'")
                  .find("column \"name\" of table \"product\" must not be NULL"),
              std::string::npos);
}

TEST_F(Lists, ADeletedRowStaysWhereTheReceiverKeepsThem) {
    ASSERT_EQ(declare(shop, "TASK prices RECEIVE product WITHOUT DELETE FROM hq"), "declared");
    settle();
    hq_application.run("DELETE FROM product WHERE sku = 'b';"
                       "UPDATE product SET price = 3 WHERE sku = 'a'");
    settle();
    EXPECT_EQ(products(), "a|rope|3.0|1.0\nb|lamp|7.0|3.0");
    EXPECT_EQ(task_of(hq_application), "/WITHOUT DELETE");
}

TEST_F(Lists, ADeletedRowStaysWhereTheSenderSaysSo) {
    ASSERT_EQ(declare(hq, "TASK prices SEND product WITHOUT DELETE TO shop"), "declared");
    settle();
    hq_application.run("DELETE FROM product WHERE sku = 'b'");
    settle();
    EXPECT_EQ(products(), "a|rope|2.0|1.0\nb|lamp|7.0|3.0");
    EXPECT_EQ(task_of(shop_application), "/WITHOUT DELETE");
}

TEST_F(Lists, ALoadThatReplacesTakesNoneOfTheKeptRowsAway) {
    for (const bool receiver_says_so : {true, false}) {
        declare(receiver_says_so ? shop : hq,
                receiver_says_so ? "TASK prices RECEIVE product WITHOUT DELETE FROM hq"
                                 : "TASK prices SEND product WITHOUT DELETE TO shop");
        settle();
        hq_application.run("DELETE FROM product WHERE sku = 'b'");
        hq.load_whole_again();
        settle();
        EXPECT_EQ(products(), "a|rope|2.0|1.0\nb|lamp|7.0|3.0");
        declare(receiver_says_so ? shop : hq, "DROP TASK prices");
        settle();
        hq_application.run("INSERT INTO product VALUES('b', 'lamp', 7, 3)");
    }
}

/// hq sends on what the shop, its receiver, has from it.
TEST_F(Lists, WhatIsKeptHereIsNotDeletedFurtherOn) {
    TestNode till{directory / "till.db", "till", shop.now};
    Application till_application{till.path};
    till_application.run("CREATE TABLE product(sku TEXT PRIMARY KEY NOT NULL, name TEXT,"
                         " price REAL, cost REAL)");
    pair_directly(shop, till, directory / "till_mail");
    declare(till, "PEER shop MAILDIR '" + (directory / "till_mail") + "' TRUST TASKS");
    ASSERT_EQ(declare(shop, "TASK prices RECEIVE product WITHOUT DELETE FROM hq;"
                            "TASK further SEND product TO till"),
              "declared");
    const auto settle_all = [&] {
        settle();
        till.now = shop.now;
        run_until_quiet(shop, till);
        hq.now = shop.now;
        settle();
        till.now = shop.now;
        run_until_quiet(shop, till);
        hq.now = shop.now;
    };
    settle_all();
    hq_application.run("DELETE FROM product WHERE sku = 'b'");
    settle_all();
    EXPECT_EQ(till_application.ask("SELECT sku FROM product ORDER BY sku"), "a\nb");
}

} // namespace
} // namespace postrider::test

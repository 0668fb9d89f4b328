// The view schema_differences: tables that come and tables that take them.
#include <gtest/gtest.h>

#include "common/engine/declare.hpp"

#include "tests/support/head_office.hpp"

namespace postrider::test {
namespace {

struct Differences : HeadOffice {
    void SetUp() override {
        hq_application.run("CREATE TABLE product(id INTEGER PRIMARY KEY, name TEXT, price REAL);"
                           "INSERT INTO product VALUES(1, 'rope', 2.5)");
        trust(" TRUST TASKS");
        declare(hq, "PEER shop MAILDIR '" + (directory / "mail") + "' TRUST TASKS");
    }

    void trust(const std::string &clause) {
        declare(shop, "PEER hq MAILDIR '" + (directory / "mail") + "'" + clause);
    }

    std::string differences() {
        return shop_application.ask("SELECT peer, \"table\", \"column\", difference, handling,"
                                    " action FROM postrider_schema_differences ORDER BY 3, 4");
    }
};

TEST_F(Differences, TablesOfOneShapeHaveNone) {
    shop_application.run("CREATE TABLE product(id INTEGER PRIMARY KEY, name TEXT, price REAL)");
    declare(hq, "TASK t SEND product TO shop");
    settle();
    EXPECT_EQ(differences(), "");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_shape_in"), "1");
}

TEST_F(Differences, AreToldWithWhatIsDoneAboutThem) {
    shop_application.run(
        "CREATE TABLE product(id INTEGER PRIMARY KEY, name INTEGER NOT NULL, price REAL,"
        " shelf TEXT, twice REAL AS (price * 2))");
    declare(hq, "TASK t SEND product TO shop");
    settle();
    EXPECT_EQ(differences(),
              "hq|product|name|NOT NULL here alone|a row without a value is parked|Let the column"
              " here be NULL, or fill it there.\n"
              "hq|product|name|narrower here: texts that look like numbers become numbers|a row"
              " with a value that would change is parked|Give the column here a type that holds"
              " the values, or say LOSSY in the task.\n"
              "hq|product|shelf|only here|it keeps what it has, new rows get its default|");
}

TEST_F(Differences, AColumnThatIsMissingHereIsToldWhileItsBatchWaits) {
    shop_application.run("CREATE TABLE product(id INTEGER PRIMARY KEY, name TEXT, price REAL)");
    declare(hq, "TASK t SEND product TO shop");
    settle();
    hq_application.run("ALTER TABLE product ADD COLUMN shelf TEXT");
    settle();
    EXPECT_EQ(differences(), "hq|product|shelf|missing here|what comes waits|ALTER TABLE"
                             " main.\"product\" ADD COLUMN \"shelf\" TEXT;");
    shop_application.run("ALTER TABLE product ADD COLUMN shelf TEXT");
    settle();
    EXPECT_EQ(differences(), "");
}

TEST_F(Differences, AnOfferThatIsOpenShowsNothingBeforeItIsAccepted) {
    trust("");
    shop_application.run("CREATE TABLE product(id INTEGER PRIMARY KEY, name TEXT, price REAL,"
                         " shelf TEXT)");
    declare(hq, "TASK t SEND product TO shop");
    settle();
    EXPECT_EQ(differences(), "");
    ASSERT_TRUE(accept(shop, "hq.t").has_value());
    EXPECT_EQ(differences(),
              "hq|product|shelf|only here|it keeps what it has, new rows get its default|");
}

TEST_F(Differences, GoWithTheTaskAndWithWhatTheListLeavesOut) {
    shop_application.run("CREATE TABLE product(id INTEGER PRIMARY KEY, name TEXT, price REAL,"
                         " shelf TEXT)");
    declare(shop, "TASK t RECEIVE product FROM hq");
    settle();
    EXPECT_NE(differences(), "");
    declare(shop, "TASK t RECEIVE product (id, name, price) FROM hq");
    settle();
    EXPECT_EQ(differences(), "");
    declare(shop, "TASK t RECEIVE product FROM hq");
    settle();
    EXPECT_NE(differences(), "");
    declare(shop, "DROP TASK t");
    settle();
    EXPECT_EQ(differences(), "");
}

TEST_F(Differences, AreLookedAtAnewWhenATableHereIsAltered) {
    shop_application.run("CREATE TABLE product(id INTEGER PRIMARY KEY, name TEXT, price REAL)");
    declare(hq, "TASK t SEND product TO shop");
    settle();
    shop_application.run("ALTER TABLE product ADD COLUMN shelf TEXT");
    settle();
    EXPECT_EQ(shop_application.ask("SELECT \"column\" FROM postrider_schema_differences"), "shelf");
}

} // namespace
} // namespace postrider::test

// The main job: a change in one file arrives in the other, once, and a report comes back.
#include <gtest/gtest.h>

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

constexpr Timestamp start = from_milliseconds(1'790'000'000'000);

struct TwoNodes : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    Application shop_application{shop.path};
    Application office_application{office.path};

    void SetUp() override {
        for (Application *application : {&shop_application, &office_application}) {
            application->run("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL)");
        }
        pair_directly(shop, office, directory / "mail");
        shop.send("items", "office", {"item"});
        office.receive("items", "shop", {"item"});
    }

    std::string items(Application &application) {
        return application.ask("SELECT id, name, price FROM item ORDER BY id");
    }
};

TEST_F(TwoNodes, AChangeArrivesAndIsAcknowledged) {
    shop_application.run("INSERT INTO item VALUES(1, 'rope', 2.5), (2, 'lamp', 7)");
    run_until_quiet(shop, office);
    EXPECT_EQ(items(office_application), "1|rope|2.5\n2|lamp|7.0");
    shop_application.run("UPDATE item SET price = 3 WHERE id = 1");
    shop_application.run("DELETE FROM item WHERE id = 2");
    shop_application.run("UPDATE item SET id = 9 WHERE id = 1");
    run_until_quiet(shop, office);
    EXPECT_EQ(items(office_application), "9|rope|3.0");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox"), "0");
    EXPECT_EQ(shop_application.ask("SELECT DISTINCT state FROM postrider_history"), "acknowledged");
    EXPECT_EQ(shop_application.ask("SELECT state FROM postrider_status"), "in step");
}

TEST_F(TwoNodes, RowsThatWereThereBeforeAreLoaded) {
    Application &application = shop_application;
    application.run("CREATE TABLE stock(id INTEGER PRIMARY KEY, name TEXT);"
                    "INSERT INTO stock VALUES(1, 'a'), (2, 'b')");
    office_application.run("CREATE TABLE stock(id INTEGER PRIMARY KEY, name TEXT)");
    shop.send("stocks", "office", {"stock"});
    office.receive("stocks", "shop", {"stock"});
    run_until_quiet(shop, office);
    EXPECT_EQ(office_application.ask("SELECT * FROM stock"), "1|a\n2|b");
}

TEST_F(TwoNodes, NothingTravelsWhenNothingChanges) {
    shop_application.run("INSERT INTO item VALUES(1, 'rope', 2.5)");
    run_until_quiet(shop, office);
    std::uint64_t parts = 0;
    for (int day = 0; day < 30; ++day) {
        shop.now += std::chrono::hours{24};
        office.now += std::chrono::hours{24};
        parts += shop.cycle().parts_sent + office.cycle().parts_sent;
    }
    EXPECT_EQ(parts, 0U);
}

} // namespace
} // namespace postrider::test

// Captures whose tables, key tables and requests change behind the engine's back.
#include <functional>

#include "common/engine/collect.hpp"

#include "tests/support/two_nodes.hpp"
#include "tests/support/two_way.hpp"

namespace postrider::test {
namespace {

using engine::LoadKind;
using engine::Session;

struct DamagedCapture : TwoNodes {
    void SetUp() override {
        TwoNodes::SetUp();
        shop_application.run("INSERT INTO item VALUES(1, 'rope', 2), (2, 'lamp', 7)");
        run_until_quiet(shop, office);
    }

    void look_again() {
        shop.restart(); // looks at every table
        run_until_quiet(shop, office);
    }

    std::string held() { return shop_application.ask("SELECT held FROM postrider_capture"); }

    std::string events(const std::string &kind) {
        return shop_application.ask("SELECT count(*) FROM postrider_event WHERE kind = '" + kind +
                                    "'");
    }

    void expect_equal() {
        run_until_quiet(shop, office);
        EXPECT_EQ(items(office_application), items(shop_application));
        EXPECT_EQ(held(), "");
    }

    void set_capture(const std::string &assignment) {
        shop.write([&](const Session &session) {
            session.transaction.execute("UPDATE @capture SET " + assignment);
        });
    }

    /// A gentle collect of the shop's, with `between` after its large read. Whether what was read
    /// still holds.
    bool collect_with(const std::function<void()> &between) {
        engine::GentleCollect gentle;
        shop.write([&](const Session &session) { gentle.mark(session); });
        {
            const auto transaction = shop.database->begin(engine::Mode::read);
            gentle.read(
                {*transaction, shop.database->dialect(), shop.identity, shop.timing, shop.now});
        }
        between();
        bool is_current = false;
        shop.write([&](const Session &session) {
            is_current = gentle.is_current(session);
            if (is_current) {
                gentle.append(session);
            }
        });
        return is_current;
    }

    void request(LoadKind kind) {
        shop.write([&](const Session &session) {
            engine::request_load(session.transaction, "item", kind, engine::everybody);
        });
    }

    /// Their kinds.
    std::string open_loads() {
        return shop_application.ask("SELECT kind FROM postrider_load WHERE finished_at IS NULL");
    }
};

TEST_F(DamagedCapture, AUniqueIndexOnAnExpressionHoldsTheTableUntilItIsDropped) {
    shop_application.run("CREATE UNIQUE INDEX by_name ON item(lower(name))");
    for (int look = 0; look < 3; ++look) {
        look_again();
        EXPECT_NE(held().find("unique index \"by_name\" is on an expression"), std::string::npos);
    }
    EXPECT_EQ(events("schema_changed"), "1");
    EXPECT_EQ(events("capture_damaged"), "0");
    shop_application.run("INSERT INTO item VALUES(3, 'oar', 9)");
    run_until_quiet(shop, office);
    EXPECT_EQ(items(office_application), "1|rope|2.0\n2|lamp|7.0");
    shop_application.run("DROP INDEX by_name");
    expect_equal();
}

TEST_F(DamagedCapture, AnAlteredTableIsLookedAtInTheNextRound) {
    shop_application.run("CREATE UNIQUE INDEX by_price ON item(price)");
    shop.cycle();
    EXPECT_EQ(events("schema_changed"), "1");
}

TEST_F(DamagedCapture, AKeyTableThatWasDroppedIsMadeAnewAndTheUserWritesOn) {
    shop_application.run("UPDATE item SET price = 3 WHERE id = 1;"
                         "DROP TABLE postrider_capture_1");
    const std::string write = "INSERT INTO item VALUES(3, 'oar', 9); DELETE FROM item WHERE id = 2";
    EXPECT_THROW(shop_application.run(write), std::runtime_error);
    shop.cycle();
    EXPECT_EQ(events("capture_damaged"), "1");
    shop_application.run(write);
    expect_equal();
    EXPECT_EQ(items(office_application), "1|rope|3.0\n3|oar|9.0");
}

TEST_F(DamagedCapture, AHeldTableWithoutItsKeyTableStopsNoRound) {
    shop_application.run("CREATE UNIQUE INDEX by_name ON item(lower(name))");
    look_again();
    shop_application.run("DROP TABLE postrider_capture_1");
    look_again();
    EXPECT_NE(held(), "");
    shop_application.run("DROP INDEX by_name");
    look_again();
    Application{shop.path}.run("INSERT INTO item VALUES(3, 'oar', 9)");
    expect_equal();
}

TEST_F(DamagedCapture, ARequestThatComesWhileATableIsReadIsKept) {
    request(LoadKind::rows);
    EXPECT_FALSE(collect_with([&] { request(LoadKind::replacing); }));
    EXPECT_EQ(open_loads(), "2");
    EXPECT_TRUE(collect_with([] {}));
    EXPECT_EQ(open_loads(), "");
}

TEST_F(DamagedCapture, ARequestForAnotherTableUnderTheSameNumberIsKept) {
    request(LoadKind::rows);
    EXPECT_FALSE(collect_with([&] { set_capture("table_name = 'other'"); }));
    EXPECT_EQ(open_loads(), "1");
}

using DamagedCaptureOfAReceiver = TwoWay;

TEST_F(DamagedCaptureOfAReceiver, WhatArrivesIsAppliedThoughAKeyTableWasDropped) {
    run(shop, "INSERT INTO sale VALUES(1, 'a')");
    settle();
    run(office, "INSERT INTO price VALUES(1, 'b')");
    office.cycle();
    run(shop, "DROP TABLE postrider_capture_1");
    shop.cycle();
    EXPECT_EQ(ask(shop, "SELECT * FROM price"), "1|b");
    run(shop, "INSERT INTO sale VALUES(2, 'c')");
    settle_for_hours(1);
    expect_equal();
}

} // namespace
} // namespace postrider::test

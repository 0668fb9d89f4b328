// A shop and an office that both have items and alarms, for tests of hours and lanes.
#pragma once

#include <gtest/gtest.h>

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {

struct ItemsAndAlarms : testing::Test {
    TemporaryDirectory directory;
    // It begins at 2026-09-21 14:13:20 UTC, 16:13:20 in Berlin.
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    Application shop_application{shop.path};
    Application office_application{office.path};

    ItemsAndAlarms() {
        for (Application *application : {&shop_application, &office_application}) {
            application->run("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT);"
                             "CREATE TABLE alarm(id INTEGER PRIMARY KEY, name TEXT)");
        }
        pair_directly(shop, office, directory / "mail");
        declare(office, "PEER shop MAILDIR '" + (directory / "mail") + "' TRUST TASKS");
    }

    void settle() { run_until_quiet(shop, office); }

    void wait(Duration time) {
        shop.now += time;
        office.now += time;
    }
};

} // namespace postrider::test

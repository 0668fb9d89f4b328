// A head office and a shop whose files are paired, for tests of what tasks send of a table.
#pragma once

#include <gtest/gtest.h>

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {

struct HeadOffice : testing::Test {
    TemporaryDirectory directory;
    TestNode hq{directory / "hq.db", "hq", start};
    TestNode shop{directory / "shop.db", "shop", start};
    Application hq_application{hq.path};
    Application shop_application{shop.path};

    HeadOffice() { pair_directly(hq, shop, directory / "mail"); }

    [[nodiscard]] std::string by_maildir() const {
        return " MAILDIR '" + (directory / "mail") + "'";
    }

    void trust_each_other() {
        test::declare(hq, "PEER shop" + by_maildir() + " TRUST TASKS");
        test::declare(shop, "PEER hq" + by_maildir() + " TRUST TASKS");
    }

    /// "declared", or what is wrong and what to do.
    static std::string declare(TestNode &node, const std::string &text) {
        const Result<engine::ActionRows> rows = try_declare(node, text);
        return rows ? "declared" : rows.error().message + " | " + rows.error().hint;
    }

    void settle() { run_until_quiet(hq, shop); }
};

} // namespace postrider::test

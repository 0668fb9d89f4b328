// What the tests of the Chinook shop's way into another file share: the task, the programs that
// write meanwhile, and what must be true when all has come to rest.
#pragma once

#include <gtest/gtest.h>

#include "common/base/comma_list.hpp"

#include "tests/support/chinook.hpp"

namespace postrider::test {

/// Runs the script or a part of it.
inline void fill(Application &program, const std::string &script) {
    program.run("PRAGMA foreign_keys = OFF; BEGIN;" + script +
                "; COMMIT; PRAGMA foreign_keys = ON");
}

/// All tables go to an office that has none of them.
inline std::string load_task() {
    return "TASK shop SEND " + comma_list(chinook_tables) + " TO office CREATE MISSING TABLES";
}

/// The office has not acknowledged all of the rows that were there.
inline bool is_loading(Application &shop) {
    return shop.ask("SELECT count(*) FROM postrider_progress WHERE state = 'loaded'") !=
           std::to_string(chinook_tables.size());
}

/// The shop's programs at work during the load.
class ShopPrograms {
  public:
    ShopPrograms(Application &shop, std::mt19937 &random, int changes_wanted)
        : shop_(shop), random_(random), wanted_(changes_wanted) {}

    /// Tries so many changes, as long as there are fewer than are wanted.
    void work(int tries) {
        for (int count = 0; count < tries && !are_done(); ++count) {
            if (run_change(shop_, random_change(random_))) {
                ++changes;
                changes_during_load += is_loading(shop_) ? 1 : 0;
            }
        }
    }

    [[nodiscard]] bool are_done() const { return changes >= wanted_; }

    int changes = 0;
    int changes_during_load = 0;

  private:
    Application &shop_;
    std::mt19937 &random_;
    int wanted_;
};

inline void expect_same_rows(Application &shop, Application &office) {
    for (const std::string &table : chinook_tables) {
        const std::string rows = "SELECT * FROM " + table + " ORDER BY 1, 2";
        EXPECT_TRUE(office.ask(rows) == shop.ask(rows)) << table << " differs";
    }
    EXPECT_EQ(office.ask("PRAGMA foreign_key_check"), "");
    EXPECT_EQ(office.ask("PRAGMA integrity_check"), "ok");
}

/// Every batch was applied once, and the shop knows it.
inline void expect_applied_once(Application &shop, Application &office) {
    const std::string received = " FROM postrider_delivery WHERE stream = 1"
                                 " AND direction = 'received' AND state = 'applied'";
    const std::string sent = " FROM postrider_delivery WHERE stream = 1"
                             " AND direction = 'sent' AND state = 'acknowledged'";
    EXPECT_EQ(office.ask("SELECT number" + received + " ORDER BY number"),
              shop.ask("SELECT number" + sent + " ORDER BY number"));
    // A step of several batches counts as applied with all of its rows in the last of them.
    EXPECT_EQ(office.ask("SELECT sum(rows)" + received), shop.ask("SELECT sum(rows)" + sent));
    for (Application *program : {&shop, &office}) {
        EXPECT_EQ(program->ask("SELECT state FROM postrider_status"), "in step")
            << program->ask("SELECT summary FROM postrider_status") << "\n"
            << program->ask("SELECT message FROM postrider_events ORDER BY happened DESC LIMIT 20");
    }
}

/// The office's tables were made on the way, and nothing of the load had to be mended.
inline void expect_loaded(Application &shop, Application &office) {
    expect_same_rows(shop, office);
    EXPECT_EQ(office.ask("SELECT count(*) FROM pragma_foreign_key_list('Track')"), "3");
    EXPECT_EQ(office.ask("SELECT count(*) FROM postrider_event"
                         " WHERE kind IN ('batch_held', 'rows_missing')"),
              "0");
    expect_applied_once(shop, office);
}

} // namespace postrider::test

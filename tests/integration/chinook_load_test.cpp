// The Chinook shop loads into an empty file over a bad line, its tables made on the way, while its
// programs write and both nodes die again and again. Skipped where there is no Chinook.
#include <gtest/gtest.h>

#include "common/engine/declare.hpp"

#include "tests/support/chinook.hpp"

namespace postrider::test {
namespace {

constexpr std::uint32_t seed = 20261129;
constexpr int changes_wanted = 5000;
constexpr int deaths_wanted = 20;

struct ChinookLoad : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    Application shop_program{shop.path};
    Application office_program{office.path};
    std::mt19937 random{seed};
    BadLine line{directory / "mail", random};
    int changes = 0;
    int changes_during_load = 0;
    int deaths = 0;

    void exchange() {
        for (TestNode *node : {&shop, &office}) {
            node->cycle();
            line.mangle();
            node->now += std::chrono::seconds{10};
        }
    }

    bool is_loading() {
        return shop_program.ask("SELECT count(*) FROM postrider_progress"
                                " WHERE state = 'loaded'") != "11";
    }

    void write() {
        if (changes < changes_wanted && run_change(shop_program, random_change(random))) {
            ++changes;
            changes_during_load += is_loading() ? 1 : 0;
        }
    }

    void die() {
        (random() % 2 == 0 ? shop : office).restart();
        ++deaths;
    }
};

TEST_F(ChinookLoad, ArrivesWholeInAnEmptyFileWhileItChanges) {
    const std::string script = chinook_script();
    if (script.empty()) {
        GTEST_SKIP() << "POSTRIDER_CHINOOK does not name the directory of the Chinook database";
    }
    shop_program.run("PRAGMA foreign_keys = OFF; BEGIN;" + script +
                     "; COMMIT; PRAGMA foreign_keys = ON");
    shop.batches.chunk_bytes = 20'000;
    shop.restart();
    pair_directly(shop, office, directory / "mail");
    declare(office, "PEER shop MAILDIR '" + (directory / "mail") + "' TRUST TASKS");
    std::string all;
    for (const std::string &table : chinook_tables) {
        all += (all.empty() ? "" : ", ") + table;
    }
    declare(shop, "TASK shop SEND " + all + " TO office CREATE MISSING TABLES");

    for (int round = 0; changes < changes_wanted || is_loading(); ++round) {
        ASSERT_LT(round, 2000);
        for (int count = 0; count < 40; ++count) {
            write();
        }
        exchange();
        if (round % 5 == 4 && deaths < deaths_wanted) {
            die();
        }
    }
    for (int round = 0; round < 100; ++round) {
        exchange();
    }
    run_until_quiet(shop, office);

    EXPECT_EQ(deaths, deaths_wanted);
    EXPECT_GT(changes_during_load, changes_wanted / 2);
    EXPECT_GT(std::stoi(shop_program.ask("SELECT sum(chunks) FROM postrider_load_progress")), 100);
    for (const std::string &table : chinook_tables) {
        const std::string rows = "SELECT * FROM " + table + " ORDER BY 1, 2";
        EXPECT_TRUE(office_program.ask(rows) == shop_program.ask(rows)) << table << " differs";
    }
    EXPECT_EQ(office_program.ask("PRAGMA foreign_key_check"), "");
    EXPECT_EQ(office_program.ask("SELECT count(*) FROM pragma_foreign_key_list('Track')"), "3");
    EXPECT_EQ(office_program.ask("SELECT count(*) FROM postrider_event"
                                 " WHERE kind IN ('batch_held', 'rows_missing')"),
              "0");
    // Every batch was applied once, and the shop knows it.
    const std::string batches =
        "SELECT number, rows FROM postrider_delivery WHERE stream = 1 AND direction = ";
    EXPECT_EQ(office_program.ask(batches + "'received' AND state = 'applied' ORDER BY number"),
              shop_program.ask(batches + "'sent' AND state = 'acknowledged' ORDER BY number"));
    for (Application *program : {&shop_program, &office_program}) {
        EXPECT_EQ(program->ask("SELECT state FROM postrider_status"), "in step");
    }
    std::cout << changes_during_load << " of " << changes << " changes during the load, "
              << shop_program.ask("SELECT sum(chunks) FROM postrider_load_progress") << " chunks, "
              << line.lost << " mails lost, " << line.doubled << " doubled\n";
}

} // namespace
} // namespace postrider::test

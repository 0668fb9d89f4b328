// A real database over a bad line: the Chinook shop (11 tables, 15,607 rows, composite keys, a
// self-reference), 2,000 changes, mails lost, doubled and out of order. Skipped where the
// environment variable POSTRIDER_CHINOOK does not name the directory with Chinook_Sqlite.sql.gz.
#include <gtest/gtest.h>

#include "tests/support/chinook.hpp"

namespace postrider::test {
namespace {

constexpr Timestamp start = from_milliseconds(1'790'000'000'000);
constexpr std::uint32_t seed = 20261124;
constexpr int changes_wanted = 2000;

struct Chinook : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    std::mt19937 random{seed};
    BadLine line{directory / "mail", random};

    void exchange() {
        shop.cycle();
        line.mangle();
        office.cycle();
        line.mangle();
        shop.now += std::chrono::seconds{10};
        office.now += std::chrono::seconds{10};
    }
};

TEST_F(Chinook, TravelsWholeOverABadLine) {
    const std::string script = chinook_script();
    if (script.empty()) {
        GTEST_SKIP() << "POSTRIDER_CHINOOK does not name the directory of the Chinook database";
    }
    const std::size_t rows_begin = script.find("INSERT INTO");
    Application shop_program{shop.path};
    Application office_program{office.path};
    for (Application *program : {&shop_program, &office_program}) {
        program->run(script.substr(0, rows_begin));
    }
    pair_directly(shop, office, directory / "mail");
    shop.send("shop", "office", chinook_tables);
    office.receive("shop", "shop", chinook_tables);

    shop_program.run("PRAGMA foreign_keys = OFF; BEGIN;" + script.substr(rows_begin) +
                     "; COMMIT; PRAGMA foreign_keys = ON");
    int rows = 0;
    for (const std::string &table : chinook_tables) {
        rows += std::stoi(shop_program.ask("SELECT count(*) FROM " + table));
    }
    EXPECT_EQ(rows, 15607);
    exchange();
    for (int changes = 0; changes < changes_wanted;) {
        changes += run_change(shop_program, random_change(random)) ? 1 : 0;
        if (changes % 50 == 49) {
            exchange();
        }
    }
    for (int round = 0; round < 100; ++round) {
        exchange();
    }
    run_until_quiet(shop, office);

    EXPECT_GT(line.lost, 5);
    EXPECT_GT(line.doubled, 5);
    for (const std::string &table : chinook_tables) {
        const std::string all = "SELECT * FROM " + table + " ORDER BY 1, 2";
        EXPECT_TRUE(office_program.ask(all) == shop_program.ask(all)) << table << " differs";
    }
    EXPECT_EQ(office_program.ask("PRAGMA foreign_key_check"), "");
    EXPECT_EQ(office_program.ask("PRAGMA integrity_check"), "ok");
    // Every batch was applied once, and the shop knows it.
    const std::string batches =
        "SELECT number, rows FROM postrider_delivery WHERE stream = 1 AND direction = ";
    EXPECT_EQ(office_program.ask(batches + "'received' AND state = 'applied' ORDER BY number"),
              shop_program.ask(batches + "'sent' AND state = 'acknowledged' ORDER BY number"));
    for (Application *program : {&shop_program, &office_program}) {
        EXPECT_EQ(program->ask("SELECT state FROM postrider_status"), "in step")
            << program->ask("SELECT summary FROM postrider_status") << "\n"
            << program->ask("SELECT message FROM postrider_events ORDER BY happened DESC LIMIT 20");
    }
}

} // namespace
} // namespace postrider::test

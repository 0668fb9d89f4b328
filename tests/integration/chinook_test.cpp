// A real database over a bad line: the Chinook shop (11 tables, 15,607 rows, composite keys, a
// self-reference), 2,000 changes, mails lost, doubled and out of order. Skipped where the
// environment variable POSTRIDER_CHINOOK does not name the directory with Chinook_Sqlite.sql.gz.
#include <gtest/gtest.h>

#include "tests/support/chinook_load.hpp"

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
    BadLine line{directory / "mail", directory / "mail", random};

    void exchange() {
        shop.cycle();
        line.carry();
        office.cycle();
        line.carry();
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

    fill(shop_program, script.substr(rows_begin));
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
    run_until_settled(shop, office);

    EXPECT_GT(line.lost, 5);
    EXPECT_GT(line.doubled, 5);
    expect_same_rows(shop_program, office_program);
    expect_applied_once(shop_program, office_program);
}

} // namespace
} // namespace postrider::test

// The Chinook shop loads into an empty file over a bad line, its tables made on the way, while its
// programs write and both nodes die again and again. Skipped where there is no Chinook.
#include <gtest/gtest.h>

#include "tests/support/chinook_load.hpp"

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
    BadLine line{directory / "mail", directory / "mail", random};
    ShopPrograms programs{shop_program, random, changes_wanted};
    int deaths = 0;

    void exchange() {
        for (TestNode *node : {&shop, &office}) {
            node->cycle();
            line.carry();
            node->now += std::chrono::seconds{10};
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
    fill(shop_program, script);
    shop.batches.chunk_bytes = 20'000;
    shop.restart();
    pair_directly(shop, office, directory / "mail");
    declare(office, "PEER shop MAILDIR '" + (directory / "mail") + "' TRUST TASKS");
    declare(shop, load_task());

    for (int round = 0; !programs.are_done() || is_loading(shop_program); ++round) {
        ASSERT_LT(round, 2000);
        programs.work(40);
        exchange();
        if (round % 5 == 4 && deaths < deaths_wanted) {
            die();
        }
    }
    for (int round = 0; round < 100; ++round) {
        exchange();
    }
    run_until_settled(shop, office);

    EXPECT_EQ(deaths, deaths_wanted);
    EXPECT_GT(programs.changes_during_load, changes_wanted / 2);
    EXPECT_GT(std::stoi(shop_program.ask("SELECT sum(chunks) FROM postrider_load")), 100);
    expect_loaded(shop_program, office_program);
    std::cout << programs.changes_during_load << " of " << programs.changes
              << " changes during the load, "
              << shop_program.ask("SELECT sum(chunks) FROM postrider_load") << " chunks, "
              << line.lost << " mails lost, " << line.doubled << " doubled\n";
}

} // namespace
} // namespace postrider::test

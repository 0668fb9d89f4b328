// How much one round builds and sends, for whom, and what a failure on the way costs.
#include <set>

#include "common/base/limits.hpp"
#include "common/engine/collect.hpp"

#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

struct Sending : ThreeNodes {
    void SetUp() override {
        ThreeNodes::SetUp();
        shop.batches.piece_bytes = 1; // a batch for each row
        shop.restart();
    }

    void add_depot() {
        pair_directly(shop, depot, directory / "depot_mail");
        shop.send("goods", "depot", {"item"});
    }

    /// Rows of the same size, `count` of them.
    void insert_rows(int count) {
        shop_application.run("INSERT INTO item(id, name) WITH RECURSIVE n(i) AS"
                             " (VALUES(101) UNION ALL SELECT i + 1 FROM n WHERE i < " +
                             std::to_string(100 + count) + ") SELECT i, 'rope' FROM n");
    }

    std::string batches(const std::string &where = "1 = 1") {
        return shop_application.ask("SELECT count(*) FROM postrider_outbox WHERE " + where);
    }
};

TEST_F(Sending, PartsThatFailTogetherAreOneFailureOfTheirPath) {
    std::filesystem::rename(directory / "mail", directory / "elsewhere");
    insert_rows(9);
    shop.cycle();
    shop.cycle();
    ASSERT_EQ(batches(), "9");
    EXPECT_EQ(shop_application.ask("SELECT failures FROM postrider_peer_path"), "1");
}

TEST_F(Sending, ARoundSendsNoMoreThanItsLimitToAllPeersTogether) {
    add_depot();
    insert_rows(60);
    EXPECT_EQ(shop.cycle().parts_sent, limits::transmissions_at_once_max);
    ASSERT_EQ(batches(), "120");
    EXPECT_EQ(shop.cycle().parts_sent, 120 - limits::transmissions_at_once_max);
    EXPECT_EQ(batches("tries = 0"), "0");
}

TEST_F(Sending, APeerThatWasCutShortIsServedFirstInTheNextRound) {
    add_depot();
    insert_rows(60);
    shop.cycle();
    ASSERT_EQ(batches("tries = 0"), "56");
    shop.now += std::chrono::minutes{2}; // what was sent is due again, and nobody answers
    shop.cycle();
    EXPECT_EQ(batches("tries = 0"), "0");
}

/// Notes before each write transaction what the work so far shows to others.
class ObservedDatabase final : public engine::Database {
  public:
    ObservedDatabase(engine::Database &inner, std::function<void()> look)
        : inner_(inner), look_(std::move(look)) {}

    std::unique_ptr<engine::Transaction> begin(engine::Mode mode) override {
        if (mode == engine::Mode::write) {
            look_();
        }
        return inner_.begin(mode);
    }

    [[nodiscard]] const dialect::Dialect &dialect() const override { return inner_.dialect(); }

  private:
    engine::Database &inner_;
    std::function<void()> look_;
};

TEST_F(Sending, EveryStepIsBuiltInATransactionOfItsOwn) {
    run_until_quiet(shop, office); // the first load is none of them
    for (int id = 1; id <= 3; ++id) {
        shop_application.run("INSERT INTO item(id) VALUES(" + std::to_string(id) + ")");
        shop.write([](const engine::Session &session) { engine::collect(session); });
    }
    std::set<std::string> seen;
    ObservedDatabase database{*shop.database, [&] { seen.insert(batches()); }};
    engine::Engine engine{{database, shop.vault, *shop.transport},
                          {.timing = shop.timing, .batches = {.step_bytes = 1}, .holder = "other"}};
    ASSERT_TRUE(engine.cycle(shop.now).has_value());
    EXPECT_EQ(seen, (std::set<std::string>{"0", "1", "2", "3"}));
}

TEST_F(Sending, KeysThatDoNotOpenHoldThePeerAndAreToldOnce) {
    shop_application.run("UPDATE postrider_peer SET stamp_out_sealed = psk_sealed");
    insert_rope();
    shop.cycle();
    shop.cycle();
    const engine::CycleResult quiet = shop.cycle();
    EXPECT_EQ(quiet.parts_sent, 0U);
    EXPECT_TRUE(!quiet.next_at || *quiet.next_at > shop.now);
    EXPECT_EQ(shop_application.ask("SELECT state FROM postrider_status"), "held");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_events"
                                   " WHERE kind = 'peer_held'"),
              "1");
}

} // namespace
} // namespace postrider::test

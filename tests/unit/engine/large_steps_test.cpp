// Steps that are more than memory is to hold: cut in the queue, sent batch by batch, and written
// batch by batch in one transaction.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/engine/apply_piecewise.hpp"
#include "common/engine/collect.hpp"
#include "common/engine/step_keys.hpp"

#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

constexpr const char *all_batches = "SELECT count(*), sum(continues) FROM postrider_outbox";

/// Everything is large here: each row is an entry of the queue and a batch.
void cut_small(TestNode &node) {
    node.batches.piece_bytes = 1;
    node.batches.step_bytes = 1;
    node.batches.gentle_bytes = 1;
    node.restart();
}

struct LargeSteps : TwoNodes {
    void SetUp() override {
        TwoNodes::SetUp();
        run_until_quiet(shop, office);
        cut_small(shop);
        cut_small(office);
    }

    void insert_items(int from, int to) {
        shop_application.run("WITH RECURSIVE n(i) AS (SELECT " + std::to_string(from) +
                             " UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(to) +
                             ") INSERT INTO item SELECT i, 'item ' || i, i / 2.0 FROM n");
    }

    void expect_equal() { EXPECT_EQ(items(office_application), items(shop_application)); }

    /// The step that has arrived at the office, written batch by batch; nothing where it must be
    /// seen as a whole. The office is as before.
    std::optional<engine::ApplyCounts> in_pieces() {
        std::optional<engine::ApplyCounts> counts;
        try {
            office.write([&](const engine::Session &session) {
                const engine::Peer peer = engine::load_peers(session.transaction).front();
                for (const engine::StreamKey &key : engine::incoming_streams(session.transaction)) {
                    const engine::IncomingRow row = engine::load_incoming(session.transaction, key);
                    const stream::Step step = stream::next_step(row.machine);
                    if (step.what == stream::Step::What::apply && step.bodies.size() > 1) {
                        counts = engine::apply_piecewise(session, peer, row, step);
                    }
                }
                throw std::runtime_error("it was only a try");
            });
        } catch (const std::runtime_error &) { // NOLINT(bugprone-empty-catch): rolled back
        }
        return counts;
    }

    /// What the shop has written goes to the office's inbox and is not applied yet.
    void bring() {
        shop.cycle();
        for (const std::string &mail : mails_on_the_way()) {
            if (const Bytes envelope = envelope_in(mail); !envelope.empty()) {
                deliver(office, envelope);
            }
        }
    }
};

TEST_F(LargeSteps, OneTransactionIsOneStepOfManyBatches) {
    insert_items(1, 5);
    shop.cycle();
    EXPECT_EQ(shop_application.ask(all_batches), "5|4");
    run_until_quiet(shop, office);
    expect_equal();
}

TEST_F(LargeSteps, AnotherTransactionIsAnotherStep) {
    insert_items(1, 3);
    shop.write([](const engine::Session &session) { engine::collect(session); });
    insert_items(4, 5);
    shop.cycle();
    EXPECT_EQ(shop_application.ask(all_batches), "5|3");
}

TEST_F(LargeSteps, SeveralThatAreSmallAreComposed) {
    shop.batches = {};
    shop.batches.piece_bytes = 1;
    shop.restart();
    insert_items(1, 3);
    shop.write([](const engine::Session &session) {
        engine::Session cut = session;
        cut.sizes.piece_bytes = 1;
        engine::collect(cut);
    });
    shop_application.run("UPDATE item SET name = 'other'; DELETE FROM item WHERE id = 3");
    shop.cycle();
    EXPECT_EQ(shop_application.ask(all_batches), "3|2") << "one for each row";
}

TEST_F(LargeSteps, AStepOfMoreThanAWindowArrives) {
    insert_items(1, 3 * static_cast<int>(limits::window_numbers_max));
    shop.cycle();
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox WHERE tries > 0"),
              std::to_string(limits::window_numbers_max));
    run_until_settled(shop, office);
    expect_equal();
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox"), "0");
}

TEST_F(LargeSteps, IsWrittenBatchByBatch) {
    insert_items(1, 4);
    run_until_quiet(shop, office);
    shop_application.run("BEGIN; DELETE FROM item WHERE id < 3; UPDATE item SET name = 'other';"
                         " INSERT INTO item VALUES(9, 'new', 1); COMMIT");
    bring();
    const auto counts = in_pieces();
    ASSERT_TRUE(counts.has_value());
    EXPECT_EQ(counts->rows, 5U);
    EXPECT_EQ(counts->missing, 0U);
    run_until_quiet(shop, office);
    expect_equal();
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_step_key"), "0");
}

TEST_F(LargeSteps, ATableThatComesWholeLosesWhatDidNotCome) {
    insert_items(1, 4);
    run_until_quiet(shop, office);
    office_application.run("INSERT INTO item VALUES(7, 'only here', 0)");
    shop.load_whole_again();
    bring();
    const auto counts = in_pieces();
    ASSERT_TRUE(counts.has_value());
    run_until_quiet(shop, office);
    expect_equal();
}

TEST_F(LargeSteps, ATableThatComesWholeAndEmptyIsEmptied) {
    insert_items(1, 4);
    run_until_quiet(shop, office);
    shop_application.run("DELETE FROM item");
    shop.load_whole_again();
    run_until_quiet(shop, office);
    EXPECT_EQ(items(office_application), "");
}

TEST_F(LargeSteps, WhatIsQueuedIsNotSeenOnTopOfAPastThatIsGivenUp) {
    insert_items(1, 2);
    run_until_quiet(shop, office);
    shop_application.run("UPDATE item SET name = 'queued' WHERE id = 1");
    shop.write([](const engine::Session &session) { engine::collect(session); });
    shop.copy_to(directory / "copy.db");
    shop_application.run("UPDATE item SET name = 'forgotten' WHERE id = 1");
    insert_items(3, 4);
    run_until_quiet(shop, office);
    shop.restore(directory / "copy.db");
    const std::string steps = "SELECT count(*) FROM postrider_outbox WHERE stream > 0"
                              " AND continues = 0";
    shop.cycle(); // asks where the office stands
    office.cycle();
    shop.cycle();
    EXPECT_EQ(shop_application.ask(steps), "1") << "the whole table alone";
    run_until_settled(shop, office);
    expect_equal();
}

TEST_F(LargeSteps, WhatIsParkedIsSeenAsAWhole) {
    office_application.run("CREATE TRIGGER no BEFORE INSERT ON item WHEN NEW.id = 2 BEGIN"
                           " SELECT RAISE(ABORT, 'not here'); END; CREATE UNIQUE INDEX u ON"
                           " item(name); INSERT INTO item VALUES(50, 'item 2', 0)");
    insert_items(1, 3);
    bring();
    EXPECT_FALSE(in_pieces().has_value());
    run_until_quiet(shop, office);
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_parked"), "1");
    EXPECT_EQ(office_application.ask("SELECT id FROM item ORDER BY id"), "1\n3\n50");
}

TEST_F(LargeSteps, ValuesThatAreExchangedAreSeenAsAWhole) {
    office_application.run("CREATE UNIQUE INDEX u ON item(name)");
    insert_items(1, 2);
    run_until_quiet(shop, office);
    shop_application.run("BEGIN; UPDATE item SET name = 'x' WHERE id = 1; UPDATE item SET name ="
                         " 'item 1' WHERE id = 2; UPDATE item SET name = 'item 2' WHERE id = 1;"
                         " COMMIT");
    run_until_quiet(shop, office);
    expect_equal();
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_parked"), "0");
}

TEST_F(LargeSteps, AKeyInOtherLettersIsTheSameRowWhereTheyCountForNothing) {
    const auto create = [](const std::string &collation) {
        return "CREATE TABLE tag(code TEXT " + collation + " NOT NULL PRIMARY KEY, v)";
    };
    shop_application.run(create(""));
    office_application.run(create("COLLATE NOCASE"));
    shop.send("tags", "office", {"tag"});
    office.receive("tags", "shop", {"tag"});
    shop_application.run("INSERT INTO tag VALUES('a', 1)");
    run_until_settled(shop, office);
    ASSERT_EQ(office_application.ask("SELECT v FROM tag"), "1");
    shop_application.run("UPDATE tag SET code = 'A', v = 2");
    run_until_settled(shop, office);
    EXPECT_EQ(office_application.ask("SELECT v FROM tag"), "2");
}

TEST_F(LargeSteps, RowsThatAreWrittenAfterAllDoNotGo) {
    std::vector<engine::Row> going;
    office.write([&](const engine::Session &session) {
        engine::StepKeys keys{session};
        keys.add_going("item", {{std::int64_t{1}}, {std::int64_t{2}}});
        keys.take_back("item", {{std::int64_t{1}}});
        (void)keys.each_going("item", [&](std::vector<engine::Row> &&rows) -> Result<void> {
            going = std::move(rows);
            return {};
        });
        keys.forget();
    });
    EXPECT_EQ(going, (std::vector<engine::Row>{{std::int64_t{2}}}));
}

TEST_F(LargeSteps, WhatIsPassedOnStaysOneStep) {
    TestNode depot{directory / "depot.db", "depot", start};
    Application depot_application{depot.path};
    depot_application.run("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL)");
    pair_directly(office, depot, directory / "depot_mail");
    office.send("goods", "depot", {"item"});
    depot.receive("goods", "office", {"item"});
    run_until_settled(office, depot);
    insert_items(1, 5);
    bring();
    ASSERT_TRUE(in_pieces().has_value());
    office.cycle();
    EXPECT_EQ(office_application.ask("SELECT count(*), sum(continues) FROM postrider_outbox"
                                     " WHERE peer_id = 2"),
              "5|4");
    depot.now = office.now;
    run_until_settled(office, depot);
    EXPECT_EQ(items(depot_application), items(shop_application));
}

/// Tables of which one refers to the other, with what the office's foreign keys do.
struct LargeStepsOfFamilies : LargeSteps {
    void SetUp() override {
        LargeSteps::SetUp();
        for (Application *application : {&shop_application, &office_application}) {
            application->run(
                "CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT);"
                "CREATE TABLE child(id INTEGER PRIMARY KEY, parent INT REFERENCES parent(id)"
                " ON DELETE CASCADE)");
        }
        shop.send("families", "office", {"parent", "child"});
        office.receive("families", "shop", {"parent", "child"});
        shop_application.run("INSERT INTO parent VALUES(1, 'a'), (2, 'b');"
                             "INSERT INTO child VALUES(11, 1), (12, 1), (21, 2)");
        run_until_settled(shop, office);
    }

    static std::string families(Application &application) {
        return application.ask("SELECT id, parent FROM child ORDER BY id") + " of " +
               application.ask("SELECT group_concat(id) FROM parent");
    }
};

TEST_F(LargeStepsOfFamilies, AChildThatWasGivenToAnotherParentStaysWhenItsFirstOneGoes) {
    shop_application.run("BEGIN; UPDATE child SET parent = 2 WHERE id = 12; DELETE FROM parent"
                         " WHERE id = 1; COMMIT");
    bring();
    EXPECT_TRUE(in_pieces().has_value());
    run_until_quiet(shop, office);
    EXPECT_EQ(families(office_application), "12|2\n21|2 of 2");
}

TEST_F(LargeStepsOfFamilies, AMissingParentIsSeenAtTheEnd) {
    office_application.run("DELETE FROM parent WHERE id = 2");
    shop_application.run("INSERT INTO child VALUES(22, 2), (13, 1)");
    bring();
    EXPECT_FALSE(in_pieces().has_value());
    run_until_quiet(shop, office);
    EXPECT_EQ(office_application.ask("SELECT group_concat(row_text) FROM postrider_parked_row"),
              "22");
    EXPECT_EQ(families(office_application), "11|1\n12|1\n13|1 of 1");
}

TEST_F(LargeStepsOfFamilies, WhatGoesWithARowIsAChangeOfTheOffice) {
    office_application.run(
        "CREATE TABLE note(id INTEGER PRIMARY KEY, child INT REFERENCES child(id)"
        " ON DELETE CASCADE); INSERT INTO note VALUES(1, 11), (2, 21)");
    declare(office, "TASK notes SEND note TO shop");
    run_until_settled(shop, office);
    const std::string before =
        office_application.ask("SELECT coalesce(max(queue_position), 0) FROM postrider_queue");
    shop_application.run("DELETE FROM parent WHERE id = 1");
    bring();
    EXPECT_TRUE(in_pieces().has_value());
    office.cycle();
    EXPECT_EQ(office_application.ask("SELECT group_concat(id) FROM note"), "2");
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_queue WHERE rows = 1"
                                     " AND queue_position > " +
                                     before),
              "1");
}

} // namespace
} // namespace postrider::test

// One table that takes rows of several senders.
#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

struct SeveralSenders : ThreeNodes {
    void SetUp() override {
        ThreeNodes::SetUp();
        pair_directly(depot, office, directory / "depot_mail");
        depot.send("stock", "office", {"item"});
        office.receive("stock", "depot", {"item"});
        depot_application.run("INSERT INTO item VALUES(2, 'lamp', 7)");
        insert_rope();
        settle();
    }

    void settle() {
        run_until_quiet(shop, office);
        run_until_quiet(depot, office);
    }

    /// As after a restore, an altered table or a task that was changed.
    void send_whole_again(TestNode &node) {
        node.load_whole_again();
        settle();
    }
};

TEST_F(SeveralSenders, ATableThatOneSendsAgainKeepsTheRowsOfTheOther) {
    ASSERT_EQ(items(office_application), "1|rope|\n2|lamp|7.0");
    send_whole_again(shop);
    EXPECT_EQ(items(office_application), "1|rope|\n2|lamp|7.0");
    send_whole_again(depot);
    EXPECT_EQ(items(office_application), "1|rope|\n2|lamp|7.0");
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_event"
                                     " WHERE kind = 'rows_kept'"),
              "2");
}

TEST_F(SeveralSenders, WithOneSenderLeftWhatItLacksGoes) {
    office.write([](const engine::Session &session) {
        session.transaction.execute("DELETE FROM @task_peer WHERE peer_id ="
                                    " (SELECT peer_id FROM @peer WHERE name = 'depot')");
    });
    send_whole_again(shop);
    EXPECT_EQ(items(office_application), "1|rope|");
}

} // namespace
} // namespace postrider::test

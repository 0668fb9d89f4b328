// Notes to a peer: how many a report tells, and which of them are one.
#include "common/engine/report.hpp"

#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

struct Notes : TwoNodes {
    void leave(const std::string &message, std::uint64_t rows = 1) {
        office.write([&](const engine::Session &session) {
            engine::leave_note(session, *engine::find_peer(session.transaction, "shop"),
                               {.number = 0,
                                .kind = wire::NoteKind::refused,
                                .stream = 0,
                                .batch_number = 0,
                                .rows = rows,
                                .code = "refused",
                                .message = message});
        });
    }

    std::string notes_of_office() {
        return office_application.ask("SELECT note, rows, message FROM postrider_note"
                                      " ORDER BY note");
    }

    std::string notes_heard() {
        return shop_application.ask(
            "SELECT count(*) FROM postrider_events WHERE kind = 'peer_note'");
    }
};

TEST_F(Notes, MoreThanAReportHoldsAreToldInTurnAsTheyAreSeen) {
    insert_rope();
    run_until_quiet(shop, office);
    for (int number = 1; number <= 70; ++number) {
        leave("note " + std::to_string(number));
    }
    EXPECT_EQ(office.cycle().parts_sent, 1U);
    EXPECT_EQ(office.cycle().parts_sent, 0U) << "the peer has not seen the first ones yet";
    run_until_quiet(shop, office);
    EXPECT_EQ(notes_heard(), "64");
    shop_application.run("INSERT INTO item(id) VALUES(2)"); // its batch tells what was seen
    run_until_quiet(shop, office);
    EXPECT_EQ(notes_heard(), "70");
}

TEST_F(Notes, EqualOnesAreOneUntilItIsTold) {
    leave("a", 2);
    leave("b", 1);
    leave("a", 3);
    EXPECT_EQ(notes_of_office(), "2|1|b\n3|5|a");
    EXPECT_EQ(office.cycle().parts_sent, 1U);
    leave("a", 7);
    EXPECT_EQ(notes_of_office(), "2|1|b\n3|5|a\n4|7|a");
}

} // namespace
} // namespace postrider::test

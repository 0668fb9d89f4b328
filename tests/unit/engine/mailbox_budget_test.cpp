// The limit of a mailbox: all peers that are reached through it share it.
#include "tests/support/mail_nodes.hpp"

namespace postrider::engine {
namespace {

using std::chrono::hours;

using MailboxBudget = test::MailNodes;

TEST_F(MailboxBudget, TenMailsADayCarryFiveHundredTransactionsToBothPeers) {
    pair_all(" AT MOST 10 MAILS PER DAY");
    int transactions = 0;
    bool has_waited = false;
    for (int days = 0; days < 31; ++days) {
        const std::uint64_t before = office.exchange_transport.mails_sent;
        for (int count = 0; count < 24; ++count) {
            if (transactions < 500) {
                office.application.run("INSERT INTO item VALUES(" + std::to_string(++transactions) +
                                       ", 'rope')");
            }
            run(hours{1});
            has_waited = has_waited || waits_for() == "the budget of mailbox \"main\"";
        }
        ASSERT_LE(office.exchange_transport.mails_sent - before, 10U) << "on day " << days;
        ASSERT_GE(office.exchange_transport.mails_sent - before, days < 20 ? 4U : 0U)
            << "on day " << days;
    }
    EXPECT_EQ(transactions, 500);
    EXPECT_TRUE(has_waited);
    for (test::MailNode *shop : {&north, &south}) {
        EXPECT_EQ(shop->application.ask("SELECT count(*) FROM item"), "500");
    }
}

TEST_F(MailboxBudget, GoesWithItsMailbox) {
    pair_all(" AT MOST 10 MAILS PER DAY");
    run(hours{1});
    const char *spent = "SELECT peer_id, scope, used > 0 FROM postrider_budget";
    EXPECT_EQ(office.application.ask(spent), "0|mailbox main mails|1");
    test::declare(office, "PEER north; PEER south; DROP MAILBOX main;");
    EXPECT_EQ(office.application.ask(spent), "");
}

TEST_F(MailboxBudget, OfAPeriodThatLiesAheadOfTheClockCountsNow) {
    pair_all(" AT MOST 4 MAILS PER DAY");
    for (int id = 1; id < 20; ++id) {
        office.application.run("INSERT INTO item VALUES(" + std::to_string(id) + ", 'rope')");
        run(hours{1});
    }
    for (test::MailNode *node : all) {
        node->now -= hours{24 * 40};
    }
    run(hours{24 * 5});
    EXPECT_EQ(north.application.ask("SELECT count(*) FROM item"), "19");
    EXPECT_EQ(south.application.ask("SELECT count(*) FROM item"), "19");
}

} // namespace
} // namespace postrider::engine

// The limit of a mailbox: all peers that are reached through it share it.
#include "tests/support/mail_nodes.hpp"

namespace postrider::engine {
namespace {

using std::chrono::hours;

struct MailboxBudget : test::MailNodes {
    /// All of them go through the office's mailbox.
    std::uint64_t mails_of_all() {
        std::uint64_t mails = 0;
        for (const test::MailNode *node : all) {
            mails += node->exchange_transport.mails_sent;
        }
        return mails;
    }
};

TEST_F(MailboxBudget, TenMailsADayCarryFiveHundredTransactionsToBothPeers) {
    pair_all(" AT MOST 10 MAILS PER DAY");
    int transactions = 0;
    bool has_waited = false;
    for (int days = 0; days < 31; ++days) {
        const std::uint64_t before = mails_of_all();
        const std::uint64_t before_of_office = office.exchange_transport.mails_sent;
        for (int count = 0; count < 24; ++count) {
            if (transactions < 500) {
                office.application.run("INSERT INTO item VALUES(" + std::to_string(++transactions) +
                                       ", 'rope')");
            }
            run(hours{1});
            has_waited = has_waited || waits_for() == "the budget of mailbox \"main\"";
        }
        const std::uint64_t of_office = office.exchange_transport.mails_sent - before_of_office;
        ASSERT_LE(of_office, 10U) << "on day " << days;
        ASSERT_GE(of_office, days < 20 ? 4U : 0U) << "on day " << days;
        ASSERT_LE(mails_of_all() - before, 10U) << "on day " << days;
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
    const char *spent = "SELECT group_concat(scope, ', ') FROM (SELECT * FROM postrider_budget"
                        " WHERE peer_id = 0 AND used > 0 ORDER BY scope)";
    EXPECT_EQ(office.application.ask(spent), "into mailbox main mails, mailbox main mails");
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

TEST_F(MailboxBudget, IsSharedWithPeersWhoKeepToIt) {
    pair_all(" AT MOST 100 KB PER DAY EVERY 1 HOUR");
    run(hours{3});
    const char *told = "SELECT group_concat(pace_told, '; ') FROM postrider_peer";
    const char *kept = "SELECT pace_kept FROM postrider_peer";
    EXPECT_EQ(office.application.ask(told),
              "EVERY 1 HOUR AT MOST 25 KB PER DAY; EVERY 1 HOUR AT MOST 25 KB PER DAY");
    EXPECT_EQ(north.application.ask(kept), "EVERY 1 HOUR AT MOST 25 KB PER DAY");
    EXPECT_NE(north.application.ask("SELECT used > 0 FROM postrider_budget WHERE scope = 'asked"
                                    " bytes'"),
              "");
    office.declare_mailbox("");
    run(hours{3});
    EXPECT_EQ(north.application.ask(kept), "");
    EXPECT_EQ(south.application.ask(kept), "");
}

} // namespace
} // namespace postrider::engine

// The hours of a mailbox: what goes through it is sent and fetched in them, by all peers together.
#include "tests/support/mail_nodes.hpp"

namespace postrider::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

struct MailboxHours : test::MailNodes {
    /// Rows are written at the office, one an hour.
    void work(int count) {
        for (int done = 0; done < count; ++done) {
            office.application.run("INSERT INTO item VALUES(" + std::to_string(++rows) +
                                   ", 'rope')");
            run(hours{1});
        }
    }

    std::string items(test::MailNode &node) {
        return node.application.ask("SELECT count(*) FROM item");
    }

    test::ExchangeTransport &mail = office.exchange_transport;
    int rows = 0;
};

TEST_F(MailboxHours, EveryIsOneOpeningForAllPeersAndBothDirections) {
    pair_all(" EVERY 4 HOURS");
    work(2); // the first opening is at once, for the tasks
    const int openings = mail.times_opened;
    const std::uint64_t mails = mail.mails_sent;
    work(24);
    EXPECT_EQ(mail.times_opened - openings, 6);
    EXPECT_LE(mail.mails_sent - mails, 2U * 2U * 6U) << "a batch and a report to each shop";
    EXPECT_FALSE(mail.is_open);
    EXPECT_EQ(waits_for(), "the hours of mailbox \"main\"");
    run(hours{5});
    EXPECT_EQ(items(north), "26");
    EXPECT_EQ(items(south), "26");
    run(hours{9}); // what was acknowledged has been fetched
    EXPECT_EQ(office.application.ask("SELECT count(*) FROM postrider_outbox"), "0");
}

TEST_F(MailboxHours, OutsideOfThemNothingIsSentOrFetched) {
    pair_all(" BETWEEN 22:00 AND 06:00");
    work(5); // from midnight on
    EXPECT_EQ(items(north), "5");
    work(2);
    EXPECT_FALSE(mail.is_open);
    const std::uint64_t mails = mail.mails_sent;
    const int openings = mail.times_opened;
    work(15);
    EXPECT_EQ(mail.mails_sent, mails);
    EXPECT_EQ(mail.times_opened, openings);
    EXPECT_EQ(waits_for(), "the hours of mailbox \"main\"");
    work(1);
    EXPECT_TRUE(mail.is_open);
    EXPECT_EQ(items(north), "23");
}

TEST_F(MailboxHours, OfATimeOfDayEndWhenAllIsDone) {
    pair_all(" AT 02:00, 14:00");
    work(1);
    EXPECT_EQ(mail.mails_sent, 0U);
    EXPECT_EQ(mail.times_opened, 0);
    work(3);
    EXPECT_EQ(mail.times_opened, 1);
    work(20 + 24);
    EXPECT_EQ(mail.times_opened, 4);
    EXPECT_EQ(items(north), "39") << "all until 14:00";
}

TEST_F(MailboxHours, LastAnHourWhileTheServerDoesNotAnswer) {
    pair_all(" AT 02:00");
    mail.is_reachable = false;
    run(hours{2} + minutes{30});
    EXPECT_TRUE(mail.is_open);
    run(hours{1});
    EXPECT_FALSE(mail.is_open);
    run(hours{23});
    EXPECT_EQ(mail.times_opened, 2);
}

TEST_F(MailboxHours, ThatLieAheadOfTheClockCountNow) {
    pair_all(" EVERY 4 HOURS");
    work(9);
    for (test::MailNode *node : all) {
        node->now -= hours{24 * 40};
    }
    work(9);
    EXPECT_GE(std::stoi(items(north)), 14);
}

} // namespace
} // namespace postrider::engine

// The limit of a mailbox: all peers that are reached through it share it.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/mail_exchange.hpp"
#include "tests/support/paired_nodes.hpp"

namespace postrider::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Timestamp midnight = std::chrono::sys_days{std::chrono::year{2026} / 9 / 21};

/// A node with a mailbox of its own and the clock of mail.
struct MailNode : test::TestNode {
    MailNode(test::MailExchange &exchange, const std::string &directory, const std::string &called)
        : TestNode(directory + "/" + called + ".db", called, midnight),
          name(called),
          application(path),
          exchange_transport(exchange, called + "@example.org") {
        application.run("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)");
        timing = {};
        restart();
        own_engine = std::make_unique<Engine>(Ports{*database, vault, exchange_transport},
                                              EngineSettings{.timing = timing});
    }

    void declare_mailbox(const std::string &limit) {
        test::declare(*this, "MAILBOX main ADDRESS '" + name +
                                 "@example.org' RECEIVE 'imaps://mail.example.org' SEND"
                                 " 'smtps://mail.example.org'" +
                                 limit + ";");
    }

    CycleResult mail_cycle() {
        const Result<CycleResult> result = own_engine->cycle(now);
        EXPECT_TRUE(result.has_value());
        return result ? *result : CycleResult{};
    }

    std::string name;
    test::Application application;
    test::ExchangeTransport exchange_transport;
    std::unique_ptr<Engine> own_engine;
};

struct MailboxBudget : testing::Test {
    test::TemporaryDirectory directory;
    test::MailExchange exchange;
    MailNode office{exchange, directory / "", "office"};
    MailNode north{exchange, directory / "", "north"};
    MailNode south{exchange, directory / "", "south"};
    std::vector<MailNode *> all{&office, &north, &south};

    void pair_all(const std::string &limit) {
        for (MailNode *shop : {&north, &south}) {
            test::pair_directly(office, *shop, directory / shop->name);
            shop->declare_mailbox("");
            test::declare(*shop, "PEER office MAIL 'office@example.org' TRUST TASKS;");
        }
        office.declare_mailbox(limit);
        test::declare(office, "PEER north MAIL 'north@example.org';"
                              "PEER south MAIL 'south@example.org';"
                              "TASK goods SEND item TO north, south;");
    }

    std::optional<Timestamp> round() {
        for (int count = 0; count < 100; ++count) {
            std::optional<Timestamp> next;
            bool did_anything = false;
            for (MailNode *node : all) {
                const CycleResult result = node->mail_cycle();
                did_anything = did_anything || result.did_anything();
                next = !next             ? result.next_at
                       : !result.next_at ? next
                                         : std::min(*next, *result.next_at);
            }
            if (!did_anything) {
                return next;
            }
        }
        ADD_FAILURE() << "the rounds do not end";
        return std::nullopt;
    }

    void run(Duration time) {
        const Timestamp end = office.now + time;
        for (int wakes = 0; office.now < end; ++wakes) {
            ASSERT_LT(wakes, 1000) << "they wake all the time";
            const auto next = round();
            const Duration pause = std::max<Duration>(next.value_or(end) - office.now, minutes{1});
            for (MailNode *node : all) {
                node->now += std::min(pause, end - node->now);
            }
        }
    }

    std::string waits_for() {
        return office.application.ask("SELECT DISTINCT waits_for FROM postrider_peer_path"
                                      " WHERE waits_until IS NOT NULL");
    }
};

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
    for (MailNode *shop : {&north, &south}) {
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
    for (MailNode *node : all) {
        node->now -= hours{24 * 40};
    }
    run(hours{24 * 5});
    EXPECT_EQ(north.application.ask("SELECT count(*) FROM item"), "19");
    EXPECT_EQ(south.application.ask("SELECT count(*) FROM item"), "19");
}

} // namespace
} // namespace postrider::engine

// An office and two shops that meet by mail, each with a mailbox of its own.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/mail_exchange.hpp"
#include "tests/support/paired_nodes.hpp"

namespace postrider::test {

inline constexpr Timestamp midnight = std::chrono::sys_days{std::chrono::year{2026} / 9 / 21};

/// A node with a mailbox of its own and the clock of mail.
struct MailNode : TestNode {
    MailNode(MailExchange &exchange, const std::string &directory, const std::string &called)
        : TestNode(directory + "/" + called + ".db", called, midnight),
          name(called),
          application(path),
          exchange_transport(exchange, called + "@example.org") {
        application.run("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)");
        timing = {};
        restart();
        own_engine =
            std::make_unique<engine::Engine>(engine::Ports{*database, vault, exchange_transport},
                                             engine::EngineSettings{.timing = timing});
    }

    void declare_mailbox(const std::string &limit) {
        declare(*this, "MAILBOX main ADDRESS '" + name +
                           "@example.org' RECEIVE 'imaps://mail.example.org' SEND"
                           " 'smtps://mail.example.org'" +
                           limit + ";");
    }

    engine::CycleResult mail_cycle() {
        const Result<engine::CycleResult> result = own_engine->cycle(now);
        EXPECT_TRUE(result.has_value());
        return result ? *result : engine::CycleResult{};
    }

    std::string name;
    Application application;
    ExchangeTransport exchange_transport;
    std::unique_ptr<engine::Engine> own_engine;
};

struct MailNodes : testing::Test {
    TemporaryDirectory directory;
    MailExchange exchange;
    MailNode office{exchange, directory / "", "office"};
    MailNode north{exchange, directory / "", "north"};
    MailNode south{exchange, directory / "", "south"};
    std::vector<MailNode *> all{&office, &north, &south};

    void pair_all(const std::string &limit) {
        for (MailNode *shop : {&north, &south}) {
            pair_directly(office, *shop, directory / shop->name);
            shop->declare_mailbox("");
            declare(*shop, "PEER office MAIL 'office@example.org' TRUST TASKS;");
        }
        office.declare_mailbox(limit);
        declare(office, "PEER north MAIL 'north@example.org';"
                        "PEER south MAIL 'south@example.org';"
                        "TASK goods SEND item TO north, south;");
    }

    std::optional<Timestamp> round() {
        for (int count = 0; count < 100; ++count) {
            std::optional<Timestamp> next;
            bool did_anything = false;
            for (MailNode *node : all) {
                const engine::CycleResult result = node->mail_cycle();
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
            const Duration pause =
                std::max<Duration>(next.value_or(end) - office.now, std::chrono::minutes{1});
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

} // namespace postrider::test

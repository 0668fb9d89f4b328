// A shop and an office that send each other one table each, for tests of what happens when one of
// them is taken back or doubled.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {

inline constexpr Timestamp two_way_start = from_milliseconds(1'790'000'000'000);

struct TwoWay : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", two_way_start};
    TestNode office{directory / "office.db", "office", two_way_start};

    void SetUp() override {
        pair_directly(shop, office, directory / "mail");
        for (const TestNode *node : {&shop, &office}) {
            run(*node, "CREATE TABLE sale(id INTEGER PRIMARY KEY, v TEXT);"
                       "CREATE TABLE price(id INTEGER PRIMARY KEY, v TEXT)");
        }
        shop.send("sales", "office", {"sale"});
        office.receive("sales", "shop", {"sale"});
        office.send("prices", "shop", {"price"});
        shop.receive("prices", "office", {"price"});
        settle();
    }

    static void run(const TestNode &node, const std::string &sql) {
        Application(node.path).run(sql);
    }

    static std::string ask(const TestNode &node, const std::string &sql) {
        return Application(node.path).ask(sql);
    }

    static std::string events(const TestNode &node, const std::string &kind) {
        return ask(node, "SELECT count(*) FROM postrider_events WHERE kind = '" + kind + "'");
    }

    void settle() { run_until_quiet(shop, office); }

    void wait(Duration duration) {
        shop.now += duration;
        office.now += duration;
    }

    /// Long enough for everything that mends itself by waiting.
    void settle_for_hours(int hours) {
        for (int count = 0; count < hours * 4; ++count) {
            settle();
            wait(std::chrono::minutes{15});
        }
        settle();
    }

    void expect_equal() {
        for (const char *sql :
             {"SELECT * FROM sale ORDER BY id", "SELECT * FROM price ORDER BY id"}) {
            EXPECT_EQ(ask(office, sql), ask(shop, sql)) << sql;
        }
        for (const TestNode *node : {&shop, &office}) {
            EXPECT_EQ(ask(*node, "SELECT count(*) FROM postrider_outbox"), "0");
            EXPECT_EQ(ask(*node, "SELECT state FROM postrider_status"), "in step");
        }
    }

    std::map<std::string, std::string> mails() {
        std::map<std::string, std::string> out;
        for (const auto &mail : std::filesystem::directory_iterator(directory / "mail/new")) {
            std::ifstream file(mail.path(), std::ios::binary);
            out[mail.path().filename()] = {std::istreambuf_iterator<char>(file), {}};
        }
        return out;
    }

    void deliver(const std::map<std::string, std::string> &old, const std::string &mark) {
        for (const auto &[name, text] : old) {
            std::ofstream((directory / "mail/new/") + mark + name, std::ios::binary) << text;
        }
    }
};

} // namespace postrider::test

// When the host is told how receiving fares.
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "common/network/receiving_health.hpp"

namespace postrider::network {
namespace {

struct HealthHost final : Host {
    void tell(const transport::NetworkReport &report) override {
        const auto &receiving = std::get<transport::Receiving>(report);
        told.push_back(receiving.works ? "works" : receiving.problem.message);
    }

    [[nodiscard]] bool is_busy() const override { return false; }

    std::vector<std::string> told;
};

using Told = std::vector<std::string>;

struct ReceivingHealthTest : testing::Test {
    void works() { health.works(host, "main"); }

    void fails(const std::string &why) { health.fails(host, "main", {Errc::unavailable, why}); }

    HealthHost host;
    ReceivingHealth health;
};

TEST_F(ReceivingHealthTest, WhatFailsFromTheStartIsToldEachTime) {
    fails("no name");
    fails("no name");
    works();
    works();
    EXPECT_EQ(host.told, (Told{"no name", "no name", "works"}));
}

TEST_F(ReceivingHealthTest, AConnectionThatEndsAndComesBackIsNot) {
    works();
    for (int times = 0; times < 3; ++times) {
        fails("closed");
        works();
    }
    EXPECT_EQ(host.told, (Told{"works"}));
}

TEST_F(ReceivingHealthTest, TheSecondFailureInARowIsAndTheEndOfThem) {
    works();
    fails("closed");
    fails("refused");
    fails("refused");
    works();
    EXPECT_EQ(host.told, (Told{"works", "refused", "refused", "works"}));
}

} // namespace
} // namespace postrider::network

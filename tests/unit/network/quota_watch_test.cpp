// When the host is told how full an account is.
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "common/network/quota_watch.hpp"

namespace postrider::network {
namespace {

struct QuotaHost final : Host {
    void tell(const transport::NetworkReport &report) override {
        told.push_back(std::get<transport::Filled>(report).percent);
    }

    [[nodiscard]] bool is_busy() const override { return false; }

    std::vector<std::uint64_t> told;
};

struct QuotaWatchTest : testing::Test {
    void see(const std::vector<transport::imap::Quota> &quotas) {
        watch.begin(now);
        for (const transport::imap::Quota &quota : quotas) {
            watch.take(quota);
        }
        watch.end(host, "main");
    }

    Timestamp now{std::chrono::hours{9}};
    QuotaHost host;
    QuotaWatch watch;
};

TEST_F(QuotaWatchTest, TellsStepsFromEightyPercentOn) {
    for (const std::uint64_t used : {10U, 799U, 800U, 849U, 850U, 999U, 1000U, 2000U, 500U}) {
        see({{"root", used, 1000}});
    }
    EXPECT_EQ(host.told, (std::vector<std::uint64_t>{0, 80, 85, 95, 100, 0}));
}

TEST_F(QuotaWatchTest, TakesTheFullestOfSeveralRootsAndNoneWithoutALimit) {
    see({{"a", 90, 100}, {"b", 10, 100}, {"c", 7, 0}});
    EXPECT_EQ(host.told, (std::vector<std::uint64_t>{90}));
    see({{"c", 7, 0}});
    see({});
    EXPECT_EQ(host.told.size(), 1U);
}

TEST_F(QuotaWatchTest, CountsNumbersOfAnySize) {
    see({{"root", UINT64_MAX, UINT64_MAX}});
    see({{"root", 40, 41}});
    EXPECT_EQ(host.told, (std::vector<std::uint64_t>{100, 95}));
}

TEST_F(QuotaWatchTest, AsksOnceAnHourAndWhenSomebodyWaits) {
    EXPECT_TRUE(watch.is_due(now));
    see({});
    EXPECT_FALSE(watch.is_due(now + std::chrono::minutes{59}));
    EXPECT_TRUE(watch.is_due(now + std::chrono::hours{1}));
    watch.look_now();
    EXPECT_TRUE(watch.is_due(now));
}

} // namespace
} // namespace postrider::network

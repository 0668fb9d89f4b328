// Several transports as one.
#include <gtest/gtest.h>

#include "common/transport/transports.hpp"

namespace postrider::transport {
namespace {

using namespace std::chrono_literals;

class PlayedTransport final : public engine::Transport {
  public:
    void configure(std::vector<engine::Inlet> given) override {
        inlets = std::move(given);
        ++configured;
    }

    void submit(engine::Transmission transmission) override {
        submitted.push_back(std::move(transmission));
    }

    std::vector<engine::Event> poll(Timestamp /*now*/) override {
        return std::exchange(events, {});
    }

    void settle(const engine::Receipt &receipt, engine::Settlement settlement) override {
        settled.emplace_back(receipt, settlement);
    }

    [[nodiscard]] std::optional<Timestamp> next_look(Timestamp /*now*/) const override {
        return look;
    }

    [[nodiscard]] std::optional<engine::Waking> waking() const override { return wakes; }

    std::vector<engine::Inlet> inlets;
    int configured = 0;
    std::vector<engine::Transmission> submitted;
    std::vector<engine::Event> events;
    std::vector<std::pair<engine::Receipt, engine::Settlement>> settled;
    std::optional<Timestamp> look;
    std::optional<engine::Waking> wakes;
};

class TransportsTest : public ::testing::Test {
  protected:
    TransportsTest() {
        both_.add("maildir", maildir_);
        both_.add("mail", mail_);
    }

    PlayedTransport maildir_;
    PlayedTransport mail_;
    Transports both_;
    Timestamp now_{1h};
};

TEST_F(TransportsTest, InletsAndMailsGoToWhoCarriesThem) {
    both_.configure({{"mail", "main", {}, {}, {}},
                     {"maildir", "/a", {}, {}, {}},
                     {"maildir", "/b", {}, {}, {}},
                     {"direct", "x", {}, {}, {}}});
    ASSERT_EQ(maildir_.inlets.size(), 2U);
    EXPECT_EQ(maildir_.inlets[1].source, "/b");
    ASSERT_EQ(mail_.inlets.size(), 1U);
    both_.submit({1, "mail", "a@b.example", "main", {}});
    both_.submit({2, "maildir", "/a", {}, {}});
    ASSERT_EQ(mail_.submitted.size(), 1U);
    EXPECT_EQ(mail_.submitted[0].ticket, 1U);
    ASSERT_EQ(maildir_.submitted.size(), 1U);
    EXPECT_EQ(maildir_.submitted[0].ticket, 2U);
    both_.configure({});
    EXPECT_EQ(mail_.configured, 2);
    EXPECT_TRUE(mail_.inlets.empty());
}

TEST_F(TransportsTest, AMailThatNobodyCarriesHasItsOutcome) {
    EXPECT_FALSE(both_.next_look(now_));
    both_.submit({1, "direct", "x", {}, {}});
    EXPECT_EQ(both_.next_look(now_), now_);
    const auto events = both_.poll(now_);
    ASSERT_EQ(events.size(), 1U);
    const auto &outcome = std::get<engine::Outcome>(events[0]);
    EXPECT_EQ(outcome.ticket, 1U);
    EXPECT_EQ(outcome.result.error().message,
              "paths of kind \"direct\" cannot be used by this node");
    EXPECT_TRUE(both_.poll(now_).empty());
}

TEST_F(TransportsTest, ReceiptsFindBack) {
    maildir_.events.emplace_back(engine::Arrived{"/a/new/x:y", {1}});
    mail_.events.emplace_back(engine::Unusable{"main:17:4#1", {}});
    mail_.events.emplace_back(engine::CursorMoved{"main", {1}});
    mail_.events.emplace_back(engine::Outcome{3, {}, {}});
    mail_.events.emplace_back(engine::Bounced{"main", "main:17:5#1", {}});
    const auto events = both_.poll(now_);
    ASSERT_EQ(events.size(), 5U);
    for (const engine::Event &event : events) {
        if (const auto *arrived = std::get_if<engine::Arrived>(&event)) {
            both_.settle(arrived->receipt, engine::Settlement::remove);
        } else if (const auto *unusable = std::get_if<engine::Unusable>(&event)) {
            both_.settle(unusable->receipt, engine::Settlement::set_aside);
        } else if (const auto *bounced = std::get_if<engine::Bounced>(&event)) {
            both_.settle(bounced->receipt, engine::Settlement::leave);
        }
    }
    ASSERT_EQ(maildir_.settled.size(), 1U);
    EXPECT_EQ(maildir_.settled[0].first, "/a/new/x:y");
    EXPECT_EQ(maildir_.settled[0].second, engine::Settlement::remove);
    ASSERT_EQ(mail_.settled.size(), 2U);
    EXPECT_EQ(mail_.settled[0].first, "main:17:4#1");
    EXPECT_EQ(mail_.settled[0].second, engine::Settlement::set_aside);
    EXPECT_EQ(mail_.settled[1].first, "main:17:5#1");
    EXPECT_EQ(mail_.settled[1].second, engine::Settlement::leave);
    for (const char *receipt : {"", "mail", ":", "direct:x", "/a/new/x"}) {
        both_.settle(receipt, engine::Settlement::remove);
    }
    EXPECT_EQ(maildir_.settled.size() + mail_.settled.size(), 3U);
}

TEST_F(TransportsTest, WakesAndLooksForAll) {
    EXPECT_FALSE(both_.waking());
    mail_.wakes = engine::Waking{7, true};
    ASSERT_TRUE(both_.waking());
    EXPECT_EQ(both_.waking()->descriptor, 7);
    EXPECT_TRUE(both_.waking()->wants_to_write);
    maildir_.look = now_ + 2s;
    EXPECT_EQ(both_.next_look(now_), now_ + 2s);
    mail_.look = now_ + 1s;
    EXPECT_EQ(both_.next_look(now_), now_ + 1s);
}

} // namespace
} // namespace postrider::transport

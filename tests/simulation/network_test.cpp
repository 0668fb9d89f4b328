// The simulated mail system does the harm that it says it does, and nothing else.
#include <gtest/gtest.h>

#include "tests/simulation/crash.hpp"
#include "tests/simulation/network.hpp"

namespace postrider::simulation {
namespace {

using std::chrono::hours;

/// The smallest bytes that look like a whole envelope: one recipient and a body of 300 bytes.
Bytes envelope_of(std::uint8_t filling) {
    ByteWriter writer;
    writer.raw(as_bytes("PRDR\x01\x0d\x0a"));
    writer.u8(0);
    writer.u8(1);
    writer.u8(1);
    writer.u16(104);
    writer.u32(300);
    Bytes bytes = std::move(writer).take();
    bytes.resize(80 + 64 + 104 + 300, filling);
    return bytes;
}

class NetworkTest : public testing::Test {
  protected:
    NetworkTest() {
        a_.configure({{"maildir", "a", {}, {}}});
        b_.configure({{"maildir", "b", {}, {}}});
    }

    void send(std::uint8_t filling) {
        a_.submit({ticket_++, "maildir", "b", "", envelope_of(filling)});
    }

    std::vector<engine::Arrived> arrived() {
        std::vector<engine::Arrived> out;
        for (engine::Event &event : b_.poll(time_.now())) {
            if (auto *arrival = std::get_if<engine::Arrived>(&event)) {
                out.push_back(std::move(*arrival));
            }
        }
        return out;
    }

    Random random_{3};
    WorldTime time_;
    Network network_{random_, time_};
    NetworkTransport a_{network_, time_};
    NetworkTransport b_{network_, time_};
    std::uint64_t ticket_ = 1;
};

TEST_F(NetworkTest, APeacefulNetworkDeliversWhatWasSent) {
    send(1);
    EXPECT_EQ(a_.poll(time_.now()).size(), 1U) << "the outcome";
    EXPECT_TRUE(arrived().empty());
    EXPECT_EQ(b_.next_look(time_.now()), network_.next_arrival("b"));
    time_.advance(hours{1});
    const auto mails = arrived();
    ASSERT_EQ(mails.size(), 1U);
    EXPECT_EQ(mails[0].envelope, envelope_of(1));
}

TEST_F(NetworkTest, AMailIsShownOncePerProcessUntilItIsSettled) {
    send(1);
    time_.advance(hours{1});
    const auto mails = arrived();
    ASSERT_EQ(mails.size(), 1U);
    EXPECT_TRUE(arrived().empty());
    b_.settle(mails[0].receipt, engine::Settlement::keep);
    EXPECT_EQ(arrived().size(), 1U);
    NetworkTransport reborn(network_, time_);
    reborn.configure({{"maildir", "b", {}, {}}});
    EXPECT_EQ(reborn.poll(time_.now()).size(), 1U) << "not settled, so still there";
    b_.settle(mails[0].receipt, engine::Settlement::remove);
    NetworkTransport later(network_, time_);
    later.configure({{"maildir", "b", {}, {}}});
    EXPECT_TRUE(later.poll(time_.now()).empty());
}

TEST_F(NetworkTest, EveryKindOfHarmIsDoneAndCounted) {
    network_.set_hostility({.loss = 10,
                            .duplication = 10,
                            .weeks_of_delay = 10,
                            .truncation = 10,
                            .bit_flip = 10,
                            .stripping = 10,
                            .footer = 10,
                            .refusal = 10});
    for (int mail = 0; mail < 500; ++mail) {
        send(static_cast<std::uint8_t>(mail));
    }
    for (const char *kind : {"loss", "duplication", "weeks of delay", "truncation", "bit flip",
                             "attachment stripped", "footer added", "refusal"}) {
        EXPECT_GT(network_.harm().at(kind), 10U) << kind;
    }
    std::size_t whole = 0;
    std::size_t unusable = 0;
    for (int day = 0; day < 40; ++day) {
        time_.advance(hours{24});
        for (std::vector<engine::Event> events = b_.poll(time_.now()); !events.empty();
             events = b_.poll(time_.now())) {
            for (const engine::Event &event : events) {
                whole += std::holds_alternative<engine::Arrived>(event) ? 1U : 0U;
                unusable += std::holds_alternative<engine::Unusable>(event) ? 1U : 0U;
            }
        }
    }
    EXPECT_GT(whole, 300U);
    EXPECT_GT(unusable, 10U);
}

TEST_F(NetworkTest, APartitionHoldsMailsBackUntilItEnds) {
    network_.set_partition("b", true);
    send(1);
    time_.advance(hours{24});
    EXPECT_TRUE(arrived().empty());
    network_.set_partition("b", false);
    EXPECT_EQ(arrived().size(), 1U);
}

TEST_F(NetworkTest, AProcessDiesBetweenAnyTwoCalls) {
    a_.die_in(1);
    send(1);
    EXPECT_THROW(send(2), Crash);
    EXPECT_EQ(network_.sent(), 1U);
}

} // namespace
} // namespace postrider::simulation

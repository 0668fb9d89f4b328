// The simulated mail system does the harm that it says it does, and nothing else.
#include <gtest/gtest.h>

#include "common/wire/envelope.hpp"

#include "tests/simulation/crash.hpp"
#include "tests/simulation/network.hpp"

namespace postrider::simulation {
namespace {

using std::chrono::hours;

class NetworkTest : public testing::Test {
  protected:
    NetworkTest() {
        a_.configure({{"maildir", "shared", {}, {}, {}}});
        b_.configure({inlet()});
    }

    [[nodiscard]] engine::Inlet inlet() const {
        FixedBytes<32> key{};
        std::copy_n(stamp_key_.data(), key.size(), key.begin());
        return {"maildir", "shared", {key}, {}, {}};
    }

    /// An envelope under the stamp that b gave to a.
    Bytes envelope_of(std::uint8_t filling) {
        const std::vector<wire::Recipient> recipients{
            {NodeId{2}, receiving_key_.public_key, crypto::Key{}, stamp_key_}};
        const Bytes body(300, filling);
        return *wire::seal_part({NodeId{1}, signing_key_}, recipients, wire::ContentKey{}, {},
                                body);
    }

    Bytes send(std::uint8_t filling) {
        Bytes envelope = envelope_of(filling);
        a_.submit({ticket_++, "maildir", "shared", "", envelope});
        return envelope;
    }

    std::vector<engine::Arrived> arrived() { return arrived(b_); }

    std::vector<engine::Arrived> arrived(NetworkTransport &transport) {
        std::vector<engine::Arrived> out;
        for (engine::Event &event : transport.poll(time_.now())) {
            if (auto *arrival = std::get_if<engine::Arrived>(&event)) {
                out.push_back(std::move(*arrival));
            }
        }
        return out;
    }

    Random random_{3};
    WorldTime time_;
    Network network_{random_, time_};
    NetworkTransport a_{network_, "a"};
    NetworkTransport b_{network_, "b"};
    crypto::SigningKey signing_key_ = crypto::SigningKey::generate();
    crypto::ExchangeKey receiving_key_ = crypto::ExchangeKey::generate();
    crypto::Key stamp_key_ = crypto::Key::random();
    std::uint64_t ticket_ = 1;
};

TEST_F(NetworkTest, APeacefulNetworkDeliversWhatWasSent) {
    const Bytes envelope = send(1);
    EXPECT_EQ(a_.poll(time_.now()).size(), 1U) << "the outcome";
    EXPECT_TRUE(arrived().empty());
    EXPECT_EQ(b_.next_look(time_.now()), network_.next_arrival("b", "shared"));
    time_.advance(hours{1});
    const auto mails = arrived();
    ASSERT_EQ(mails.size(), 1U);
    EXPECT_EQ(mails[0].envelope, envelope);
    EXPECT_TRUE(a_.poll(time_.now()).empty()) << "what a node sends is not for itself";
}

TEST_F(NetworkTest, AMailIsShownOncePerProcessUntilItIsSettled) {
    send(1);
    time_.advance(hours{1});
    const auto mails = arrived();
    ASSERT_EQ(mails.size(), 1U);
    EXPECT_TRUE(arrived().empty());
    b_.settle(mails[0].receipt, engine::Settlement::keep);
    EXPECT_TRUE(arrived().empty());
    time_.advance(std::chrono::minutes{2});
    EXPECT_EQ(arrived().size(), 1U);
    NetworkTransport reborn(network_, "b");
    reborn.configure({inlet()});
    EXPECT_EQ(arrived(reborn).size(), 1U) << "not settled, so still there";
    b_.settle(mails[0].receipt, engine::Settlement::remove);
    NetworkTransport later(network_, "b");
    later.configure({inlet()});
    EXPECT_TRUE(arrived(later).empty());
}

TEST_F(NetworkTest, AMailForSomebodyElseIsLeftUntilItsStampIsKnown) {
    NetworkTransport stranger(network_, "c");
    stranger.configure({{"maildir", "shared", {}, {}, {}}});
    send(1);
    time_.advance(hours{1});
    EXPECT_TRUE(arrived(stranger).empty());
    EXPECT_EQ(arrived().size(), 1U);
    stranger.configure({inlet()});
    EXPECT_EQ(arrived(stranger).size(), 1U);
}

TEST_F(NetworkTest, ALineMayTakeAwayTheAttachmentsOfEachMail) {
    network_.strip_from("a", {mail::Container::mixed, mail::Container::single});
    using enum mail::Container;
    for (const mail::Container container : {mixed, single, armour}) {
        engine::Transmission mail{ticket_++, "maildir", "shared", "", envelope_of(1)};
        mail.container = container;
        a_.submit(std::move(mail));
    }
    time_.advance(hours{1});
    EXPECT_EQ(arrived().size(), 1U);
    EXPECT_EQ(network_.harm().at("attachment stripped for ever"), 2U);
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

// Generations of receiving keys: when they begin, what they open, when they end.
#include <algorithm>

#include <gtest/gtest.h>

#include "common/engine/rotation.hpp"
#include "common/wire/envelope_body.hpp"

#include "tests/support/pairing_nodes.hpp"
#include "tests/support/seeded_random.hpp"

namespace postrider::engine {
namespace {

using test::day;
using test::PairingNode;

struct Rotation : testing::Test {
    test::SeededRandom random{1};
    test::TemporaryDirectory directory;
    PairingNode node{directory / "node.db", "node"};

    std::uint32_t generation() {
        return node.within<std::uint32_t>(
            [](const Session &session) { return current_receiving_generation(session); });
    }

    void rotate() {
        node.write([](const Session &session) { rotate_if_due(session); });
    }

    std::uint32_t oldest() {
        return node.within<std::uint32_t>(
            [](const Session &session) { return oldest_needed_generation(session); });
    }

    wire::Opening opening() {
        Peer peer;
        peer.node = crypto::random_bytes<16>();
        return node.within<wire::Opening>(
            [&](const Session &session) { return opening_of(session, peer, {}); });
    }

    bool opens(std::uint32_t generation) {
        const wire::Opening all = opening();
        return std::any_of(all.keys.begin(), all.keys.end(), [&](const wire::OpeningKey &key) {
            return !key.contact && key.generation == generation;
        });
    }
};

TEST_F(Rotation, BeginsANewGenerationAfterSevenDaysAndNotBefore) {
    rotate();
    EXPECT_EQ(generation(), 0U);
    node.now += 7 * day - Duration{1};
    rotate();
    EXPECT_EQ(generation(), 0U);
    node.now += Duration{1};
    rotate();
    EXPECT_EQ(generation(), 1U);
    rotate();
    EXPECT_EQ(generation(), 1U);
}

TEST_F(Rotation, KeepsAGenerationForThirtyDaysAfterItsSuccessorWasAnnounced) {
    node.now += 7 * day;
    rotate();
    node.now += 30 * day - Duration{1};
    EXPECT_EQ(oldest(), 0U);
    node.now += Duration{1};
    EXPECT_EQ(oldest(), 1U);
}

TEST_F(Rotation, NeverLosesTheCurrentGenerationHoweverLongNothingIsSent) {
    node.now += 7 * day;
    rotate();
    node.now += 1000 * day;
    EXPECT_EQ(oldest(), 1U);
    EXPECT_EQ(generation(), 1U);
    EXPECT_TRUE(opens(1));
}

TEST_F(Rotation, OpensWithEveryGenerationThatIsNotDestroyedAndTheContactKey) {
    for (int week = 0; week < 3; ++week) {
        node.now += 7 * day;
        rotate();
    }
    const wire::Opening all = opening();
    EXPECT_EQ(all.receiver, node.identity.node);
    EXPECT_EQ(all.keys.front().generation, 3U);
    EXPECT_FALSE(all.keys.front().contact);
    EXPECT_TRUE(all.keys.back().contact);
    for (std::uint32_t index = 0; index <= 3; ++index) {
        EXPECT_TRUE(opens(index)) << index;
    }
    node.identity.ratchet = *crypto::advance(node.identity.ratchet, 2);
    EXPECT_FALSE(opens(1));
    EXPECT_TRUE(opens(2));
    EXPECT_TRUE(opens(3));
}

TEST_F(Rotation, OpensWhatWasAnnouncedBeforeADatabaseWasRestored) {
    const auto before = node.rows.ask("SELECT receiving_generation FROM postrider_node");
    node.now += 7 * day;
    rotate();
    node.rows.run("UPDATE postrider_node SET receiving_generation = " + before); // the old copy
    EXPECT_TRUE(opens(1));
}

TEST_F(Rotation, CatchesUpWithWhatPeersHaveSealedTo) {
    node.declare("peer");
    node.rows.run("UPDATE postrider_peer SET seals_to_generation = 3");
    rotate();
    EXPECT_EQ(generation(), 3U);
}

TEST_F(Rotation, NeverAnnouncesADestroyedGeneration) {
    node.identity.ratchet = *crypto::advance(node.identity.ratchet, 5);
    EXPECT_EQ(generation(), 5U);
    const auto key = node.within<crypto::ExchangeKey>(
        [](const Session &session) { return own_receiving_key(session, 5); });
    EXPECT_EQ(key.public_key, crypto::receiving_key(node.identity.ratchet, 5)->public_key);
    rotate();
    EXPECT_EQ(node.rows.ask("SELECT receiving_generation FROM postrider_node"), "5");
}

// A peer was away for months: it seals to a key that is destroyed here, and is told the new one
// even though it could not open a report either.
TEST_F(Rotation, TellsAPeerTheNewKeyWhenItSealsToADestroyedOne) {
    PairingNode office{directory / "office.db", "office"};
    office.declare("node", "/mail");
    ASSERT_TRUE(node.accept(office.invite("node")));
    office.take(node.mails());
    node.take(office.mails());
    const Peer as_office_knows = office.peer("node");
    node.now += 7 * day;
    rotate();
    node.identity.ratchet = *crypto::advance(node.identity.ratchet, 1);

    const wire::ContentKey content_key = wire::ContentKey::random();
    const Bytes body = *wire::seal_body(content_key, {}, Bytes(256));
    const wire::Recipient to = *office.within<Result<wire::Recipient>>(
        [&](const Session &session) { return recipient_of(session.identity, as_office_knows); });
    const Bytes mail = *wire::seal_part(office.identity.sender(), {&to, 1}, content_key, {}, body);
    EXPECT_EQ(node.take(mail), Received::refused);
    const std::vector<Bytes> notices = node.mails();
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_EQ(office.take(notices), Received::accepted);
    EXPECT_EQ(office.peer("node").receiving_generation, 1U);
    EXPECT_EQ(office.peer("node").receiving_public,
              crypto::receiving_key(node.identity.ratchet, 1)->public_key);
    // Repetitions cost one notice an hour.
    node.take(mail);
    node.take(mail);
    EXPECT_TRUE(node.mails().empty());
    node.now += std::chrono::hours{1};
    EXPECT_EQ(node.mails().size(), 1U);
}

} // namespace
} // namespace postrider::engine

// The rules of pairing where things go wrong: lost, repeated, late and foreign messages.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/pairing_nodes.hpp"
#include "tests/support/seeded_random.hpp"

namespace postrider::engine {
namespace {

using test::day;
using test::PairingNode;

struct PairingRules : testing::Test {
    test::SeededRandom random{1};
    test::TemporaryDirectory directory;
    PairingNode office{directory / "office.db", "office"};
    PairingNode shop{directory / "shop.db", "shop"};
    PairingNode thief{directory / "thief.db", "thief"};

    PairingRules() { office.declare("shop", "/mail"); }

    /// And at work again for a day.
    static void be_off_for_months(PairingNode &node) {
        node.now += 60 * day;
        node.mails();
        node.now += day;
        node.mails();
    }

    std::string accepted_line() {
        const std::string line = office.invite("shop");
        EXPECT_TRUE(shop.accept(line));
        return line;
    }
};

constexpr Duration minute = std::chrono::minutes{1};

TEST_F(PairingRules, AnAnswerIsSentAgainWithGrowingPausesUntilItIsConfirmed) {
    accepted_line();
    std::vector<Duration> pauses;
    Timestamp last = shop.now;
    ASSERT_EQ(shop.mails().size(), 1U);
    while (pauses.size() < 12) {
        shop.now += minute;
        if (!shop.mails().empty()) {
            pauses.push_back(shop.now - last);
            last = shop.now;
        }
    }
    EXPECT_EQ(pauses.front(), 5 * minute);
    EXPECT_TRUE(std::is_sorted(pauses.begin(), pauses.end()));
    EXPECT_EQ(pauses.back(), day);
    shop.now += day;
    office.take(shop.mails());
    shop.take(office.mails());
    ASSERT_EQ(shop.state_of("office"), "paired");
    shop.now += day * 5;
    EXPECT_TRUE(shop.mails().empty());
}

TEST_F(PairingRules, TheSameAnswerAgainIsConfirmedAgain) {
    accepted_line();
    office.take(shop.mails());
    EXPECT_EQ(office.mails().size(), 1U); // lost
    EXPECT_TRUE(office.mails().empty());
    shop.now += 5 * minute;
    EXPECT_EQ(office.take(shop.mails()), Received::accepted);
    shop.take(office.mails());
    EXPECT_EQ(shop.state_of("office"), "paired");
    EXPECT_TRUE(shop.keys("office").psk == office.keys("shop").psk);
    EXPECT_EQ(office.state_of("shop"), "paired");
}

TEST_F(PairingRules, AnOldAnswerThatIsPlayedAgainAndAgainIsConfirmedEverMoreRarely) {
    accepted_line();
    const std::vector<Bytes> answer = shop.mails();
    std::size_t confirms = 0;
    for (int times = 0; times < 24 * 60; ++times) {
        office.take(answer);
        confirms += office.mails().size();
        office.now += minute;
    }
    EXPECT_GT(confirms, 4U);
    EXPECT_LT(confirms, 12U);
}

TEST_F(PairingRules, WhatMakesAPeerDisputedIsToldOnce) {
    const std::string line = accepted_line();
    ASSERT_TRUE(thief.accept(line));
    const std::vector<Bytes> second = thief.mails();
    office.take(shop.mails());
    for (int time = 0; time < 100; ++time) {
        office.take(second);
    }
    EXPECT_EQ(office.rows.ask("SELECT count(*) FROM postrider_event"
                              " WHERE kind = 'pairing_refused'"),
              "1");
    EXPECT_TRUE(office.mails().empty());
}

TEST_F(PairingRules, ARowThatWasEditedByHandSendsNothing) {
    accepted_line();
    office.rows.run("UPDATE postrider_invitation SET next_try_at = 0");
    EXPECT_TRUE(office.mails().empty());
    shop.rows.run("UPDATE postrider_invitation SET answer_sealed = NULL");
    EXPECT_TRUE(shop.mails().empty());
    office.rows.run("UPDATE postrider_invitation SET nonce_sealed = NULL");
    EXPECT_TRUE(office.mails().empty());
}

TEST_F(PairingRules, ARepeatedConfirmIsADuplicate) {
    accepted_line();
    const std::vector<Bytes> answer = shop.mails();
    office.take(answer);
    const std::vector<Bytes> confirm = office.mails();
    office.take(answer);
    const std::vector<Bytes> second_confirm = office.mails();
    EXPECT_EQ(shop.take(confirm), Received::accepted);
    const std::string words = shop.words_of("office");
    EXPECT_EQ(shop.take(confirm), Received::duplicate);
    EXPECT_EQ(shop.take(second_confirm), Received::duplicate);
    EXPECT_EQ(shop.words_of("office"), words);
    EXPECT_EQ(shop.count("refused"), "0");
}

TEST_F(PairingRules, AnAnswerGivesUpAfterFourteenDays) {
    accepted_line();
    shop.mails();
    shop.now += 14 * day;
    EXPECT_TRUE(shop.mails().empty());
    EXPECT_EQ(shop.state_of("office"), "declared");
    EXPECT_EQ(shop.rows.ask("SELECT kind FROM postrider_event"), "pairing_expired");
}

TEST_F(PairingRules, AnInvitationExpiresByTheInvitersClock) {
    accepted_line();
    const std::vector<Bytes> answer = shop.mails();
    office.now += 14 * day - minute;
    EXPECT_TRUE(office.mails().empty());
    EXPECT_EQ(office.state_of("shop"), "invited");
    office.now += minute;
    EXPECT_EQ(office.take(answer), Received::refused);
    EXPECT_TRUE(office.mails().empty());
    EXPECT_EQ(office.state_of("shop"), "declared");
    EXPECT_EQ(office.take(answer), Received::refused);
    EXPECT_NE(office.rows.ask("SELECT group_concat(message) FROM postrider_event").find("expired"),
              std::string::npos);
}

TEST_F(PairingRules, AMachineThatWasOffForMonthsIsToldThatItsPairingHasExpired) {
    accepted_line();
    for (PairingNode *node : {&office, &shop}) {
        const std::string other = node == &office ? "shop" : "office";
        node->now += 60 * day;
        EXPECT_TRUE(node->mails().empty());
        EXPECT_EQ(node->state_of(other), "declared");
        EXPECT_EQ(node->rows.ask("SELECT kind FROM postrider_event"), "pairing_expired");
        EXPECT_EQ(node->rows.ask("SELECT action FROM postrider_status"),
                  "SELECT postrider_invite('" + other + "');");
        node->now += 14 * day;
        EXPECT_TRUE(node->mails().empty());
        EXPECT_EQ(node->count("invitation"), "0");
        EXPECT_EQ(node->count("event"), "1");
    }
}

TEST_F(PairingRules, WhatComesAfterAMachineWasOffForMonthsIsKnown) {
    accepted_line();
    const std::vector<Bytes> answer = shop.mails();
    office.take(answer);
    const std::vector<Bytes> confirm = office.mails();
    be_off_for_months(shop);
    EXPECT_EQ(shop.take(confirm), Received::accepted);
    EXPECT_EQ(shop.state_of("office"), "paired");
    EXPECT_EQ(shop.words_of("office"), office.words_of("shop"));
}

TEST_F(PairingRules, AnAnswerToAnInvitationThatExpiredMonthsAgoIsToldAsSuch) {
    accepted_line();
    const std::vector<Bytes> answer = shop.mails();
    be_off_for_months(office);
    EXPECT_EQ(office.take(answer), Received::refused);
    EXPECT_EQ(office.rows.ask("SELECT message FROM postrider_event ORDER BY event_id DESC LIMIT 1"),
              "an answer came to an invitation that has expired");
}

TEST_F(PairingRules, AnInvitationIsTakenUpToItsLastMoment) {
    accepted_line();
    office.now += 14 * day - minute;
    EXPECT_EQ(office.take(shop.mails()), Received::accepted);
    EXPECT_EQ(office.state_of("shop"), "paired");
}

TEST_F(PairingRules, ASecondNodeThatAnswersMakesThePeerDisputed) {
    const std::string line = accepted_line();
    ASSERT_TRUE(thief.accept(line));
    office.take(shop.mails());
    shop.take(office.mails());
    ASSERT_TRUE(office.peer("shop").is_live());
    EXPECT_EQ(office.take(thief.mails()), Received::refused);
    EXPECT_EQ(office.state_of("shop"), "disputed");
    EXPECT_FALSE(office.peer("shop").is_live());
    EXPECT_TRUE(office.mails().empty());
    EXPECT_EQ(thief.state_of("office"), "accepted");
    EXPECT_NE(office.rows.ask("SELECT message FROM postrider_event ORDER BY event_id DESC LIMIT 1")
                  .find("second node"),
              std::string::npos);
}

TEST_F(PairingRules, ADisputedPeerIsNotConfirmedAgainAndNotPairedUntilRevoked) {
    const std::string line = accepted_line();
    ASSERT_TRUE(thief.accept(line));
    const std::vector<Bytes> first = shop.mails();
    office.take(first);
    office.mails();
    office.take(thief.mails());
    EXPECT_EQ(office.take(first), Received::refused);
    EXPECT_TRUE(office.mails().empty());
    EXPECT_FALSE(office.within<Result<std::string>>(
        [](const Session &session) { return invite(session, "shop"); }));
    EXPECT_FALSE(office.confirm("shop", office.words_of("shop")));
    ASSERT_TRUE(office.revoke("shop"));
    EXPECT_FALSE(office.invite("shop").empty());
}

TEST_F(PairingRules, ASecondNodeAfterTheExpiryDisputesNothing) {
    const std::string line = accepted_line();
    ASSERT_TRUE(thief.accept(line));
    office.take(shop.mails());
    office.now += 14 * day;
    EXPECT_EQ(office.take(thief.mails()), Received::refused);
    EXPECT_EQ(office.state_of("shop"), "paired");
}

TEST_F(PairingRules, AnotherAnswerOfTheSameNodeIsRefusedAndDisputesNothing) {
    const std::string line = accepted_line();
    office.take(shop.mails());
    shop.rows.run("DELETE FROM postrider_invitation"); // restored from before it accepted
    shop.rows.run("UPDATE postrider_peer SET state = 'declared'");
    ASSERT_TRUE(shop.accept(line));
    EXPECT_EQ(office.take(shop.mails()), Received::refused);
    EXPECT_EQ(office.state_of("shop"), "paired");
}

TEST_F(PairingRules, TheSameLineAcceptedTwiceKeepsItsAnswer) {
    const std::string line = accepted_line();
    office.take(shop.mails());
    ASSERT_TRUE(shop.accept(line));
    EXPECT_EQ(office.take(shop.mails()), Received::accepted);
    shop.take(office.mails());
    EXPECT_TRUE(shop.keys("office").psk == office.keys("shop").psk);
}

TEST_F(PairingRules, OneNodeIsNeverTwoPeers) {
    accepted_line();
    office.take(shop.mails());
    shop.take(office.mails());
    office.declare("branch", "/mail");
    // The shop forgets everything and takes an invitation meant for another.
    shop.rows.run("DELETE FROM postrider_invitation; DELETE FROM postrider_peer_path;"
                  "DELETE FROM postrider_peer");
    ASSERT_TRUE(shop.accept(office.invite("branch")));
    EXPECT_EQ(office.take(shop.mails()), Received::refused);
    EXPECT_EQ(office.state_of("branch"), "invited");
    EXPECT_EQ(office.state_of("shop"), "paired");
}

TEST_F(PairingRules, ALineOfAnotherNodeUnderAPairedNameIsRefused) {
    accepted_line();
    office.take(shop.mails());
    shop.take(office.mails());
    PairingNode impostor{directory / "impostor.db", "office"};
    impostor.declare("shop", "/mail");
    EXPECT_EQ(shop.accept(impostor.invite("shop")).error().code, Errc::refused);
    EXPECT_TRUE(shop.keys("office").psk == office.keys("shop").psk);
}

TEST_F(PairingRules, WhenBothInviteEachOtherAndTheAnswersCrossOnePairingStands) {
    shop.declare("office", "/mail");
    const std::string from_office = office.invite("shop");
    const std::string from_shop = shop.invite("office");
    ASSERT_TRUE(shop.accept(from_office));
    ASSERT_TRUE(office.accept(from_shop));
    const std::vector<Bytes> shops_answer = shop.mails();
    const std::vector<Bytes> offices_answer = office.mails();
    office.take(shops_answer);
    shop.take(offices_answer);
    const std::vector<Bytes> offices_confirm = office.mails();
    const std::vector<Bytes> shops_confirm = shop.mails();
    EXPECT_EQ(offices_confirm.size() + shops_confirm.size(), 1U);
    shop.take(offices_confirm);
    office.take(shops_confirm);
    EXPECT_EQ(office.state_of("shop"), "paired");
    EXPECT_EQ(shop.state_of("office"), "paired");
    EXPECT_TRUE(office.keys("shop").psk == shop.keys("office").psk);
    EXPECT_EQ(office.words_of("shop"), shop.words_of("office"));
    // What is still on its way changes nothing.
    office.take(shops_answer);
    shop.take(offices_answer);
    office.now += day;
    shop.now += day;
    shop.take(office.mails());
    office.take(shop.mails());
    EXPECT_TRUE(office.keys("shop").psk == shop.keys("office").psk);
}

TEST_F(PairingRules, WhenBothInviteEachOtherTheFirstToCompleteStands) {
    shop.declare("office", "/mail");
    const std::string from_office = office.invite("shop");
    const std::string from_shop = shop.invite("office");
    ASSERT_TRUE(shop.accept(from_office));
    office.take(shop.mails());
    EXPECT_EQ(office.state_of("shop"), "paired");
    EXPECT_EQ(office.accept(from_shop).error().code, Errc::refused);
    shop.take(office.mails());
    EXPECT_EQ(shop.state_of("office"), "paired");
    EXPECT_TRUE(office.keys("shop").psk == shop.keys("office").psk);
}

TEST_F(PairingRules, DamagedPairingMessagesChangeNothing) {
    accepted_line();
    const Bytes answer = shop.mails().at(0);
    for (std::size_t byte = 0; byte < answer.size(); byte += 7) {
        Bytes damaged = answer;
        damaged[byte] ^= 0x10U;
        EXPECT_EQ(office.take(damaged), Received::refused) << byte;
    }
    EXPECT_EQ(office.state_of("shop"), "invited");
    EXPECT_EQ(office.take(answer), Received::accepted);
}

TEST_F(PairingRules, ARevokedPeersMailsAreAStrangers) {
    accepted_line();
    office.take(shop.mails());
    const std::vector<Bytes> confirm = office.mails();
    ASSERT_TRUE(shop.revoke("office"));
    EXPECT_EQ(shop.take(confirm), Received::refused);
    EXPECT_EQ(shop.state_of("office"), "revoked");
}

TEST_F(PairingRules, TheNetworkIsToldTheStampKeysOfWhatMayCome) {
    accepted_line();
    const Bytes answer = shop.mails().at(0);
    const auto lets_in = [](PairingNode &node, const Bytes &mail) {
        const auto keys = node.within<std::vector<FixedBytes<32>>>(
            [](const Session &session) { return pairing_stamp_keys(session); });
        const auto prologue = *wire::parse_prologue(mail);
        return std::any_of(keys.begin(), keys.end(), [&](const FixedBytes<32> &key) {
            return wire::find_stamp(prologue, wire::stamp_cover(prologue), key).has_value();
        });
    };
    EXPECT_TRUE(lets_in(office, answer));
    EXPECT_FALSE(lets_in(thief, answer));
    office.take(answer);
    EXPECT_TRUE(lets_in(office, answer)); // a repetition
    EXPECT_TRUE(lets_in(shop, office.mails().at(0)));
}

} // namespace
} // namespace postrider::engine

// What comes back of mails that were sent: matched, shown, and what it may do to a path.
#include <gtest/gtest.h>

#include "common/engine/bounces.hpp"
#include "common/engine/explain.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/try_again.hpp"

#include "tests/support/pairing_nodes.hpp"
#include "tests/support/recording_transport.hpp"

namespace postrider::engine {
namespace {

using mail::BounceReason;
using std::chrono::hours;
using std::chrono::minutes;

struct Bounces : testing::Test {
    Bounces() {
        test::declare(office, "MAILBOX main ADDRESS 'sync@hq.example'"
                              " RECEIVE 'imaps://mail.hq.example' SEND 'smtps://mail.hq.example';"
                              "PEER shop MAIL 'till@shop.example', MAIL 'spare@shop.example';");
        office.rows.run("UPDATE postrider_peer SET state = 'verified'");
    }

    /// A mail of batch `number` that a server took.
    void sent(const std::string &name, std::uint64_t number = 1, std::int64_t path = 1) {
        office.write([&](const Session &session) {
            remember_mail(session, {peer, path, key, number, 0, {}, 4'000'000}, name);
        });
    }

    Settlement comes(const std::string &name,
                     BounceReason reason,
                     const std::string &address = "till@shop.example") {
        Settlement settlement{};
        office.write([&](const Session &session) {
            settlement = take_bounce(
                session, {"main", "1:1", {{name}, {{address, reason, "5.1.1", "no such user"}}}});
        });
        return settlement;
    }

    void acknowledged(std::uint64_t number) {
        office.write([&](const Session &session) { end_bounces(session, key, number); });
    }

    bool may_try(std::size_t path = 0) {
        bool may = false;
        office.write([&](const Session &session) {
            may = stream::may_try(load_paths(session, peer).at(path).retry, session.now);
        });
        return may;
    }

    std::string ask(const std::string &query) { return office.rows.ask(query); }

    std::string summary() { return ask("SELECT state || ': ' || summary FROM postrider_status"); }

    static constexpr std::int64_t peer = 1;
    static constexpr StreamKey key{peer, 1};
    test::TemporaryDirectory directory;
    test::PairingNode office{directory / "office.db", "office"};
};

TEST_F(Bounces, ThatKnowNoMailOfOursAreLeftWhereTheyLie) {
    sent("name");
    EXPECT_EQ(comes("other name", BounceReason::no_such_address), Settlement::leave);
    EXPECT_EQ(ask("SELECT state FROM postrider_status"), "in step");
    EXPECT_TRUE(may_try());
}

TEST_F(Bounces, HoldThePathAndAreShown) {
    sent("name");
    office.now += minutes{1};
    EXPECT_EQ(comes("name", BounceReason::no_such_address), Settlement::remove);
    EXPECT_EQ(summary(), "unreachable: mails to till@shop.example come back, last on " +
                             to_text(office.now).substr(0, 19) +
                             ": there is no such address (5.1.1, \"no such user\")");
    EXPECT_NE(ask("SELECT action FROM postrider_status").find("Compare the address"),
              std::string::npos);
    EXPECT_EQ(ask("SELECT kind || ': ' || message FROM postrider_events WHERE kind LIKE 'mail_b%'"),
              "mail_bounced: a mail to till@shop.example came back: there is no such address"
              " (5.1.1, \"no such user\")");
    EXPECT_FALSE(may_try());
    EXPECT_TRUE(may_try(1)) << "the other path goes on";
    office.now += hours{2};
    EXPECT_TRUE(may_try());
}

TEST_F(Bounces, OfAFullMailboxHoldItAsARefusalWould) {
    sent("name");
    office.now += minutes{1};
    comes("name", BounceReason::mailbox_full);
    EXPECT_FALSE(may_try());
    office.now += minutes{1};
    EXPECT_TRUE(may_try());
}

TEST_F(Bounces, OfMailsThatLeftBeforeTheLastWasKnownCountOnce) {
    for (const char *name : {"a", "b", "c"}) {
        sent(name);
    }
    office.now += minutes{1};
    for (const char *name : {"a", "a", "b", "c"}) {
        EXPECT_EQ(comes(name, BounceReason::no_such_address), Settlement::remove);
    }
    EXPECT_EQ(ask("SELECT bounces FROM postrider_peer_path WHERE ordinal = 1"), "1");
    EXPECT_EQ(ask("SELECT count(*) FROM postrider_events WHERE kind = 'mail_bounced'"), "1");
    office.now += hours{2};
    sent("d", 2);
    office.now += minutes{1};
    comes("d", BounceReason::no_such_address);
    EXPECT_EQ(ask("SELECT bounces FROM postrider_peer_path WHERE ordinal = 1"), "2");
}

TEST_F(Bounces, HoldNoPathForLongerThanTheLongestWait) {
    for (int mail = 0; mail < 50; ++mail) {
        sent(std::to_string(mail));
        office.now += minutes{1};
        comes(std::to_string(mail), BounceReason::policy);
    }
    office.now += hours{5};
    EXPECT_TRUE(may_try());
}

TEST_F(Bounces, EndWithAnAcknowledgementOfWhatWentByThatPathAlone) {
    sent("a", 1);
    office.now += minutes{1};
    comes("a", BounceReason::no_such_address);
    sent("b", 2, 2);
    acknowledged(2);
    EXPECT_FALSE(may_try());
    sent("c", 1, 2);
    acknowledged(1);
    EXPECT_FALSE(may_try()) << "it came by the other path, for all we know";
    sent("d", 3);
    acknowledged(3);
    EXPECT_TRUE(may_try());
    EXPECT_EQ(ask("SELECT state FROM postrider_status"), "in step");
    EXPECT_EQ(office.count("sent_mail"), "0");
    EXPECT_EQ(comes("d", BounceReason::no_such_address), Settlement::leave);
}

TEST_F(Bounces, OfMailsThatAreTooLargeHalveThem) {
    sent("a");
    office.now += minutes{1};
    EXPECT_EQ(comes("a", BounceReason::too_large), Settlement::remove);
    EXPECT_EQ(ask("SELECT mail_bytes_max FROM postrider_peer_path WHERE ordinal = 1"), "2000000");
    EXPECT_TRUE(may_try());
    EXPECT_EQ(ask("SELECT state FROM postrider_status"), "in step");
}

TEST_F(Bounces, OfDelaysAreToldOnceADayAndDoNothing) {
    sent("a");
    for (int notices = 0; notices < 3; ++notices) {
        EXPECT_EQ(comes("a", BounceReason::delayed), Settlement::remove);
    }
    EXPECT_TRUE(may_try());
    EXPECT_EQ(ask("SELECT count(*) FROM postrider_events WHERE kind = 'mail_delayed'"), "1");
    comes("a", BounceReason::no_such_address);
    EXPECT_FALSE(may_try()) << "what comes behind a delay counts";
}

TEST_F(Bounces, OfAnAddressThatIsNotDeclaredAnyMoreDoNothing) {
    sent("a");
    test::declare(office, "PEER shop MAIL 'new@shop.example';");
    EXPECT_EQ(comes("a", BounceReason::no_such_address), Settlement::remove);
    EXPECT_TRUE(may_try());
}

TEST_F(Bounces, AreTriedAgainAtOnceWhenSomebodyAsksForThat) {
    sent("a");
    office.now += minutes{1};
    comes("a", BounceReason::no_such_address);
    office.write([](const Session &session) { try_again_now(session); });
    EXPECT_TRUE(may_try());
}

TEST_F(Bounces, AreKnownForAWeek) {
    sent("a");
    sent("b");
    office.now += minutes{1};
    comes("a", BounceReason::no_such_address);
    office.now += hours{8 * 24};
    office.write(
        [](const Session &session) { prune_sent_mails(session.transaction, session.now); });
    EXPECT_EQ(ask("SELECT state FROM postrider_status"), "in step");
    EXPECT_EQ(comes("b", BounceReason::no_such_address), Settlement::leave);
}

TEST_F(Bounces, StandInTheRowOfThePathInExplain) {
    sent("a");
    office.now += minutes{1};
    comes("a", BounceReason::policy);
    std::string blocked_by;
    office.write([&](const Session &session) {
        for (const Station &station : explain(session, *find_peer(session.transaction, "shop"))) {
            if (station.station == "mail till@shop.example") {
                blocked_by = station.blocked_by;
            }
        }
    });
    EXPECT_EQ(blocked_by, "mails come back, last on " + to_text(office.now) +
                              ": a rule of the other side refuses it (5.1.1, \"no such user\")");
}

TEST_F(Bounces, ComeFromTheTransportAndAreSettledThere) {
    struct Transport : test::RecordingTransport {
        void settle(const Receipt &receipt, Settlement settlement) override {
            settled.emplace_back(receipt, settlement);
        }

        std::vector<std::pair<Receipt, Settlement>> settled;
    } transport;

    sent("a");
    office.now += minutes{1};
    Engine engine({*office.database, office.vault, transport}, {.timing = office.timing});
    const mail::FailedRecipient failed{"till@shop.example", BounceReason::policy, "5.7.1", ""};
    transport.events.emplace_back(Bounced{"main", "1:1", {{"a"}, {failed}}});
    transport.events.emplace_back(Bounced{"main", "1:2", {{"z"}, {failed}}});
    ASSERT_TRUE(engine.cycle(office.now));
    EXPECT_EQ(transport.settled, (std::vector<std::pair<Receipt, Settlement>>{
                                     {"1:1", Settlement::remove}, {"1:2", Settlement::leave}}));
    EXPECT_FALSE(may_try());
}

} // namespace
} // namespace postrider::engine

// A server on the way that takes no large mails: parts become smaller until they go.
#include <regex>

#include <gtest/gtest.h>

#include "tests/support/recording_transport.hpp"
#include "tests/support/two_nodes.hpp"

namespace postrider::engine {
namespace {

struct MailSize : test::TwoNodes {
    test::RecordingTransport transport;

    /// What the shop sends to a server that takes mails with envelopes of at most so many bytes.
    /// Gives how many of them were refused.
    std::size_t send_all(std::size_t most) {
        Engine engine({*shop.database, shop.vault, transport}, {.timing = shop.timing});
        std::size_t refused = 0;
        for (int round = 0; round < 20; ++round) {
            EXPECT_TRUE(engine.cycle(shop.now));
            if (transport.submitted.empty() && round > 0) {
                break;
            }
            for (const Transmission &each : std::exchange(transport.submitted, {})) {
                const bool goes = each.envelope.size() <= most;
                refused += goes ? 0 : 1;
                delivered += goes ? each.envelope.size() : 0;
                transport.events.emplace_back(
                    Outcome{each.ticket,
                            goes ? Result<void>{}
                                 : Result<void>{Error{Errc::too_large, "the server takes no mail "
                                                                       "of this size"}},
                            {}});
            }
        }
        return refused;
    }

    std::size_t delivered = 0;
};

TEST_F(MailSize, IsHalvedUntilAServerTakesIt) {
    shop_application.run("INSERT INTO item(id, name) VALUES(1, hex(randomblob(1000000)))");
    EXPECT_GT(send_all(200'000), 1U);
    EXPECT_GT(delivered, 900'000U);
    EXPECT_EQ(shop_application.ask("SELECT failures, last_error FROM postrider_peer_path"), "0|");
    const std::string learnt =
        shop_application.ask("SELECT mail_bytes_max FROM postrider_peer_path");
    EXPECT_GT(std::stoul(learnt), 100'000U);
    shop_application.run("INSERT INTO item(id, name) VALUES(2, hex(randomblob(1000000)))");
    EXPECT_EQ(send_all(200'000), 0U) << "what was learnt stays known";
}

TEST_F(MailSize, ThatIsRefusedIsNoTroubleOfThePathAndTheStatusTellsOfTheSmallerOnes) {
    shop_application.run("UPDATE postrider_peer_path SET last_error = 'nobody answers there'");
    shop_application.run("INSERT INTO item(id, name) VALUES(1, hex(randomblob(1000000)))");
    Engine engine({*shop.database, shop.vault, transport}, {.timing = shop.timing});
    ASSERT_TRUE(engine.cycle(shop.now));
    ASSERT_FALSE(transport.submitted.empty());
    for (const Transmission &each : std::exchange(transport.submitted, {})) {
        transport.events.emplace_back(
            Outcome{each.ticket, Error{Errc::too_large, "no mail of this size"}, {}});
    }
    ASSERT_TRUE(engine.cycle(shop.now));
    EXPECT_EQ(shop_application.ask("SELECT state, action FROM postrider_status"), "sending|");
    const std::string summary = shop_application.ask("SELECT summary FROM postrider_status");
    EXPECT_TRUE(std::regex_match(
        summary, std::regex{"1 batch sent and not acknowledged yet, in mails of up to [1-9][0-9]*"
                            " kB since larger ones were refused; never heard"}))
        << summary;
}

TEST_F(MailSize, IsNoReasonToHurryWhereEvenTheSmallestIsRefused) {
    shop_application.run("INSERT INTO item(id, name) VALUES(1, hex(randomblob(100000)))");
    send_all(10);
    EXPECT_EQ(delivered, 0U);
    EXPECT_EQ(shop_application.ask("SELECT failures FROM postrider_peer_path"), "1");
}

TEST_F(MailSize, TellsWhatItSaysAndWhatToDo) {
    shop_application.run("INSERT INTO item(id, name) VALUES(1, 'rope')");
    Engine engine({*shop.database, shop.vault, transport}, {.timing = shop.timing});
    ASSERT_TRUE(engine.cycle(shop.now));
    ASSERT_FALSE(transport.submitted.empty());
    transport.events.emplace_back(
        Outcome{transport.submitted.front().ticket,
                Error{Errc::refused, "the server refuses", "Its words.", "Ask it."},
                std::chrono::hours{1}});
    ASSERT_TRUE(engine.cycle(shop.now + std::chrono::seconds{1}));
    EXPECT_EQ(shop_application.ask("SELECT last_error, last_hint FROM postrider_peer_path"),
              "the server refuses (Its words.)|Ask it.");
    EXPECT_EQ(shop_application.ask("SELECT action FROM postrider_status"),
              "Ask it. Then SELECT postrider_sync_now();");
    const std::string wait = shop_application.ask("SELECT next_try_at FROM postrider_peer_path");
    EXPECT_GT(from_milliseconds(std::stoll(wait)), shop.now + std::chrono::minutes{40})
        << "the server asked for an hour";
}

} // namespace
} // namespace postrider::engine

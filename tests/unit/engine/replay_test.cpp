// Mails that come again: dropped cheaply, without growth, and answered seldom.
#include "common/base/limits.hpp"
#include "common/engine/replays.hpp"

#include "tests/support/forger.hpp"
#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

struct Replay : TwoNodes {
    /// Rows of all state tables.
    static std::string state_of(Application &application) {
        const std::string tables =
            application.ask("SELECT group_concat('SELECT count(*) AS rows FROM ' || name,"
                            " ' UNION ALL ') FROM sqlite_schema WHERE type = 'table'"
                            " AND name GLOB 'postrider_*'");
        return application.ask("SELECT sum(rows) FROM (" + tables + ")");
    }

    /// A copy of the shop's one mail, kept for later.
    std::string keep_mail() {
        insert_rope();
        shop.cycle();
        const std::vector<std::string> mails = mails_on_the_way();
        EXPECT_EQ(mails.size(), 1U);
        const std::string kept = directory / "kept";
        std::filesystem::copy_file(mails.at(0), kept);
        return kept;
    }

    void replay(const std::string &mail, int times) {
        for (int each = 0; each < times; ++each) {
            std::filesystem::create_hard_link(
                mail, directory / ("mail/new/" + std::to_string(++replayed_) + ".replay"));
        }
    }

    /// The parts that the office sends until the maildir holds nothing for it.
    std::uint64_t parts_of_office() {
        std::uint64_t parts = 0;
        for (int round = 0; round < 100; ++round) {
            const engine::CycleResult result = office.cycle();
            parts += result.parts_sent;
            if (!result.did_anything()) {
                return parts;
            }
            office.now += std::chrono::seconds{1};
        }
        throw std::runtime_error("the office does not come to rest");
    }

    std::string repeats() {
        return office_application.ask(
            "SELECT coalesce(sum(count), 0) FROM postrider_refused WHERE reason LIKE '%replaced%'");
    }

  private:
    int replayed_ = 0;
};

TEST_F(Replay, OfTenThousandStampedMailsCostsOneReportAndNoGrowth) {
    const std::string mail = keep_mail();
    run_until_quiet(shop, office);
    office_application.run("PRAGMA wal_checkpoint");
    const std::string rows = state_of(office_application);
    const std::string pages = office_application.ask("PRAGMA page_count");
    replay(mail, 10'000);
    EXPECT_EQ(parts_of_office(), 1U);
    EXPECT_EQ(state_of(office_application), rows);
    EXPECT_EQ(office_application.ask("PRAGMA page_count"), pages);
    EXPECT_EQ(mails_on_the_way().size(), 1U); // the report
    EXPECT_FALSE(std::filesystem::exists(directory / "mail/.postrider-bad"));
    EXPECT_EQ(items(office_application), "1|rope|");
}

TEST_F(Replay, IsAnsweredOnceInAnHourOrARoundTrip) {
    office.timing.repeat_max = std::chrono::hours{1};
    office.restart();
    const std::string mail = keep_mail();
    run_until_quiet(shop, office);
    std::uint64_t parts = 0;
    for (int minutes = 0; minutes < 300; minutes += 10) {
        replay(mail, 3);
        parts += parts_of_office();
        office.now += std::chrono::minutes{10};
    }
    EXPECT_GE(parts, 4U);
    EXPECT_LE(parts, 5U);
    office_application.run("UPDATE postrider_stream_out SET round_trip = 10 * 3600 * 1000");
    parts = 0;
    for (int hours = 0; hours < 30; ++hours) {
        replay(mail, 1);
        parts += parts_of_office();
        office.now += std::chrono::hours{1};
    }
    EXPECT_GE(parts, 2U);
    EXPECT_LE(parts, 3U);
}

TEST_F(Replay, IsRememberedOnceWhatItToldIsCommitted) {
    office.timing.repeat_max = std::chrono::hours{1};
    office.restart();
    const std::string mail = keep_mail();
    run_until_quiet(shop, office);
    office.now += std::chrono::hours{2};
    replay(mail, 1);
    sqlite3 *connection = office.database->handle();
    const auto refuse = [](void *) { return 1; };
    sqlite3_commit_hook(connection, refuse, nullptr);
    EXPECT_TRUE(office.engine->cycle(office.now)->problem.has_value());
    sqlite3_commit_hook(connection, nullptr, nullptr);
    office.now += std::chrono::minutes{1};
    EXPECT_EQ(parts_of_office(), 1U);
}

TEST_F(Replay, IsDroppedByTheNumbersAfterARestart) {
    const std::string mail = keep_mail();
    run_until_quiet(shop, office);
    const std::string rows = state_of(office_application);
    for (int restart = 0; restart < 3; ++restart) {
        office.restart();
        replay(mail, 5);
        parts_of_office();
    }
    EXPECT_EQ(state_of(office_application), rows);
    EXPECT_EQ(items(office_application), "1|rope|");
}

TEST_F(Replay, OfAReplacedIncarnationIsOneThingThatIsRefused) {
    const std::string mail = keep_mail();
    run_until_quiet(shop, office);
    office_application.run("UPDATE postrider_stream_in SET"
                           " applied_incarnation = applied_incarnation + (1 << 32)");
    replay(mail, 1);
    parts_of_office();
    EXPECT_EQ(repeats(), "1");
    const std::string rows = state_of(office_application);
    replay(mail, 1000);
    EXPECT_LE(parts_of_office(), 1U);
    EXPECT_EQ(state_of(office_application), rows);
    office.restart();
    replay(mail, 1);
    parts_of_office();
    EXPECT_EQ(repeats(), "2");
    EXPECT_EQ(state_of(office_application), rows);
    EXPECT_FALSE(std::filesystem::exists(directory / "mail/.postrider-bad"));
}

TEST_F(Replay, OfARefusedBeginningIsOneThingThatIsRefused) {
    Forger forger{shop, "office"};
    wire::BatchHeader header = Forger::header_for({});
    header.prev_chain.fill(1);
    header.rebase = wire::Rebase{1, 5, header.prev_chain};
    const Bytes beginning = forger.batch(forger.head(wire::EnvelopeKind::batch, 7, 1), header, {});
    EXPECT_EQ(deliver(office, beginning).received, engine::Received::accepted);
    EXPECT_EQ(parts_of_office(), 1U);
    EXPECT_EQ(deliver(office, beginning).received, engine::Received::refused);
    const std::string rows = state_of(office_application);
    for (int each = 0; each < 100; ++each) {
        EXPECT_EQ(deliver(office, beginning).received, engine::Received::refused);
    }
    EXPECT_LE(parts_of_office(), 1U);
    EXPECT_EQ(state_of(office_application), rows);
}

TEST_F(Replay, OfABatchOrReportDoesNotMakeASilentPeerLookAlive) {
    const std::string mail = keep_mail();
    office.cycle();
    office.now += std::chrono::seconds{5};
    office.cycle();
    const std::vector<std::string> answers = mails_on_the_way();
    ASSERT_EQ(answers.size(), 1U);
    const std::string report = directory / "report";
    std::filesystem::copy_file(answers.at(0), report);
    run_until_quiet(shop, office);
    const auto heard = [](Application &application) {
        return application.ask("SELECT heard_at FROM postrider_peer");
    };
    const std::string before = heard(office_application) + heard(shop_application);
    for (TestNode *node : {&shop, &office}) {
        node->now += std::chrono::hours{24};
    }
    replay(mail, 2);
    parts_of_office();
    for (const std::string &answer : mails_on_the_way()) {
        std::filesystem::remove(answer); // what the office said again to the replay
    }
    replay(report, 2);
    shop.cycle();
    EXPECT_TRUE(mails_on_the_way().empty());
    EXPECT_EQ(heard(office_application) + heard(shop_application), before);
}

TEST_F(Replay, BySomeoneWhoseReportsAreLostIsAnswered) {
    insert_rope();
    for (int lost = 0; lost < 3; ++lost) {
        for (int round = 0; round < 1000 && shop.cycle().parts_sent == 0; ++round) {
            shop.now += std::chrono::minutes{1};
        }
        office.now = shop.now;
        ASSERT_GE(parts_of_office(), 1U) << lost;
        for (const std::string &report : mails_on_the_way()) {
            std::filesystem::remove(report);
        }
    }
    run_until_quiet(shop, office);
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox"), "1");
    shop.now += std::chrono::hours{1};
    office.now = shop.now;
    run_until_quiet(shop, office);
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox"), "0");
}

constexpr Duration pause = std::chrono::hours{1};
constexpr Timestamp noon = from_milliseconds(1'790'000'000'000);

engine::ReplayedPart part(std::size_t number, std::int64_t peer_id = 1) {
    FixedBytes<32> hash{};
    hash[0] = static_cast<std::uint8_t>(number);
    hash[1] = static_cast<std::uint8_t>(number >> 8U);
    return {peer_id, hash};
}

TEST(Replays, AreThoseOfTheSamePeerAndPartWithinThePause) {
    engine::Replays replays;
    EXPECT_FALSE(replays.is_replay(part(1), pause, noon));
    replays.note(part(1), noon);
    EXPECT_TRUE(replays.is_replay(part(1), pause, noon));
    EXPECT_TRUE(replays.is_replay(part(1), pause, noon + pause - Duration{1}));
    EXPECT_FALSE(replays.is_replay(part(1), pause, noon + pause));
    EXPECT_FALSE(replays.is_replay(part(1), pause, noon - Duration{1}));
    EXPECT_FALSE(replays.is_replay(part(1, 2), pause, noon));
    EXPECT_FALSE(replays.is_replay(part(2), pause, noon));
}

TEST(Replays, AreRememberedUpToALimitTheYoungestFirst) {
    engine::Replays replays;
    for (std::size_t number = 0; number < limits::replays_remembered_max; ++number) {
        replays.note(part(number), noon);
    }
    replays.note(part(7), noon);
    EXPECT_EQ(replays.size(), limits::replays_remembered_max);
    EXPECT_TRUE(replays.is_replay(part(0), pause, noon));
    replays.note(part(limits::replays_remembered_max), noon);
    EXPECT_EQ(replays.size(), limits::replays_remembered_max);
    EXPECT_FALSE(replays.is_replay(part(0), pause, noon));
    EXPECT_TRUE(replays.is_replay(part(limits::replays_remembered_max), pause, noon));
}

} // namespace
} // namespace postrider::test

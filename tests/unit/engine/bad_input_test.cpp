// Envelopes that are not what they should be, and databases that cannot be written: refused or
// tried again with a reason, nothing lost, nothing changed.
#include "common/engine/configuration_mac.hpp"
#include "common/engine/receive.hpp"

#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

struct BadInput : TwoNodes {
    std::string refusal(Application &application) {
        return application.ask("SELECT reason FROM postrider_refused ORDER BY last DESC LIMIT 1");
    }
};

TEST_F(BadInput, AnEnvelopeThatComesAgainIsADuplicate) {
    const Bytes envelope = envelope_on_the_way();
    EXPECT_EQ(deliver(office, envelope).received, engine::Received::accepted);
    EXPECT_EQ(deliver(office, envelope).received, engine::Received::duplicate);
    run_until_quiet(shop, office);
    EXPECT_EQ(deliver(office, envelope).received, engine::Received::duplicate);
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_history WHERE stream = 1"),
              "1");
}

TEST_F(BadInput, AFlippedBitAnywhereIsNeverAccepted) {
    const Bytes envelope = envelope_on_the_way();
    for (std::size_t index = 0; index < envelope.size(); index += 7) {
        Bytes damaged = envelope;
        damaged[index] ^= 0x10U;
        EXPECT_EQ(deliver(office, damaged).received, engine::Received::refused) << index;
    }
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_inbox_part"), "0");
}

TEST_F(BadInput, ATruncatedEnvelopeIsRefusedAtEachLength) {
    const Bytes envelope = envelope_on_the_way();
    for (std::size_t size = 0; size < envelope.size(); size += 5) {
        EXPECT_EQ(deliver(office, ByteView{envelope}.first(size)).received,
                  engine::Received::refused)
            << size;
    }
}

TEST_F(BadInput, AnEnvelopeOfAFutureVersionIsLeftForALaterPostrider) {
    Bytes envelope = envelope_on_the_way();
    envelope[4] = 2;
    const engine::Reception reception = deliver(office, envelope);
    EXPECT_EQ(reception.received, engine::Received::refused);
    EXPECT_EQ(reception.settlement, engine::Settlement::keep);
}

TEST_F(BadInput, AnEnvelopeForSomebodyElseIsLeftWhereItLies) {
    TestNode stranger{directory / "stranger.db", "stranger", start};
    Application stranger_application{stranger.path};
    const engine::Reception reception = deliver(stranger, envelope_on_the_way());
    EXPECT_EQ(reception.received, engine::Received::refused);
    EXPECT_EQ(reception.settlement, engine::Settlement::keep);
    EXPECT_NE(refusal(stranger_application).find("not from a peer"), std::string::npos);
}

TEST_F(BadInput, AnEnvelopeSignedByAnotherKeyIsRefused) {
    const Bytes envelope = envelope_on_the_way();
    office.write([](const engine::Session &session) {
        session.transaction.execute("UPDATE @peer SET sign_public = ?1",
                                    {engine::stored(crypto::SigningKey::generate().public_key)});
        engine::approve(session);
    });
    EXPECT_EQ(deliver(office, envelope).received, engine::Received::refused);
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_inbox_part"), "0");
}

TEST_F(BadInput, ABatchOfAReplacedIncarnationIsRefusedForEver) {
    const Bytes envelope = envelope_on_the_way();
    run_until_quiet(shop, office);
    office.write([](const engine::Session &session) {
        session.transaction.execute(
            "UPDATE @stream_in SET applied_incarnation = applied_incarnation + ?1 WHERE stream = 1",
            {std::int64_t{1} << 32U});
    });
    EXPECT_EQ(deliver(office, envelope).received, engine::Received::refused);
    EXPECT_NE(refusal(office_application).find("replaced"), std::string::npos);
}

TEST_F(BadInput, ATableThatNoTaskTakesIsRefusedAndTheRestGoesOn) {
    for (Application *application : {&shop_application, &office_application}) {
        application->run("CREATE TABLE secret(id INTEGER PRIMARY KEY, name TEXT)");
    }
    shop.send("secrets", "office", {"secret"});
    office_application.run("INSERT INTO secret VALUES(7, 'untouched')");
    shop_application.run(
        "INSERT INTO secret VALUES(7, 'forged'); INSERT INTO item(id, name) VALUES(1, 'rope')");
    run_until_quiet(shop, office);
    EXPECT_EQ(office_application.ask("SELECT name FROM secret"), "untouched");
    EXPECT_EQ(office_application.ask("SELECT name FROM item"), "rope");
    EXPECT_NE(refusal(office_application).find("no task takes table"), std::string::npos);
}

TEST_F(BadInput, AFullDatabaseLosesNothingAndGoesOnWhenThereIsRoom) {
    shop_application.run("INSERT INTO item(id, name) VALUES(1, '" + std::string(200'000, 'x') +
                         "')");
    shop.cycle();
    sqlite3_exec(office.database->handle(), "PRAGMA max_page_count = 1", nullptr, nullptr, nullptr);
    const Result<engine::CycleResult> full = office.engine->cycle(office.now);
    ASSERT_TRUE(full.has_value());
    ASSERT_TRUE(full->problem.has_value());
    EXPECT_NE(full->problem->message.find("full"), std::string::npos) << full->problem->message;
    EXPECT_FALSE(full->problem->hint.empty());
    sqlite3_exec(office.database->handle(), "PRAGMA max_page_count = 1000000", nullptr, nullptr,
                 nullptr);
    office.now += std::chrono::minutes{5};
    shop.now += std::chrono::minutes{5};
    run_until_quiet(shop, office);
    EXPECT_EQ(office_application.ask("SELECT length(name) FROM item"), "200000");
}

TEST_F(BadInput, ALockedDatabaseIsTriedAgain) {
    shop_application.run("INSERT INTO item(id, name) VALUES(1, 'rope')");
    shop.cycle();
    sqlite3_busy_timeout(office.database->handle(), 1);
    office_application.run("BEGIN IMMEDIATE");
    const Result<engine::CycleResult> locked = office.engine->cycle(office.now);
    ASSERT_TRUE(!locked || locked->problem.has_value());
    EXPECT_NE((locked ? *locked->problem : locked.error()).message.find("locked"),
              std::string::npos);
    office_application.run("COMMIT");
    office.now += std::chrono::minutes{5};
    run_until_quiet(shop, office);
    EXPECT_EQ(office_application.ask("SELECT name FROM item"), "rope");
}

TEST_F(BadInput, AReadOnlyDatabaseSaysSo) {
    Result<std::unique_ptr<sqlite::SqliteDatabase>> opened =
        sqlite::open_database({.path = office.path, .read_only = true});
    ASSERT_TRUE(opened.has_value());
    engine::Engine reader{{**opened, office.vault, *office.transport},
                          {.timing = office.timing, .holder = "reader"}};
    const Result<engine::CycleResult> result = reader.cycle(office.now);
    ASSERT_FALSE(result.has_value());
    EXPECT_NE(result.error().message.find("read"), std::string::npos) << result.error().message;
}

TEST_F(BadInput, MailsOfATransactionThatFailedAreShownAgain) {
    office.cycle();
    insert_rope();
    shop.cycle();
    sqlite3_busy_timeout(office.database->handle(), 0);
    office_application.run("BEGIN IMMEDIATE");
    EXPECT_TRUE(office.engine->cycle(office.now)->problem.has_value());
    office_application.run("COMMIT");
    office.now += std::chrono::minutes{1};
    office.cycle();
    office.cycle();
    EXPECT_EQ(items(office_application), "1|rope|");
}

TEST_F(BadInput, WhatIsHeldForAnotherReasonKeepsNobodyAwake) {
    office_application.run("ALTER TABLE item DROP COLUMN price");
    insert_rope();
    shop.cycle();
    office.cycle(); // the step is held, and due again in a minute
    office.write([](const engine::Session &session) {
        session.transaction.execute("UPDATE @peer SET held = 'for a test'");
    });
    office.now += std::chrono::hours{1};
    const engine::CycleResult result = office.cycle();
    EXPECT_TRUE(!result.next_at || *result.next_at > office.now);
}

} // namespace
} // namespace postrider::test

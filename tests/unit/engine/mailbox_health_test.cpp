// How receiving fares stands in the database: in status, mailboxes, explain and events.
#include <gtest/gtest.h>

#include "common/engine/explain.hpp"
#include "common/engine/junk_mails.hpp"
#include "common/engine/mailbox_health.hpp"

#include "tests/support/pairing_nodes.hpp"
#include "tests/support/recording_transport.hpp"

namespace postrider::engine {
namespace {

struct MailboxHealthTest : testing::Test {
    static constexpr const char *text =
        "MAILBOX main ADDRESS 'sync@hq.example' RECEIVE 'imaps://mail.hq.example'"
        " SEND 'smtps://mail.hq.example';"
        "MAILBOX other ADDRESS 'other@hq.example' RECEIVE 'pop3s://mail.hq.example'"
        " SEND 'smtps://mail.hq.example';"
        "PEER shop MAIL 'till@shop.example' VIA main;"
        "PEER depot MAIL 'till@depot.example' VIA other;";

    MailboxHealthTest() {
        test::declare(office, text);
        office.rows.run("UPDATE postrider_peer SET state = 'verified'");
    }

    static Receiving failing(const std::string &why, const std::string &mailbox = "main") {
        return {mailbox,
                Error{Errc::refused, "it does not accept user and password", why, "Compare USER."}};
    }

    /// As views show it.
    static std::string shown(Timestamp time) { return to_text(time).substr(0, 19); }

    void tell(const Receiving &receiving) {
        office.write([&](const Session &session) { note_receiving(session, receiving); });
    }

    std::string ask(const std::string &query) { return office.rows.ask(query); }

    std::string events() {
        return ask("SELECT group_concat(kind || ': ' || message, char(10))"
                   " FROM postrider_events WHERE kind LIKE 'mailbox%'");
    }

    test::TemporaryDirectory directory;
    test::PairingNode office{directory / "office.db", "office"};
    const std::string since = shown(test::pairing_start);
    static constexpr const char *status = "SELECT group_concat(peer || ' ' || state, ', ') FROM"
                                          " (SELECT peer, state FROM postrider_status"
                                          " ORDER BY peer)";
};

TEST_F(MailboxHealthTest, AFailureIsShownAtThePeersWhoseMailsComeByTheMailbox) {
    EXPECT_EQ(ask(status), "depot in step, shop in step");
    tell(failing("535"));
    EXPECT_EQ(ask(status), "depot in step, shop unreachable");
    EXPECT_EQ(ask("SELECT summary FROM postrider_status WHERE peer = 'shop'"),
              "cannot fetch mail for main since " + since +
                  ": it does not accept user and password (535)");
    EXPECT_EQ(ask("SELECT action FROM postrider_status WHERE peer = 'shop'"),
              "Compare USER. Then SELECT postrider_sync_now();");
}

TEST_F(MailboxHealthTest, APeerWithoutAPathIsShownItWhileItIsBeingPaired) {
    test::declare(office, "PEER new;");
    office.rows.run("UPDATE postrider_peer SET state = 'invited' WHERE name = 'new'");
    tell(failing("535"));
    EXPECT_EQ(ask("SELECT state || ': ' || summary FROM postrider_status WHERE peer = 'new'"),
              "pairing: cannot fetch mail for main since " + since +
                  ": it does not accept user and password (535)");
}

TEST_F(MailboxHealthTest, WhatCannotBeSentStandsBeforeIt) {
    tell(failing("535"));
    office.rows.run("UPDATE postrider_peer_path SET last_error = 'nobody answers there'");
    EXPECT_EQ(ask("SELECT summary FROM postrider_status WHERE peer = 'shop'"),
              "cannot send now: nobody answers there; cannot fetch mail for main since " + since +
                  ": it does not accept user and password (535)");
}

TEST_F(MailboxHealthTest, TheViewOfMailboxesSaysSinceWhenHowOftenAndWhy) {
    const std::string states = "SELECT group_concat(mailbox || ' ' || state || ' ' || failures,"
                               " ', ') FROM postrider_mailboxes";
    EXPECT_EQ(ask(states), "main not tried yet 0, other not tried yet 0");
    tell({"main", std::nullopt});
    tell({"other", std::nullopt});
    office.now += std::chrono::hours{1};
    tell(failing("535"));
    office.now += std::chrono::hours{1};
    tell(failing("454"));
    EXPECT_EQ(ask(states), "main failing 2, other works 0");
    EXPECT_EQ(ask("SELECT since || ' ' || worked || ' ' || error FROM postrider_mailboxes"
                  " WHERE mailbox = 'main'"),
              shown(test::pairing_start + std::chrono::hours{1}) + " " + since +
                  " it does not accept user and password (454)");
    EXPECT_EQ(ask("SELECT action FROM postrider_mailboxes WHERE mailbox = 'main'"),
              "Compare USER. Then SELECT postrider_sync_now();");
    EXPECT_EQ(ask("SELECT action FROM postrider_mailboxes WHERE mailbox = 'other'"), "");
}

TEST_F(MailboxHealthTest, ItsBeginningAndItsEndAreOneEventEach) {
    tell(failing("535"));
    tell(failing("535"));
    tell({"main", std::nullopt});
    tell({"main", std::nullopt});
    EXPECT_EQ(events(), "mailbox_fails: cannot fetch mail for mailbox \"main\": it does not accept"
                        " user and password (535)\nmailbox_works: mail for mailbox \"main\" is"
                        " fetched again, which failed since " +
                            to_text(test::pairing_start) +
                            ": it does not accept user and password (535)");
    EXPECT_EQ(ask(status), "depot in step, shop in step");
}

TEST_F(MailboxHealthTest, ExplainHasARowForTheMailbox) {
    tell(failing("535"));
    std::vector<Station> found;
    office.write([&](const Session &session) {
        for (Station &station : explain(session, *find_peer(session.transaction, "shop"))) {
            if (station.station.starts_with("mailbox")) {
                found.push_back(std::move(station));
            }
        }
    });
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].station, "mailbox main");
    EXPECT_EQ(found[0].direction, "in");
    EXPECT_EQ(found[0].count, 1U);
    EXPECT_EQ(found[0].blocked_by, "cannot be looked into since " + to_text(test::pairing_start) +
                                       ": it does not accept user and password (535)");
    EXPECT_EQ(found[0].action, "Compare USER.");
}

TEST_F(MailboxHealthTest, AFullMailboxIsAnEventWhenItFillsAndWhenItHasRoomAgain) {
    const auto fill = [&](std::uint64_t percent) {
        office.write([&](const Session &session) { note_filled(session, {"main", percent}); });
    };
    const std::string filled = "SELECT coalesce(filled, 'unknown') || ': ' || action"
                               " FROM postrider_mailboxes WHERE mailbox = 'main'";
    EXPECT_EQ(ask(filled), "unknown: ");
    fill(0);
    EXPECT_EQ(events(), "");
    fill(80);
    fill(95);
    EXPECT_EQ(events(), "mailbox_fills: mailbox \"main\" has used 80 % of its storage or more");
    EXPECT_EQ(ask(filled), "95: remove what others have sent from it, or have it made larger");
    fill(0);
    EXPECT_EQ(ask("SELECT message FROM postrider_events WHERE kind = 'mailbox_has_room'"),
              "mailbox \"main\" has used less than 80 % of its storage again");
}

TEST_F(MailboxHealthTest, MailsInTheJunkFolderAreAnEventOnceAWeek) {
    test::PairingNode shop{directory / "shop.db", "shop"};
    test::declare(shop, "MAILBOX box ADDRESS 'till@shop.example' RECEIVE 'imaps://shop.example' "
                        "SEND 'smtps://shop.example';");
    office.rows.run("UPDATE postrider_peer SET state = 'declared'");
    ASSERT_TRUE(shop.accept(Acceptance{office.invite("shop"), "sync@hq.example", false}));
    office.take(shop.mails());
    InJunk found{"main", {}};
    const PeerKeys keys = office.keys("shop");
    std::copy_n(keys.stamp_in.data(), found.stamp_key.size(), found.stamp_key.begin());
    for (int times = 0; times < 3; ++times) {
        office.write([&](const Session &session) { note_in_junk(session, found); });
        office.now += std::chrono::hours{4 * 24};
    }
    EXPECT_EQ(ask("SELECT count(*) || ' ' || min(message) || ' ' || min(action)"
                  " FROM postrider_events WHERE kind = 'mail_in_junk' AND peer = 'shop'"),
              "2 mails of \"shop\" land in the junk folder of mailbox \"main\"; they are taken from"
              " there every six hours let mails from till@shop.example pass there");
    office.write([&](const Session &session) { note_in_junk(session, {"main", {}}); });
    EXPECT_EQ(ask("SELECT message FROM postrider_events WHERE kind = 'mail_in_junk'"
                  " AND peer IS NULL"),
              "mails of a node that is being paired land in the junk folder of mailbox \"main\";"
              " they are taken from there every six hours");
}

TEST_F(MailboxHealthTest, ComesFromTheTransportAndGoesWithTheMailbox) {
    test::RecordingTransport transport;
    Engine engine({*office.database, office.vault, transport}, {.timing = office.timing});
    transport.events.emplace_back(failing("535", "other"));
    transport.events.emplace_back(failing("535", "nobody's"));
    transport.events.emplace_back(Filled{"other", 80});
    transport.events.emplace_back(InJunk{"other", {}});
    transport.events.emplace_back(Arrived{"other:1:1", Bytes(300, 1), "other"});
    ASSERT_TRUE(engine.cycle(office.now));
    EXPECT_EQ(ask("SELECT group_concat(name || ' ' || failures) FROM postrider_mailbox_health"),
              "other 1");
    EXPECT_EQ(ask("SELECT count(*) FROM postrider_events WHERE kind IN"
                  " ('mailbox_fills', 'mail_in_junk')"),
              "2");
    EXPECT_EQ(ask("SELECT received FROM postrider_mailboxes WHERE mailbox = 'other'"), since);
    test::declare(office, "DROP PEER depot; DROP MAILBOX other;");
    EXPECT_EQ(office.count("mailbox_health"), "0");
}

} // namespace
} // namespace postrider::engine

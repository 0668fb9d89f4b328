// Mailboxes: declared, described, used by MAIL paths, named when nodes are paired, handed to the
// transport with how far they were read.
#include <gtest/gtest.h>

#include "common/engine/store/mailboxes.hpp"
#include "common/wire/invitation.hpp"

#include "tests/support/pairing_nodes.hpp"
#include "tests/support/recording_transport.hpp"
#include "tests/support/seeded_random.hpp"

namespace postrider::engine {
namespace {

using test::PairingNode;
using test::RecordingTransport;

constexpr const char *main_mailbox =
    "MAILBOX main ADDRESS 'sync@hq.example' RECEIVE 'imaps://mail.hq.example' SEND "
    "'smtps://mail.hq.example';";
constexpr const char *shops_mailbox =
    "MAILBOX shops ADDRESS 'shops@hq.example' RECEIVE 'pop3s://mail.hq.example' SEND "
    "'smtp://mail.hq.example:25' USER 'shop' PASSWORD FILE 'shop.password';";

struct Mailboxes : testing::Test {
    test::SeededRandom random{1};
    test::TemporaryDirectory directory;
    PairingNode office{directory / "office.db", "office"};
    PairingNode shop{directory / "shop.db", "shop"};

    static std::string refusal(PairingNode &node, const std::string &text) {
        const Result<ActionRows> declared = test::try_declare(node, text);
        return declared ? "declared" : declared.error().message;
    }

    /// How often the node reads its mailboxes while it does this.
    static int readings(PairingNode &node, const std::function<void()> &work) {
        int count = 0;
        const auto note = [](unsigned /*event*/, void *to, void * /*statement*/, void *sql) {
            const std::string_view text{static_cast<const char *>(sql)};
            *static_cast<int *>(to) +=
                text.find("postrider_mailbox\" ORDER BY") < text.size() ? 1 : 0;
            return 0;
        };
        sqlite3_trace_v2(node.database->handle(), SQLITE_TRACE_STMT, note, &count);
        work();
        sqlite3_trace_v2(node.database->handle(), 0, nullptr, nullptr);
        return count;
    }

    static std::string path_of(PairingNode &node) {
        return node.rows.ask("SELECT kind, target, mailbox FROM postrider_peer_path");
    }
};

TEST_F(Mailboxes, AreDescribedAsTheyWereDeclared) {
    const std::string text = std::string{main_mailbox} + "\n" + shops_mailbox +
                             "\nPEER shop MAIL 'till@shop.example' VIA shops;\n";
    test::declare(office, text);
    const auto transaction = office.database->begin(Mode::read);
    const Result<std::string> described =
        describe({*transaction, office.database->dialect(), office.vault, office.now});
    EXPECT_EQ(described.value(), "POSTRIDER 1;\nNODE office;\n" + text);
}

TEST_F(Mailboxes, OfAPathAreTheOnlyOneOrNamed) {
    EXPECT_EQ(refusal(office, "PEER shop MAIL 'till@shop.example';"),
              "line 1, column 11: there is no MAILBOX that mails of the peer \"shop\" go through");
    test::declare(office, std::string{main_mailbox} + "PEER shop MAIL 'till@shop.example';");
    EXPECT_EQ(refusal(office, shops_mailbox),
              "the MAIL path of the peer \"shop\" does not say which mailbox it goes through");
    EXPECT_EQ(refusal(office, "DROP MAILBOX main"),
              "there is no MAILBOX that mails of the peer \"shop\" go through");
    test::declare(office,
                  std::string{shops_mailbox} + "PEER shop MAIL 'till@shop.example' VIA main;");
    EXPECT_EQ(path_of(office), "mail|till@shop.example|main");
    EXPECT_EQ(refusal(office, "DROP MAILBOX main"),
              "there is no mailbox \"main\", which the peer \"shop\" names");
    test::declare(office, "DROP MAILBOX shops");
    EXPECT_EQ(office.count("mailbox"), "1");
}

TEST_F(Mailboxes, AreRefusedWithServersThatNobodyCanConnectTo) {
    EXPECT_NE(refusal(office, "MAILBOX m ADDRESS 'a@b.example' RECEIVE 'imaps://mail.example:0' "
                              "SEND 'smtps://mail.example'")
                  .find("line 1, column 41"),
              std::string::npos);
}

TEST_F(Mailboxes, AreNamedInInvitationsAndAnswers) {
    test::declare(office, std::string{main_mailbox} + "PEER shop;");
    test::declare(shop, "MAILBOX box ADDRESS 'till@shop.example' RECEIVE 'imaps://shop.example' "
                        "SEND 'smtps://shop.example';");
    const std::string line = office.invite("shop");
    EXPECT_EQ(wire::parse_invitation(line)->address, "sync@hq.example");
    ASSERT_TRUE(shop.accept(Acceptance{line, {}, false}));
    EXPECT_EQ(path_of(shop), "mail|sync@hq.example|");
    office.take(shop.mails());
    EXPECT_EQ(path_of(office), "mail|till@shop.example|");
    shop.take(office.mails());
    EXPECT_EQ(shop.state_of("office"), "paired");
}

TEST_F(Mailboxes, OfAnAnswerLeaveADeclaredPathAlone) {
    test::declare(office, std::string{main_mailbox} + "PEER shop MAIL 'other@shop.example';");
    test::declare(shop, "MAILBOX box ADDRESS 'till@shop.example' RECEIVE 'imaps://shop.example' "
                        "SEND 'smtps://shop.example';");
    ASSERT_TRUE(shop.accept(Acceptance{office.invite("shop"), {}, false}));
    office.take(shop.mails());
    EXPECT_EQ(path_of(office), "mail|other@shop.example|");
}

TEST_F(Mailboxes, AreNeededToAcceptALineThatCameWithAMailAddress) {
    test::declare(office, std::string{main_mailbox} + "PEER shop;");
    const std::string line = office.invite("shop");
    const Result<std::string> accepted = shop.accept(Acceptance{line, {}, false});
    ASSERT_FALSE(accepted);
    EXPECT_EQ(accepted.error().message,
              "there is no mailbox here from which to write to sync@hq.example");
    EXPECT_EQ(shop.count("peer"), "0");
}

TEST_F(Mailboxes, AreHandedToTheTransportWithTheirCursorAndCarryWhatIsSent) {
    test::declare(office, std::string{main_mailbox} + shops_mailbox +
                              "PEER shop MAIL 'till@shop.example' VIA shops;");
    ASSERT_TRUE(shop.accept(Acceptance{office.invite("shop"), "/mail", false}));
    office.take(shop.mails());
    RecordingTransport transport;
    transport.events.emplace_back(CursorMoved{"shops", Bytes{1, 2, 3}});
    Engine engine({*office.database, office.vault, transport}, {.timing = office.timing});
    ASSERT_TRUE(engine.cycle(office.now));
    ASSERT_EQ(transport.submitted.size(), 1U); // confirm
    EXPECT_EQ(transport.submitted.front().mailbox, "shops");
    EXPECT_EQ(transport.submitted.front().target, "till@shop.example");
    EXPECT_EQ(transport.submitted.front().path_kind, "mail");
    ASSERT_EQ(transport.inlets.size(), 2U);
    EXPECT_EQ(transport.inlets[0].mailbox->user, "sync@hq.example");
    EXPECT_EQ(transport.inlets[0].mailbox->secret->where, "main.password");
    EXPECT_EQ(transport.inlets[1].mailbox->user, "shop");
    ASSERT_TRUE(engine.cycle(office.now + std::chrono::hours{1}));
    EXPECT_EQ(transport.inlets[1].cursor, (Bytes{1, 2, 3}));
}

TEST_F(Mailboxes, AreReadOnceForAllPathsOfAPeerAndForAllThatTheTransportIsTold) {
    test::declare(office, std::string{main_mailbox} + shops_mailbox +
                              "PEER shop MAIL 'a@shop.example' VIA shops,"
                              " MAIL 'b@shop.example' VIA main;"
                              "PEER depot MAIL 'a@depot.example' VIA main;");
    EXPECT_EQ(readings(office,
                       [&] {
                           office.write([](const Session &session) {
                               EXPECT_EQ(load_paths(session, 1).size(), 2U);
                           });
                       }),
              1);
    RecordingTransport transport;
    Engine engine({*office.database, office.vault, transport}, {.timing = office.timing});
    EXPECT_EQ(readings(office, [&] { EXPECT_TRUE(engine.cycle(office.now)); }), 1);
}

TEST_F(Mailboxes, ForgetHowFarTheyWereReadWhenTheyBecomeOthers) {
    test::declare(office, main_mailbox);
    office.write(
        [](const Session &session) { store_cursor(session.transaction, "main", Bytes{7}); });
    test::declare(office, main_mailbox);
    EXPECT_EQ(office.rows.ask("SELECT hex(cursor) FROM postrider_mailbox"), "07");
    test::declare(office, "MAILBOX main ADDRESS 'sync@hq.example' RECEIVE 'imaps://other.example' "
                          "SEND 'smtps://mail.hq.example';");
    EXPECT_EQ(office.rows.ask("SELECT hex(cursor) FROM postrider_mailbox"), "");
}

TEST_F(Mailboxes, EditedByHandAreNotUsedAndShown) {
    test::declare(office, std::string{main_mailbox} + "PEER shop MAIL 'till@shop.example';");
    office.rows.run("UPDATE postrider_mailbox SET send = 'smtp://evil.example'");
    RecordingTransport transport;
    Engine engine({*office.database, office.vault, transport}, {.timing = office.timing});
    ASSERT_TRUE(engine.cycle(office.now));
    EXPECT_TRUE(transport.inlets.empty());
    EXPECT_EQ(office.rows.ask("SELECT unapproved FROM postrider_peer"),
              "not as this node wrote it, and not used: the mailbox \"main\"");
    EXPECT_EQ(wire::parse_invitation(office.invite("shop"))->address, "");
}

TEST_F(Mailboxes, KeepAndShowTheServersThatWereFound) {
    const std::string open_mailbox =
        "MAILBOX main ADDRESS 'sync@hq.example' SEND 'smtps://mail.hq.example';";
    test::declare(office, open_mailbox);
    RecordingTransport transport;
    Engine engine({*office.database, office.vault, transport}, {.timing = office.timing});
    ASSERT_TRUE(engine.cycle(office.now));
    ASSERT_EQ(transport.inlets.size(), 1U);
    EXPECT_TRUE(transport.inlets[0].mailbox->finds_receive);
    EXPECT_FALSE(transport.inlets[0].mailbox->finds_send);
    EXPECT_EQ(transport.inlets[0].mailbox->receive, "");
    transport.events = {ServersFound{"main", "imaps://in.hq.example:993", "", "DNS names it"},
                        ServersFound{"main", "", "smtps://other.example:465", "not asked"},
                        ServersFound{"gone", "imaps://in.hq.example:993", "", "not asked"}};
    ASSERT_TRUE(engine.cycle(office.now));
    EXPECT_EQ(transport.inlets[0].mailbox->receive, "imaps://in.hq.example:993")
        << "the transport is told at once";
    EXPECT_EQ(transport.inlets[0].mailbox->send, "smtps://mail.hq.example");
    EXPECT_EQ(office.rows.ask("SELECT message FROM postrider_event WHERE kind = 'mailbox'"),
              "mailbox \"main\" has found its servers: it receives from "
              "imaps://in.hq.example:993 (DNS names it)");
    const auto described = [&] {
        const auto transaction = office.database->begin(Mode::read);
        return describe({*transaction, office.database->dialect(), office.vault, office.now})
            .value();
    };
    const std::string found = "-- found for main: imaps://in.hq.example:993 (DNS names it)\n";
    EXPECT_EQ(described(), "POSTRIDER 1;\nNODE office;\n" + open_mailbox + "\n" + found);
    test::declare(office, described());
    EXPECT_EQ(described(), "POSTRIDER 1;\nNODE office;\n" + open_mailbox + "\n" + found);
    test::declare(office,
                  "MAILBOX main ADDRESS 'other@hq.example' SEND 'smtps://mail.hq.example';");
    EXPECT_EQ(described().find("-- found"), std::string::npos);
}

TEST_F(Mailboxes, WhoseFoundServersWereEditedAreNotUsed) {
    test::declare(office, "MAILBOX main ADDRESS 'sync@hq.example';");
    RecordingTransport transport;
    Engine engine({*office.database, office.vault, transport}, {.timing = office.timing});
    transport.events = {ServersFound{"main", "imaps://in.hq.example:993", "smtps://hq.example:465",
                                     "DNS names it"}};
    ASSERT_TRUE(engine.cycle(office.now));
    EXPECT_EQ(transport.inlets.size(), 1U);
    office.rows.run("UPDATE postrider_mailbox SET found_send = 'smtps://evil.example:465'");
    transport.events = {ServersFound{"main", "imaps://in.hq.example:993", "", "DNS names it"}};
    ASSERT_TRUE(engine.cycle(office.now));
    EXPECT_TRUE(transport.inlets.empty()) << "finding servers is no approval of an edit";
}

TEST_F(Mailboxes, ThatAMailServerFillsAreLookedIntoAsMaildirs) {
    test::declare(office, "MAILBOX main ADDRESS 'sync@hq.example' RECEIVE 'maildir:/var/mail/sync' "
                          "SEND 'smtps://mail.hq.example';");
    RecordingTransport transport;
    Engine engine({*office.database, office.vault, transport}, {.timing = office.timing});
    ASSERT_TRUE(engine.cycle(office.now));
    ASSERT_EQ(transport.inlets.size(), 2U);
    EXPECT_EQ(transport.inlets[0].path_kind, "mail");
    EXPECT_EQ(transport.inlets[0].mailbox->receive, "");
    EXPECT_EQ(transport.inlets[1].path_kind, "maildir");
    EXPECT_EQ(transport.inlets[1].source, "/var/mail/sync");
}

TEST_F(Mailboxes, ByChoosesAmongThePathsOfAPeer) {
    EXPECT_EQ(path_kinds_of_lane("BY MAILDIR ELSE MAIL, EVERY 1 HOUR, ON ERROR PARK"),
              (std::vector<std::string>{"maildir", "mail"}));
    EXPECT_EQ(path_kinds_of_lane("BY DIRECT ELSE MAIL AFTER 5 MINUTES, ON ERROR PARK"),
              (std::vector<std::string>{"direct", "mail"}));
    EXPECT_TRUE(path_kinds_of_lane("paths in order, ON ERROR PARK").empty());
}

} // namespace
} // namespace postrider::engine

// An identity that is lost and brought back, another user's, and a copy that becomes a node of its
// own.
#include "common/engine/configuration_mac.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/recovery.hpp"

#include "tests/support/two_way.hpp"

namespace postrider::test {
namespace {

using engine::ActionRows;
using engine::DeclareSite;
using engine::Session;

struct Recovery : TwoWay {
    static engine::ExportedIdentity export_of(TestNode &node) {
        engine::ExportedIdentity out;
        node.write([&](const Session &session) {
            out = engine::export_identity(session, node.vault).value();
        });
        return out;
    }

    static Result<void>
    import_into(TestNode &node, const std::string &bundle, const std::string &code) {
        Result<void> out;
        node.write([&](const Session &session) {
            out = engine::import_identity(
                {session.transaction, session.dialect, node.vault, node.now}, bundle, code);
        });
        return out;
    }

    static Result<ActionRows> rename(TestNode &node, const std::string &name) {
        Result<ActionRows> out = ActionRows{};
        node.write([&](const Session &session) {
            out = engine::new_identity({session.transaction, session.dialect, node.vault, node.now},
                                       name);
            if (const auto identity = engine::load_identity(session.transaction, node.vault)) {
                node.identity = *identity;
            }
        });
        return out;
    }

    static void lose_secret(TestNode &node) { node.vault.restore({}); }
};

TEST_F(Recovery, ALostSecretFileIsBroughtBackByTheBundleAndItsCode) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    const engine::ExportedIdentity exported = export_of(shop);
    EXPECT_EQ(exported.bundle.find("postrider-identity1:"), 0U);
    lose_secret(shop);
    shop.restart();
    run(shop, "INSERT INTO sale VALUES(2, 'captured meanwhile')");
    EXPECT_FALSE(shop.engine->cycle(shop.now).has_value());
    ASSERT_TRUE(import_into(shop, exported.bundle, exported.code).has_value());
    settle_for_hours(1);
    expect_equal();
    EXPECT_EQ(ask(office, "SELECT count(*) FROM sale"), "2");
    EXPECT_EQ(events(shop, "new_incarnation"), "1");
    run(office, "INSERT INTO price VALUES(1, 'sealed to the keys of the bundle')");
    settle();
    expect_equal();
}

TEST_F(Recovery, ABundleIsRefusedWithAnotherCodeOnAnotherNodeAndWhereNothingIsMissing) {
    const engine::ExportedIdentity of_shop = export_of(shop);
    const engine::ExportedIdentity of_office = export_of(office);
    EXPECT_EQ(import_into(shop, of_shop.bundle, of_shop.code).error().message,
              "the secret of this node is here already");
    lose_secret(shop);
    EXPECT_EQ(import_into(shop, of_shop.bundle, of_office.code).error().code, Errc::bad_signature);
    EXPECT_EQ(import_into(shop, of_office.bundle, of_office.code).error().message,
              "the recovery bundle is of another node");
    EXPECT_EQ(import_into(shop, "a line of something", of_shop.code).error().code, Errc::malformed);
    EXPECT_EQ(import_into(shop, of_shop.bundle, "not a code").error().code, Errc::malformed);
    EXPECT_FALSE(shop.vault.load_secret(shop.identity.node).has_value());
    EXPECT_TRUE(import_into(shop, of_shop.bundle, of_shop.code).has_value());
}

TEST_F(Recovery, AnotherUserIsToldWhoseTheSecretIs) {
    lose_secret(shop); // that user's directory has none
    shop.vault.run_as("somebody");
    shop.restart();
    const Result<engine::CycleResult> result = shop.engine->cycle(shop.now);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message, "the secret of this file belongs to user \"tester\"");
    shop.vault.run_as("tester");
    EXPECT_EQ(shop.engine->cycle(shop.now).error().message, "secret of this node is missing");
}

TEST_F(Recovery, AnImportedIdentityBelongsToWhoeverImportedIt) {
    const engine::ExportedIdentity exported = export_of(shop);
    lose_secret(shop);
    shop.vault.run_as("successor");
    ASSERT_TRUE(import_into(shop, exported.bundle, exported.code).has_value());
    EXPECT_EQ(ask(shop, "SELECT secret_user FROM postrider_node"), "successor");
}

// ---- A node of its own --------------------------------------------------------------------------

TEST_F(Recovery, ACopyBecomesANodeOfItsOwnAndTheOriginalGoesOn) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    TestNode copy{shop, directory / "copy.db"};
    copy.vault.move_to("/elsewhere/copy.db", 5, 6);
    EXPECT_FALSE(copy.engine->cycle(copy.now).has_value());
    const Result<ActionRows> renamed = rename(copy, "branch");
    ASSERT_TRUE(renamed.has_value()) << renamed.error().message;
    EXPECT_NE(copy.identity.node, shop.identity.node);
    EXPECT_EQ(renamed->back().detail, "SELECT postrider_invite('office');");
    EXPECT_EQ(ask(copy, "SELECT * FROM sale"), "1|first") << "the rows stay";
    EXPECT_EQ(ask(copy, "SELECT peer, state FROM postrider_status"), "office|not paired");
    copy.restart();
    EXPECT_TRUE(copy.engine->cycle(copy.now).has_value());
    EXPECT_EQ(mails().size(), 0U) << "nobody hears of it before it is paired";
    run(shop, "INSERT INTO sale VALUES(2, 'second')");
    settle();
    expect_equal();
}

TEST_F(Recovery, ANewNodePairsAndItsOwnTasksAreOfferedAnew) {
    const std::string maildir = directory / "mail";
    TestNode origin{directory / "origin.db", "origin", two_way_start};
    run(origin, "CREATE TABLE visit(id INTEGER PRIMARY KEY, v TEXT)");
    run(office, "CREATE TABLE visit(id INTEGER PRIMARY KEY, v TEXT)");
    declare(origin, "PEER office MAILDIR '" + maildir + "'; TASK visits SEND visit TO office;");
    run(origin, "INSERT INTO visit VALUES(1, 'of before')");
    ASSERT_TRUE(rename(origin, "branch").has_value());
    declare(office, "PEER branch MAILDIR '" + maildir + "' TRUST TASKS;");
    std::string line;
    office.write([&](const Session &session) { line = engine::invite(session, "branch").value(); });
    origin.write([&](const Session &session) {
        ASSERT_TRUE(engine::accept(session, {line, maildir, true}).has_value());
    });
    run_until_quiet(origin, office);
    run(origin, "INSERT INTO visit VALUES(2, 'of after')");
    run_until_quiet(origin, office);
    EXPECT_EQ(ask(office, "SELECT * FROM visit ORDER BY id"), "1|of before\n2|of after");
    EXPECT_EQ(ask(origin, "SELECT count(*) FROM postrider_task WHERE declared_by ="
                          " (SELECT node_id FROM postrider_node)"),
              "1");
}

TEST_F(Recovery, ANewNodeSendsItsTablesWholeToPeersThatHadThemFromTheOldOne) {
    const std::string maildir = directory / "mail";
    TestNode origin{directory / "origin.db", "origin", two_way_start};
    run(origin, "CREATE TABLE visit(id INTEGER PRIMARY KEY, v TEXT)");
    run(office, "CREATE TABLE visit(id INTEGER PRIMARY KEY, v TEXT)");
    const auto meet = [&](const std::string &name) {
        declare(office, "PEER " + name + " MAILDIR '" + maildir + "' TRUST TASKS;");
        std::string line;
        office.write([&](const Session &session) { line = engine::invite(session, name).value(); });
        origin.write([&](const Session &session) {
            ASSERT_TRUE(engine::accept(session, {line, maildir, true}).has_value());
        });
        run_until_quiet(origin, office);
    };
    declare(origin, "PEER office MAILDIR '" + maildir + "'; TASK visits SEND visit TO office;");
    run(origin, "INSERT INTO visit VALUES(1, 'of before')");
    meet("origin");
    ASSERT_EQ(ask(office, "SELECT * FROM visit"), "1|of before");
    ASSERT_TRUE(rename(origin, "branch").has_value());
    declare(office, "DROP PEER origin;");
    run(office, "DELETE FROM visit");
    meet("branch");
    EXPECT_EQ(ask(office, "SELECT * FROM visit"), "1|of before");
}

TEST_F(Recovery, WhatPeersDeclaredIsForgottenByANewNodeAndPathsStayApproved) {
    shop.write([&](const Session &session) {
        session.transaction.execute(
            "INSERT INTO @task (declared_by, name, direction, statement, lane, created_at)"
            " VALUES (?1, 'of_office', 'send', '', 'maildir', 0)",
            {engine::stored(office.identity.node)});
    });
    ASSERT_TRUE(rename(shop, "branch").has_value());
    EXPECT_EQ(ask(shop, "SELECT count(*) FROM postrider_task WHERE name = 'of_office'"), "0");
    shop.write([&](const Session &session) {
        EXPECT_TRUE(engine::load_paths(session, 1).front().approved);
    });
}

TEST_F(Recovery, WithoutTheOldSecretPathsWaitForApproval) {
    lose_secret(shop);
    const Result<ActionRows> rows = rename(shop, "branch");
    ASSERT_TRUE(rows.has_value()) << rows.error().message;
    EXPECT_NE(rows->at(2).detail.find("postrider_approve"), std::string::npos);
    shop.write([&](const Session &session) {
        EXPECT_FALSE(engine::load_paths(session, 1).front().approved);
        EXPECT_GT(engine::approve(session), 0U);
        EXPECT_TRUE(engine::load_paths(session, 1).front().approved);
    });
}

TEST_F(Recovery, ANewNodeIsNotNamedLikeItselfOrAPeer) {
    const std::string before = ask(shop, "SELECT hex(node_id), name FROM postrider_node");
    for (const char *name : {"shop", "office", "", "two words\n"}) {
        EXPECT_FALSE(rename(shop, name).has_value()) << name;
    }
    EXPECT_EQ(ask(shop, "SELECT hex(node_id), name FROM postrider_node"), before);
}

} // namespace
} // namespace postrider::test

// The MAC over configuration: what was edited by hand or brought by a foreign file is not used.
#include <gtest/gtest.h>

#include "common/engine/configuration_mac.hpp"

#include "tests/support/pairing_nodes.hpp"
#include "tests/support/seeded_random.hpp"

namespace postrider::engine {
namespace {

using test::PairingNode;

struct ConfigurationRows : testing::Test {
    test::SeededRandom random{1};
    test::TemporaryDirectory directory;
    PairingNode node{directory / "node.db", "node"};
    const ConfigurationKey path{"peer_path", {std::int64_t{1}, std::int64_t{1}}};

    ConfigurationRows() {
        node.declare("shop", "/mail");
        node.write([](const Session &session) {
            protect(session, "peer_path", {std::int64_t{1}, std::int64_t{1}});
        });
    }

    bool approved() {
        return node.within<bool>(
            [this](const Session &session) { return is_approved(session, path); });
    }

    std::vector<ConfigurationKey> waiting() {
        return node.within<std::vector<ConfigurationKey>>(
            [](const Session &session) { return unapproved(session); });
    }
};

TEST_F(ConfigurationRows, AreApprovedAsTheyWereDeclared) {
    EXPECT_TRUE(approved());
    EXPECT_TRUE(waiting().empty());
}

TEST_F(ConfigurationRows, AreUnapprovedOnceACoveredColumnIsEdited) {
    for (const char *edit : {"target = '/etc'", "kind = 'mail'", "settings = 'x'", "mailbox = 'm'",
                             "configuration_mac = NULL", "configuration_mac = zeroblob(16)",
                             "configuration_mac = x'00'"}) {
        node.rows.run("SAVEPOINT edit; UPDATE postrider_peer_path SET " + std::string{edit});
        node.rows.run("RELEASE edit");
        EXPECT_FALSE(approved()) << edit;
        EXPECT_EQ(waiting(), std::vector{path}) << edit;
        node.rows.run("UPDATE postrider_peer_path SET target = '/mail', kind = 'maildir',"
                      " settings = '', mailbox = ''");
        node.write([](const Session &session) { approve(session); });
        EXPECT_TRUE(approved());
    }
}

TEST_F(ConfigurationRows, MayBeEditedInOtherColumns) {
    node.rows.run("UPDATE postrider_peer_path SET failures = 3, last_error = 'x'");
    EXPECT_TRUE(approved());
}

TEST_F(ConfigurationRows, DoNotLendTheirMacToAnotherRow) {
    node.rows.run("INSERT INTO postrider_peer_path (peer_id, ordinal, kind, target,"
                  " configuration_mac) SELECT peer_id, 2, kind, target, configuration_mac"
                  " FROM postrider_peer_path");
    EXPECT_TRUE(approved());
    EXPECT_EQ(waiting().size(), 1U);
}

TEST_F(ConfigurationRows, AreApprovedAgainByTheOperator) {
    node.rows.run("UPDATE postrider_peer_path SET target = '/other'");
    EXPECT_EQ(node.within<std::size_t>([](const Session &session) { return approve(session); }),
              1U);
    EXPECT_TRUE(approved());
    EXPECT_EQ(node.within<std::size_t>([](const Session &session) { return approve(session); }),
              0U);
}

TEST_F(ConfigurationRows, OfAForeignFileAreAllUnapproved) {
    node.identity.master = crypto::Key::random(); // another node's secret file
    EXPECT_FALSE(approved());
    EXPECT_EQ(waiting().size(), 1U);
}

TEST_F(ConfigurationRows, OfAPairedPeerCoverItsKeys) {
    PairingNode office{directory / "office.db", "office"};
    office.declare("node", "/mail");
    ASSERT_TRUE(node.accept(office.invite("node")));
    office.take(node.mails());
    node.take(office.mails());
    ASSERT_TRUE(waiting().empty());
    node.rows.run("UPDATE postrider_peer SET trust_tasks = 1 WHERE name = 'office'");
    ASSERT_EQ(waiting().size(), 1U);
    EXPECT_EQ(waiting().at(0).table, "peer");
    node.rows.run("UPDATE postrider_peer SET trust_tasks = 0, sign_public = zeroblob(32)"
                  " WHERE name = 'office'");
    EXPECT_EQ(waiting().size(), 1U);
}

TEST_F(ConfigurationRows, ThatDoNotExistAreNotApproved) {
    EXPECT_FALSE(node.within<bool>([](const Session &session) {
        return is_approved(session, {"peer_path", {std::int64_t{9}, std::int64_t{9}}});
    }));
}

TEST(CanonicalRow, TellsValuesApartThatReadTheSame) {
    const auto row = [](std::vector<Value> values) {
        return canonical_row("t", std::vector<std::string>(values.size(), "c"), values);
    };
    EXPECT_NE(row({Value::text("ab"), Value::text("c")}),
              row({Value::text("a"), Value::text("bc")}));
    EXPECT_NE(row({Value::text("1")}), row({std::int64_t{1}}));
    EXPECT_NE(row({Value::text("a")}), row({Value{Bytes{'a'}}}));
    EXPECT_NE(row({Value::text("")}), row({Value{}}));
    EXPECT_NE(canonical_row("t", {"c"}, {Value{}}), canonical_row("u", {"c"}, {Value{}}));
    EXPECT_NE(canonical_row("t", {"c"}, {Value{}}), canonical_row("t", {"d"}, {Value{}}));
}

} // namespace
} // namespace postrider::engine

// What is missing comes first, and what can be looked at without it follows.
#include <gtest/gtest.h>

#include "common/engine/diagnose.hpp"

#include "tests/support/two_way.hpp"

namespace postrider::test {
namespace {

using engine::Finding;
using engine::Health;

struct Diagnosing : TwoWay {
    static std::vector<Finding> findings(TestNode &node) {
        std::vector<Finding> out;
        node.write([&](const engine::Session &session) {
            out = engine::diagnose({session.transaction, session.dialect, node.vault, node.now});
        });
        return out;
    }

    static std::vector<std::string> checks(const std::vector<Finding> &findings) {
        std::vector<std::string> out;
        for (const Finding &finding : findings) {
            out.push_back(finding.check);
        }
        return out;
    }
};

TEST_F(Diagnosing, TellsFirstThatTheSecretIsMissing) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    const std::vector<Finding> before = findings(shop);
    ASSERT_FALSE(before.empty());
    EXPECT_EQ(before[0].check, "secret file");
    EXPECT_EQ(before[0].health, Health::good);
    shop.vault.restore({});
    const std::vector<Finding> after = findings(shop);
    EXPECT_EQ(checks(after), checks(before));
    EXPECT_EQ(after[0].health, Health::trouble);
    EXPECT_FALSE(after[0].detail.empty());
    EXPECT_EQ(after[2].check, "configuration");
    EXPECT_EQ(after[2].health, Health::attention);
}

TEST_F(Diagnosing, TellsWhoseTheSecretIs) {
    shop.vault.restore({});
    shop.vault.run_as("somebody");
    EXPECT_NE(findings(shop).at(0).detail.find("belongs to user"), std::string::npos);
}

TEST(Diagnose, TellsThatADatabaseIsNoNode) {
    const TemporaryDirectory directory;
    const auto database = *sqlite::open_database({.path = directory / "a.db", .create = true});
    vault::MemoryVault vault;
    const auto transaction = database->begin(engine::Mode::read);
    const std::vector<Finding> found =
        engine::diagnose({*transaction, database->dialect(), vault, start});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].check, "node");
    EXPECT_EQ(found[0].health, Health::trouble);
    EXPECT_EQ(found[0].detail, "this database is not a node yet");
    EXPECT_EQ(found[0].action, "SELECT * FROM postrider_declare('NODE my_name;');");
}

} // namespace
} // namespace postrider::test

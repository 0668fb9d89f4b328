// The names of state tables in the engine's SQL.
#include <gtest/gtest.h>

#include "common/dialect/sqlite.hpp"
#include "common/dialect/state_names.hpp"

namespace postrider::dialect {
namespace {

TEST(StateNames, AreExpandedOutsideOfQuotesOnly) {
    EXPECT_EQ(
        expand_state_names("SELECT a FROM @queue WHERE @queue.b = '@queue' AND \"@x\" = 'it''s @y'",
                           sqlite()),
        "SELECT a FROM \"postrider_queue\" WHERE \"postrider_queue\".b = '@queue' AND \"@x\" ="
        " 'it''s @y'");
}

TEST(StateNames, AreNotBehindAnOperator) {
    EXPECT_EQ(expand_state_names("SELECT a <@b, a @>b FROM t", sqlite()),
              "SELECT a <@b, a @>b FROM t");
    EXPECT_FALSE(has_state_names("SELECT a <@b FROM t"));
}

TEST(StateNames, TellWhatIsOurOwn) {
    EXPECT_TRUE(has_state_names("DELETE FROM @queue"));
    EXPECT_TRUE(has_state_names("SELECT 1 WHERE EXISTS (SELECT 1 FROM @queue)"));
    EXPECT_FALSE(has_state_names("SELECT '@queue', \"@queue\" FROM items"));
}

} // namespace
} // namespace postrider::dialect

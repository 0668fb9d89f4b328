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

} // namespace
} // namespace postrider::dialect

// Secrets of any size: copies, moves, and what is left behind.
#include <utility>

#include <gtest/gtest.h>

#include "common/crypto/secret_buffer.hpp"

namespace postrider::crypto {
namespace {

TEST(SecretBuffer, IsCopiedAndMovedAsAValue) {
    SecretBuffer first{Bytes{1, 2, 3}};
    const SecretBuffer copy = first;
    EXPECT_EQ(copy, first);
    SecretBuffer moved = std::move(first);
    EXPECT_EQ(moved, copy);
    EXPECT_TRUE(first.empty()); // NOLINT(bugprone-use-after-move): that is what it promises
    first = copy;
    EXPECT_EQ(first, copy);
    moved = SecretBuffer{Bytes{4}};
    EXPECT_EQ(moved.size(), 1U);
}

TEST(SecretBuffer, IsEmptyOnceItIsWiped) {
    SecretBuffer secret{Bytes{1, 2, 3}};
    secret.wipe();
    EXPECT_TRUE(secret.empty());
}

} // namespace
} // namespace postrider::crypto

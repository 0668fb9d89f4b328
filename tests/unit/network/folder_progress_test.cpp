// Which mails of a folder are done, and what is read again after a crash.
#include <gtest/gtest.h>

#include "common/network/folder_progress.hpp"

namespace postrider::network {
namespace {

using engine::Settlement;
using Uids = std::vector<Uid>;

constexpr Timestamp start{};
constexpr KeysDigest keys{1};

Uid next_after_crash(const FolderProgress &progress) {
    FolderProgress later{progress.cursor(), keys};
    later.open(progress.uid_validity());
    return later.next();
}

TEST(FolderProgress, GoesOnBehindWhatItHasListed) {
    FolderProgress progress{{}, keys};
    progress.open(7);
    EXPECT_EQ(progress.next(), 1U);
    progress.skip(4);
    progress.skip(9);
    EXPECT_EQ(progress.next(), 10U);
    EXPECT_EQ(next_after_crash(progress), 10U);
}

TEST(FolderProgress, ListsAllAgainWithOtherKeysAndKnowsWhatTheHostHas) {
    FolderProgress progress{{}, keys};
    progress.open(7);
    progress.skip(4);
    progress.want(9);
    const std::string receipt = progress.hold(9, 1);
    progress.know_keys(keys);
    EXPECT_EQ(progress.next(), 10U);
    progress.know_keys(KeysDigest{2});
    EXPECT_EQ(progress.next(), 1U) << "a mail that was passed over may be ours by the new key";
    EXPECT_TRUE(progress.knows(9));
    EXPECT_FALSE(progress.knows(4));
    progress.skip(9);
    progress.settle(receipt, Settlement::remove, start);
    EXPECT_EQ(progress.to_remove(), Uids{9});
    progress.on_gone({9});
    FolderProgress later{progress.cursor(), keys};
    later.open(7);
    EXPECT_EQ(later.next(), 1U) << "what was written with other keys";
}

TEST(FolderProgress, ReadsAgainAfterACrashWhatWasNotDone) {
    FolderProgress progress{{}, keys};
    progress.open(7);
    progress.want(4);
    progress.skip(9);
    EXPECT_EQ(next_after_crash(progress), 4U) << "not even fetched";
    const std::string receipt = progress.hold(4, 1);
    EXPECT_EQ(next_after_crash(progress), 4U) << "not committed";
    progress.settle(receipt, Settlement::remove, start);
    EXPECT_EQ(next_after_crash(progress), 4U) << "still in the folder";
    EXPECT_EQ(progress.to_remove(), Uids{4});
    progress.on_gone({4});
    EXPECT_EQ(next_after_crash(progress), 10U);
}

TEST(FolderProgress, RemovesAMailWhenEachOfItsEnvelopesIsSettled) {
    FolderProgress progress{{}, keys};
    progress.open(7);
    progress.want(4);
    const std::string receipt = progress.hold(4, 2);
    progress.settle(receipt, Settlement::remove, start);
    EXPECT_EQ(progress.to_remove(), Uids{});
    progress.settle(receipt, Settlement::set_aside, start);
    EXPECT_EQ(progress.to_remove(), Uids{});
    EXPECT_EQ(progress.to_set_aside(), Uids{4});
    progress.settle(receipt, Settlement::remove, start);
    EXPECT_EQ(progress.to_set_aside(), Uids{4}) << "once settled, it stays so";
}

TEST(FolderProgress, ShowsAgainAfterAMinuteWhatTheHostWantsToKeep) {
    FolderProgress progress{{}, keys};
    progress.open(7);
    progress.want(4);
    progress.settle(progress.hold(4, 1), Settlement::keep, start);
    EXPECT_EQ(progress.again_at(), start + std::chrono::minutes{1});
    EXPECT_EQ(progress.take_again(start + std::chrono::seconds{59}), Uids{});
    EXPECT_EQ(progress.take_again(start + std::chrono::seconds{60}), Uids{4});
    EXPECT_EQ(progress.take_again(start + std::chrono::seconds{61}), Uids{});
    EXPECT_EQ(next_after_crash(progress), 4U);
}

TEST(FolderProgress, BeginsAnewWhereUidsNameOtherMails) {
    FolderProgress progress{{}, keys};
    progress.open(7);
    progress.want(4);
    const std::string receipt = progress.hold(4, 1);
    progress.open(8);
    EXPECT_EQ(progress.next(), 1U);
    progress.settle(receipt, Settlement::remove, start);
    progress.want(4);
    EXPECT_EQ(progress.to_remove(), Uids{}) << "the receipt was of another mail";
    FolderProgress without{{}, keys};
    without.open(0);
    without.skip(4);
    without.open(0);
    EXPECT_EQ(without.next(), 1U);
}

TEST(FolderProgress, TakesABadCursorForNone) {
    for (const Bytes &cursor : {Bytes{1}, Bytes(8), Bytes(9, 1)}) {
        const FolderProgress progress{cursor, keys};
        EXPECT_EQ(progress.next(), 1U);
    }
}

TEST(FolderProgress, WhatIsLeftIsDoneWith) {
    FolderProgress progress{{}, {}};
    progress.open(7);
    progress.want(1);
    const std::string receipt = progress.hold(1, 1);
    EXPECT_FALSE(progress.is_through());
    progress.settle(receipt, engine::Settlement::leave, {});
    EXPECT_TRUE(progress.is_through());
    EXPECT_TRUE(progress.to_remove().empty());
    EXPECT_TRUE(progress.take_again(Timestamp{std::chrono::hours{9}}).empty());
}

} // namespace
} // namespace postrider::network

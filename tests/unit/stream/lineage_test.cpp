// Which of two reports of a node is younger, and when one node is two.
#include <gtest/gtest.h>

#include "common/stream/lineage.hpp"

#include "tests/unit/stream/sample_stream.hpp"

namespace postrider::stream {
namespace {

StartToken token(std::uint8_t byte) {
    StartToken out{};
    out.fill(byte);
    return out;
}

/// A node, as far as its marks go. A copy of the object is a copy of the node, or a backup of it.
struct Speaker {
    std::uint64_t incarnation = 100;
    std::uint64_t counter = 0;
    StartToken own{};
    std::optional<StartToken> acknowledged;
    std::uint64_t since = 0;
    bool claimed = false;

    void begin(std::uint8_t byte) {
        own = token(byte);
        since = counter;
    }

    Mark speak() {
        return {.incarnation = incarnation,
                .counter = ++counter,
                .token = own,
                .previous = acknowledged,
                .since = since,
                .claimed = claimed};
    }

    void hear(const Lineage &known) {
        if (known.token == own) {
            acknowledged = own;
        }
    }

    [[nodiscard]] SeenVerdict judge(const Lineage &known) const {
        return judge_seen({incarnation, counter, own, since},
                          {known.incarnation, known.counter, *known.token, known.claimed});
    }

    void begin_anew_after(const Lineage &known) {
        incarnation = std::max(incarnation, known.incarnation) + 1;
    }
};

struct Lines : testing::Test {
    Lineage known;
    Speaker node;
    Timestamp now = start;

    void SetUp() override {
        node.begin(1);
        hears(node);
    }

    MarkVerdict hears(Speaker &speaker) {
        const MarkVerdict verdict = note_mark(known, speaker.speak(), now);
        speaker.hear(known);
        return verdict;
    }

    /// The speaker was taken back: its first word is old, the answer makes it begin anew.
    void mends(Speaker &speaker) {
        ASSERT_EQ(hears(speaker), MarkVerdict::behind);
        ASSERT_EQ(speaker.judge(known), SeenVerdict::ahead);
        speaker.begin_anew_after(known);
        ASSERT_EQ(hears(speaker), MarkVerdict::younger);
    }
};

TEST_F(Lines, TheYoungestAgainIsRepeatedAndAnEarlierOneIsBehind) {
    const Mark first = node.speak();
    const Mark second = node.speak();
    EXPECT_EQ(note_mark(known, second, now), MarkVerdict::younger);
    EXPECT_EQ(note_mark(known, second, now), MarkVerdict::repeated);
    EXPECT_EQ(note_mark(known, first, now), MarkVerdict::behind);
    EXPECT_EQ(known.counter, second.counter);
}

TEST_F(Lines, AStartThatGoesOnIsYounger) {
    for (std::uint8_t byte = 2; byte < 60; ++byte) {
        node.begin(byte);
        EXPECT_EQ(hears(node), MarkVerdict::younger);
    }
    EXPECT_FALSE(known.two_copies);
    EXPECT_EQ(known.suspicion, 0U);
    EXPECT_EQ(known.earlier.size(), earlier_tokens_max);
}

TEST_F(Lines, AReportThatWasOvertakenByTheNextStartChangesNothing) {
    const Mark delayed = node.speak();
    node.begin(2);
    hears(node);
    EXPECT_EQ(note_mark(known, delayed, now), MarkVerdict::behind);
    EXPECT_EQ(known.token, token(2));
    EXPECT_FALSE(known.two_copies);
}

TEST_F(Lines, ANodeThatWasTakenBackIsBehindUntilItBeginsAnew) {
    Speaker backup = node;
    hears(node);
    hears(node);
    backup.begin(2);
    mends(backup);
    EXPECT_EQ(known.token, token(2));
    EXPECT_FALSE(known.two_copies);
    EXPECT_EQ(backup.judge(known), SeenVerdict::known);
}

TEST_F(Lines, ANodeThatWasTakenBackIsBehindEvenWhenItsCounterHasCaughtUp) {
    Speaker backup = node;
    hears(node);
    backup.begin(2);
    backup.counter += 10; // it spoke to others
    EXPECT_EQ(hears(backup), MarkVerdict::behind);
    EXPECT_EQ(backup.judge(known), SeenVerdict::ahead);
}

TEST_F(Lines, ABackupThatIsPutBackNowAndThenIsNotTwoCopies) {
    for (std::uint8_t byte = 2; byte < 40; ++byte) {
        Speaker backup = node;
        hears(node);
        backup.begin(byte);
        mends(backup);
        node = backup;
        now += std::chrono::hours{24 * 3};
    }
    EXPECT_FALSE(known.two_copies);
}

TEST_F(Lines, TheWrongBackupAndThenTheRightOneIsNotTwoCopies) {
    Speaker old = node;
    node.begin(2);
    hears(node);
    Speaker recent = node;
    hears(node);
    old.begin(3);
    mends(old);
    recent.begin(4);
    mends(recent);
    EXPECT_FALSE(known.two_copies);
}

TEST_F(Lines, TwoCopiesThatBothRunAreFoundWhenTheFirstSpeaksAgain) {
    Speaker copy = node;
    hears(node);
    copy.begin(2);
    mends(copy);
    mends(node); // it never stopped, so it has the token it had
    EXPECT_TRUE(known.two_copies);
}

TEST_F(Lines, TwoCopiesAreFoundWhereTheSecondPassedForANewStart) {
    Speaker copy = node;
    copy.begin(2);
    EXPECT_EQ(hears(copy), MarkVerdict::younger);
    EXPECT_FALSE(known.two_copies);
    mends(node);
    EXPECT_TRUE(known.two_copies);
}

TEST_F(Lines, TwoCopiesThatStartAnewForEveryRoundAreFound) {
    Speaker copy = node;
    hears(node);
    int rounds = 0;
    for (std::uint8_t byte = 2; !known.two_copies && rounds < 10; byte += 2, ++rounds) {
        copy.begin(byte);
        mends(copy);
        node.begin(static_cast<std::uint8_t>(byte + 1));
        mends(node);
    }
    EXPECT_TRUE(known.two_copies);
    EXPECT_LE(rounds, 3);
}

TEST_F(Lines, AClaimEndsTheDoubtAndStopsTheOtherCopy) {
    Speaker copy = node;
    hears(node);
    copy.begin(2);
    mends(copy);
    mends(node);
    ASSERT_TRUE(known.two_copies);
    node.begin_anew_after(known);
    node.begin(9);
    node.claimed = true;
    EXPECT_EQ(hears(node), MarkVerdict::younger);
    EXPECT_FALSE(known.two_copies);
    EXPECT_EQ(hears(copy), MarkVerdict::behind);
    EXPECT_EQ(copy.judge(known), SeenVerdict::claimed_elsewhere);
    EXPECT_EQ(node.judge(known), SeenVerdict::known);
}

TEST_F(Lines, ABackupOfTheCopyThatClaimedMendsItself) {
    node.claimed = true;
    node.begin_anew_after(known);
    hears(node);
    Speaker backup = node;
    hears(node);
    backup.begin(2);
    EXPECT_EQ(hears(backup), MarkVerdict::behind);
    EXPECT_EQ(backup.judge(known), SeenVerdict::ahead);
}

TEST_F(Lines, SuspicionIsForgottenInAWeek) {
    for (std::uint8_t byte = 2; byte < 7; ++byte) {
        Speaker backup = node;
        backup.acknowledged.reset();
        hears(node);
        backup.begin(byte);
        mends(backup);
        node = backup;
    }
    EXPECT_EQ(known.suspicion, 5U);
    now += suspicion_lasts + std::chrono::hours{1};
    Speaker backup = node;
    backup.acknowledged.reset();
    hears(node);
    backup.begin(7);
    mends(backup);
    EXPECT_EQ(known.suspicion, 1U);
    EXPECT_FALSE(known.two_copies);
}

} // namespace
} // namespace postrider::stream

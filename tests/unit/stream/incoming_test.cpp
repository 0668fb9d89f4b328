// The receiver's side of a stream.
#include <gtest/gtest.h>

#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"
#include "common/stream/incoming.hpp"

#include "tests/unit/stream/sample_stream.hpp"

namespace postrider::stream {
namespace {

PartHead whole(std::uint64_t incarnation, std::uint64_t number) {
    BodyHash hash{};
    hash[0] = static_cast<std::uint8_t>(number);
    hash[1] = static_cast<std::uint8_t>(incarnation);
    return {incarnation, number, hash, 100, {0, 100}};
}

OpenedBatch batch(std::uint64_t incarnation, std::uint64_t number, bool continues = false) {
    OpenedBatch out;
    out.previous_chain = number == 1 ? ChainHash{} : chain_of(incarnation, number - 1);
    out.chain = chain_of(incarnation, number);
    out.continues = continues;
    return out;
}

void receive(IncomingStream &stream, std::uint64_t number, const OpenedBatch &content) {
    const PartHead head = whole(7, number);
    ASSERT_TRUE(note_stored(stream, head));
    note_opened(stream, {number, head.body_hash}, content);
}

void receive(IncomingStream &stream, std::uint64_t number, bool continues = false) {
    receive(stream, number, batch(7, number, continues));
}

void apply(IncomingStream &stream) {
    const Step step = next_step(stream);
    ASSERT_EQ(step.what, Step::What::apply);
    note_applied(stream, step);
}

IncomingStream with_applied(std::uint64_t number) {
    IncomingStream stream;
    for (std::uint64_t next = 1; next <= number; ++next) {
        receive(stream, next);
        apply(stream);
    }
    return stream;
}

TEST(Incoming, AppliesInOrderWhateverTheOrderOfArrival) {
    IncomingStream stream;
    receive(stream, 3);
    receive(stream, 2);
    EXPECT_EQ(next_step(stream).what, Step::What::wait);
    receive(stream, 1);
    for (std::uint64_t number = 1; number <= 3; ++number) {
        const Step step = next_step(stream);
        ASSERT_EQ(step.bodies.size(), 1U);
        EXPECT_EQ(step.bodies[0].first, number);
        note_applied(stream, step);
    }
    EXPECT_EQ(stream.applied, (Position{7, 3, chain_of(7, 3)}));
    EXPECT_TRUE(stream.inbox.empty());
}

TEST(Incoming, AStepThatContinuesIsAppliedWhenItsLastBatchIsThere) {
    IncomingStream stream;
    receive(stream, 1, true);
    receive(stream, 3);
    EXPECT_EQ(next_step(stream).what, Step::What::wait);
    receive(stream, 2, true);
    const Step step = next_step(stream);
    ASSERT_EQ(step.bodies.size(), 3U);
    EXPECT_EQ(note_applied(stream, step).size(), 3U);
    EXPECT_EQ(stream.applied.number, 3U);
}

TEST(Incoming, AStepIsJoinedWithTheWholeOneBehindIt) {
    IncomingStream stream;
    receive(stream, 1);
    receive(stream, 2, true);
    const Step alone = next_step(stream);
    EXPECT_FALSE(joined_with_next(stream, alone).has_value());
    receive(stream, 3);
    receive(stream, 4);
    const std::optional<Step> joined = joined_with_next(stream, alone);
    ASSERT_TRUE(joined.has_value());
    EXPECT_EQ(joined->bodies.size(), 3U);
    EXPECT_EQ(note_applied(stream, *joined).size(), 3U);
    EXPECT_EQ(stream.applied, (Position{7, 3, chain_of(7, 3)}));
    EXPECT_FALSE(joined_with_next(stream, next_step(stream)).has_value());
}

TEST(Incoming, AStepIsNotJoinedWithOneOfAnotherPast) {
    IncomingStream stream;
    receive(stream, 1);
    OpenedBatch foreign = batch(7, 2);
    foreign.previous_chain = chain_of(6, 1);
    receive(stream, 2, foreign);
    EXPECT_FALSE(joined_with_next(stream, next_step(stream)).has_value());
}

TEST(Incoming, WhatWasAppliedIsADuplicateForEver) {
    const IncomingStream stream = with_applied(2);
    EXPECT_EQ(judge(stream, whole(7, 1)).arrival, Arrival::duplicate);
    EXPECT_EQ(judge(stream, whole(7, 2)).arrival, Arrival::duplicate);
    EXPECT_EQ(judge(stream, whole(7, 3)).arrival, Arrival::store);
}

TEST(Incoming, WhatIsStoredIsNotStoredAgain) {
    IncomingStream stream;
    PartHead head = whole(7, 1);
    head.range = {0, 50};
    EXPECT_FALSE(note_stored(stream, head));
    EXPECT_EQ(judge(stream, head).arrival, Arrival::stored_already);
    head.range = {10, 50};
    EXPECT_EQ(judge(stream, head).arrival, Arrival::stored_already);
    head.range = {40, 100};
    EXPECT_EQ(judge(stream, head).arrival, Arrival::store);
    EXPECT_TRUE(note_stored(stream, head));
}

TEST(Incoming, TheWindowTakesTheSixtyFourthNumberAndRefusesTheNext) {
    const IncomingStream stream = with_applied(2);
    EXPECT_EQ(judge(stream, whole(7, 2 + limits::window_numbers_max)).arrival, Arrival::store);
    EXPECT_EQ(judge(stream, whole(7, 3 + limits::window_numbers_max)).arrival,
              Arrival::beyond_window);
    EXPECT_EQ(judge(stream, whole(8, limits::window_numbers_max)).arrival, Arrival::store);
    EXPECT_EQ(judge(stream, whole(8, 1 + limits::window_numbers_max)).arrival,
              Arrival::beyond_window);
}

TEST(Incoming, AStepLongerThanTheWindowGoesOnAsItIsStored) {
    IncomingStream stream;
    receive(stream, 1, true);
    receive(stream, 2, true);
    EXPECT_EQ(judge(stream, whole(7, 2 + limits::window_numbers_max)).arrival, Arrival::store);
    EXPECT_EQ(judge(stream, whole(7, 3 + limits::window_numbers_max)).arrival,
              Arrival::beyond_window);
}

TEST(Incoming, HeadsThatMakeNoSenseAreMalformed) {
    const IncomingStream stream;
    const std::uint64_t most = limits::body_bytes_max;
    for (const PartHead &head : {
             PartHead{0, 1, {}, 10, {0, 10}},
             PartHead{7, 0, {}, 10, {0, 10}},
             PartHead{7, 1, {}, 10, {5, 5}},
             PartHead{7, 1, {}, 10, {6, 5}},
             PartHead{7, 1, {}, 10, {0, 11}},
             PartHead{7, 1, {}, 0, {0, 0}},
             PartHead{7, 1, {}, most + 1, {0, 10}},
             PartHead{7, 1, {}, most + 1, {0, most + 1}},
         }) {
        EXPECT_EQ(judge(stream, head).arrival, Arrival::malformed);
    }
    EXPECT_EQ(judge(stream, {7, 1, {}, most, {0, most}}).arrival, Arrival::store);
    EXPECT_THROW(
        {
            IncomingStream other;
            note_stored(other, PartHead{});
        },
        BrokenInvariant);
}

TEST(Incoming, ABodyHasOneTotal) {
    IncomingStream stream;
    PartHead head = whole(7, 1);
    head.range = {0, 50};
    note_stored(stream, head);
    head.body_total = 101;
    head.range = {50, 101};
    EXPECT_EQ(judge(stream, head).arrival, Arrival::malformed);
}

TEST(Incoming, ANumberHasAFewBodiesAtMost) {
    IncomingStream stream;
    PartHead head = whole(7, 1);
    head.range = {0, 50};
    for (std::size_t body = 0; body < bodies_of_number_max; ++body) {
        head.body_hash[5] = static_cast<std::uint8_t>(body);
        EXPECT_EQ(judge(stream, head).arrival, Arrival::store);
        note_stored(stream, head);
    }
    head.body_hash[5] = 99;
    EXPECT_EQ(judge(stream, head).arrival, Arrival::too_many_ranges);
    head.number = 2;
    EXPECT_EQ(judge(stream, head).arrival, Arrival::store);
}

TEST(Incoming, ABatchThatContinuesAnotherPastIsAFork) {
    IncomingStream stream = with_applied(1);
    OpenedBatch strange = batch(7, 2);
    strange.previous_chain[9] ^= 1U;
    receive(stream, 2, strange);
    const Step step = next_step(stream);
    ASSERT_EQ(step.what, Step::What::fork);
    stop_forked(stream, step);
    EXPECT_EQ(stream.state, StreamState::forked);
    EXPECT_FALSE(stream.reason.empty());
    EXPECT_EQ(next_step(stream).what, Step::What::wait);
    EXPECT_EQ(judge(stream, whole(7, 3)).arrival, Arrival::stopped);
    EXPECT_TRUE(make_report(stream, false).forked);
    // Once a newcomer is on its way there is nothing to tell the sender any more.
    note_stored(stream, whole(9, 1));
    EXPECT_FALSE(make_report(stream, false).forked);
}

TEST(Incoming, ANewcomerThatForksIsReportedAsForkedItself) {
    IncomingStream stream = with_applied(1);
    OpenedBatch first = batch(9, 1);
    first.rebase = stream.applied;
    first.previous_chain = stream.applied.chain;
    const PartHead head = whole(9, 1);
    ASSERT_TRUE(note_stored(stream, head));
    note_opened(stream, {1, head.body_hash}, first);
    PartHead again = head;
    again.body_hash[9] = 1;
    ASSERT_TRUE(note_stored(stream, again));
    OpenedBatch other = first;
    other.chain[9] ^= 1U;
    note_opened(stream, {1, again.body_hash}, other);
    const ChainHash stands_at = stream.applied.chain;
    const Step step = next_step(stream);
    ASSERT_EQ(step.what, Step::What::fork);
    stop_forked(stream, step);
    const StreamReport report = make_report(stream, false);
    EXPECT_TRUE(report.forked);
    EXPECT_EQ(report.applied, (Position{9, 0, stands_at}));
    EXPECT_EQ(next_step(stream).what, Step::What::wait) << "it is said once, not in every round";
}

TEST(Incoming, ANumberWithTwoContentsIsAForkAndWithTwoBodiesIsNot) {
    for (const bool same_content : {true, false}) {
        IncomingStream stream = with_applied(1);
        receive(stream, 2);
        PartHead resent = whole(7, 2);
        resent.body_hash[9] = 1;
        ASSERT_TRUE(note_stored(stream, resent));
        OpenedBatch content = batch(7, 2);
        if (!same_content) {
            content.chain[9] ^= 1U;
        }
        note_opened(stream, {2, resent.body_hash}, content);
        const Step step = next_step(stream);
        if (!same_content) {
            EXPECT_EQ(step.what, Step::What::fork);
            continue;
        }
        ASSERT_EQ(step.what, Step::What::apply);
        EXPECT_EQ(step.bodies.size(), 1U);
        EXPECT_EQ(note_applied(stream, step).size(), 2U) << "both bodies are deleted";
    }
}

TEST(Incoming, ALowerIncarnationIsRefused) {
    IncomingStream stream = with_applied(1);
    EXPECT_EQ(judge(stream, whole(6, 2)).arrival, Arrival::lower_incarnation);
    note_stored(stream, whole(9, 5));
    EXPECT_EQ(judge(stream, whole(8, 1)).arrival, Arrival::lower_incarnation);
}

/// Number 1 of incarnation 8, which begins where 7 was applied up to number 2.
void open_rebased(IncomingStream &stream, const PartHead &head) {
    OpenedBatch first = batch(8, 1);
    first.rebase = Position{7, 2, chain_of(7, 2)};
    first.previous_chain = chain_of(7, 2);
    note_opened(stream, {1, head.body_hash}, first);
}

TEST(Incoming, ANewIncarnationTakesOverWhereWeStandAndNothingOldIsAppliedMeanwhile) {
    IncomingStream stream = with_applied(2);
    receive(stream, 3);
    PartHead head = whole(8, 1);
    EXPECT_TRUE(judge(stream, head).replaces_inbox);
    note_stored(stream, head);
    EXPECT_EQ(next_step(stream).what, Step::What::wait);
    EXPECT_EQ(stream.inbox.size(), 1U);
    EXPECT_EQ(make_report(stream, true).applied, (Position{8, 0, chain_of(7, 2)}));
    open_rebased(stream, head);
    apply(stream);
    EXPECT_EQ(stream.applied, (Position{8, 1, chain_of(8, 1)}));
    EXPECT_EQ(stream.newcomer, 0U);
}

TEST(Incoming, ANewIncarnationThatBeginsElsewhereIsRefused) {
    for (const bool with_rebase : {true, false}) {
        IncomingStream stream = with_applied(2);
        const PartHead head = whole(8, 1);
        note_stored(stream, head);
        OpenedBatch first = batch(8, 1);
        if (with_rebase) {
            first.rebase = Position{7, 1, chain_of(7, 1)};
            first.previous_chain = chain_of(7, 1);
        }
        note_opened(stream, {1, head.body_hash}, first);
        const Step step = next_step(stream);
        ASSERT_EQ(step.what, Step::What::rebase_refused);
        EXPECT_FALSE(step.reason.empty());
        EXPECT_EQ(drop_newcomer(stream).size(), 1U);
        EXPECT_EQ(stream.applied, (Position{7, 2, chain_of(7, 2)}));
        receive(stream, 3);
        EXPECT_EQ(next_step(stream).what, Step::What::apply) << "the old past goes on";
        EXPECT_EQ(judge(stream, head).arrival, Arrival::lower_incarnation) << "it comes again";
        EXPECT_EQ(judge(stream, whole(8, 2)).arrival, Arrival::lower_incarnation);
        EXPECT_EQ(judge(stream, whole(9, 1)).arrival, Arrival::store) << "and begins anew";
    }
}

TEST(Incoming, ASenderThatWasTakenBackBehindARefusedIncarnationIsHeard) {
    IncomingStream stream = with_applied(2);
    stream.refused = 9;
    const PartHead head = whole(8, 1);
    ASSERT_EQ(judge(stream, head).arrival, Arrival::store);
    note_stored(stream, head);
    open_rebased(stream, head);
    apply(stream);
    EXPECT_EQ(stream.applied.incarnation, 8U);
}

TEST(Incoming, ARebaseMendsAForkedStreamAndNotAStoppedOne) {
    IncomingStream stream = with_applied(2);
    stream.state = StreamState::forked;
    const PartHead head = whole(8, 1);
    note_stored(stream, head);
    open_rebased(stream, head);
    apply(stream);
    EXPECT_EQ(stream.state, StreamState::open);
    stream.state = StreamState::stopped;
    EXPECT_EQ(judge(stream, whole(9, 1)).arrival, Arrival::stopped);
    EXPECT_EQ(judge(stream, whole(8, 2)).arrival, Arrival::stopped);
}

TEST(Incoming, AHeldStreamStoresAndDoesNotApply) {
    IncomingStream stream;
    stream.state = StreamState::held;
    receive(stream, 1);
    EXPECT_EQ(next_step(stream).what, Step::What::wait);
    stream.state = StreamState::open;
    EXPECT_EQ(next_step(stream).what, Step::What::apply);
}

TEST(Incoming, AReportNamesWhatIsStoredAndOnRequestWhatIsMissing) {
    IncomingStream stream = with_applied(1);
    receive(stream, 4);
    receive(stream, 5);
    PartHead part = whole(7, 3);
    part.range = {20, 30};
    note_stored(stream, part);
    EXPECT_TRUE(has_gap(stream));
    StreamReport report = make_report(stream, false);
    EXPECT_EQ(report.applied, (Position{7, 1, chain_of(7, 1)}));
    EXPECT_EQ(report.stored, (std::vector<Range>{{4, 6}}));
    EXPECT_TRUE(report.missing.empty());
    report = make_report(stream, true);
    EXPECT_EQ(report.missing, (std::vector<MissingParts>{
                                  {2, BodyHash{}, {}}, {3, part.body_hash, {{0, 20}, {30, 100}}}}));
}

TEST(Incoming, AReportNamesABoundedNumberOfRanges) {
    IncomingStream stream;
    PartHead head = whole(7, 1);
    head.body_total = 10'000;
    for (std::uint64_t offset = 1; offset < 2 * report_ranges_max + 20; offset += 2) {
        head.range = {offset, offset + 1};
        note_stored(stream, head);
    }
    const StreamReport report = make_report(stream, true);
    ASSERT_EQ(report.missing.size(), 1U);
    EXPECT_EQ(report.missing[0].ranges.size(), report_ranges_max);
}

TEST(Incoming, WithoutAHoleThereIsNoGap) {
    IncomingStream stream;
    EXPECT_FALSE(has_gap(stream));
    receive(stream, 1, true);
    EXPECT_FALSE(has_gap(stream)) << "a step that goes on is not a gap";
    receive(stream, 3);
    EXPECT_TRUE(has_gap(stream));
    receive(stream, 2);
    EXPECT_FALSE(has_gap(stream));
}

TEST(Incoming, AnUnusableBodyIsAskedForAgain) {
    IncomingStream stream;
    const PartHead head = whole(7, 1);
    note_stored(stream, head);
    note_unusable(stream, {1, head.body_hash});
    EXPECT_EQ(judge(stream, head).arrival, Arrival::store);
}

TEST(Incoming, ABodyThatLacksItsHistoryIsAskedForWithoutAtOnce) {
    IncomingStream stream = with_applied(2);
    receive(stream, 3);
    note_lacking(stream, {3, whole(7, 3).body_hash});
    EXPECT_EQ(next_step(stream).what, Step::What::wait);
    EXPECT_TRUE(has_gap(stream));
    for (const bool name_missing : {false, true}) {
        const StreamReport report = make_report(stream, name_missing);
        EXPECT_TRUE(report.stored.empty());
        ASSERT_EQ(report.missing.size(), 1U);
        EXPECT_EQ(report.missing[0], (MissingParts{3, whole(7, 3).body_hash, {}}));
    }
    EXPECT_EQ(judge(stream, whole(7, 3)).arrival, Arrival::stored_already);
}

TEST(Incoming, AnotherBodyOfItsNumberTakesThePlaceOfOneThatLacksHistory) {
    IncomingStream stream = with_applied(2);
    receive(stream, 3);
    note_lacking(stream, {3, whole(7, 3).body_hash});
    PartHead other = whole(7, 3);
    other.body_hash[5] = 1;
    ASSERT_TRUE(note_stored(stream, other));
    note_opened(stream, {3, other.body_hash}, batch(7, 3));
    EXPECT_TRUE(make_report(stream, true).missing.empty());
    const Step step = next_step(stream);
    ASSERT_EQ(step.what, Step::What::apply);
    EXPECT_EQ(note_applied(stream, step).size(), 2U);
    EXPECT_TRUE(stream.inbox.empty());
}

} // namespace
} // namespace postrider::stream

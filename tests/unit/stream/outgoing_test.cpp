// The sender's side of a stream.
#include <gtest/gtest.h>

#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"
#include "common/stream/outgoing.hpp"

#include "tests/unit/stream/sample_stream.hpp"

namespace postrider::stream {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t no_jitter = 0x80000000U;

BodyHash body_of(std::uint64_t number) {
    BodyHash hash{};
    hash[0] = static_cast<std::uint8_t>(number);
    return hash;
}

OutgoingStream opened(std::uint64_t incarnation = 7) {
    OutgoingStream stream;
    stream.incarnation = incarnation;
    return stream;
}

void number_one(OutgoingStream &stream, bool continues = false, Timestamp now = start) {
    const std::uint64_t number = next_number(stream)->number;
    take_number(stream,
                {number, chain_of(stream.incarnation, number), body_of(number), 100, continues},
                now);
}

StreamReport applied(const OutgoingStream &stream, std::uint64_t number, std::uint64_t counter) {
    StreamReport report;
    report.counter = counter;
    report.applied = {stream.incarnation, number,
                      number == 0 ? ChainHash{} : chain_of(stream.incarnation, number)};
    return report;
}

TEST(Outgoing, NumbersRiseByOneAndContinueTheChain) {
    OutgoingStream stream = opened();
    EXPECT_EQ(next_number(stream)->number, 1U);
    EXPECT_EQ(next_number(stream)->previous_chain, ChainHash{});
    number_one(stream);
    EXPECT_EQ(next_number(stream)->number, 2U);
    EXPECT_EQ(next_number(stream)->previous_chain, chain_of(7, 1));
    EXPECT_THROW(take_number(stream, {1, {}, {}, 1, false}, start), BrokenInvariant);
}

TEST(Outgoing, TheWindowTakesSixtyFourNumbersAndNoMore) {
    OutgoingStream stream = opened();
    for (std::uint64_t number = 1; number <= limits::window_numbers_max; ++number) {
        ASSERT_TRUE(next_number(stream));
        number_one(stream);
    }
    EXPECT_EQ(next_number(stream), std::nullopt);
    on_report(stream, applied(stream, 1, 1), timing, start);
    EXPECT_EQ(next_number(stream)->number, limits::window_numbers_max + 1);
}

TEST(Outgoing, AStepIsNumberedToItsEndAndNothingBehindIt) {
    OutgoingStream stream = opened();
    for (std::uint64_t number = 1; number <= 2 * limits::window_numbers_max; ++number) {
        ASSERT_TRUE(next_number(stream));
        number_one(stream, number < 2 * limits::window_numbers_max);
    }
    EXPECT_EQ(next_number(stream), std::nullopt);
}

TEST(Outgoing, AStepLongerThanTheWindowIsSentAsItIsStored) {
    OutgoingStream stream = opened();
    for (std::uint64_t number = 1; number <= 2 * limits::window_numbers_max; ++number) {
        number_one(stream, true);
    }
    ASSERT_EQ(due_now(stream, timing, start).size(), limits::window_numbers_max);
    for (std::uint64_t number = 1; number <= limits::window_numbers_max; ++number) {
        on_sending(stream, number, timing, start, no_jitter);
    }
    ASSERT_TRUE(due_now(stream, timing, start).empty());
    ASSERT_GT(*next_due(stream, timing, start), start);
    StreamReport report = applied(stream, 0, 1);
    report.stored = {{1, 11}, {20, 30}};
    on_report(stream, report, timing, start);
    const std::vector<Due> due = due_now(stream, timing, start);
    ASSERT_EQ(due.size(), 10U) << "ten are stored without a hole";
    EXPECT_EQ(due.front().number, limits::window_numbers_max + 1);
    EXPECT_EQ(*next_due(stream, timing, start), start);
}

TEST(Outgoing, IsDueAtOnceThenAfterTheDelayThenRarer) {
    OutgoingStream stream = opened();
    number_one(stream);
    EXPECT_EQ(due_now(stream, timing, start), (std::vector<Due>{{1, {}}}));
    on_sending(stream, 1, timing, start, no_jitter);
    EXPECT_TRUE(due_now(stream, timing, start + minutes{9}).empty());
    const Timestamp second = *next_due(stream, timing, start);
    EXPECT_LT(second - (start + minutes{10}), seconds{1});
    EXPECT_EQ(due_now(stream, timing, second).size(), 1U);
    on_sending(stream, 1, timing, second, no_jitter);
    EXPECT_TRUE(due_now(stream, timing, second + minutes{19}).empty());
    EXPECT_EQ(due_now(stream, timing, second + minutes{21}).size(), 1U);
}

TEST(Outgoing, AnAcknowledgementDropsEverythingUpToItsNumber) {
    OutgoingStream stream = opened();
    for (int count = 0; count < 3; ++count) {
        number_one(stream);
    }
    const ReportOutcome outcome = on_report(stream, applied(stream, 2, 1), timing, start);
    EXPECT_EQ(outcome.verdict, ReportVerdict::accepted);
    EXPECT_EQ(outcome.dropped, (std::vector<std::uint64_t>{1, 2}));
    EXPECT_EQ(stream.outbox.size(), 1U);
    EXPECT_EQ(stream.acknowledged_chain, chain_of(7, 2));
    EXPECT_EQ(on_report(stream, applied(stream, 2, 2), timing, start).verdict,
              ReportVerdict::nothing_new);
}

TEST(Outgoing, AnOlderReportIsStale) {
    OutgoingStream stream = opened();
    number_one(stream);
    number_one(stream);
    on_report(stream, applied(stream, 2, 9), timing, start);
    EXPECT_EQ(on_report(stream, applied(stream, 1, 8), timing, start).verdict,
              ReportVerdict::stale);
    EXPECT_EQ(stream.state, StreamState::open);
}

TEST(Outgoing, AnAcknowledgementWithAnotherChainForksTheStream) {
    OutgoingStream stream = opened();
    number_one(stream);
    StreamReport report = applied(stream, 1, 1);
    report.applied.chain[5] ^= 1U;
    EXPECT_EQ(on_report(stream, report, timing, start).verdict, ReportVerdict::wrong_chain);
    EXPECT_EQ(stream.state, StreamState::forked);
    EXPECT_FALSE(stream.reason.empty());
    EXPECT_EQ(stream.outbox.size(), 1U) << "nothing is forgotten";
    EXPECT_TRUE(due_now(stream, timing, start + hours{100}).empty());
    EXPECT_EQ(next_number(stream), std::nullopt);
}

TEST(Outgoing, AReceiverThatWasSentTwoPastsForksTheStream) {
    OutgoingStream stream = opened();
    number_one(stream);
    number_one(stream);
    StreamReport report = applied(stream, 1, 1);
    report.forked = true;
    EXPECT_EQ(on_report(stream, report, timing, start).verdict, ReportVerdict::told_forked);
    EXPECT_EQ(stream.state, StreamState::forked);
    EXPECT_NE(stream.reason.find("after number 1"), std::string::npos);
    EXPECT_EQ(next_number(stream), std::nullopt);
    begin_incarnation(stream, 9, report.applied);
    EXPECT_EQ(stream.state, StreamState::open);
    EXPECT_EQ(next_number(stream)->rebase, report.applied);
}

TEST(Outgoing, AForkOfAnIncarnationThatWasGivenUpIsNoNews) {
    OutgoingStream stream = opened();
    number_one(stream);
    StreamReport report = applied(stream, 0, 1);
    report.forked = true;
    EXPECT_EQ(on_report(stream, report, timing, start).verdict, ReportVerdict::told_forked);
    begin_incarnation(stream, 9, report.applied);
    report.counter = 2;
    EXPECT_EQ(on_report(stream, report, timing, start).verdict, ReportVerdict::nothing_new);
    EXPECT_EQ(stream.state, StreamState::open);
}

TEST(Outgoing, AnAcknowledgementOfMoreThanWasSentIsRefusedAndHeld) {
    OutgoingStream stream = opened();
    number_one(stream);
    EXPECT_EQ(on_report(stream, applied(stream, 2, 1), timing, start).verdict,
              ReportVerdict::beyond_sent);
    EXPECT_EQ(stream.state, StreamState::held);
    EXPECT_EQ(stream.acknowledged, 0U);
    EXPECT_EQ(stream.outbox.size(), 1U);
}

TEST(Outgoing, AReceiverThatHasPartsOfNumbersNeverGivenShowsThatThePastIsInDoubt) {
    for (const bool stored : {true, false}) {
        OutgoingStream stream = opened();
        number_one(stream);
        StreamReport report = applied(stream, 1, 1);
        if (stored) {
            report.stored = {{2, 3}};
        } else {
            report.missing = {{2, body_of(2), {{0, 10}}}};
        }
        EXPECT_EQ(on_report(stream, report, timing, start).verdict, ReportVerdict::beyond_sent);
        EXPECT_EQ(stream.state, StreamState::held);
    }
}

TEST(Outgoing, AReceiverThatFellBehindItsAcknowledgementNeedsARebase) {
    OutgoingStream stream = opened();
    number_one(stream);
    number_one(stream);
    on_report(stream, applied(stream, 2, 1), timing, start);
    EXPECT_EQ(on_report(stream, applied(stream, 1, 2), timing, start).verdict,
              ReportVerdict::rebase_needed);
    EXPECT_EQ(stream.state, StreamState::held);
}

TEST(Outgoing, MissingPartsAreSentAloneAndAtMostOncePerRoundTrip) {
    OutgoingStream stream = opened();
    number_one(stream);
    on_sending(stream, 1, timing, start, no_jitter);
    stream.round_trip = minutes{2};
    StreamReport report = applied(stream, 0, 1);
    report.missing = {{1, body_of(1), {{10, 20}, {90, 100}}}};
    EXPECT_EQ(on_report(stream, report, timing, start + minutes{1}).changed,
              (std::vector<std::uint64_t>{1}));
    EXPECT_TRUE(due_now(stream, timing, start + minutes{1}).empty());
    EXPECT_EQ(due_now(stream, timing, start + minutes{2}),
              (std::vector<Due>{{1, {{10, 20}, {90, 100}}}}));
    on_sending(stream, 1, timing, start + minutes{2}, no_jitter);
    on_report(stream, report, timing, start + minutes{3});
    EXPECT_TRUE(due_now(stream, timing, start + minutes{3}).empty());
    EXPECT_EQ(due_now(stream, timing, start + minutes{4}).size(), 1U);
}

TEST(Outgoing, AMissingNumberIsSentWhole) {
    OutgoingStream stream = opened();
    number_one(stream);
    number_one(stream);
    on_sending(stream, 1, timing, start, no_jitter);
    on_sending(stream, 2, timing, start, no_jitter);
    StreamReport report = applied(stream, 0, 1);
    report.stored = {{2, 3}};
    report.missing = {{1, BodyHash{}, {}}};
    on_report(stream, report, timing, start + minutes{9});
    EXPECT_EQ(due_now(stream, timing, start + minutes{9}), (std::vector<Due>{{1, {}}}))
        << "nine minutes were the round trip of number 2";
}

TEST(Outgoing, MissingRangesOfAnotherBodyOrBeyondItsEndAreIgnored) {
    OutgoingStream stream = opened();
    number_one(stream);
    on_sending(stream, 1, timing, start, no_jitter);
    StreamReport report = applied(stream, 0, 1);
    report.missing = {{1, body_of(9), {{10, 20}}},
                      {1, body_of(1), {{99, 101}}},
                      {1, body_of(1), {{20, 10}}},
                      {77, body_of(1), {{0, 1}}}};
    EXPECT_TRUE(on_report(stream, report, timing, start + hours{1}).changed.empty());
    EXPECT_TRUE(stream.outbox.at(1).wanted.empty());
}

TEST(Outgoing, AStoredBatchIsProbedWithOneByteInsteadOfSentAgain) {
    OutgoingStream stream = opened();
    number_one(stream);
    on_sending(stream, 1, timing, start, no_jitter);
    StreamReport report = applied(stream, 0, 1);
    report.stored = {{1, 2}};
    on_report(stream, report, timing, start + seconds{1});
    EXPECT_EQ(due_now(stream, timing, start + minutes{11}), (std::vector<Due>{{1, {{0, 1}}}}));
    on_report(stream, applied(stream, 0, 2), timing, start + minutes{12});
    EXPECT_EQ(due_now(stream, timing, start + minutes{12}), (std::vector<Due>{{1, {}}}))
        << "it is not stored any more";
}

TEST(Outgoing, OnlyBatchesSentOnceTellTheRoundTrip) {
    OutgoingStream stream = opened();
    number_one(stream);
    number_one(stream);
    on_sending(stream, 1, timing, start, no_jitter);
    on_sending(stream, 1, timing, start + minutes{10}, no_jitter);
    on_report(stream, applied(stream, 1, 1), timing, start + minutes{11});
    EXPECT_EQ(stream.round_trip, std::nullopt);
    on_sending(stream, 2, timing, start + minutes{20}, no_jitter);
    on_report(stream, applied(stream, 2, 2), timing, start + minutes{23});
    EXPECT_EQ(stream.round_trip, minutes{3});
}

TEST(Outgoing, WhatWasNotSentForCertainIsTriedAgainWhenThePathSaysSo) {
    OutgoingStream stream = opened();
    number_one(stream);
    on_sending(stream, 1, timing, start, no_jitter);
    on_not_sent(stream, 1, start + seconds{30});
    EXPECT_EQ(stream.outbox.at(1).tries, 0U);
    EXPECT_TRUE(due_now(stream, timing, start + seconds{29}).empty());
    EXPECT_EQ(due_now(stream, timing, start + seconds{30}).size(), 1U);
    on_not_sent(stream, 99, start); // acknowledged meanwhile: nothing happens
}

TEST(Outgoing, AClockThatWasSetBackDoesNotSilenceTheStream) {
    OutgoingStream stream = opened();
    number_one(stream);
    on_sending(stream, 1, timing, start, no_jitter);
    const Timestamp earlier = start - hours{24 * 365};
    EXPECT_EQ(next_due(stream, timing, earlier), earlier);
    on_sending(stream, 1, timing, earlier, no_jitter);
    EXPECT_TRUE(due_now(stream, timing, earlier + seconds{1}).empty());
}

TEST(Outgoing, AClockThatWasSetBackDoesNotSilenceWhatWasNeverSent) {
    OutgoingStream stream = opened();
    number_one(stream);
    const Timestamp earlier = start - hours{1};
    EXPECT_EQ(next_due(stream, timing, earlier), earlier);
    EXPECT_EQ(due_now(stream, timing, earlier).size(), 1U);
}

TEST(Outgoing, HeldAndStoppedStreamsSendNothing) {
    for (const StreamState state : {StreamState::held, StreamState::forked, StreamState::stopped}) {
        OutgoingStream stream = opened();
        number_one(stream);
        stream.state = state;
        EXPECT_TRUE(due_now(stream, timing, start).empty());
        EXPECT_EQ(next_due(stream, timing, start), std::nullopt);
        EXPECT_EQ(next_number(stream), std::nullopt);
    }
}

TEST(Outgoing, ANewIncarnationWaitsForThePositionAndBeginsThere) {
    OutgoingStream stream = opened(7);
    number_one(stream);
    EXPECT_EQ(begin_incarnation(stream, 8, std::nullopt), (std::vector<std::uint64_t>{1}));
    EXPECT_EQ(next_number(stream), std::nullopt);
    StreamReport report;
    report.counter = 5;
    report.applied = {7, 3, chain_of(7, 3)};
    EXPECT_EQ(on_report(stream, report, timing, start).verdict, ReportVerdict::position_known);
    const NextNumber next = *next_number(stream);
    EXPECT_EQ(next.number, 1U);
    EXPECT_EQ(next.previous_chain, chain_of(7, 3));
    EXPECT_EQ(next.rebase, report.applied);
    number_one(stream);
    EXPECT_EQ(next_number(stream)->rebase, std::nullopt);
    EXPECT_EQ(on_report(stream, report, timing, start).verdict, ReportVerdict::nothing_new);
    report.applied = {7, 4, chain_of(7, 4)};
    EXPECT_EQ(on_report(stream, report, timing, start).verdict, ReportVerdict::rebase_needed);
}

TEST(Outgoing, AnIncarnationThatTheReceiverKnowsAlreadyIsInDoubt) {
    OutgoingStream stream = opened(7);
    begin_incarnation(stream, 8, std::nullopt);
    StreamReport report;
    report.applied = {9, 0, {}};
    EXPECT_EQ(on_report(stream, report, timing, start).verdict, ReportVerdict::beyond_sent);
    EXPECT_THROW(begin_incarnation(stream, 8, std::nullopt), BrokenInvariant);
    begin_incarnation(stream, 10, report.applied);
    EXPECT_TRUE(next_number(stream));
}

TEST(Outgoing, AReceiverThatTakesOurIncarnationFromAnotherPlaceNeedsARebase) {
    OutgoingStream stream = opened(7);
    begin_incarnation(stream, 8, Position{7, 3, chain_of(7, 3)});
    number_one(stream);
    StreamReport report;
    report.applied = {8, 0, chain_of(7, 3)};
    EXPECT_EQ(on_report(stream, report, timing, start).verdict, ReportVerdict::nothing_new);
    report.applied.chain = chain_of(7, 2);
    EXPECT_EQ(on_report(stream, report, timing, start).verdict, ReportVerdict::rebase_needed);
}

TEST(Outgoing, AnotherBodyUnderTheSameNumberKeepsItsChain) {
    OutgoingStream stream = opened();
    number_one(stream);
    on_sending(stream, 1, timing, start, no_jitter);
    replace_body(stream, {1, chain_of(7, 1), body_of(200), 50, false}, start + seconds{1});
    EXPECT_EQ(due_now(stream, timing, start + seconds{1}).size(), 1U);
    EXPECT_THROW(replace_body(stream, {1, chain_of(7, 2), body_of(2), 50, false}, start),
                 BrokenInvariant);
}

TEST(Outgoing, TellsWhichPresentBodiesLackTheirHistoryAtTheReceiver) {
    OutgoingStream stream = opened();
    for (int count = 0; count < 3; ++count) {
        number_one(stream);
    }
    on_sending(stream, 1, timing, start, no_jitter);
    on_sending(stream, 2, timing, start, no_jitter);
    StreamReport report = applied(stream, 0, 1);
    report.missing = {{1, body_of(1), {}}, {2, body_of(9), {}}, {3, body_of(3), {}}};
    const ReportOutcome outcome = on_report(stream, report, timing, start + seconds{1});
    // 2 was replaced meanwhile, and 3 was never sent.
    EXPECT_EQ(outcome.lacking, (std::vector<std::uint64_t>{1}));
    EXPECT_TRUE(stream.outbox.at(1).wanted.empty());
    EXPECT_GT(stream.outbox.at(2).next_send, start + seconds{1});
}

} // namespace
} // namespace postrider::stream

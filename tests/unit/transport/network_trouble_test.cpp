// What the host does when the network process ends, says nonsense, or does not answer.
#include "common/base/limits.hpp"

#include "tests/unit/transport/played_process.hpp"

namespace postrider::transport {
namespace {

using namespace std::chrono_literals;

class NetworkTroubleTest : public NetworkHostTest {
  protected:
    /// The only news there is.
    std::string news() {
        const auto notices = poll_for<engine::Notice>();
        EXPECT_EQ(notices.size(), 1U);
        return notices.empty() ? std::string{} : notices[0].reason.message;
    }

    void expect_killed_for(const std::string &reason) {
        EXPECT_EQ(news(), "the network process was ended: " + reason);
        EXPECT_TRUE(process().was_killed);
        EXPECT_FALSE(transport.waking());
    }
};

TEST_F(NetworkTroubleTest, WhatHadNoOutcomeIsSubmittedAgain) {
    start();
    for (const std::uint64_t ticket : {1U, 2U, 3U}) {
        transport.submit(mail(ticket));
    }
    process().say(Delivered{2, "peer@example.org", true, {}, 0});
    process().say(Doing{"main", "send", "sends"});
    process().end("signal 9");
    const auto events = poll_all();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(std::get<engine::Outcome>(events[0]).ticket, 2U) << "what it said before counts";
    const auto &notice = std::get<engine::Notice>(events[1]);
    EXPECT_EQ(notice.reason.message, "the network process ended: signal 9");
    EXPECT_EQ(notice.reason.hint, "It is started again by itself and goes on where it was.");
    EXPECT_TRUE(transport.doing().empty());
    EXPECT_EQ(transport.next_look(wall), wall + 1s);
    pass(1s);
    let_start();
    EXPECT_EQ(process().heard<Configure>().size(), 1U);
    const auto submitted = process().heard<Submit>();
    ASSERT_EQ(submitted.size(), 2U);
    EXPECT_EQ(submitted[0].ticket, 1U);
    EXPECT_EQ(submitted[1].ticket, 3U);
    EXPECT_EQ(submitted[1].beginning, Bytes(100, 0x5a));
}

TEST_F(NetworkTroubleTest, WhatIsSubmittedWhileThereIsNoneWaits) {
    start();
    process().end("exit code 1");
    EXPECT_EQ(news(), "the network process ended: exit code 1");
    transport.submit(mail(1));
    EXPECT_TRUE(poll_all().empty());
    pass(1s);
    let_start();
    EXPECT_EQ(process().heard<Submit>().size(), 1U);
}

TEST_F(NetworkTroubleTest, TheNextOneIsToldTheNewestCursors) {
    start();
    process().say(CursorMoved{"main", {4, 2}});
    poll();
    transport.configure({inlet("main", 7, {4, 1})}); // the host has not stored it yet
    process().end("signal 11");
    poll_all();
    pass(1s);
    let_start();
    const auto told = process().heard<Configure>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].accounts[0].cursor, (Bytes{4, 2}));
}

TEST_F(NetworkTroubleTest, ACursorOfAnotherServerIsNotKept) {
    start();
    process().say(CursorMoved{"main", {4, 2}});
    poll();
    engine::Inlet moved = inlet("main", 7, {});
    moved.mailbox->receive = "imaps://elsewhere.example";
    transport.configure({moved});
    poll();
    const auto told = process().heard<Configure>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_TRUE(told[0].accounts[0].cursor.empty());
}

TEST_F(NetworkTroubleTest, MailsOfAProcessThatEndedAreNotSettledAtTheNext) {
    start();
    process().say(MailArrived{"main", "1:1", {1}});
    const auto arrived = poll_for<engine::Arrived>();
    process().end("signal 9");
    poll_all();
    transport.settle(arrived.at(0).receipt, engine::Settlement::remove);
    pass(1s);
    let_start();
    transport.settle(arrived.at(0).receipt, engine::Settlement::remove);
    EXPECT_TRUE(process().heard<Settle>().empty());
}

TEST_F(NetworkTroubleTest, AProcessThatEndsInTheMiddleOfAMessageHasSaidTheOnesBefore) {
    start();
    Bytes cut = to_bytes(NetworkReport{MailArrived{"main", "1:2", Bytes(1000, 1)}});
    for (const std::size_t size : {std::size_t{1}, std::size_t{4}, cut.size() - 1}) {
        process().say(MailArrived{"main", "1:1", {1}});
        process().say_bytes(Bytes(cut.begin(), cut.begin() + static_cast<std::ptrdiff_t>(size)));
        process().end("signal 6");
        EXPECT_EQ(poll_for<engine::Arrived>().size(), 1U);
        pass(1min);
        let_start();
        pass(1min);
        poll();
        process().say(Pong{});
    }
}

TEST_F(NetworkTroubleTest, PausesGrowUpToAMinuteAndBeginAnewOnceItHasWorked) {
    start();
    for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
        process().end("signal 9");
        poll_all();
        const unsigned starts = starter.starts;
        EXPECT_EQ(transport.next_look(wall), wall + pause);
        pass(pause - 1ms);
        poll();
        EXPECT_EQ(starter.starts, starts);
        pass(1ms);
        let_start();
        EXPECT_EQ(starter.starts, starts + 1);
    }
    pass(59s);
    process().say(Doing{"main", "send", "a"});
    poll();
    process().end("signal 9");
    poll_all();
    EXPECT_EQ(transport.next_look(wall), wall + 60s) << "it had not worked for long";
    pass(60s);
    let_start();
    pass(60s);
    poll();
    process().end("signal 9");
    poll_all();
    EXPECT_EQ(transport.next_look(wall), wall + 1s);
}

TEST_F(NetworkTroubleTest, OneThatFailsInTheSameWayAgainAndAgainIsToldOnce) {
    start();
    process().end("signal 9");
    EXPECT_EQ(news(), "the network process ended: signal 9");
    pass(1s);
    let_start();
    process().end("signal 9");
    EXPECT_TRUE(poll_for<engine::Notice>().empty());
    pass(2s);
    let_start();
    process().end("exit code 1");
    EXPECT_EQ(news(), "the network process ended: exit code 1");
    pass(4s);
    let_start();
    pass(1min);
    poll();
    process().end("exit code 1");
    EXPECT_EQ(news(), "the network process ended: exit code 1") << "it had worked meanwhile";
}

TEST_F(NetworkTroubleTest, AMailThatOutlivesThreeProcessesIsGivenUp) {
    start();
    transport.submit(mail(1));
    for (int death = 1; death <= 3; ++death) {
        process().end("signal 11");
        const auto outcomes = poll_for<engine::Outcome>();
        ASSERT_EQ(outcomes.size(), death == 3 ? 1U : 0U);
        if (death == 3) {
            EXPECT_EQ(outcomes[0].result.error().code, Errc::unavailable);
        }
        pass(1min);
        let_start();
        EXPECT_EQ(process().heard<Submit>().size(), death == 3 ? 0U : 1U);
    }
}

TEST_F(NetworkTroubleTest, NonsenseIsNotListenedTo) {
    start();
    process().say_bytes({0, 0, 0, 1, 200});
    expect_killed_for("a message between the network process and its host is of the unknown kind "
                      "200");
    pass(1s);
    let_start();
    process().say_bytes({0xff, 0, 0, 1, 0});
    expect_killed_for("a message between the network process and its host has 4278190081 bytes");
    pass(2s);
    let_start();
    process().say(
        MailArrived{"main", std::string(limits::network_receipt_bytes_max + 1, 'x'), {1}});
    expect_killed_for("it calls a mail by a name that is too long");
    pass(4s);
    let_start();
    process().say(CursorMoved{"main", Bytes(limits::network_cursor_bytes_max + 1)});
    expect_killed_for("it remembers more than it may");
    pass(8s);
    let_start();
    process().say(Started{played_version, {}});
    expect_killed_for("it does not begin as it should");
    pass(16s);
    poll();
    process().say(Pong{});
    poll();
    EXPECT_TRUE(process().was_killed);
}

TEST_F(NetworkTroubleTest, PiecesThatThereAreNotAreNotListenedTo) {
    constexpr std::uint64_t most = limits::network_envelope_bytes_max;
    const std::vector<NetworkReport> nonsense = {
        EnvelopeWanted{1, 100, 1},
        EnvelopeWanted{1, 0, 101},
        EnvelopeWanted{1, 0, 0},
        EnvelopeWanted{1, ~0ULL, 2},
        EnvelopeWanted{1, 2, ~0ULL},
        EnvelopeArrives{"main", most + 1, 0, {1}},
        EnvelopeArrives{"main", 1, 0, {1, 2}},
        EnvelopeArrives{"main", 10, 1, {1}},
        MailArrived{"main", "1", {1}, 1},
    };
    Duration pause = 1s;
    start();
    transport.submit(mail(1));
    for (const NetworkReport &report : nonsense) {
        process().heard<Submit>();
        process().say(report);
        poll_all();
        EXPECT_TRUE(process().was_killed) << report.index();
        transport.submit(mail(1)); // what three had when they ended is given back
        pass(pause);
        pause = std::min<Duration>(2 * pause, 1min);
        poll();
        process().say(Started{played_version, {}});
        poll_all();
    }
}

TEST_F(NetworkTroubleTest, NamesAndCursorsOfTheGreatestSizeAreTaken) {
    start();
    process().say(MailArrived{"main", std::string(limits::network_receipt_bytes_max, 'x'), {1}});
    process().say(CursorMoved{"main", Bytes(limits::network_cursor_bytes_max)});
    EXPECT_EQ(poll_all().size(), 2U);
}

TEST_F(NetworkTroubleTest, ItAsksOnlySoManyQuestionsAtOnce) {
    start();
    for (std::uint64_t question = 1; question <= limits::network_questions_max; ++question) {
        process().say(SecretWanted{question, "main"});
    }
    EXPECT_TRUE(poll_all().empty());
    EXPECT_EQ(secrets.questions.size(), limits::network_questions_max);
    process().say(SecretWanted{1000, "main"});
    expect_killed_for("it asks for more passwords than there are connections");
    EXPECT_TRUE(secrets.questions.empty());
}

TEST_F(NetworkTroubleTest, AnswersForAProcessThatEndedAreForgotten) {
    start();
    process().say(SecretWanted{1, "main"});
    poll();
    secrets.answers.push_back({1, LoginSecrets{Bytes{'p'}}});
    process().end("signal 9");
    poll_all();
    EXPECT_TRUE(secrets.answers.empty());
    pass(1s);
    let_start();
    EXPECT_TRUE(process().heard<Secret>().empty());
}

TEST_F(NetworkTroubleTest, APingIsSentWhereNothingWasHeardForAMinute) {
    start();
    EXPECT_EQ(transport.next_look(wall), wall + 60s);
    pass(59s);
    process().say(Doing{"main", "send", "a"});
    poll();
    EXPECT_EQ(transport.next_look(wall), wall + 60s);
    pass(60s);
    poll();
    EXPECT_EQ(process().heard<Ping>().size(), 1U);
    EXPECT_EQ(transport.next_look(wall), wall + 30s);
    pass(29s);
    process().say(Pong{});
    EXPECT_TRUE(poll_all().empty());
    pass(10s);
    EXPECT_TRUE(poll_all().empty());
    EXPECT_FALSE(process().was_killed);
    EXPECT_TRUE(process().has_heard_nothing());
}

TEST_F(NetworkTroubleTest, OneThatDoesNotAnswerIsKilledAndReplaced) {
    start();
    transport.submit(mail(1));
    process().is_stopped = true;
    pass(60s);
    EXPECT_TRUE(poll().empty());
    pass(29s);
    EXPECT_TRUE(poll().empty());
    pass(1s);
    expect_killed_for("it did not answer for 30 s");
    pass(1s);
    let_start();
    EXPECT_EQ(process().heard<Submit>().size(), 1U);
}

TEST_F(NetworkTroubleTest, AnAnswerThatCameWhileTheHostWasBusyCounts) {
    start();
    pass(60s);
    poll();
    process().say(Pong{});
    pass(10min);
    EXPECT_TRUE(poll_all().empty());
    EXPECT_FALSE(process().was_killed);
}

TEST_F(NetworkTroubleTest, SoDoesOneThatTheHostHasNotReadYet) {
    start();
    pass(60s);
    poll();
    process().say(Pong{});
    for (std::uint64_t ticket = 1; ticket <= limits::transport_events_max; ++ticket) {
        transport.submit(mail(ticket, "nowhere"));
    }
    pass(30s);
    EXPECT_EQ(poll().size(), limits::transport_events_max) << "of our own: there is no room";
    EXPECT_FALSE(process().was_killed);
    EXPECT_TRUE(poll_all().empty());
    EXPECT_FALSE(process().was_killed);
}

TEST_F(NetworkTroubleTest, OneThatTakesALongMessageBeforeThePingIsNotStuck) {
    start();
    process().is_stopped = true;
    std::vector<engine::Inlet> crowded; // 16 MB of keys
    for (int number = 0; number < 50; ++number) {
        crowded.push_back(inlet("mailbox" + std::to_string(number)));
        crowded.back().stamp_keys.resize(limits::network_items_max);
    }
    transport.configure(crowded);
    poll();
    pass(60s);
    poll(); // the ping is behind them
    for (int round = 0; round < 4; ++round) {
        pass(25s);
        process().is_stopped = false;
        process().move();
        process().is_stopped = true;
        EXPECT_TRUE(poll().empty());
        EXPECT_FALSE(process().was_killed);
    }
    pass(30s);
    expect_killed_for("it did not answer for 30 s");
}

TEST_F(NetworkTroubleTest, OneThatSaysNothingFromTheStartIsKilled) {
    transport.configure({inlet("main")});
    poll();
    EXPECT_EQ(transport.next_look(wall), wall + 30s);
    pass(30s);
    expect_killed_for("it did not answer for 30 s");
}

TEST_F(NetworkTroubleTest, TheNextOneWaitsUntilTheKilledOneIsGone) {
    start();
    process().survives = true;
    process().say_bytes({0, 0, 0, 1, 200});
    EXPECT_TRUE(poll().empty());
    EXPECT_TRUE(process().was_killed);
    pass(10s);
    EXPECT_TRUE(poll().empty());
    EXPECT_EQ(starter.starts, 1U);
    EXPECT_EQ(transport.next_look(wall), wall + 50ms);
    process().how_it_ended = "signal 9";
    poll_all();
    pass(1s);
    poll();
    EXPECT_EQ(starter.starts, 2U);
}

TEST_F(NetworkTroubleTest, OneThatHangsUpAndLivesOnIsKilled) {
    start();
    process().hang_up();
    EXPECT_TRUE(poll().empty());
    EXPECT_FALSE(process().was_killed);
    pass(5s);
    EXPECT_EQ(news(), "the network process ended: signal 9");
    EXPECT_TRUE(process().was_killed);
}

TEST_F(NetworkTroubleTest, OneOfAnotherVersionIsRefused) {
    transport.configure({inlet("main")});
    transport.submit(mail(1));
    poll();
    process().say(Started{"1.2.4", {}});
    const auto events = poll_all();
    ASSERT_EQ(events.size(), 3U);
    const auto &notice = std::get<engine::Notice>(events[0]);
    EXPECT_EQ(notice.reason.message, "postrider-network is of version 1.2.4 and not of 1.2.3");
    EXPECT_EQ(notice.reason.hint, "Install the extension and postrider-network from one build.");
    EXPECT_EQ(std::get<engine::Outcome>(events[1]).result.error().message, notice.reason.message);
    EXPECT_TRUE(process().was_killed);
    EXPECT_EQ(transport.next_look(wall), wall + 10min);
    transport.submit(mail(2));
    EXPECT_EQ(poll_for<engine::Outcome>().size(), 1U) << "its path has failed";
    pass(10min);
    let_start();
    transport.submit(mail(3));
    poll();
    EXPECT_EQ(process().heard<Submit>().size(), 1U) << "it was installed meanwhile";
}

TEST_F(NetworkTroubleTest, AProgramThatCannotBeStartedIsToldOnceAndTriedAgain) {
    starter.fault = Error{Errc::unavailable, "postrider-network is missing"};
    transport.configure({inlet("main")});
    transport.submit(mail(1));
    const auto events = poll_all();
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(std::get<engine::Notice>(events[0]).reason.message, "postrider-network is missing");
    EXPECT_EQ(std::get<engine::Outcome>(events[1]).result.error().message,
              "postrider-network is missing");
    EXPECT_EQ(std::get<engine::Receiving>(events[2]).source, "main");
    EXPECT_EQ(std::get<engine::Receiving>(events[2]).problem->message,
              "postrider-network is missing");
    pass(1s);
    EXPECT_TRUE(poll_all().empty());
    EXPECT_EQ(starter.starts, 2U);
    EXPECT_EQ(transport.next_look(wall), wall + 2s);
    starter.fault.reset();
    pass(2s);
    let_start();
    EXPECT_EQ(process().heard<Configure>().size(), 1U);
}

TEST_F(NetworkTroubleTest, OneThatEndsBeforeItHasBegunIsAnOutcomeForWhatWaits) {
    transport.configure({inlet("main")});
    transport.submit(mail(1));
    poll();
    process().end("exit code 127");
    const auto events = poll_all();
    ASSERT_EQ(events.size(), 3U);
    const auto &notice = std::get<engine::Notice>(events[0]);
    EXPECT_EQ(notice.reason.message, "the network process ended: exit code 127");
    EXPECT_EQ(notice.reason.hint,
              "It is tried again by itself. Start the program by hand to see what it lacks.");
    EXPECT_EQ(std::get<engine::Outcome>(events[1]).result.error().message, notice.reason.message);
    pass(1s);
    let_start();
    transport.submit(mail(2));
    EXPECT_EQ(process().heard<Submit>().size(), 1U);
}

TEST_F(NetworkTroubleTest, EachMailboxIsToldThatNothingIsReceivedUntilItsReceiverSaysOtherwise) {
    const Error missing{Errc::unavailable, "postrider-network is missing"};
    starter.fault = missing;
    engine::Inlet only_sends = inlet("out");
    only_sends.mailbox->receive.clear();
    transport.configure({inlet("main"), only_sends});
    EXPECT_EQ(poll_for<engine::Receiving>().size(), 1U);
    transport.configure({inlet("main"), inlet("second"), only_sends});
    const auto second = poll_for<engine::Receiving>();
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].source, "second");
    starter.fault.reset();
    pass(1s);
    let_start();
    process().say(Receiving{"main", true, {}});
    process().say(Receiving{"second", false, {Errc::refused, "no \x1b[31mpassword"}});
    process().say(Receiving{"nobody", false, {Errc::refused, "of no mailbox of ours"}});
    const auto said = poll_for<engine::Receiving>();
    ASSERT_EQ(said.size(), 2U);
    EXPECT_FALSE(said[0].problem);
    EXPECT_EQ(said[1].problem->message.find('\x1b'), std::string::npos);
}

TEST_F(NetworkTroubleTest, AWallClockThatIsSetChangesNothing) {
    start();
    wall += 24h * 365;
    EXPECT_TRUE(poll_all().empty());
    wall -= 24h * 3650;
    EXPECT_TRUE(poll_all().empty());
    EXPECT_TRUE(process().has_heard_nothing());
    EXPECT_EQ(transport.next_look(wall), wall + 60s);
}

} // namespace
} // namespace postrider::transport

// What the host's end of the network process hands on in both directions, while all is well.
#include "common/base/limits.hpp"

#include "tests/unit/transport/played_process.hpp"

namespace postrider::transport {
namespace {

using namespace std::chrono_literals;

class NetworkTransportTest : public NetworkHostTest {};

TEST_F(NetworkTransportTest, StartsTheProcessForTheFirstMailboxAndNoEarlier) {
    transport.configure({{"maildir", "/srv/sync", {}, {}, {}}});
    EXPECT_TRUE(poll().empty());
    EXPECT_EQ(starter.starts, 0U);
    EXPECT_FALSE(transport.waking());
    EXPECT_FALSE(transport.next_look(wall));
    start();
    EXPECT_EQ(starter.starts, 1U);
    ASSERT_TRUE(transport.waking());
    EXPECT_EQ(transport.waking()->descriptor, process().host_end());
    EXPECT_FALSE(transport.waking()->wants_to_write);
}

TEST_F(NetworkTransportTest, TellsNothingBeforeTheProcessHasSaidItsVersion) {
    transport.configure({inlet("main")});
    transport.submit(mail(1));
    poll();
    EXPECT_TRUE(process().has_heard_nothing());
}

TEST_F(NetworkTransportTest, TellsTheAccountsAsTheyAre) {
    transport.configure({inlet("main", 7, {1, 2}), inlet("other")});
    let_start();
    const auto told = process().heard<Configure>();
    ASSERT_EQ(told.size(), 1U);
    ASSERT_EQ(told[0].accounts.size(), 2U);
    const MailAccount &account = told[0].accounts[0];
    EXPECT_EQ(account.name, "main");
    EXPECT_EQ(account.address, "main@example.org");
    EXPECT_EQ(account.receive, "imaps://mail.example");
    EXPECT_EQ(account.send, "smtps://mail.example");
    EXPECT_EQ(account.user, "user");
    EXPECT_EQ(account.login, LoginKind::password);
    EXPECT_EQ(account.subject_prefix, "[postrider]");
    EXPECT_EQ(account.cursor, (Bytes{1, 2}));
    ASSERT_EQ(account.stamp_keys.size(), 1U);
    EXPECT_EQ(account.stamp_keys[0][31], 7);
}

TEST_F(NetworkTransportTest, LogsInByWhatTheMailboxSays) {
    engine::Inlet token = inlet("a");
    token.mailbox->secret->kind = task::SecretKind::token;
    engine::Inlet default_file = inlet("b");
    default_file.mailbox->secret.reset();
    engine::Inlet nobody = inlet("c");
    nobody.mailbox->secret.reset();
    nobody.mailbox->user.clear();
    engine::Inlet certificate = default_file;
    certificate.mailbox->name = "d";
    certificate.mailbox->send += "?certificate=main.pem";
    engine::Inlet both = inlet("e");
    both.mailbox->send += "?certificate=main.pem";
    transport.configure({token, default_file, nobody, certificate, both});
    let_start();
    const auto told = process().heard<Configure>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].accounts[0].login, LoginKind::token);
    EXPECT_EQ(told[0].accounts[1].login, LoginKind::password);
    EXPECT_EQ(told[0].accounts[2].login, LoginKind::none);
    EXPECT_EQ(told[0].accounts[3].login, LoginKind::certificate);
    EXPECT_EQ(told[0].accounts[4].login, LoginKind::password);
}

TEST_F(NetworkTransportTest, TellsTheAccountsAgainOnlyWhenTheyChanged) {
    start();
    transport.configure({inlet("main")});
    poll();
    EXPECT_TRUE(process().has_heard_nothing());
    transport.configure({inlet("main", 7, {5})}); // what the process said itself
    poll();
    EXPECT_TRUE(process().has_heard_nothing());
    transport.configure({inlet("main", 8)});
    poll();
    EXPECT_EQ(process().heard<Configure>().size(), 1U);
    transport.configure({inlet("main", 8), inlet("other")});
    poll();
    EXPECT_EQ(process().heard<Configure>().size(), 1U);
}

TEST_F(NetworkTransportTest, EndsTheProcessWithTheLastMailbox) {
    start();
    transport.submit(mail(1));
    poll();
    transport.configure({});
    const auto events = poll();
    EXPECT_TRUE(process().was_hung_up);
    EXPECT_FALSE(process().was_killed);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(std::get<engine::Outcome>(events[0]).result.error().code, Errc::refused);
    EXPECT_TRUE(transport.next_look(wall)) << "to see its end";
    process().end("exit code 0");
    EXPECT_TRUE(poll().empty()) << "an end that was asked for is no news";
    EXPECT_FALSE(transport.next_look(wall));
    start();
    EXPECT_EQ(starter.starts, 2U);
}

TEST_F(NetworkTransportTest, KillsAProcessThatDoesNotEndWhenItShould) {
    start();
    transport.configure({});
    poll();
    pass(4s);
    poll();
    EXPECT_FALSE(process().was_killed);
    pass(1s);
    poll();
    EXPECT_TRUE(process().was_killed);
    EXPECT_TRUE(poll().empty());
    EXPECT_FALSE(transport.next_look(wall));
}

TEST_F(NetworkTransportTest, SubmitsMailsAndGivesTheirOutcomes) {
    start();
    transport.submit(mail(1));
    transport.submit(mail(2));
    const auto submitted = process().heard<Submit>();
    ASSERT_EQ(submitted.size(), 2U) << "at once";
    EXPECT_EQ(submitted[0].ticket, 1U);
    EXPECT_EQ(submitted[0].account, "main");
    EXPECT_EQ(submitted[0].recipients, std::vector<std::string>{"peer@example.org"});
    EXPECT_EQ(submitted[0].envelope_bytes, 100U);
    EXPECT_EQ(submitted[0].beginning, Bytes(100, 0x5a));
    process().say(Delivered{2, "peer@example.org", false, {Errc::unavailable, "try later"}, 330});
    process().say(Delivered{1, "peer@example.org", true, {}, 0});
    const auto outcomes = poll_for<engine::Outcome>();
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_EQ(outcomes[0].ticket, 2U);
    EXPECT_EQ(outcomes[0].result.error().message, "try later");
    EXPECT_EQ(outcomes[0].wait_at_least, 330s);
    EXPECT_EQ(outcomes[1].ticket, 1U);
    EXPECT_TRUE(outcomes[1].result);
    EXPECT_EQ(outcomes[1].wait_at_least, 0s);
}

TEST_F(NetworkTransportTest, TellsTheFormOfAMailAndHearsThatItsContentIsRefused) {
    start();
    engine::Transmission text = mail(1);
    text.container = mail::Container::armour;
    transport.submit(std::move(text));
    EXPECT_EQ(process().heard<Submit>().at(0).container, mail::Container::armour);
    process().say(
        Delivered{1, "peer@example.org", false, {Errc::refused, "no attachments"}, 0, {}, true});
    EXPECT_TRUE(poll_for<engine::Outcome>().at(0).content_refused);
}

TEST_F(NetworkTransportTest, IgnoresOutcomesOfWhatIsNotOpen) {
    start();
    transport.submit(mail(1));
    process().say(Delivered{7, "peer@example.org", true, {}, 0});
    process().say(Delivered{1, "peer@example.org", true, {}, 0});
    process().say(Delivered{1, "peer@example.org", true, {}, 0});
    EXPECT_EQ(poll_for<engine::Outcome>().size(), 1U);
}

TEST_F(NetworkTransportTest, DoesNotPutAPathOffForEver) {
    start();
    transport.submit(mail(1));
    process().say(Delivered{1, "peer@example.org", false, {Errc::unavailable, "no"}, ~0ULL});
    EXPECT_EQ(poll_for<engine::Outcome>()[0].wait_at_least, 24h);
}

TEST_F(NetworkTransportTest, SaysWhatCannotBeSubmitted) {
    start();
    transport.submit(mail(1, "nowhere"));
    engine::Transmission other = mail(2);
    other.path_kind = "maildir";
    transport.submit(other);
    transport.submit(mail(3, "main", limits::network_envelope_bytes_max + 1));
    const auto outcomes = poll_for<engine::Outcome>();
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(outcomes[0].result.error().message, "there is no mailbox \"nowhere\" here");
    EXPECT_EQ(outcomes[1].result.error().code, Errc::internal);
    EXPECT_EQ(outcomes[2].result.error().code, Errc::too_large);
    EXPECT_TRUE(process().has_heard_nothing());
}

TEST_F(NetworkTransportTest, TakesTheLargestPartThereIs) {
    start();
    transport.submit(mail(1, "main", limits::network_envelope_bytes_max));
    const auto submitted = process().heard<Submit>();
    ASSERT_EQ(submitted.size(), 1U);
    EXPECT_EQ(submitted[0].envelope_bytes, limits::network_envelope_bytes_max);
    EXPECT_EQ(submitted[0].beginning.size(), limits::network_piece_bytes_max);
}

/// An envelope of which no two bytes that follow each other are alike.
Bytes counted_bytes(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t index = 0; index < size; ++index) {
        bytes[index] = static_cast<std::uint8_t>(index * 7 + (index >> 8U));
    }
    return bytes;
}

TEST_F(NetworkTransportTest, GivesTheRestOfAnEnvelopeAsItIsWanted) {
    start();
    engine::Transmission large = mail(1);
    large.envelope = counted_bytes(1'000'000);
    const Bytes envelope = large.envelope;
    transport.submit(std::move(large));
    EXPECT_EQ(process().heard<Submit>()[0].beginning,
              Bytes(envelope.begin(), envelope.begin() + limits::network_piece_bytes_max));
    process().say(EnvelopeWanted{1, 300'000, 200'000});
    process().say(EnvelopeWanted{1, 500'000, 500'000}); // goes on where the first ends
    poll_all();
    std::uint64_t at = 300'000;
    for (const EnvelopePiece &piece : process().heard<EnvelopePiece>()) {
        EXPECT_EQ(piece.ticket, 1U);
        ASSERT_EQ(piece.from, at);
        EXPECT_LE(piece.bytes.size(), limits::network_piece_bytes_max);
        ASSERT_TRUE(std::equal(piece.bytes.begin(), piece.bytes.end(),
                               envelope.begin() + static_cast<std::ptrdiff_t>(at)));
        at += piece.bytes.size();
    }
    EXPECT_EQ(at, envelope.size());
    process().say(EnvelopeWanted{1, 0, 10}); // from the beginning, for other recipients
    process().say(EnvelopeWanted{2, 0, 10}); // nobody knows it
    poll_all();
    const auto again = process().heard<EnvelopePiece>();
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].bytes, Bytes(envelope.begin(), envelope.begin() + 10));
    EXPECT_FALSE(process().was_killed);
}

TEST_F(NetworkTransportTest, GivesTheNextProcessAllOfWhatTheLastOneHadAskedFor) {
    start();
    transport.submit(mail(1, "main", 1'000'000));
    process().is_stopped = true; // the pieces do not get there
    process().say(EnvelopeWanted{1, 200'000, 800'000});
    poll();
    process().end("signal 9");
    poll_all();
    pass(1s);
    let_start();
    process().heard<Submit>();
    process().say(EnvelopeWanted{1, 131'072, 300});
    poll_all();
    const auto pieces = process().heard<EnvelopePiece>();
    ASSERT_EQ(pieces.size(), 1U);
    EXPECT_EQ(pieces[0].from, 131'072U);
    EXPECT_EQ(pieces[0].bytes.size(), 300U);
}

TEST_F(NetworkTransportTest, PutsTogetherWhatArrivesInPieces) {
    transport.configure({inlet("main"), inlet("other")});
    let_start();
    process().say(EnvelopeArrives{"main", 4, 0, {9, 9}}); // never told to have arrived
    process().say(EnvelopeArrives{"main", 6, 0, {1, 2}});
    process().say(EnvelopeArrives{"other", 9, 0, {7}});
    process().say(EnvelopeArrives{"main", 6, 2, {3, 4}});
    process().say(MailArrived{"main", "1", {5, 6}, 4});
    process().say(MailArrived{"other", "2", {8}}); // what came before was of another
    const auto events = poll_for<engine::Arrived>();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].envelope, (Bytes{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(events[1].envelope, (Bytes{8}));
    EXPECT_FALSE(process().was_killed);
}

TEST_F(NetworkTransportTest, ForgetsThePiecesOfAProcessThatEnded) {
    start();
    process().say(EnvelopeArrives{"main", 6, 0, {1, 2}});
    poll_all();
    process().end("signal 9");
    poll_all();
    pass(1s);
    let_start();
    process().say(EnvelopeArrives{"main", 6, 2, {3}});
    poll_all();
    EXPECT_TRUE(process().was_killed) << "it goes on where it has not begun";
}

TEST_F(NetworkTransportTest, MailsOfAMailboxThatGoesHaveTheirOutcome) {
    transport.configure({inlet("main"), inlet("other")});
    let_start();
    transport.submit(mail(1, "other"));
    transport.configure({inlet("main")});
    const auto outcomes = poll_for<engine::Outcome>();
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes[0].result.error().message, "there is no mailbox \"other\" here");
}

TEST_F(NetworkTransportTest, HasOnlySoMuchOpenAtTheProcess) {
    start();
    constexpr std::size_t count = limits::network_open_bytes_max / limits::network_piece_bytes_max;
    for (std::uint64_t ticket = 1; ticket <= count + 2; ++ticket) {
        transport.submit(mail(ticket, "main", 2 * limits::network_piece_bytes_max));
    }
    poll_all();
    EXPECT_EQ(process().heard<Submit>().size(), count);
    process().say(Delivered{1, "peer@example.org", true, {}, 0});
    EXPECT_EQ(poll_for<engine::Outcome>().size(), 1U);
    const auto next = process().heard<Submit>();
    ASSERT_EQ(next.size(), 1U);
    EXPECT_EQ(next[0].ticket, count + 1);
}

TEST_F(NetworkTransportTest, WaitsToWriteWhereTheProcessDoesNotRead) {
    start();
    process().is_stopped = true;
    for (std::uint64_t ticket = 1; ticket <= 8; ++ticket) {
        transport.submit(mail(ticket, "main", limits::network_piece_bytes_max));
    }
    poll();
    EXPECT_TRUE(transport.waking()->wants_to_write);
    process().is_stopped = false;
    poll_all();
    EXPECT_FALSE(transport.waking()->wants_to_write);
    EXPECT_EQ(process().heard<Submit>().size(), 8U);
}

TEST_F(NetworkTransportTest, GivesWhatArrivesAndSettlesItThere) {
    transport.configure({inlet("main"), inlet("o:t%her")});
    let_start();
    process().heard<Configure>();
    process().say(MailArrived{"main", "17:4", {1, 2, 3}});
    process().say(MailUnusable{"o:t%her", "1#2:3", {Errc::malformed, "cut"}});
    const auto events = poll_all();
    ASSERT_EQ(events.size(), 2U);
    const auto &arrived = std::get<engine::Arrived>(events[0]);
    EXPECT_EQ(arrived.envelope, (Bytes{1, 2, 3}));
    const auto &unusable = std::get<engine::Unusable>(events[1]);
    EXPECT_EQ(unusable.reason.message, "cut");
    transport.settle(arrived.receipt, engine::Settlement::remove);
    transport.settle(unusable.receipt, engine::Settlement::set_aside);
    const auto settled = process().heard<Settle>();
    ASSERT_EQ(settled.size(), 2U);
    EXPECT_EQ(settled[0].account, "main");
    EXPECT_EQ(settled[0].receipt, "17:4");
    EXPECT_EQ(settled[0].settlement, engine::Settlement::remove);
    EXPECT_EQ(settled[1].account, "o:t%her");
    EXPECT_EQ(settled[1].receipt, "1#2:3");
    EXPECT_EQ(settled[1].settlement, engine::Settlement::set_aside);
}

TEST_F(NetworkTransportTest, SettlesNothingThatItDidNotGive) {
    start();
    for (const char *receipt : {"", "main", "main:1", "main:1#0", "main:1#2", "#1:", "other:1#1"}) {
        transport.settle(receipt, engine::Settlement::remove);
    }
    EXPECT_TRUE(process().has_heard_nothing());
    transport.settle("main:1#1", engine::Settlement::remove);
    EXPECT_EQ(process().heard<Settle>().size(), 1U);
}

TEST_F(NetworkTransportTest, HandsOnNewsAndCursorsAndRemembersWhatConnectionsDo) {
    start();
    process().say(Told{"main", 12, {Errc::unavailable, "no \x1b[31mserver", "Detail.", "Hint."}});
    process().say(CursorMoved{"main", {9, 9}});
    process().say(Doing{"main", "receive", "waits for mail"});
    process().say(Doing{"main", "send", "connects"});
    process().say(Doing{"main", "send", "sends"});
    process().say(Doing{"nobody", "send", "sends"});
    process().say(Doing{"main", "elsewhere", "sends"});
    const auto events = poll_all();
    ASSERT_EQ(events.size(), 2U);
    const auto &notice = std::get<engine::Notice>(events[0]);
    EXPECT_EQ(notice.source, "main");
    EXPECT_EQ(notice.count, 12U);
    EXPECT_EQ(notice.reason.message, "no ?[31mserver");
    EXPECT_EQ(notice.reason.hint, "Hint.");
    const auto &cursor = std::get<engine::CursorMoved>(events[1]);
    EXPECT_EQ(cursor.source, "main");
    EXPECT_EQ(cursor.cursor, (Bytes{9, 9}));
    EXPECT_EQ(transport.doing(), "main, receive: waits for mail; main, send: sends");
}

TEST_F(NetworkTransportTest, HandsOnServersThatWereToBeFoundAndNoOthers) {
    engine::Inlet open = inlet("main");
    open.mailbox->receive.clear();
    open.mailbox->finds_receive = true;
    transport.configure({open});
    let_start();
    const auto told = process().heard<Configure>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_TRUE(told[0].accounts[0].finds_receive);
    EXPECT_FALSE(told[0].accounts[0].finds_send);
    EXPECT_TRUE(transport.is_busy()) << "until it was looked into";
    process().say(ServersFound{"main", "", "smtps://evil.example:465", "DNS names it"});
    process().say(ServersFound{"nobody", "imaps://mail.example:993", "", "DNS names it"});
    process().say(ServersFound{"main", "imaps://mail.example:993", "", "DNS \x1b names it"});
    const auto events = poll_all();
    ASSERT_EQ(events.size(), 1U);
    const auto &found = std::get<engine::ServersFound>(events[0]);
    EXPECT_EQ(found.source, "main");
    EXPECT_EQ(found.receive, "imaps://mail.example:993");
    EXPECT_EQ(found.how, "DNS ? names it");
    open.mailbox->receive = found.receive;
    transport.configure({open});
    poll();
    EXPECT_EQ(process().heard<Configure>().size(), 1U);
}

TEST_F(NetworkTransportTest, EndsAProcessThatFindsServersInClearOrNone) {
    for (const char *url : {"imap://mail.example?encryption=none", "mail.example"}) {
        engine::Inlet open = inlet("main");
        open.mailbox->finds_receive = true;
        start();
        transport.configure({open});
        poll();
        process().say(ServersFound{"main", url, "", "DNS names it"});
        EXPECT_TRUE(poll_for<engine::ServersFound>().empty()) << url;
        EXPECT_TRUE(process().was_killed) << url;
        process().end("signal 9");
        poll();
        pass(5s);
    }
}

TEST_F(NetworkTransportTest, TellsOnceWhatTheSystemCannotConfine) {
    transport.configure({inlet("main")});
    poll();
    process().say(Started{played_version, "Landlock"});
    const auto notices = poll_for<engine::Notice>();
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_EQ(notices[0].source, "postrider-network");
    EXPECT_NE(notices[0].reason.message.find("Landlock"), std::string::npos);
    process().end("exit code 0");
    EXPECT_EQ(poll_for<engine::Notice>().size(), 1U) << "its end";
    pass(1s);
    poll();
    process().say(Started{played_version, "Landlock"});
    EXPECT_TRUE(poll_for<engine::Notice>().empty());
}

TEST_F(NetworkTransportTest, GivesOnlySoManyEventsAtOnce) {
    start();
    constexpr std::size_t count = limits::transport_events_max + 3;
    for (std::size_t number = 0; number < count; ++number) {
        process().say(MailArrived{"main", std::to_string(number), {1}});
    }
    EXPECT_EQ(poll().size(), limits::transport_events_max);
    EXPECT_EQ(transport.next_look(wall), wall);
    EXPECT_EQ(poll().size(), 3U);
    EXPECT_NE(transport.next_look(wall), wall);
}

TEST_F(NetworkTransportTest, ReadsNoFurtherWhileEnoughIsNotDelivered) {
    start();
    constexpr std::size_t size = 24 * limits::mib;
    if (!process().let_socket_hold(8 * size)) {
        GTEST_SKIP() << "only root makes a socket so large that all could be read at once";
    }
    for (int number = 0; number < 6; ++number) {
        process().say(MailArrived{"main", std::to_string(number), Bytes(size, 1)});
    }
    EXPECT_EQ(process().unsaid_bytes(), 0U);
    std::size_t arrived = 0;
    for (int round = 0; round < 100000 && arrived < 6; ++round) {
        process().move();
        std::size_t bytes = 0;
        for (const engine::Event &event : poll()) {
            bytes += std::get<engine::Arrived>(event).envelope.size();
            ++arrived;
        }
        EXPECT_LE(bytes, limits::mail_bytes_max + size);
    }
    EXPECT_EQ(arrived, 6U);
}

TEST_F(NetworkTransportTest, EndsAPollThoughTheProcessNeverStopsTalking) {
    start();
    Bytes all; // as one: a socket holds only so many small writes
    for (int number = 0; number < 3000; ++number) {
        const Bytes one = to_bytes(NetworkReport{Doing{"main", "send", std::to_string(number)}});
        all.insert(all.end(), one.begin(), one.end());
    }
    process().say_bytes(all);
    poll();
    EXPECT_EQ(transport.next_look(wall), wall);
    poll_all();
    EXPECT_EQ(transport.doing(), "main, send: 2999");
}

TEST_F(NetworkTransportTest, AnswersWhereAPasswordIsWanted) {
    start();
    process().say(SecretWanted{4, "main", true});
    process().say(SecretWanted{5, "nobody"});
    process().say(SecretWanted{6, "main"});
    poll();
    ASSERT_EQ(secrets.questions.size(), 2U);
    EXPECT_EQ(secrets.questions[0].second, "main, send");
    EXPECT_EQ(secrets.questions[1].second, "main");
    EXPECT_LE(*transport.next_look(wall), wall + 100ms);
    auto answers = process().heard<Secret>();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].question, 5U);
    EXPECT_EQ(answers[0].problem.code, Errc::refused);
    const LoginSecrets all{Bytes{'p', 'w'}, Bytes{'c'}, Bytes{'k'}};
    secrets.answers.push_back({4, all});
    poll();
    answers = process().heard<Secret>();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].question, 4U);
    EXPECT_EQ(answers[0].secrets, all);
    EXPECT_TRUE(answers[0].problem.message.empty());
}

TEST_F(NetworkTransportTest, SaysWhyThereIsNoPassword) {
    start();
    process().say(SecretWanted{4, "main"});
    poll();
    secrets.answers.push_back({4, Error{Errc::refused, "there is no file", {}, "Write it."}});
    poll();
    const auto answers = process().heard<Secret>();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].secrets, LoginSecrets{});
    EXPECT_EQ(answers[0].problem.message, "there is no file");
    EXPECT_EQ(answers[0].problem.hint, "Write it.");
}

TEST_F(NetworkTransportTest, TakesNothingForMailboxesThatThereAreNot) {
    start();
    process().say(MailArrived{"nobody", "1", {1}});
    process().say(MailUnusable{"nobody", "2", {}});
    process().say(Told{"nobody", 1, {}});
    process().say(CursorMoved{"nobody", {1}});
    EXPECT_TRUE(poll_all().empty());
}

TEST_F(NetworkTransportTest, RefusesMoreMailboxesOrPeersThanAMessageHolds) {
    engine::Inlet crowded = inlet("main");
    crowded.stamp_keys.resize(limits::network_items_max);
    transport.configure({crowded});
    let_start();
    EXPECT_EQ(process().heard<Configure>().size(), 1U);
    crowded.stamp_keys.emplace_back();
    transport.configure({crowded, inlet("other")});
    transport.configure({crowded, inlet("other")});
    const auto notices = poll_for<engine::Notice>();
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_EQ(notices[0].source, "main");
    EXPECT_EQ(notices[0].reason.code, Errc::too_large);
    const auto told = process().heard<Configure>();
    ASSERT_EQ(told.size(), 1U);
    ASSERT_EQ(told[0].accounts.size(), 1U);
    EXPECT_EQ(told[0].accounts[0].name, "other");
}

} // namespace
} // namespace postrider::transport

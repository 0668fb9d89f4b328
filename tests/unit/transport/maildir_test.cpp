// Two nodes and strangers in one maildir: who takes what, and what happens to it.
#include <fcntl.h>
#include <sys/stat.h>

#include "common/base/limits.hpp"

#include "tests/unit/transport/maildir_fixture.hpp"

namespace postrider::transport {
namespace {

using engine::Arrived;
using engine::Event;
using engine::Notice;
using engine::Outcome;
using engine::Settlement;
using engine::Unusable;

TEST_F(MaildirTest, DeliversAMailThatItsReaderTakes) {
    const Bytes envelope = envelope_for(key(1));
    put(envelope);
    const std::vector<Event> events = reader(1)->poll(now_);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(std::get<Arrived>(events[0]).envelope, envelope);
    EXPECT_TRUE(names_in("tmp").empty());
}

TEST_F(MaildirTest, TheFileNameAndTheMailTellNothingOfTheSender) {
    const std::string name = put(envelope_for(key(1)));
    EXPECT_TRUE(name.starts_with("1795512605.M000000Q00000001R"));
    EXPECT_TRUE(name.ends_with(".postrider"));
    const std::string mail = read_file("new/" + name);
    EXPECT_TRUE(mail.starts_with("From: postrider@localhost.invalid\r\n"
                                 "To: postrider@localhost.invalid\r\n"));
    EXPECT_EQ(mail.find(directory_), std::string::npos);
}

TEST_F(MaildirTest, WritesTheFormOfMailThatItIsTold) {
    engine::Transmission text = transmission(1, envelope_for(key(1)));
    text.container = mail::Container::armour;
    Maildir writer;
    writer.submit(std::move(text));
    writer.poll(now_);
    const std::string mail = read_file("new/" + *names_in("new").begin());
    EXPECT_NE(mail.find("-----BEGIN POSTRIDER PART-----"), std::string::npos);
    EXPECT_EQ(only<Arrived>(reader(1)->poll(now_)).size(), 1U);
}

TEST_F(MaildirTest, EachOfTwoNodesTakesItsOwnAndLeavesTheOthers) {
    const Bytes for_one = envelope_for(key(1));
    const Bytes for_two = envelope_for(key(2));
    put(for_one);
    put(for_two);
    const auto one = reader(1);
    const auto two = reader(2);
    const std::vector<Event> at_one = one->poll(now_);
    const std::vector<Event> at_two = two->poll(now_);
    ASSERT_EQ(only<Arrived>(at_one).size(), 1U);
    ASSERT_EQ(only<Arrived>(at_two).size(), 1U);
    EXPECT_EQ(only<Arrived>(at_one)[0].envelope, for_one);
    EXPECT_EQ(only<Arrived>(at_two)[0].envelope, for_two);
    one->settle(only<Arrived>(at_one)[0].receipt, Settlement::remove);
    EXPECT_EQ(names_in("new").size(), 1U);
    two->settle(only<Arrived>(at_two)[0].receipt, Settlement::remove);
    EXPECT_TRUE(names_in("new").empty());
}

TEST_F(MaildirTest, SomebodyElsesMailsAreCountedOnceAndLeftUntouched) {
    put(envelope_for(key(2)));
    put(envelope_for(key(3)));
    write_file("new/human", "Subject: lunch?\n\nAt twelve?\n");
    const auto one = reader(1);
    const std::vector<Event> events = one->poll(now_);
    ASSERT_EQ(events.size(), 1U);
    const Notice &notice = std::get<Notice>(events[0]);
    EXPECT_EQ(notice.source, directory_);
    EXPECT_EQ(notice.count, 3U);
    EXPECT_EQ(notice.reason.code, Errc::unknown_peer);
    EXPECT_TRUE(one->poll(now_).empty());
    EXPECT_EQ(names_in("new").size(), 3U);
    EXPECT_EQ(read_file("new/human"), "Subject: lunch?\n\nAt twelve?\n");
}

TEST_F(MaildirTest, WhatANodeWroteItselfIsNotReadByIt) {
    const auto one = reader(1);
    one->submit(transmission(7, envelope_for(key(2))));
    const std::vector<Event> events = one->poll(now_);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(std::get<Outcome>(events[0]).ticket, 7U);
    EXPECT_TRUE(one->poll(now_).empty());
}

TEST_F(MaildirTest, AMessageThatAMailProgramHasMovedAndFlaggedIsTakenAndRemoved) {
    const std::string name = put(envelope_for(key(1)));
    fs::rename(directory_ + "/new/" + name, directory_ + "/cur/" + name + ":2,S");
    const auto one = reader(1);
    const std::vector<Event> events = one->poll(now_);
    ASSERT_EQ(only<Arrived>(events).size(), 1U);
    one->settle(only<Arrived>(events)[0].receipt, Settlement::remove);
    EXPECT_TRUE(names_in("cur").empty());
}

TEST_F(MaildirTest, AMessageMovedBetweenArrivalAndSettlingIsStillRemoved) {
    const std::string name = put(envelope_for(key(1)));
    const auto one = reader(1);
    const std::vector<Event> events = one->poll(now_);
    fs::rename(directory_ + "/new/" + name, directory_ + "/cur/" + name + ":2,RS");
    EXPECT_TRUE(one->poll(now_).empty());
    one->settle(only<Arrived>(events).at(0).receipt, Settlement::remove);
    EXPECT_TRUE(names_in("cur").empty());
}

TEST_F(MaildirTest, AMessageThatVanishesMeanwhileIsNoTrouble) {
    const std::string name = put(envelope_for(key(1)));
    const auto one = reader(1);
    const std::vector<Event> events = one->poll(now_);
    fs::remove(directory_ + "/new/" + name);
    one->settle(only<Arrived>(events).at(0).receipt, Settlement::remove);
    EXPECT_TRUE(one->poll(now_).empty());
}

TEST_F(MaildirTest, NothingIsRemovedBeforeItIsSettledAndNothingArrivesTwiceInAProcess) {
    put(envelope_for(key(1)));
    const auto one = reader(1);
    EXPECT_EQ(one->poll(now_).size(), 1U);
    EXPECT_TRUE(one->poll(now_ + std::chrono::hours{1}).empty());
    EXPECT_EQ(names_in("new").size(), 1U);
    EXPECT_EQ(reader(1)->poll(now_).size(), 1U) << "a new process sees it again";
}

TEST_F(MaildirTest, AKeptMessageIsShownAgainAfterAMinute) {
    const std::string name = put(envelope_for(key(1)));
    const auto one = reader(1);
    const std::vector<Event> events = one->poll(now_);
    one->settle(only<Arrived>(events).at(0).receipt, Settlement::keep);
    EXPECT_TRUE(one->poll(now_ + std::chrono::seconds{59}).empty());
    EXPECT_EQ(names_in("new").count(name), 1U);
    EXPECT_EQ(one->poll(now_ + std::chrono::seconds{60}).size(), 1U);
}

TEST_F(MaildirTest, AKeptMessageIsShownAgainAtOnceWhenANewStampKeyIsKnown) {
    put(envelope_for(key(1)));
    const auto one = reader(1);
    const std::vector<Event> events = one->poll(now_);
    one->settle(only<Arrived>(events).at(0).receipt, Settlement::keep);
    engine::Inlet paired = inlet(1);
    paired.stamp_keys.push_back(key(2));
    one->configure({paired});
    EXPECT_EQ(one->poll(now_).size(), 1U);
}

TEST_F(MaildirTest, AClockThatIsSetBackDoesNotHideAKeptMessage) {
    put(envelope_for(key(1)));
    const auto one = reader(1);
    const std::vector<Event> events = one->poll(now_);
    one->settle(only<Arrived>(events).at(0).receipt, Settlement::keep);
    EXPECT_EQ(one->poll(now_ - std::chrono::hours{24}).size(), 1U);
}

TEST_F(MaildirTest, AMessageSetAsideLiesInAMaildirFolderOfItsOwn) {
    const std::string name = put(envelope_for(key(1)));
    const auto one = reader(1);
    one->settle(only<Arrived>(one->poll(now_)).at(0).receipt, Settlement::set_aside);
    EXPECT_TRUE(names_in("new").empty());
    EXPECT_EQ(names_in(".postrider-bad/new"), std::set<std::string>{name});
    EXPECT_TRUE(fs::exists(directory_ + "/.postrider-bad/maildirfolder"));
    EXPECT_TRUE(one->poll(now_).empty());
}

TEST_F(MaildirTest, ATruncatedMailForUsIsUnusableAndOneForOthersIsTold) {
    const std::string name = put(envelope_for(key(1), 5000));
    const std::string mail = read_file("new/" + name);
    write_file("new/" + name, mail.substr(0, 3000));
    const auto one = reader(1);
    const std::vector<Event> at_one = one->poll(now_);
    ASSERT_EQ(at_one.size(), 1U);
    EXPECT_NE(std::get<Unusable>(at_one[0]).reason.message.find("truncated"), std::string::npos);
    const auto two = reader(2);
    const std::vector<Event> at_two = two->poll(now_);
    ASSERT_EQ(at_two.size(), 1U);
    EXPECT_EQ(std::get<Notice>(at_two[0]).message, name);
    EXPECT_EQ(std::get<Notice>(at_two[0]).reason.code, Errc::malformed);
    EXPECT_TRUE(two->poll(now_).empty()) << "told once";
    EXPECT_EQ(names_in("new").size(), 1U);
}

TEST_F(MaildirTest, AMailWithTwoEnvelopesForUsGoesWhenBothAreSettled) {
    const Bytes first = envelope_for(key(1), 400);
    const Bytes second = envelope_for(key(1), 500);
    write_file("new/both", "\n" + std::string(as_text(first)) + std::string(as_text(second)));
    const auto one = reader(1);
    const std::vector<Arrived> arrived = only<Arrived>(one->poll(now_));
    ASSERT_EQ(arrived.size(), 2U);
    EXPECT_EQ(arrived[0].envelope, first);
    EXPECT_EQ(arrived[1].envelope, second);
    one->settle(arrived[0].receipt, Settlement::remove);
    EXPECT_EQ(names_in("new").size(), 1U);
    one->settle(arrived[1].receipt, Settlement::remove);
    EXPECT_TRUE(names_in("new").empty());
}

TEST_F(MaildirTest, OfTwoSettlementsOfOneMailTheOneThatLosesLessCounts) {
    write_file("new/both", "\n" + std::string(as_text(envelope_for(key(1), 400))) +
                               std::string(as_text(envelope_for(key(1), 500))));
    const auto one = reader(1);
    const std::vector<Arrived> arrived = only<Arrived>(one->poll(now_));
    one->settle(arrived.at(0).receipt, Settlement::keep);
    one->settle(arrived.at(1).receipt, Settlement::remove);
    EXPECT_EQ(names_in("new").size(), 1U);
}

TEST_F(MaildirTest, ANewStampKeyLooksThroughTheOldMailsAgain) {
    put(envelope_for(key(2)));
    const auto one = reader(1);
    EXPECT_TRUE(only<Arrived>(one->poll(now_)).empty());
    engine::Inlet both = inlet(1);
    both.stamp_keys.push_back(key(2));
    one->configure({both});
    EXPECT_EQ(only<Arrived>(one->poll(now_)).size(), 1U);
}

TEST_F(MaildirTest, AnUnchangedConfigurationForgetsNothing) {
    put(envelope_for(key(1)));
    put(envelope_for(key(2)));
    const auto one = reader(1);
    EXPECT_EQ(one->poll(now_).size(), 2U);
    engine::Inlet same = inlet(1);
    same.source += "/";
    one->configure({same});
    EXPECT_TRUE(one->poll(now_).empty());
}

TEST_F(MaildirTest, AFloodOfMailsComesInPortionsOldestFirst) {
    constexpr std::size_t count = 2 * limits::transport_events_max + 5;
    std::vector<std::string> names;
    for (std::size_t index = 0; index < count; ++index) {
        now_ += std::chrono::seconds{1};
        names.push_back(put(envelope_for(key(1))));
    }
    const auto one = reader(1);
    std::vector<std::string> seen;
    for (int poll = 0; poll < 3; ++poll) {
        EXPECT_EQ(one->next_look(now_), poll == 0 ? now_ + std::chrono::seconds{1} : now_);
        const std::vector<Event> events = one->poll(now_);
        EXPECT_LE(events.size(), limits::transport_events_max);
        for (const Arrived &arrived : only<Arrived>(events)) {
            seen.push_back(fs::path(arrived.receipt).filename());
        }
    }
    EXPECT_EQ(seen, names);
    EXPECT_EQ(one->next_look(now_), now_ + std::chrono::seconds{1});
}

TEST_F(MaildirTest, AWriterWhoseClockLagsIsHeardWhileOthersKeepWriting) {
    const auto one = reader(1);
    const std::string late = put(envelope_for(key(1)));
    fs::rename(directory_ + "/new/" + late, root_ / "late");
    std::set<std::string> arrived;
    for (int poll = 0; poll < 3; ++poll) {
        put(envelope_for(key(1)));
        if (poll == 1) {
            fs::rename(root_ / "late", directory_ + "/new/1.R00.postrider");
        }
        now_ += std::chrono::seconds{1};
        for (const Arrived &mail : only<Arrived>(one->poll(now_))) {
            arrived.insert(fs::path(mail.receipt).filename());
        }
    }
    EXPECT_EQ(arrived.size(), 4U);
    EXPECT_EQ(arrived.count("1.R00.postrider"), 1U);
}

TEST_F(MaildirTest, ManyTransmissionsAreDeliveredInOrderOverSeveralPolls) {
    Maildir writer;
    const Bytes envelope = envelope_for(key(1));
    for (std::uint64_t ticket = 0; ticket < 40; ++ticket) {
        writer.submit(transmission(ticket, envelope));
    }
    std::uint64_t expected = 0;
    while (writer.next_look(now_)) {
        for (const Outcome &outcome : only<Outcome>(writer.poll(now_))) {
            EXPECT_EQ(outcome.ticket, expected++);
        }
    }
    EXPECT_EQ(expected, 40U);
    EXPECT_EQ(names_in("new").size(), 40U);
}

TEST_F(MaildirTest, MailsOfOneMomentAreReadInTheOrderInWhichTheyWereSent) {
    Maildir writer;
    std::vector<Bytes> sent;
    for (std::uint64_t ticket = 0; ticket < 12; ++ticket) {
        sent.push_back(envelope_for(key(1)));
        writer.submit(transmission(ticket, sent.back()));
    }
    while (writer.next_look(now_)) {
        writer.poll(now_);
    }
    std::vector<Bytes> read;
    for (const Arrived &arrived : only<Arrived>(reader(1)->poll(now_))) {
        read.push_back(arrived.envelope);
    }
    EXPECT_EQ(read, sent);
}

TEST_F(MaildirTest, WhatAWriterThatCrashedLeftInTmpGoesAfterThirtySixHours) {
    const std::string left =
        "1795000000.M000001Q00000001R0123456789abcdef0123456789abcdef.postrider";
    const std::string late =
        "1795000001.M000001Q00000001R0123456789abcdef0123456789abcdef.postrider";
    const std::vector<std::string> others = {
        "1795000000.M1P2.host",
        "1795000000.M000001Q00000001R0123456789abcdef0123456789abcdef.postrider.txt",
        "1795000000.M000001Q00000001R0123456789abcdef0123456789abcdeg.postrider",
        "1795000000.M000001Q00000001R0123.postrider",
        ".M000001Q00000001R0123456789abcdef0123456789abcdef.postrider"};
    const auto write_at = [&](const std::string &name, Timestamp time) {
        write_file("tmp/" + name, "begun");
        const timespec when{to_milliseconds(time) / 1000, 0};
        const std::array<timespec, 2> times{when, when};
        ASSERT_EQ(::utimensat(AT_FDCWD, (directory_ + "/tmp/" + name).c_str(), times.data(), 0), 0);
    };
    const Timestamp long_ago = now_ - std::chrono::hours{36} - std::chrono::seconds{1};
    write_at(left, long_ago);
    write_at(late, now_ - std::chrono::hours{36});
    for (const std::string &name : others) {
        write_at(name, long_ago);
    }
    std::set<std::string> expected(others.begin(), others.end());
    expected.insert(late);
    const auto maildir = reader(1);
    maildir->poll(now_);
    EXPECT_EQ(names_in("tmp"), expected);
    expected.erase(late);
    maildir->poll(now_ + std::chrono::minutes{59});
    EXPECT_EQ(names_in("tmp").count(late), 1U); // it is not looked for at every poll
    maildir->poll(now_ + std::chrono::hours{1});
    EXPECT_EQ(names_in("tmp"), expected);
}

TEST_F(MaildirTest, WithoutInletsThereIsNothingToLookFor) {
    Maildir idle;
    EXPECT_EQ(idle.next_look(now_), std::nullopt);
    idle.configure({{"mail", "imaps://hq.example", {}, {}, {}}});
    EXPECT_EQ(idle.next_look(now_), std::nullopt);
    EXPECT_TRUE(idle.poll(now_).empty());
}

} // namespace
} // namespace postrider::transport

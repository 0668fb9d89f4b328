// A node that was taken back in time goes on by itself, whatever was taken back with it.
#include "common/engine/report.hpp"
#include "common/engine/store/peers.hpp"

#include "tests/support/two_way.hpp"

namespace postrider::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

using Restore = TwoWay;

TEST_F(Restore, AMachineThatWasTakenBackWholeMendsBothDirections) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    run(office, "INSERT INTO price VALUES(1, 'first')");
    settle();
    const TestNode::Backup backup = shop.back_up(directory / "backup.db");
    for (int number = 2; number < 6; ++number) {
        run(shop, "INSERT INTO sale VALUES(" + std::to_string(number) + ", 'lost')");
        run(office, "INSERT INTO price VALUES(" + std::to_string(number) + ", 'forgotten')");
        settle();
    }
    shop.restore(backup);
    run(office, "UPDATE price SET v = 'changed' WHERE id = 1");
    settle_for_hours(1);
    run(shop, "INSERT INTO sale VALUES(9, 'new')");
    settle_for_hours(1);
    expect_equal();
    EXPECT_EQ(ask(office, "SELECT * FROM sale ORDER BY id"), "1|first\n9|new");
    EXPECT_EQ(ask(shop, "SELECT count(*) FROM price"), "5");
    EXPECT_EQ(events(shop, "new_incarnation"), "1");
    EXPECT_EQ(events(office, "peer_began_anew"), "1");
}

TEST_F(Restore, AReceiverThatWasTakenBackWholeIsMendedByTheNextChange) {
    const TestNode::Backup backup = office.back_up(directory / "backup.db");
    for (int number = 1; number < 6; ++number) {
        run(shop, "INSERT INTO sale VALUES(" + std::to_string(number) + ", 'forgotten')");
        settle();
    }
    office.restore(backup);
    run(shop, "INSERT INTO sale VALUES(9, 'new')");
    settle_for_hours(2);
    expect_equal();
    EXPECT_EQ(ask(office, "SELECT count(*) FROM sale"), "6");
}

TEST_F(Restore, BothMachinesTakenBackWholeMendEachOther) {
    const TestNode::Backup old_shop = shop.back_up(directory / "shop_backup.db");
    const TestNode::Backup old_office = office.back_up(directory / "office_backup.db");
    for (int number = 1; number < 6; ++number) {
        run(shop, "INSERT INTO sale VALUES(" + std::to_string(number) + ", 'lost')");
        settle();
        run(office, "INSERT INTO price VALUES(" + std::to_string(number) + ", 'lost')");
        settle();
    }
    shop.restore(old_shop);
    run(shop, "INSERT INTO sale VALUES(7, 'new')");
    settle();
    office.restore(old_office);
    run(office, "INSERT INTO price VALUES(8, 'new')");
    settle_for_hours(3);
    expect_equal();
    EXPECT_EQ(ask(office, "SELECT * FROM sale"), "7|new");
    EXPECT_EQ(ask(shop, "SELECT * FROM price"), "8|new");
}

TEST_F(Restore, AReceiverTakenBackToBeforeAStreamBeganGetsAllOfIt) {
    const TestNode::Backup backup = office.back_up(directory / "backup.db");
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    office.restore(backup.file); // the vault knows more, so it is noticed at once
    settle_for_hours(1);
    expect_equal();
    EXPECT_EQ(ask(office, "SELECT * FROM sale"), "1|first");
}

TEST_F(Restore, ARestoreThatOnlyTheStateFileCanTellIsNoticed) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    for (const bool by_counter : {true, false}) {
        shop.restart();
        vault::MemoryVaultContent content = shop.vault.snapshot();
        engine::StateFile &state = content.states.at(shop.identity.node);
        if (by_counter) {
            ++state.report_counter;
        } else {
            state.start_token = crypto::random_bytes<16>();
        }
        shop.vault.restore(content);
        settle();
    }
    EXPECT_EQ(events(shop, "new_incarnation"), "2");
    expect_equal();
}

TEST_F(Restore, ANewTimelineBeginsANewIncarnationAlthoughNothingIsMissing) {
    shop.vault.go_over_to(1);
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    shop.vault.go_over_to(2);
    shop.restart();
    run(shop, "INSERT INTO sale VALUES(2, 'second')");
    settle();
    EXPECT_EQ(events(shop, "new_incarnation"), "1");
    shop.restart();
    run(shop, "INSERT INTO sale VALUES(3, 'third')");
    settle();
    EXPECT_EQ(events(shop, "new_incarnation"), "1") << "the state file knows the timeline now";
    expect_equal();
}

TEST_F(Restore, StartsAndCrashesBeforeAnythingIsSentAreNotTakenForARestore) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    for (int count = 0; count < 5; ++count) {
        shop.restart();
        shop.cycle();
    }
    run(shop, "INSERT INTO sale VALUES(2, 'second')");
    settle();
    shop.restart();
    settle();
    EXPECT_EQ(events(shop, "new_incarnation"), "0");
    EXPECT_EQ(events(office, "peer_began_anew"), "0");
    expect_equal();
}

TEST_F(Restore, OldMailsThatArePlayedAgainRegressNothingAndCauseAtMostOneAnswerInAnHour) {
    std::map<std::string, std::string> old;
    for (int number = 1; number < 12; ++number) {
        run(shop, "INSERT INTO sale VALUES(" + std::to_string(number) + ", 'x')");
        if (number % 4 == 0) {
            shop.restart(); // reports of several starts
        }
        run(office, "INSERT INTO price VALUES(" + std::to_string(number) + ", 'x')");
        for (int round = 0; round < 20; ++round) {
            shop.cycle();
            old.merge(mails());
            office.cycle();
            old.merge(mails());
            wait(std::chrono::seconds{2});
        }
    }
    settle();
    ASSERT_GT(old.size(), 20U);
    shop.timing.repeat_max = office.timing.repeat_max = hours{1};
    shop.restart();
    office.restart();
    const std::string positions = ask(office, "SELECT * FROM postrider_stream_in") +
                                  ask(shop, "SELECT * FROM postrider_stream_in");
    std::uint64_t answers = 0;
    for (int round = 0; round < 30; ++round) {
        deliver(old, "replay" + std::to_string(round));
        for (int cycle = 0; cycle < 4; ++cycle) {
            answers += shop.cycle().parts_sent;
            answers += office.cycle().parts_sent;
            wait(minutes{1});
        }
    }
    // Two hours of them. Each side may answer for each of its two streams and for the marks.
    EXPECT_LE(answers, 2U * 3U * 3U);
    EXPECT_EQ(events(shop, "new_incarnation") + events(office, "new_incarnation"), "00");
    EXPECT_EQ(events(shop, "stream_rebased") + events(office, "stream_rebased"), "00");
    expect_equal();
}

TEST_F(Restore, ALieAboutWhatWasSeenOfUsIsRefused) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    wire::Report lie;
    lie.incarnation = 1'000'000'000'000'000;
    lie.counter = 1;
    lie.seen = wire::Seen{std::uint64_t{0xffffffffU} << 32U, 7, {}, false, {}};
    shop.write([&](const engine::Session &session) {
        engine::take_report(session, *engine::find_peer(session.transaction, "office"), lie);
    });
    settle();
    EXPECT_EQ(events(shop, "new_incarnation"), "0");
    EXPECT_EQ(ask(shop, "SELECT count(*) FROM postrider_refused WHERE reason LIKE '%never made%'"),
              "1");
}

TEST_F(Restore, AnIncarnationThatCannotBeIsRefused) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    wire::Report lie;
    lie.incarnation = 1'000'000'000'000'000;
    lie.counter = 1;
    lie.streams.resize(1);
    lie.streams.front().stream = 1;
    lie.streams.front().incarnation = std::uint64_t{0xfffffff0U} << 32U;
    shop.write([&](const engine::Session &session) {
        engine::take_report(session, *engine::find_peer(session.transaction, "office"), lie);
    });
    EXPECT_EQ(ask(shop, "SELECT count(*) FROM postrider_refused WHERE reason LIKE '%cannot be%'"),
              "1");
    EXPECT_EQ(events(shop, "stream_rebased"), "0");
}

TEST_F(Restore, AReceiverThatKnowsMoreThanWeSentMakesUsAskEverybodyOnceInAnHour) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    shop.timing.repeat_max = hours{1};
    shop.restart();
    shop.cycle();
    const auto claim_more = [&](std::uint64_t counter) {
        shop.write([&](const engine::Session &session) {
            wire::Report claim;
            claim.incarnation = 1'000'000'000'000'000;
            claim.counter = counter;
            claim.start.token[0] = 1;
            claim.streams.resize(1);
            claim.streams.front().stream = 1;
            claim.streams.front().incarnation =
                engine::load_outgoing(session.transaction, {1, 1})->machine.incarnation;
            claim.streams.front().applied = 60;
            engine::take_report(session, *engine::find_peer(session.transaction, "office"), claim);
        });
        shop.cycle();
    };
    const std::string before = ask(shop, "SELECT incarnation FROM postrider_node");
    claim_more(1);
    EXPECT_NE(ask(shop, "SELECT incarnation FROM postrider_node"), before);
    EXPECT_EQ(ask(shop, "SELECT count(*) FROM postrider_peer_start WHERE hello_tries = 1"), "1");
    for (std::uint64_t counter = 2; counter < 9; ++counter) {
        shop.now += minutes{5};
        claim_more(counter);
    }
    EXPECT_EQ(events(shop, "new_incarnation"), "1");
    shop.now += hours{1};
    shop.cycle();
    EXPECT_EQ(events(shop, "new_incarnation"), "2");
}

TEST_F(Restore, AskingWhereAPeerStandsBecomesRareWhileItIsAway) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    const std::string backup = directory / "backup.db";
    shop.copy_to(backup);
    run(shop, "INSERT INTO sale VALUES(2, 'lost')");
    settle();
    shop.restore(backup);
    std::uint64_t asked = 0;
    for (int count = 0; count < 30 * 24; ++count) {
        shop.now += hours{1};
        asked += shop.cycle().parts_sent;
    }
    EXPECT_LT(asked, 60U);
    EXPECT_GT(asked, 25U);
    office.now = shop.now;
    settle_for_hours(1);
    expect_equal();
}

TEST_F(Restore, NotesOfANodeThatWasTakenBackAreStillHeard) {
    const TestNode::Backup backup = office.back_up(directory / "backup.db");
    const auto tell = [&](const std::string &what) {
        office.write([&](const engine::Session &session) {
            engine::leave_note(session, *engine::find_peer(session.transaction, "shop"),
                               {.number = 0,
                                .kind = wire::NoteKind::error,
                                .stream = 1,
                                .batch_number = 1,
                                .rows = 0,
                                .code = "refused",
                                .message = what});
        });
        settle_for_hours(1);
    };
    tell("one");
    tell("two");
    tell("three");
    office.restore(backup);
    tell("four");
    EXPECT_EQ(ask(shop, "SELECT message FROM postrider_events WHERE kind = 'peer_note'"),
              "office reports: one\noffice reports: two\noffice reports: three\n"
              "office reports: four");
}

// ---- Two pasts under one number -----------------------------------------------------------------

TEST_F(Restore, ADamagedChainIsToldToTheSenderAndTheStreamBeginsAnew) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    run(shop, "UPDATE postrider_stream_out SET last_chain = randomblob(32) WHERE stream = 1");
    run(shop, "INSERT INTO sale VALUES(2, 'second')");
    settle_for_hours(1);
    expect_equal();
    EXPECT_EQ(events(office, "stream_forked"), "1");
    EXPECT_EQ(events(office, "stream_mended"), "1");
    EXPECT_EQ(events(shop, "stream_forked"), "1");
    EXPECT_EQ(events(shop, "stream_rebased"), "1");
}

TEST_F(Restore, TwoContentsUnderOneNumberAreToldToTheSenderAndTheStreamBeginsAnew) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    const TestNode::Backup backup = shop.back_up(directory / "backup.db");
    run(shop, "INSERT INTO sale VALUES(2, 'lost')");
    shop.cycle(); // its mail stays on the way while the machine is taken back
    ASSERT_EQ(mails().size(), 1U);
    shop.restore(backup);
    run(shop, "INSERT INTO sale VALUES(3, 'new')");
    shop.cycle();
    ASSERT_EQ(mails().size(), 2U);
    office.cycle();
    EXPECT_EQ(events(office, "stream_forked"), "1");
    EXPECT_EQ(ask(office, "SELECT state FROM postrider_status"), "stuck");
    settle_for_hours(1);
    expect_equal();
    EXPECT_EQ(ask(office, "SELECT * FROM sale ORDER BY id"), "1|first\n3|new");
    EXPECT_EQ(events(shop, "new_incarnation"), "1") << "the lost batch bore a mark";
    EXPECT_EQ(events(office, "stream_mended"), "1");
}

TEST_F(Restore, AForkIsMendedAlthoughEveryFirstMailAboutItIsLost) {
    run(shop, "INSERT INTO sale VALUES(1, 'first')");
    settle();
    run(shop, "UPDATE postrider_stream_out SET last_chain = randomblob(32) WHERE stream = 1");
    run(shop, "INSERT INTO sale VALUES(2, 'second')");
    shop.cycle();
    office.cycle();
    wait(std::chrono::seconds{2});
    office.cycle();
    for (const auto &[name, text] : mails()) {
        std::filesystem::remove(directory / ("mail/new/" + name));
    }
    settle_for_hours(2);
    expect_equal();
}

TEST_F(Restore, AnOlderSecretFileStillOpensWhatComesAndItsOldKeysAreDestroyedAgain) {
    const vault::MemoryVaultContent old = office.vault.snapshot();
    const auto ratchet_index = [this] {
        return office.vault.load_secret(office.identity.node)->ratchet_index;
    };
    for (int week = 1; week <= 7; ++week) {
        run(shop, "INSERT INTO sale VALUES(" + std::to_string(week) + ", 'x')");
        run(office, "INSERT INTO price VALUES(" + std::to_string(week) + ", 'x')");
        settle();
        wait(hours{24 * 7});
    }
    const std::uint32_t index = ratchet_index();
    ASSERT_GT(index, 0U);
    vault::MemoryVaultContent mixed = office.vault.snapshot();
    mixed.secrets = old.secrets;
    office.vault.restore(mixed);
    office.restart();
    ASSERT_EQ(ratchet_index(), 0U);
    run(shop, "INSERT INTO sale VALUES(99, 'new')");
    settle_for_hours(2);
    expect_equal();
    EXPECT_GE(ratchet_index(), index);
}

} // namespace
} // namespace postrider::test

// Tasks that change lane: nothing of theirs is lost, comes twice or overtakes what is older, and
// streams that carry nothing any more are given to the next lane.
#include <filesystem>

#include <gtest/gtest.h>

#include "common/engine/explain.hpp"
#include "common/engine/lane_streams.hpp"
#include "common/engine/offers.hpp"

#include "tests/support/items_and_alarms.hpp"

namespace postrider::test {
namespace {

using engine::Session;
using std::chrono::hours;
using std::chrono::minutes;

struct Lanes : ItemsAndAlarms {
    void SetUp() override {
        declare(shop, "PEER office MAILDIR '" + (directory / "mail") + "' TRUST TASKS");
    }

    /// In time for everything to be sent again, too.
    void settle_for_long() {
        for (int minute = 0; minute < 5; ++minute) {
            settle();
            wait(minutes{1});
        }
    }

    void set_item(int id, const std::string &name) {
        shop_application.run("INSERT INTO item VALUES(" + std::to_string(id) + ", '" + name +
                             "') ON CONFLICT(id) DO UPDATE SET name = excluded.name");
    }

    void set_alarm(int id, const std::string &name) {
        shop_application.run("INSERT INTO alarm VALUES(" + std::to_string(id) + ", '" + name +
                             "') ON CONFLICT(id) DO UPDATE SET name = excluded.name");
    }

    /// The shop sends what it has; its mails are lost.
    [[nodiscard]] std::vector<std::filesystem::path> mails() const {
        std::vector<std::filesystem::path> found;
        for (const auto &mail : std::filesystem::directory_iterator(directory / "mail/new")) {
            found.push_back(mail.path());
        }
        return found;
    }

    void send_in_vain() {
        shop.cycle();
        for (const std::filesystem::path &mail : mails()) {
            std::filesystem::remove(mail);
        }
    }

    std::string items() { return office_application.ask("SELECT id, name FROM item ORDER BY id"); }

    std::string alarms() {
        return office_application.ask("SELECT id, name FROM alarm ORDER BY id");
    }

    /// By stream.
    std::string rows_sent() {
        return shop_application.ask("SELECT stream, sum(rows) FROM postrider_history"
                                    " WHERE direction = 'sent' AND stream > 0 GROUP BY stream");
    }

    /// What the office waits for.
    std::string needed() {
        return office_application.ask(
            "SELECT stream, number, of_stream, of_number FROM postrider_needed_batch");
    }

    /// The receiver has lost what it had of it.
    void forget_first_stream() {
        office_application.run("UPDATE postrider_stream_in SET applied_number = 0,"
                               " applied_chain = zeroblob(32), applied_incarnation = 0,"
                               " news_since = 0, at_once = 1 WHERE stream = 1");
    }

    static std::string
    blocked_by(TestNode &node, const std::string &peer, const std::string &station) {
        std::string reason = "no such station";
        node.write([&](const Session &session) {
            for (const engine::Station &each :
                 engine::explain(session, *engine::find_peer(session.transaction, peer))) {
                reason = each.station == station ? each.blocked_by : reason;
            }
        });
        return reason;
    }

    std::string lanes() {
        return shop_application.ask("SELECT stream, lane FROM postrider_stream_out WHERE stream > 0"
                                    " ORDER BY stream");
    }

    /// Items travel alone, alarms by the hour, and both are there.
    void begin_apart() {
        set_item(1, "rope");
        set_alarm(1, "fire");
        declare(shop,
                "TASK goods SEND item TO office; TASK alarms SEND alarm TO office EVERY 1 HOUR");
        settle();
        ASSERT_EQ(items(), "1|rope");
        ASSERT_EQ(alarms(), "1|fire");
        ASSERT_EQ(rows_sent(), "1|1\n2|1");
    }

    /// In one stream.
    void begin_together() {
        set_item(1, "rope");
        set_alarm(1, "fire");
        declare(shop, "TASK goods SEND item TO office; TASK alarms SEND alarm TO office");
        settle();
        ASSERT_EQ(rows_sent(), "1|2");
    }
};

TEST_F(Lanes, ATaskThatIsAloneInItsLaneTakesItsStreamAlong) {
    begin_apart();
    set_item(1, "line");
    send_in_vain();
    declare(shop, "TASK goods SEND item TO office PRIORITY HIGH");
    set_item(1, "cord");
    settle_for_long();
    EXPECT_EQ(items(), "1|cord");
    EXPECT_EQ(rows_sent(), "1|3\n2|1"); // it is not loaded again
    EXPECT_EQ(lanes(), "1|paths in order, PRIORITY HIGH, ON ERROR PARK\n"
                       "2|paths in order, EVERY 1 HOUR, ON ERROR PARK");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox"), "0");
}

TEST_F(Lanes, WhatComesByTheNewStreamWaitsForWhatWasSentByTheOld) {
    begin_together();
    set_item(1, "line");
    set_alarm(1, "flood");
    send_in_vain();
    declare(shop, "TASK goods SEND item TO office PRIORITY HIGH");
    set_item(1, "cord");
    settle();
    EXPECT_EQ(items(), "1|rope");
    EXPECT_EQ(needed(), "2|1|1|2");
    EXPECT_EQ(blocked_by(office, "shop", "inbox of stream 2"), "batch 2 of stream 1 comes first");
    settle_for_long();
    EXPECT_EQ(items(), "1|cord");
    EXPECT_EQ(alarms(), "1|flood");
    EXPECT_EQ(rows_sent(), "1|4\n2|1");
    EXPECT_EQ(needed(), "");
    set_item(1, "wire");
    settle();
    EXPECT_EQ(items(), "1|wire");
}

/// The items leave for the hourly lane of the alarms, and that one again for a lane of their own,
/// while the first stream has an item on its way.
struct ThroughAnotherLane : Lanes {
    void lose_an_item() {
        set_item(1, "line");
        send_in_vain();
    }

    void go_through_the_hourly_lane() {
        declare(shop, "TASK goods SEND item TO office EVERY 1 HOUR");
        declare(shop, "TASK goods SEND item TO office PRIORITY HIGH");
        set_item(1, "cord");
    }
};

TEST_F(ThroughAnotherLane, WhatTheTablesLeftFirstComesFirstThoughTheLaneBetweenSentNothing) {
    begin_apart();
    lose_an_item();
    go_through_the_hourly_lane();
    settle();
    EXPECT_EQ(items(), "1|rope");
    EXPECT_EQ(needed(), "3|1|1|2");
    settle_for_long();
    EXPECT_EQ(items(), "1|cord");
}

TEST_F(ThroughAnotherLane, NorDoesWhatTheLaneBetweenHadSentBeforeStandForIt) {
    begin_apart();
    wait(hours{1});
    set_alarm(1, "flood");
    shop.cycle();
    const std::filesystem::path late = directory / "late";
    std::filesystem::rename(*mails().begin(), late);
    lose_an_item();
    std::filesystem::rename(late, directory / "mail/new/late");
    ASSERT_EQ(rows_sent(), "1|2\n2|2");
    go_through_the_hourly_lane();
    settle();
    EXPECT_EQ(alarms(), "1|flood");
    EXPECT_EQ(items(), "1|rope");
    EXPECT_EQ(needed(), "3|1|1|2\n3|1|2|2");
    settle_for_long();
    EXPECT_EQ(items(), "1|cord");
}

TEST_F(ThroughAnotherLane, NorDoesTheTableComeWholeBeforeItWhereTheLaneBetweenIsHeld) {
    begin_apart();
    lose_an_item();
    declare(shop, "TASK goods SEND item TO office EVERY 1 HOUR");
    shop_application.run("UPDATE postrider_stream_out SET state = 1 WHERE stream = 2");
    declare(shop, "TASK goods SEND item TO office PRIORITY HIGH");
    set_item(1, "cord");
    settle();
    EXPECT_EQ(items(), "1|rope");
    EXPECT_EQ(needed(), "3|1|1|2");
    settle_for_long();
    EXPECT_EQ(items(), "1|cord");
}

TEST_F(ThroughAnotherLane, WhatIsGivenUpIsNotWaitedForThereEither) {
    begin_apart();
    wait(hours{1});
    set_alarm(1, "flood");
    lose_an_item();
    go_through_the_hourly_lane();
    settle();
    ASSERT_EQ(needed(), "3|1|1|2\n3|1|2|2");
    forget_first_stream();
    settle_for_long();
    wait(hours{1});
    settle_for_long();
    EXPECT_EQ(items(), "1|cord");
    EXPECT_EQ(alarms(), "1|flood");
    EXPECT_EQ(needed(), "");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox"), "0");
}

TEST_F(Lanes, WhatWaitedForItsHourGoesWithItsTask) {
    begin_apart();
    set_alarm(1, "flood");
    set_item(1, "line");
    settle();
    ASSERT_EQ(alarms(), "1|fire");
    ASSERT_EQ(items(), "1|line");
    declare(shop, "TASK alarms SEND alarm TO office");
    settle_for_long();
    EXPECT_EQ(alarms(), "1|flood");
    EXPECT_EQ(rows_sent(), "1|3\n2|1"); // the item does not come twice
    set_item(1, "cord");
    set_alarm(1, "storm");
    settle();
    EXPECT_EQ(alarms(), "1|storm");
    EXPECT_EQ(items(), "1|cord");
}

TEST_F(Lanes, ATaskThatJoinsALaneThatIsBehindDoesNotComeTwice) {
    begin_apart();
    set_alarm(1, "flood");
    set_item(1, "line");
    settle();
    declare(shop, "TASK goods SEND item TO office EVERY 1 HOUR");
    set_item(2, "lamp");
    settle();
    EXPECT_EQ(items(), "1|line");
    wait(hours{1});
    settle_for_long();
    EXPECT_EQ(items(), "1|line\n2|lamp");
    EXPECT_EQ(alarms(), "1|flood");
    EXPECT_EQ(rows_sent(), "1|2\n2|3");
}

TEST_F(Lanes, TwoTasksThatChangePlacesLoseNothing) {
    begin_apart();
    set_alarm(1, "flood");
    set_item(1, "line");
    settle();
    set_item(1, "cord");
    send_in_vain();
    declare(shop, "TASK goods SEND item TO office EVERY 1 HOUR; TASK alarms SEND alarm TO office");
    set_item(1, "wire");
    settle_for_long();
    EXPECT_EQ(alarms(), "1|flood");
    EXPECT_EQ(items(), "1|cord");
    wait(hours{1});
    settle_for_long();
    EXPECT_EQ(items(), "1|wire");
    EXPECT_EQ(rows_sent(), "1|4\n2|2");
}

TEST_F(Lanes, WithoutALoadNothingThatWaitedIsLost) {
    declare(shop, "TASK goods SEND item TO office NO LOAD EVERY 1 DAY;"
                  "TASK alarms SEND alarm TO office NO LOAD EVERY 1 DAY");
    settle();
    set_item(1, "rope");
    settle();
    set_item(2, "lamp");
    settle();
    ASSERT_EQ(items(), "1|rope");
    declare(shop, "TASK goods SEND item TO office NO LOAD");
    settle();
    EXPECT_EQ(items(), "1|rope\n2|lamp");
}

TEST_F(Lanes, NorWhereTheReceiverChangesTheLane) {
    declare(office, "TASK goods RECEIVE item FROM shop NO LOAD EVERY 1 DAY");
    settle();
    set_item(1, "rope");
    settle();
    set_item(2, "lamp");
    settle();
    ASSERT_EQ(items(), "1|rope");
    declare(office, "TASK goods RECEIVE item FROM shop NO LOAD");
    settle();
    EXPECT_EQ(items(), "1|rope\n2|lamp");
}

TEST_F(Lanes, AReceiverThatChangesTheLaneGetsItsTableAgainBehindWhatIsOnItsWay) {
    set_item(1, "rope");
    set_alarm(1, "fire");
    declare(office, "TASK goods RECEIVE item FROM shop; TASK alarms RECEIVE alarm FROM shop");
    settle();
    set_item(1, "line");
    send_in_vain();
    declare(office, "TASK goods RECEIVE item FROM shop PRIORITY LOW");
    set_item(1, "cord");
    settle();
    EXPECT_EQ(items(), "1|rope");
    EXPECT_EQ(needed(), "2|1|1|3");
    settle_for_long();
    EXPECT_EQ(items(), "1|cord");
}

TEST_F(Lanes, WhatIsGivenUpIsNotWaitedFor) {
    begin_together();
    set_item(1, "line");
    set_item(2, "lamp");
    send_in_vain();
    declare(shop, "TASK goods SEND item TO office PRIORITY HIGH");
    set_item(1, "cord");
    settle();
    ASSERT_EQ(needed(), "2|1|1|2");
    forget_first_stream();
    settle_for_long();
    EXPECT_EQ(items(), "1|cord\n2|lamp");
    EXPECT_EQ(needed(), "");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox"), "0");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_stream_marker"), "0");
}

TEST_F(Lanes, WhatAReceiverHasLostOfATableComesAlsoWhereTheTableHasMoved) {
    begin_apart();
    const TestNode::Backup before = office.back_up(directory / "office_backup.db");
    set_item(1, "line");
    settle_for_long();
    declare(shop, "TASK goods SEND item TO office EVERY 1 HOUR;"
                  "TASK alarms SEND alarm TO office EVERY 1 HOUR");
    settle_for_long();
    office.restore(before); // it stands behind in the stream that the items have left
    wait(hours{2});
    set_alarm(2, "smoke");
    for (int hour = 0; hour < 6; ++hour) {
        settle();
        wait(hours{1});
    }
    EXPECT_EQ(items(), "1|line");
    EXPECT_EQ(alarms(), "1|fire\n2|smoke");
}

/// The hourly lane has a batch on its way that waits for one of the first stream, which the office
/// had applied and has lost.
struct NeedsWhatWasLost : Lanes {
    void make_it_needed() {
        begin_apart();
        const TestNode::Backup before = office.back_up(directory / "office_backup.db");
        set_item(1, "line");
        send_in_vain();
        declare(shop, "TASK goods SEND item TO office EVERY 1 HOUR");
        wait(hours{1});
        set_alarm(1, "flood");
        send_in_vain();
        shop_application.run("UPDATE postrider_outbox SET next_send = next_send + 7200000"
                             " WHERE stream = 2");
        settle_for_long();
        ASSERT_EQ(items(), "1|line");
        ASSERT_EQ(alarms(), "1|fire");
        office.restore(before.file);
    }

    /// What the first stream sends waits for what the hourly lane has on its way.
    void move_the_alarms() {
        declare(shop, "TASK alarms SEND alarm TO office");
        for (int hour = 0; hour < 6; ++hour) {
            settle();
            wait(hours{1});
        }
    }

    void expect_all_there() {
        EXPECT_EQ(items(), "1|line");
        EXPECT_EQ(alarms(), "1|flood");
        EXPECT_EQ(needed(), "");
        EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox"), "0");
    }
};

TEST_F(NeedsWhatWasLost, StreamsDoNotWaitForEachOther) {
    make_it_needed();
    move_the_alarms();
    expect_all_there();
    shop.write([](const Session &session) { engine::prune_sending(session.transaction); });
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_stream_marker"), "0");
}

TEST_F(NeedsWhatWasLost, NorWhereTheFirstStreamWasLetGoInBetween) {
    make_it_needed();
    shop.write([](const Session &session) { engine::prune_sending(session.transaction); });
    ASSERT_EQ(lanes().substr(0, 3), "1|\n");
    move_the_alarms();
    expect_all_there();
}

TEST_F(Lanes, WhatIsStoredOfAStreamThatItsSenderHasForgottenGoes) {
    begin_together();
    const TestNode::Backup before = shop.back_up(directory / "shop_backup.db");
    declare(shop, "TASK alarms SEND alarm TO office EVERY 1 MINUTE");
    settle();
    wait(minutes{2});
    set_alarm(2, "smoke");
    send_in_vain();
    shop_application.run("UPDATE postrider_outbox SET next_send = next_send + 86400000");
    wait(minutes{2});
    set_alarm(3, "flood");
    shop.cycle(); // the one before it is missing
    office.cycle();
    ASSERT_NE(office_application.ask("SELECT count(*) FROM postrider_inbox_body"), "0");
    shop.restore(before.file); // the machine's state file knows better
    for (int hour = 0; hour < 6; ++hour) {
        settle();
        wait(hours{1});
    }
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_inbox_body"), "0");
    EXPECT_EQ(alarms(), "1|fire");
    for (int count = 0; count < 20; ++count) {
        wait(day);
        EXPECT_EQ(office.cycle().parts_sent + shop.cycle().parts_sent, 0U) << count;
    }
}

TEST_F(Lanes, NorDoesItStayWhereTheTablesOfTheStreamHaveNothingToSend) {
    begin_together();
    declare(shop, "TASK alarms SEND alarm WITHOUT DELETE TO office EVERY 1 HOUR");
    settle();
    shop_application.run("DELETE FROM alarm");
    wait(hours{2});
    settle();
    const TestNode::Backup before = shop.back_up(directory / "shop_backup.db");
    wait(hours{2});
    set_alarm(2, "smoke");
    send_in_vain();
    shop_application.run("UPDATE postrider_outbox SET next_send = next_send + 86400000");
    wait(hours{2});
    set_alarm(3, "flood");
    shop.cycle(); // the one before it is missing
    office.cycle();
    ASSERT_NE(office_application.ask("SELECT count(*) FROM postrider_inbox_body"), "0");
    shop.restore(before.file);
    for (int hour = 0; hour < 6; ++hour) {
        settle();
        wait(hours{1});
    }
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_inbox_body"), "0");
    EXPECT_EQ(alarms(), "1|fire");
}

TEST_F(Lanes, ALaneThatIsOpenedWhileThePastIsInDoubtWaitsForWhatTheReceiverHas) {
    begin_together();
    const TestNode::Backup before = shop.back_up(directory / "shop_backup.db");
    set_item(1, "line");
    shop.cycle();
    const std::filesystem::path late = directory / "late";
    std::filesystem::rename(*mails().begin(), late);
    shop.restore(before.file); // the machine's state file knows better
    shop.cycle();              // asks where the office stands
    declare(shop, "TASK goods SEND item TO office PRIORITY HIGH");
    shop.cycle();
    office.cycle();
    for (const std::filesystem::path &answer : mails()) {
        std::filesystem::remove(answer);
    }
    std::filesystem::rename(late, directory / "mail/new/late");
    settle_for_long();
    EXPECT_EQ(items(), "1|rope");
}

TEST_F(Lanes, AStreamThatCarriesNothingIsLetGoAndGivenToTheNextLane) {
    begin_apart();
    declare(shop, "TASK goods SEND item TO office EVERY 1 HOUR");
    settle();
    shop.write([](const Session &session) { engine::prune_sending(session.transaction); });
    EXPECT_EQ(lanes(), "1|\n2|paths in order, EVERY 1 HOUR, ON ERROR PARK");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_schema_out WHERE stream = 1"),
              "0");
    EXPECT_EQ(blocked_by(shop, "office", "outbox of stream 1"), "no such station");
    set_item(2, "lamp");
    settle();
    EXPECT_EQ(shop_application.ask("SELECT state FROM postrider_status"), "waiting");
    declare(shop, "TASK alarms SEND alarm TO office AT MOST 5 MAILS PER HOUR");
    set_alarm(1, "flood");
    settle();
    EXPECT_EQ(lanes(), "1|paths in order, AT MOST 5 MAILS PER HOUR, ON ERROR PARK\n"
                       "2|paths in order, EVERY 1 HOUR, ON ERROR PARK");
    EXPECT_EQ(alarms(), "1|flood");
    wait(hours{1});
    settle_for_long();
    EXPECT_EQ(items(), "1|rope\n2|lamp");
    EXPECT_EQ(rows_sent(), "1|2\n2|2");
}

TEST_F(Lanes, TheQueueIsNotKeptForAStreamThatCarriesNothing) {
    begin_apart();
    declare(shop, "DROP TASK alarms");
    settle();
    set_item(1, "line");
    settle();
    shop.write([](const Session &session) { engine::prune_sending(session.transaction); });
    set_item(1, "cord");
    settle();
    shop.write([](const Session &session) { engine::prune_sending(session.transaction); });
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_queue"), "0");
}

TEST_F(Lanes, ANewLaneBeginsWithWhatItsTasksHaveUsed) {
    set_item(1, "rope");
    declare(shop, "TASK goods SEND item TO office AT MOST 2 MAILS PER DAY;"
                  "TASK alarms SEND alarm TO office AT MOST 2 MAILS PER DAY");
    settle();
    set_item(1, "line");
    settle();
    wait(hours{6});
    settle();
    ASSERT_EQ(items(), "1|line");
    declare(shop, "TASK goods SEND item TO office AT MOST 2 MAILS PER DAY PRIORITY HIGH");
    set_item(1, "cord");
    settle();
    EXPECT_EQ(items(), "1|line");
    wait(hours{24});
    settle();
    EXPECT_EQ(items(), "1|cord");
}

TEST_F(Lanes, AStreamWithoutHistoryDoesNotGoOnWithTheHistoryOfAnother) {
    set_item(1, "rope");
    declare(shop, "TASK goods SEND item TO office");
    settle();
    declare(shop, "TASK goods SEND item TO office NO HISTORY");
    settle();
    shop.write([](const Session &session) { engine::prune_sending(session.transaction); });
    ASSERT_EQ(lanes(), "1|\n2|paths in order, ON ERROR PARK, NO HISTORY");
    declare(shop, "TASK goods SEND item TO office");
    set_item(1, "line");
    settle();
    set_item(1, "cord");
    settle();
    EXPECT_EQ(lanes().substr(0, 2), "1|");
    EXPECT_EQ(items(), "1|cord");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_event"
                                   " WHERE kind = 'history_missing'"),
              "0");
    EXPECT_EQ(office_application.ask("SELECT count(*) FROM postrider_history_frame"
                                     " WHERE stream = 1"),
              "2"); // what the stream kept before it was let go is gone
}

} // namespace
} // namespace postrider::test

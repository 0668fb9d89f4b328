// Hours of tasks and paths: what gathers travels as one, a paced task holds only itself, and people
// see what waits and until when.
#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/engine/declare.hpp"
#include "common/engine/explain.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/pacing.hpp"
#include "common/engine/pending.hpp"

#include "tests/support/items_and_alarms.hpp"

namespace postrider::test {
namespace {

using engine::Session;
using std::chrono::hours;
using std::chrono::minutes;

struct Pacing : ItemsAndAlarms {
    /// The shop's clock, and the office's along with it, goes on until the shop says when.
    void wait_for(Timestamp time) { wait(time - shop.now); }

    /// When a round is needed for what is to be built; the maildir has to be looked at besides.
    std::optional<Timestamp> next_build() {
        engine::Buildable buildable;
        shop.write([&](const Session &session) {
            buildable =
                engine::what_to_build(session, *engine::find_peer(session.transaction, "office"));
        });
        return buildable.later;
    }

    std::string state() { return shop_application.ask("SELECT state FROM postrider_status"); }

    std::string summary() { return shop_application.ask("SELECT summary FROM postrider_status"); }

    void add_item(int id, const std::string &name = "rope") {
        shop_application.run("INSERT OR REPLACE INTO item VALUES(" + std::to_string(id) + ", '" +
                             name + "')");
    }

    std::string batches_sent() {
        return shop_application.ask("SELECT count(*) FROM postrider_history"
                                    " WHERE direction = 'sent' AND stream > 0");
    }

    std::string items() { return office_application.ask("SELECT id, name FROM item ORDER BY id"); }
};

TEST_F(Pacing, WhatGathersInAnHourTravelsAsOneBatch) {
    declare(shop, "TASK goods SEND item TO office EVERY 1 HOUR");
    add_item(1);
    settle();
    ASSERT_EQ(items(), "1|rope");
    ASSERT_EQ(batches_sent(), "1");
    for (int id = 2; id < 8; ++id) {
        add_item(id);
        settle();
    }
    add_item(7, "lamp");
    settle();
    EXPECT_EQ(items(), "1|rope");
    EXPECT_EQ(batches_sent(), "1");
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox"), "0");
    wait(hours{1});
    settle();
    EXPECT_EQ(items(), "1|rope\n2|rope\n3|rope\n4|rope\n5|rope\n6|rope\n7|lamp");
    EXPECT_EQ(batches_sent(), "2");
}

TEST_F(Pacing, AWeekOfUpdatesToARowTravelsAsOne) {
    declare(shop, "TASK goods SEND item TO office EVERY 1 WEEK");
    add_item(1);
    settle();
    for (int day = 0; day < 7; ++day) {
        add_item(1, "rope of day " + std::to_string(day));
        settle();
        ASSERT_EQ(batches_sent(), "1");
        wait(hours{24});
    }
    settle();
    EXPECT_EQ(items(), "1|rope of day 6");
    EXPECT_EQ(batches_sent(), "2");
}

TEST_F(Pacing, APacedTaskHoldsOnlyItself) {
    declare(shop, "TASK goods SEND item TO office AT 22:00; TASK alarms SEND alarm TO office");
    add_item(1);
    shop_application.run("INSERT INTO alarm VALUES(1, 'fire')");
    settle();
    EXPECT_EQ(items(), "");
    EXPECT_EQ(office_application.ask("SELECT name FROM alarm"), "fire");
    EXPECT_EQ(state(), "waiting");
}

TEST_F(Pacing, TimesOfDayAreThoseOfTheNodesZone) {
    declare(shop, "NODE shop TIME ZONE 'Europe/Berlin'; TASK goods SEND item TO office AT 22:00");
    add_item(1);
    settle();
    EXPECT_EQ(items(), "");
    wait_for(std::chrono::sys_days{std::chrono::year{2026} / 9 / 21} + hours{20} - minutes{1});
    settle();
    EXPECT_EQ(items(), "");
    wait(minutes{1});
    settle();
    EXPECT_EQ(items(), "1|rope");
}

TEST_F(Pacing, AnOpeningThatPassesWhileNothingWaitsIsNotUsedLater) {
    declare(shop, "TASK goods SEND item TO office AT 08:00");
    add_item(1);
    settle();
    wait(hours{24});
    settle();
    ASSERT_EQ(items(), "1|rope");
    wait(hours{48}); // it is past eight again
    add_item(2);
    settle();
    EXPECT_EQ(items(), "1|rope");
    EXPECT_EQ(state(), "waiting");
    wait_for(std::chrono::sys_days{std::chrono::year{2026} / 9 / 25} + hours{8});
    settle();
    EXPECT_EQ(items(), "1|rope\n2|rope");
}

TEST_F(Pacing, TheNextRoundIsAtTheOpeningAndNoneIsNeededBefore) {
    declare(shop, "TASK goods SEND item TO office AT 22:00");
    settle();
    add_item(1);
    settle();
    EXPECT_FALSE(shop.cycle().did_anything());
    ASSERT_TRUE(next_build().has_value());
    EXPECT_EQ(to_text(*next_build()), "2026-09-21 22:00:00.000Z");
    const std::string writes = shop_application.ask("PRAGMA data_version");
    EXPECT_FALSE(shop.cycle().did_anything());
    EXPECT_EQ(shop_application.ask("PRAGMA data_version"), writes);
}

TEST_F(Pacing, WithoutAnythingToSendNothingWaits) {
    declare(shop, "TASK goods SEND item TO office AT 22:00; TASK alarms SEND alarm TO office");
    add_item(1);
    settle();
    wait(hours{12});
    settle();
    ASSERT_EQ(items(), "1|rope");
    // Entries of the queue that are for others are not waited for.
    shop_application.run("INSERT INTO alarm VALUES(1, 'fire')");
    settle();
    EXPECT_EQ(state(), "in step");
    EXPECT_EQ(next_build(), std::nullopt);
}

TEST_F(Pacing, PeopleSeeWhatWaitsAndUntilWhen) {
    const auto planned = try_declare(shop, "TASK goods SEND item TO office AT 22:00");
    ASSERT_TRUE(planned.has_value());
    const auto row = std::find_if(planned->begin(), planned->end(),
                                  [](const auto &each) { return each.action == "pace"; });
    ASSERT_NE(row, planned->end());
    EXPECT_EQ(row->object, "task goods");
    EXPECT_EQ(row->detail, "What gathers travels as one, first at 2026-09-21 22:00:00.000Z.");
    add_item(1);
    settle();
    EXPECT_EQ(state(), "waiting");
    EXPECT_EQ(summary().substr(0, summary().find(';')),
              "waits until 2026-09-21 22:00:00 for the hours of \"goods\"");
    shop.write([&](const Session &session) {
        std::string why;
        for (const engine::Station &station :
             engine::explain(session, *engine::find_peer(session.transaction, "office"))) {
            why += station.station == "outbox of stream 1" ? station.blocked_by : "";
        }
        EXPECT_EQ(why, "waits until 2026-09-21 22:00:00.000Z for the hours of \"goods\"");
        const auto again = engine::plan(
            {session.transaction, session.dialect, shop.vault, shop.now}, {"NODE shop", false});
        ASSERT_TRUE(again.has_value());
        EXPECT_EQ(again->back().detail, "Its changes wait until 2026-09-21 22:00:00.000Z.");
    });
    wait(hours{12});
    settle();
    EXPECT_EQ(state(), "in step");
}

TEST_F(Pacing, APathWithHoursCarriesNothingOutsideOfThemNotEvenReports) {
    declare(office,
            "PEER shop MAILDIR '" + (directory / "mail") + "' BETWEEN 20:00 AND 04:00 TRUST TASKS");
    declare(shop, "TASK goods SEND item TO office LOAD FIRST");
    add_item(1);
    for (int round = 0; round < 5; ++round) {
        shop.cycle();
        EXPECT_EQ(office.cycle().parts_sent, 0U);
        wait(minutes{1});
    }
    EXPECT_EQ(office_application.ask("SELECT state FROM postrider_status"), "waiting");
    EXPECT_EQ(office_application.ask("SELECT substr(summary, 1, 57) FROM postrider_status"),
              "waits until 2026-09-21 20:00:00 for the hours of its path");
    wait_for(std::chrono::sys_days{std::chrono::year{2026} / 9 / 21} + hours{20});
    settle();
    EXPECT_EQ(items(), "1|rope");
    EXPECT_EQ(state(), "in step");
}

TEST_F(Pacing, APathThatOpensEveryHourIsUsedOnceForAllThatIsDue) {
    declare(shop, "PEER office MAILDIR '" + (directory / "mail") +
                      "' EVERY 1 HOUR; TASK goods SEND item TO office; TASK alarms SEND alarm"
                      " TO office PRIORITY HIGH");
    settle();
    wait(hours{1});
    settle();
    wait(hours{1});
    settle();
    add_item(1);
    shop_application.run("INSERT INTO alarm VALUES(1, 'fire')");
    settle();
    add_item(2);
    settle();
    const std::string before = batches_sent();
    wait(hours{1});
    settle();
    EXPECT_EQ(items(), "1|rope\n2|rope");
    EXPECT_EQ(office_application.ask("SELECT name FROM alarm"), "fire");
}

TEST_F(Pacing, AnOpeningIsUsedUpByAsManyPartsAsGoAtOnce) {
    shop.batches.step_bytes = 0; // each entry of the queue is a batch
    shop.restart();
    declare(shop, "PEER office MAILDIR '" + (directory / "mail") +
                      "' EVERY 1 HOUR; TASK goods SEND item TO office");
    for (int hour = 0; hour < 3; ++hour) {
        settle();
        wait(hours{1});
    }
    add_item(0);
    settle();
    for (int id = 1; id <= static_cast<int>(limits::transmissions_at_once_max); ++id) {
        add_item(id);
        shop.cycle();
    }
    wait(hours{1});
    ASSERT_EQ(shop.cycle().parts_sent, limits::transmissions_at_once_max);
    settle();
    add_item(100);
    settle();
    EXPECT_EQ(shop_application.ask("SELECT count(*) FROM postrider_outbox"), "0");
    EXPECT_EQ(office_application.ask("SELECT max(id) FROM item"), "64");
    wait(hours{1});
    settle();
    EXPECT_EQ(office_application.ask("SELECT max(id) FROM item"), "100");
}

TEST_F(Pacing, ASecondPathIsUsedWhileTheFirstIsClosed) {
    std::filesystem::create_directories(directory / "stick");
    ASSERT_TRUE(transport::create_maildir(directory / "stick").has_value());
    declare(shop, "PEER office MAILDIR '" + (directory / "mail") +
                      "' BETWEEN 02:00 AND 03:00, MAILDIR '" + (directory / "stick") +
                      "'; TASK goods SEND item TO office");
    declare(office, "PEER shop MAILDIR '" + (directory / "mail") + "', MAILDIR '" +
                        (directory / "stick") + "' TRUST TASKS");
    add_item(1);
    settle();
    EXPECT_EQ(items(), "1|rope");
}

TEST_F(Pacing, AClockThatWasSetBackHoldsATaskForOnePeriodAtMost) {
    declare(shop, "TASK goods SEND item TO office EVERY 1 HOUR");
    add_item(1);
    const Timestamp before = shop.now;
    shop.now += hours{24 * 4000};
    office.now = shop.now;
    settle();
    ASSERT_EQ(items(), "1|rope");
    shop.now = before;
    office.now = before;
    add_item(2);
    settle();
    EXPECT_EQ(items(), "1|rope");
    wait(hours{1});
    settle();
    EXPECT_EQ(items(), "1|rope\n2|rope");
}

TEST_F(Pacing, APacedTaskGoesOnAfterARestart) {
    declare(shop, "TASK goods SEND item TO office EVERY 1 HOUR");
    add_item(1);
    settle();
    add_item(2);
    settle();
    shop.restart();
    settle();
    EXPECT_EQ(items(), "1|rope");
    wait(hours{1});
    settle();
    EXPECT_EQ(items(), "1|rope\n2|rope");
}

TEST_F(Pacing, WhoReceivesMayDeclareTheHoursOfWhoSends) {
    declare(shop, "PEER office MAILDIR '" + (directory / "mail") + "' TRUST TASKS");
    declare(office, "TASK goods RECEIVE item FROM shop EVERY 1 HOUR PRIORITY HIGH");
    add_item(1);
    settle();
    ASSERT_EQ(items(), "1|rope");
    add_item(2);
    settle();
    EXPECT_EQ(items(), "1|rope");
    EXPECT_EQ(shop_application.ask("SELECT pacing, priority FROM postrider_stream_out"
                                   " WHERE stream = 1"),
              "EVERY 1 HOUR|0");
    wait(hours{1});
    settle();
    EXPECT_EQ(items(), "1|rope\n2|rope");
}

TEST_F(Pacing, UrgentTasksAreBuiltAndSentFirst) {
    declare(shop, "TASK goods SEND item TO office PRIORITY LOW; TASK alarms SEND alarm TO office"
                  " PRIORITY HIGH");
    settle();
    add_item(1);
    shop_application.run("INSERT INTO alarm VALUES(1, 'fire')");
    shop.cycle();
    EXPECT_EQ(shop_application.ask("SELECT s.priority FROM postrider_delivery d"
                                   " JOIN postrider_stream_out s ON s.stream = d.stream"
                                   " WHERE d.direction = 'sent' AND d.stream > 0"
                                   " AND d.finished_at IS NULL ORDER BY d.delivery_id"),
              "0\n2");
}

TEST_F(Pacing, AZoneThatNobodyKnowsIsRefusedWithItsPlace) {
    const auto refused = try_declare(shop, "NODE shop TIME ZONE 'Europe/Berlim'");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message,
              "line 1, column 21: there is no time zone \"Europe/Berlim\" on this machine");
    EXPECT_NE(refused.error().hint, "");
}

TEST_F(Pacing, WhatIsCarriedByHandKnowsNoHours) {
    declare(shop, "PEER office MAILDIR '" + (directory / "mail") +
                      "'; TASK goods SEND item TO"
                      " office");
    settle();
    add_item(1);
    shop.cycle();
    declare(shop, "PEER office MAILDIR '" + (directory / "mail") + "' BETWEEN 02:00 AND 03:00");
    wait(minutes{30});
    shop.write([](const Session &session) {
        const auto envelopes = engine::take_pending(session, "office");
        ASSERT_TRUE(envelopes.has_value());
        EXPECT_EQ(envelopes->size(), 1U);
    });
}

} // namespace
} // namespace postrider::test

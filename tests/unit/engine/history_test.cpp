// Batches are compressed with what the peer has acknowledged, and with nothing else.
#include "common/base/text_encoding.hpp"
#include "common/engine/dispatch.hpp"
#include "common/engine/history.hpp"
#include "common/engine/lanes.hpp"
#include "common/wire/envelope_body.hpp"

#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

struct CompressionHistory : TwoNodes {
    static constexpr engine::StreamKey stream_key{1, 1};

    /// Changes a row, and lets the change arrive and be acknowledged.
    void change(int id, const std::string &name) {
        write(id, name);
        run_until_quiet(shop, office);
    }

    void write(int id, const std::string &name) {
        shop_application.run("INSERT INTO item(id, name) VALUES(" + std::to_string(id) + ", '" +
                             name + "') ON CONFLICT (id) DO UPDATE SET name = excluded.name");
    }

    /// What the youngest batch in the shop's outbox says of history.
    std::optional<wire::History> named() {
        std::optional<wire::History> history;
        shop.write([&](const engine::Session &session) {
            const auto row = *engine::load_outgoing(session.transaction, stream_key);
            const std::uint64_t number = row.machine.last_number;
            const auto stored = *engine::load_outbox_body(session.transaction, stream_key, number);
            const auto content_key =
                engine::open_key(session.identity, engine::outbox_place(stream_key, number),
                                 stored.content_key_sealed);
            const wire::BodyContext context{shop.identity.node, stream_key.stream,
                                            row.machine.incarnation, number};
            const Bytes plaintext = wire::open_body(*content_key, context, stored.body).value();
            history = wire::decode_body_header(plaintext)->history;
        });
        return history;
    }

    static std::string kept(Application &application) {
        return application.ask("SELECT group_concat(direction || ' ' || number || ' ' ||"
                               " table_name, ', ') FROM postrider_history_frame");
    }

    static std::int64_t cost(Application &application) {
        return std::stoll(application.ask(
            "SELECT coalesce(sum(length(content) + 256), 0) FROM postrider_history_frame"));
    }

    static std::string events(Application &application, const std::string &kind) {
        return application.ask("SELECT count(*) FROM postrider_events WHERE kind = '" + kind + "'");
    }

    std::int64_t last_body_size() {
        return std::stoll(shop_application.ask(
            "SELECT body_total FROM postrider_outbox ORDER BY number DESC LIMIT 1"));
    }

    /// Letters that zstd cannot make much smaller.
    static std::string noise(std::size_t size) {
        std::string out;
        while (out.size() < size) {
            out += to_base32(crypto::random_bytes<20>());
        }
        return out;
    }

    void expect_equal() { EXPECT_EQ(items(shop_application), items(office_application)); }
};

TEST_F(CompressionHistory, TheFirstBatchesNameNoneUntilOneIsAcknowledged) {
    write(1, "rope");
    shop.cycle();
    ASSERT_TRUE(named());
    EXPECT_LT(named()->last, named()->floor);
    write(2, "saw");
    shop.cycle();
    EXPECT_LT(named()->last, named()->floor);
    EXPECT_EQ(kept(shop_application), "sent 1 item, sent 2 item");
    run_until_quiet(shop, office);
    write(3, "nail");
    shop.cycle();
    EXPECT_EQ(named()->floor, 1U);
    EXPECT_EQ(named()->last, 2U);
    run_until_quiet(shop, office);
    expect_equal();
    EXPECT_EQ(kept(shop_application), "sent 1 item, sent 2 item, sent 3 item");
    EXPECT_EQ(kept(office_application), "received 1 item, received 2 item, received 3 item");
    EXPECT_EQ(events(office_application, "history_missing"), "0");
}

TEST_F(CompressionHistory, MakesBatchesSmallerForOneTableButNotForAnother) {
    for (Application *application : {&shop_application, &office_application}) {
        application->run("CREATE TABLE tag(id INTEGER PRIMARY KEY, name TEXT)");
    }
    shop.send("tags", "office", {"tag"});
    office.receive("tags", "shop", {"tag"});
    const std::string text = noise(4000);
    change(1, text);
    write(2, text);
    shop.cycle();
    const std::int64_t again = last_body_size();
    EXPECT_LT(again, 1000);
    run_until_quiet(shop, office);
    shop_application.run("INSERT INTO tag VALUES(1, '" + text + "')");
    shop.cycle();
    EXPECT_GT(last_body_size(), 2000);
    run_until_quiet(shop, office);
    expect_equal();
}

TEST_F(CompressionHistory, IsNotUsedAfterTheReceiverWasTakenBack) {
    const TestNode::Backup backup = office.back_up(directory / "backup.db");
    change(1, "rope");
    change(2, "saw");
    office.restore(backup);
    write(3, "nail");
    shop.cycle();
    for (int round = 0; round < 50 && events(shop_application, "stream_rebased") == "0"; ++round) {
        office.cycle();
        shop.now += std::chrono::minutes{1};
        office.now += std::chrono::minutes{1};
        shop.cycle();
    }
    ASSERT_EQ(events(shop_application, "stream_rebased"), "1");
    EXPECT_LT(named()->last, named()->floor);
    EXPECT_EQ(shop_application.ask("SELECT count(DISTINCT incarnation) || ' ' || max(number)"
                                   " FROM postrider_history_frame"),
              "1 1");
    run_until_quiet(shop, office);
    change(4, "axe");
    expect_equal();
    EXPECT_EQ(kept(office_application), "received 1 item, received 2 item");
    EXPECT_EQ(events(office_application, "history_missing"), "0");
}

TEST_F(CompressionHistory, IsNotUsedAfterTheSenderWasTakenBack) {
    change(1, "rope");
    const std::string copy = directory / "copy.db";
    shop.copy_to(copy);
    change(2, "saw");
    shop.restore(copy);
    write(3, "nail");
    run_until_quiet(shop, office);
    write(4, "axe");
    run_until_quiet(shop, office);
    expect_equal();
    EXPECT_EQ(shop_application.ask("SELECT count(DISTINCT incarnation) FROM"
                                   " postrider_history_frame"),
              "1");
    EXPECT_EQ(office_application.ask("SELECT count(DISTINCT incarnation) FROM"
                                     " postrider_history_frame"),
              "1");
    EXPECT_EQ(events(office_application, "history_missing"), "0");
}

TEST_F(CompressionHistory, AReceiverThatLacksItGetsTheBatchWithout) {
    change(1, "rope");
    change(2, "saw");
    office_application.run("DELETE FROM postrider_history_frame");
    for (int id = 3; id < 6; ++id) { // several on their way need what is lost
        write(id, "nail");
        shop.cycle();
    }
    run_until_quiet(shop, office);
    expect_equal();
    EXPECT_EQ(events(office_application, "history_missing"), "3");
    EXPECT_EQ(events(shop_application, "stream_rebased"), "0");
    EXPECT_EQ(shop_application.ask("SELECT last_number FROM postrider_stream_out"
                                   " WHERE stream = 1"),
              "5");
    write(6, "axe");
    shop.cycle();
    EXPECT_GE(named()->floor, 3U);
    EXPECT_GE(named()->last, named()->floor);
    run_until_quiet(shop, office);
    expect_equal();
    EXPECT_EQ(events(office_application, "history_missing"), "3");
}

TEST_F(CompressionHistory, AStreamWhoseSenderHasLostItTooBeginsAnew) {
    change(1, "rope");
    change(2, "saw");
    write(3, "nail");
    shop.cycle();
    for (Application *application : {&shop_application, &office_application}) {
        application->run("DELETE FROM postrider_history_frame");
    }
    run_until_quiet(shop, office);
    change(4, "axe");
    expect_equal();
    EXPECT_EQ(events(shop_application, "stream_rebased"), "1");
}

TEST_F(CompressionHistory, IsNeitherNamedNorKeptInALaneWithout) {
    shop_application.run("UPDATE postrider_task SET lane = lane || ', NO HISTORY';"
                         "UPDATE postrider_stream_out SET lane = lane || ', NO HISTORY'"
                         " WHERE stream = 1");
    change(1, "rope");
    write(2, "saw");
    shop.cycle();
    EXPECT_FALSE(named());
    run_until_quiet(shop, office);
    expect_equal();
    EXPECT_EQ(kept(shop_application), "");
    EXPECT_EQ(kept(office_application), "");
}

TEST_F(CompressionHistory, IsBoundedOnBothSidesWhetherOrNotItIsAcknowledged) {
    constexpr auto most = static_cast<std::int64_t>(limits::history_stream_bytes_max);
    for (int id = 1; id <= 40; ++id) {
        write(id, noise(70'000));
        shop.cycle();
        ASSERT_LE(cost(shop_application), most);
    }
    run_until_quiet(shop, office);
    EXPECT_LE(cost(office_application), most);
    for (int id = 1; id <= 12; ++id) {
        change(id, noise(70'000));
        ASSERT_LE(cost(shop_application), most);
        ASSERT_LE(cost(office_application), most);
    }
    EXPECT_GT(cost(office_application), most / 4);
    expect_equal();
    EXPECT_EQ(events(office_application, "history_missing"), "0");
    write(1, "rope");
    shop.cycle();
    EXPECT_GT(named()->floor, 1U);
    run_until_quiet(shop, office);
}

TEST_F(CompressionHistory, ASenderThatNeverRaisesTheFloorFillsNothing) {
    const Bytes content(limits::history_table_bytes_max, 1);
    const wire::Frame frame{wire::FrameKind::changes, "item", content, 1, 1};
    office.write([&](const engine::Session &session) {
        engine::IncomingRow row;
        row.key = stream_key;
        row.machine.applied.incarnation = 1;
        for (std::uint64_t number = 1; number <= 40; ++number) {
            engine::keep_received(session.transaction, row, {{{number, 1}, {frame}}});
        }
    });
    EXPECT_LE(cost(office_application), std::int64_t{limits::history_stream_bytes_max});
    EXPECT_EQ(office_application.ask("SELECT max(number) FROM postrider_history_frame"), "40");
}

} // namespace
} // namespace postrider::test

// What a paired peer can sign and a receiver must not take: each test stands for one check behind
// the signature.
#include "common/base/limits.hpp"
#include "common/engine/pairing.hpp"
#include "common/wire/control.hpp"
#include "common/wire/pairing.hpp"
#include "common/wire/report_body.hpp"

#include "tests/support/forger.hpp"
#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

using engine::Received;
using engine::Settlement;
using wire::EnvelopeKind;

struct ReceiveChecks : TwoNodes {
    static constexpr std::uint32_t stream = 7;
    std::optional<Forger> forger;

    void SetUp() override {
        TwoNodes::SetUp();
        forger.emplace(shop, "office");
    }

    std::vector<wire::Frame> rope() { return forger->row("item", 1, "rope"); }

    Bytes second_batch(std::uint32_t of_stream) {
        const std::vector<wire::Frame> frames = rope();
        return forger->batch(forger->head(EnvelopeKind::batch, of_stream, 2),
                             Forger::header_for(frames), frames);
    }

    engine::Reception deliver_to_office(const Bytes &envelope) { return deliver(office, envelope); }

    void apply() {
        office.now += std::chrono::minutes{5};
        for (int round = 0; round < 3; ++round) {
            office.cycle();
        }
    }

    std::string ask(const std::string &sql) { return office_application.ask(sql); }

    std::string reason() {
        return ask("SELECT reason FROM postrider_refusal ORDER BY refused_id DESC LIMIT 1");
    }

    std::string held() { return ask("SELECT reason FROM postrider_stream_in WHERE stream = 7"); }

    std::string inbox() {
        return ask("SELECT (SELECT count(*) FROM postrider_inbox_part), (SELECT count(*) FROM"
                   " postrider_inbox_body)");
    }
};

TEST_F(ReceiveChecks, AnHonestBatchOfTheForgerIsApplied) {
    EXPECT_EQ(deliver_to_office(forger->first_batch(stream, rope())).received, Received::accepted);
    apply();
    EXPECT_EQ(items(office_application), "1|rope|");
}

TEST_F(ReceiveChecks, NothingOfADisputedPeerIsTaken) {
    office_application.run("UPDATE postrider_peer SET state = 'disputed'");
    const engine::Reception reception = deliver_to_office(forger->first_batch(stream, rope()));
    EXPECT_EQ(reception.received, Received::refused);
    EXPECT_EQ(reception.settlement, Settlement::keep);
    EXPECT_EQ(inbox(), "0|0");
    EXPECT_EQ(ask("SELECT heard_at FROM postrider_peer"), "");
}

TEST_F(ReceiveChecks, ContentThatIsNotTheOneItsHeaderNamesIsNotApplied) {
    const wire::BatchHeader header = Forger::header_for(forger->row("item", 1, "lamp"));
    const auto head = forger->head(EnvelopeKind::batch, stream, 1);
    EXPECT_EQ(deliver_to_office(forger->batch(head, header, rope())).received, Received::accepted);
    apply();
    EXPECT_EQ(items(office_application), "");
    EXPECT_NE(held().find("not the one that its header names"), std::string::npos) << held();
    EXPECT_EQ(ask("SELECT state FROM postrider_status"), "stuck");
}

TEST_F(ReceiveChecks, ABatchThatContinuesAnotherPastStopsItsStreamAndNoOther) {
    deliver_to_office(forger->first_batch(stream, rope()));
    apply();
    const std::vector<wire::Frame> lamp = forger->row("item", 5, "lamp");
    wire::BatchHeader header = Forger::header_for(lamp);
    header.prev_chain.fill(1);
    deliver_to_office(forger->batch(forger->head(EnvelopeKind::batch, stream, 2), header, lamp));
    apply();
    EXPECT_EQ(items(office_application), "1|rope|");
    EXPECT_EQ(ask("SELECT count(*) FROM postrider_event WHERE kind = 'stream_forked'"), "1");
    shop_application.run("INSERT INTO item(id) VALUES(2)");
    shop.now = office.now;
    run_until_quiet(shop, office);
    // The shop knows nothing of that stream, takes it for one that it has forgotten, and sends its
    // table whole.
    EXPECT_EQ(items(office_application), "2||");
}

TEST_F(ReceiveChecks, ABodySealedForAnotherNumberIsNotUsable) {
    const auto other = forger->head(EnvelopeKind::batch, stream, 2);
    const Bytes body =
        forger->body(other, wire::encode_body(Forger::header_for(rope()), rope()).value());
    const auto head = forger->head(EnvelopeKind::batch, stream, 1);
    deliver_to_office(forger->part(head, body));
    EXPECT_EQ(inbox(), "0|0");
    EXPECT_NE(reason().find("altered or cut short"), std::string::npos) << reason();
    EXPECT_EQ(deliver_to_office(forger->first_batch(stream, rope())).received, Received::accepted);
    apply();
    EXPECT_EQ(items(office_application), "1|rope|");
}

TEST_F(ReceiveChecks, PartsThatDoNotMakeTheBodyTheyNameAreThrownAway) {
    auto head = forger->head(EnvelopeKind::batch, stream, 1);
    const Bytes body =
        forger->body(head, wire::encode_body(Forger::header_for(rope()), rope()).value());
    const std::size_t half = body.size() / 2;
    head.split = wire::Split{body.size(), 0, {}};
    EXPECT_EQ(deliver_to_office(forger->part(head, ByteView{body}.first(half))).received,
              Received::accepted);
    head.split->offset = half;
    deliver_to_office(forger->part(head, ByteView{body}.subspan(half)));
    EXPECT_EQ(inbox(), "0|0");
    EXPECT_NE(reason().find("do not make the body they name"), std::string::npos) << reason();
    apply();
    EXPECT_EQ(items(office_application), "");
}

TEST_F(ReceiveChecks, PartsOfOneBodyUnderTwoKeysAreNotJoined) {
    auto head = forger->head(EnvelopeKind::batch, stream, 1);
    const Bytes body =
        forger->body(head, wire::encode_body(Forger::header_for(rope()), rope()).value());
    const std::size_t half = body.size() / 2;
    head.split = wire::Split{body.size(), half, wire::body_hash(body)};
    const Bytes second = forger->part(head, ByteView{body}.subspan(half));
    head.split->offset = 0;
    forger->use_new_content_key();
    deliver_to_office(forger->part(head, ByteView{body}.first(half)));
    deliver_to_office(second);
    EXPECT_EQ(inbox(), "0|0");
    apply();
    EXPECT_EQ(items(office_application), "");
}

TEST_F(ReceiveChecks, AWindowTakesItsLastNumberAndLeavesTheNextWhereItLies) {
    const auto at = [&](std::uint64_t number) {
        return deliver_to_office(forger->batch(forger->head(EnvelopeKind::batch, stream, number),
                                               Forger::header_for(rope()), rope()));
    };
    EXPECT_EQ(at(limits::window_numbers_max).received, Received::accepted);
    const engine::Reception beyond = at(limits::window_numbers_max + 1);
    EXPECT_EQ(beyond.received, Received::refused);
    EXPECT_EQ(beyond.settlement, Settlement::keep);
}

TEST_F(ReceiveChecks, NumbersThatMakeNoSenseAreRefused) {
    auto head = forger->head(EnvelopeKind::batch, stream, 0);
    EXPECT_EQ(deliver_to_office(forger->batch(head, Forger::header_for(rope()), rope())).received,
              Received::refused);
    head = forger->head(EnvelopeKind::batch, stream, 1);
    head.incarnation = 0;
    EXPECT_EQ(deliver_to_office(forger->batch(head, Forger::header_for(rope()), rope())).received,
              Received::refused);
    EXPECT_NE(reason().find("make no sense"), std::string::npos);
    EXPECT_EQ(inbox(), "0|0");
}

TEST_F(ReceiveChecks, AnInboxHoldsFiveThousandPartsOfAPeerAndNotOneMore) {
    office_application.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(limits::inbox_peer_parts_max - 1) +
        ") INSERT INTO postrider_inbox_part (peer_id, stream, number, body_hash, body_offset, size,"
        " content) SELECT 1, 99, 1, zeroblob(32), i, 1, x'00' FROM n");
    EXPECT_EQ(deliver_to_office(second_batch(stream)).received, Received::accepted);
    const engine::Reception full = deliver_to_office(second_batch(stream + 1));
    EXPECT_EQ(full.received, Received::refused);
    EXPECT_EQ(full.settlement, Settlement::keep);
    EXPECT_NE(reason().find("full"), std::string::npos);
}

TEST_F(ReceiveChecks, AFullInboxTakesWhatIsToBeAppliedNext) {
    office_application.run("INSERT INTO postrider_inbox_part (peer_id, stream, number, body_hash,"
                           " body_offset, size, content) VALUES (1, 99, 1, zeroblob(32), 0, " +
                           std::to_string(limits::inbox_peer_bytes_max) + ", x'00')");
    EXPECT_EQ(deliver_to_office(second_batch(stream)).received, Received::refused);
    EXPECT_EQ(deliver_to_office(forger->first_batch(stream, rope())).received, Received::accepted);
}

TEST_F(ReceiveChecks, AnInboxHoldsItsBytesAndNotOneMore) {
    const Bytes envelope = second_batch(stream);
    const std::size_t body_bytes = wire::parse_prologue(envelope)->body_bytes;
    const auto fill = [&](std::size_t bytes) {
        office_application.run("DELETE FROM postrider_inbox_part; INSERT INTO postrider_inbox_part"
                               " (peer_id, stream, number, body_hash, body_offset, size, content)"
                               " VALUES (1, 99, 1, zeroblob(32), 0, " +
                               std::to_string(bytes) + ", x'00')");
    };
    fill(limits::inbox_peer_bytes_max - body_bytes + 1);
    EXPECT_EQ(deliver_to_office(envelope).settlement, Settlement::keep);
    fill(limits::inbox_peer_bytes_max - body_bytes);
    EXPECT_EQ(deliver_to_office(envelope).received, Received::accepted);
}

TEST_F(ReceiveChecks, APeerOpensAsManyStreamsAsAReportNamesAndNotOneMore) {
    office_application.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(limits::report_streams_max - 1) +
        ") INSERT INTO postrider_stream_in (peer_id, stream, applied_chain)"
        " SELECT 1, 1000 + i, zeroblob(32) FROM n");
    EXPECT_EQ(deliver_to_office(forger->first_batch(stream, rope())).received, Received::accepted);
    EXPECT_EQ(deliver_to_office(forger->first_batch(stream + 1, rope())).received,
              Received::refused);
    EXPECT_NE(reason().find("too many streams"), std::string::npos) << reason();
    apply();
    EXPECT_EQ(items(office_application), "1|rope|");
}

TEST_F(ReceiveChecks, AStreamThatEndedTakesNothingAndLeavesTheMail) {
    deliver_to_office(forger->first_batch(stream, rope()));
    apply();
    office_application.run("UPDATE postrider_stream_in SET state = 3");
    const auto next = forger->head(EnvelopeKind::batch, stream, 2);
    const engine::Reception late =
        deliver_to_office(forger->batch(next, Forger::header_for(rope()), rope()));
    EXPECT_EQ(late.received, Received::refused);
    EXPECT_EQ(late.settlement, Settlement::keep);
}

TEST_F(ReceiveChecks, ABatchThatDeclaresMoreThanItsLimitsHoldsItsStreamAlone) {
    std::vector<wire::Frame> frames = rope();
    frames.back().rows = limits::batch_rows_max + 1;
    wire::BatchHeader header = Forger::header_for(frames);
    // encode_body does not write such a header, so one that says a million is changed on its way.
    frames.back().rows = limits::batch_rows_max;
    deliver_to_office(forger->batch(forger->head(EnvelopeKind::batch, stream, 1), header, frames));
    deliver_to_office(forger->first_batch(stream + 1, forger->row("item", 2, "lamp")));
    apply();
    EXPECT_EQ(items(office_application), "2|lamp|");
    EXPECT_NE(held(), "");
}

TEST_F(ReceiveChecks, FramesThatCannotBeReadHoldTheirStreamAlone) {
    std::vector<wire::Frame> frames = rope();
    frames.back().raw.resize(frames.back().raw.size() - 1);
    deliver_to_office(forger->first_batch(stream, frames));
    deliver_to_office(forger->first_batch(stream + 1, forger->row("item", 2, "lamp")));
    apply();
    EXPECT_EQ(items(office_application), "2|lamp|");
    EXPECT_NE(held(), "");
}

TEST_F(ReceiveChecks, ChangesUnderALawThatTheTaskDoesNotHaveAreRefused) {
    TableChanges changes;
    office.write([&](const engine::Session &session) {
        changes.schema =
            engine::describe_table(session.transaction, session.dialect, "item").value().schema();
    });
    SyncChanges sync;
    sync.changes.emplace(Key{std::int64_t{1}},
                         SyncChange{.exists = Register<bool>{{}, true, {}}, .columns = {}});
    changes.changes = std::move(sync);
    Changeset changeset;
    changeset.tables.emplace("item", std::move(changes));
    deliver_to_office(forger->first_batch(stream, wire::encode_changeset(changeset)));
    apply();
    EXPECT_EQ(items(office_application), "");
    EXPECT_EQ(reason(), "no task takes table \"item\" from peer \"shop\"");
    EXPECT_EQ(held(), "");
}

TEST_F(ReceiveChecks, AControlMessageThatCannotBeReadDoesNotHoldThoseBehindIt) {
    wire::Frame garbage;
    garbage.kind = wire::FrameKind::control;
    garbage.raw = Bytes{0xff};
    const wire::Frame farewell = wire::encode_control(wire::Farewell{});
    deliver_to_office(forger->first_batch(0, {garbage, farewell}));
    apply();
    EXPECT_EQ(ask("SELECT state FROM postrider_status"), "left");
    EXPECT_EQ(ask("SELECT source FROM postrider_refusal"), "control message");
}

TEST_F(ReceiveChecks, AStreamOfDataCarriesNoControlMessages) {
    deliver_to_office(forger->first_batch(stream, {wire::encode_control(wire::Farewell{})}));
    apply();
    EXPECT_NE(ask("SELECT state FROM postrider_status"), "left");
}

TEST_F(ReceiveChecks, AReportIsTheOneThatItsHeadNames) {
    wire::Report report;
    report.incarnation = shop.identity.incarnation;
    report.counter = 5;
    report.suites = {1};
    for (const std::uint64_t number : {4U, 6U}) {
        const auto head = forger->head(EnvelopeKind::report, 0, number);
        EXPECT_EQ(
            deliver_to_office(forger->envelope(head, wire::encode_report_body(report))).received,
            Received::refused);
    }
    auto head = forger->head(EnvelopeKind::report, 0, 5);
    ++head.incarnation;
    EXPECT_EQ(deliver_to_office(forger->envelope(head, wire::encode_report_body(report))).received,
              Received::refused);
    head = forger->head(EnvelopeKind::report, 0, 5);
    EXPECT_EQ(deliver_to_office(forger->envelope(head, wire::encode_report_body(report))).received,
              Received::accepted);
    EXPECT_EQ(deliver_to_office(forger->envelope(head, wire::encode_report_body(report))).received,
              Received::duplicate);
}

TEST_F(ReceiveChecks, AReportThatCannotBeReadIsSetAside) {
    const auto head = forger->head(EnvelopeKind::report, 0, 5);
    const engine::Reception garbled =
        deliver_to_office(forger->envelope(head, as_bytes("no report")));
    EXPECT_EQ(garbled.received, Received::refused);
    EXPECT_EQ(garbled.settlement, Settlement::set_aside);
}

TEST_F(ReceiveChecks, AnAcknowledgementOfMoreThanWasSentFreesNothing) {
    office.send("back", "shop", {"item"});
    office_application.run("INSERT INTO item(id) VALUES(9)");
    office.cycle();
    ASSERT_EQ(ask("SELECT count(*) FROM postrider_outbox WHERE stream = 1"), "1");
    wire::Report report;
    report.incarnation = shop.identity.incarnation;
    report.counter = 5;
    report.suites = {1};
    wire::StreamReport about;
    about.stream = 1;
    about.incarnation = office.identity.incarnation;
    about.applied = 1000;
    report.streams.push_back(about);
    const auto head = forger->head(EnvelopeKind::report, 0, 5);
    deliver_to_office(forger->envelope(head, wire::encode_report_body(report)));
    EXPECT_EQ(ask("SELECT count(*) FROM postrider_delivery WHERE state = 'acknowledged'"), "0");
    EXPECT_NE(ask("SELECT group_concat(kind) FROM postrider_event"), "");
}

TEST_F(ReceiveChecks, AKindIsOpenedByTheKeyThatIsMeantForItAlone) {
    const auto batch = forger->head(EnvelopeKind::batch, stream, 1);
    const Bytes body =
        forger->body(batch, wire::encode_body(Forger::header_for(rope()), rope()).value());
    EXPECT_EQ(deliver_to_office(forger->part_to_contact_key(batch, body)).received,
              Received::refused);
    const auto notice = forger->head(EnvelopeKind::key_notice, 0, 0);
    const Bytes said = forger->body(
        notice, wire::encode_key_notice({9, crypto::ExchangeKey::generate().public_key, 1}));
    EXPECT_EQ(deliver_to_office(forger->part(notice, said)).received, Received::refused);
    EXPECT_EQ(ask("SELECT receiving_generation FROM postrider_peer"), "0");
    EXPECT_EQ(deliver_to_office(forger->part_to_contact_key(notice, said)).received,
              Received::accepted);
    EXPECT_EQ(ask("SELECT receiving_generation FROM postrider_peer"), "9");
}

TEST_F(ReceiveChecks, AnOlderKeyNoticeChangesNothing) {
    const auto notice = forger->head(EnvelopeKind::key_notice, 0, 0);
    const auto tell = [&](std::uint32_t generation) {
        const Bytes said = forger->body(
            notice,
            wire::encode_key_notice({generation, crypto::ExchangeKey::generate().public_key, 1}));
        return deliver_to_office(forger->part_to_contact_key(notice, said)).received;
    };
    EXPECT_EQ(tell(9), Received::accepted);
    const std::string key = ask("SELECT hex(receiving_public) FROM postrider_peer");
    EXPECT_EQ(tell(9), Received::duplicate);
    EXPECT_EQ(tell(8), Received::duplicate);
    EXPECT_EQ(ask("SELECT hex(receiving_public) FROM postrider_peer"), key);
}

TEST_F(ReceiveChecks, APairingMessageUnderAPeersStampIsRefused) {
    const auto head = forger->head(EnvelopeKind::pairing, 0, 0);
    EXPECT_EQ(
        deliver_to_office(forger->part_to_contact_key(head, forger->body(head, as_bytes("x"))))
            .received,
        Received::refused);
    EXPECT_NE(reason().find("pairing message"), std::string::npos) << reason();
}

TEST_F(ReceiveChecks, AKindOfALaterVersionIsLeftForALaterPostrider) {
    auto head = forger->head(EnvelopeKind::batch, stream, 1);
    head.kind = static_cast<EnvelopeKind>(5);
    const engine::Reception later =
        deliver_to_office(forger->part(head, forger->body(head, as_bytes("x"))));
    EXPECT_EQ(later.received, Received::refused);
    EXPECT_EQ(later.settlement, Settlement::keep);
}

TEST_F(ReceiveChecks, AnotherSigningKeyGenerationIsRefused) {
    auto head = forger->head(EnvelopeKind::batch, stream, 1);
    ++head.signing_generation;
    EXPECT_EQ(deliver_to_office(forger->batch(head, Forger::header_for(rope()), rope())).received,
              Received::refused);
    EXPECT_EQ(inbox(), "0|0");
}

TEST_F(ReceiveChecks, APausedPeersBatchesWaitInTheInbox) {
    office_application.run("UPDATE postrider_peer SET paused = 1");
    EXPECT_EQ(deliver_to_office(forger->first_batch(stream, rope())).received, Received::accepted);
    apply();
    EXPECT_EQ(items(office_application), "");
    office_application.run("UPDATE postrider_peer SET paused = 0");
    apply();
    EXPECT_EQ(items(office_application), "1|rope|");
}

TEST_F(ReceiveChecks, ARevokedPeerIsAStranger) {
    const Bytes envelope = forger->first_batch(stream, rope());
    office.write([](const engine::Session &session) {
        ASSERT_TRUE(engine::revoke(session, "shop").has_value());
    });
    const engine::Reception late = deliver_to_office(envelope);
    EXPECT_EQ(late.received, Received::refused);
    EXPECT_EQ(late.settlement, Settlement::keep);
    EXPECT_EQ(inbox(), "0|0");
}

} // namespace
} // namespace postrider::test

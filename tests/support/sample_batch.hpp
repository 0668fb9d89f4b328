// A batch header with every field filled, a report and control messages, for tests and fuzz seeds.
#pragma once

#include <string>

#include "common/wire/batch.hpp"
#include "common/wire/control.hpp"

namespace postrider::test {

template <std::size_t size>
FixedBytes<size> filled(std::uint8_t byte) {
    FixedBytes<size> out{};
    out.fill(byte);
    return out;
}

inline wire::Report sample_report() {
    wire::Report out;
    out.streams.push_back({1, 7, 40, filled<32>(1), {{42, 43}, {45, 45}}, {}, false});
    out.streams.push_back(
        {2, 7, 0, filled<32>(0), {}, {{1, filled<32>(2), {{0, 10}, {20, 5}}}}, true});
    out.notes.push_back({3, wire::NoteKind::parked, 1, 39, 2, "conflict", "row waits"});
    out.notes.push_back({4, wire::NoteKind::counts, 1, 40, 100, "", ""});
    out.suites = {1};
    out.key = wire::KeyAnnouncement{5, filled<32>(3)};
    out.notes_seen = 9;
    out.start = {filled<16>(4), filled<16>(5), 61, true, filled<16>(6)};
    out.seen = wire::Seen{8, 70, filled<16>(7), false, filled<16>(8)};
    return out;
}

inline wire::BatchHeader sample_header() {
    wire::BatchHeader out;
    out.prev_chain = filled<32>(0x11);
    out.content_hash = filled<32>(0x22);
    out.low = std::uint64_t{1'700'000'000'000} << 16U;
    out.continues = true;
    out.created = from_milliseconds(1'700'000'000'123);
    out.origins[{filled<16>(0x33), 1}] = 10;
    out.origins[{filled<16>(0x33), 2}] = 3;
    out.dependencies[0] = {7, 4, 17};
    out.history = wire::History{3, 9, {}};
    out.notes_seen = 12;
    out.suites = {1};
    out.report = sample_report();
    out.key = wire::KeyAnnouncement{6, filled<32>(0x55)};
    out.rebase = wire::Rebase{6, 39, filled<32>(0x66)};
    return out;
}

inline TableSchema sample_schema() {
    TableSchema out;
    out.name = "visit";
    out.columns = {{"id", {Kind::int64, Kind::null, -1, -1, "INTEGER"}, false},
                   {"reason", {Kind::text, Kind::null, 60, -1, "VARCHAR(60)"}, true}};
    out.key = {0};
    return out;
}

inline std::vector<wire::ControlMessage> sample_messages() {
    const wire::TaskName task{filled<16>(0x88), "visits"};
    wire::Offer offer;
    offer.task = task;
    offer.direction = wire::Direction::sync;
    offer.tables.push_back({"visit",
                            "patient_visit",
                            sample_schema(),
                            {{{"reason"}, "reason", {"name"}}, {{"id"}, "visit", {"id"}}}});
    offer.tables.push_back({"room", "room", std::nullopt});
    offer.options = {{"conflict", "NEWEST WINS"}, {"on error", "PARK"}};
    offer.create_missing = true;
    offer.number = 0x8899aabbccddeeff;
    return {offer,
            wire::OfferWithdrawn{task},
            wire::TaskAccepted{task, {"visit"}, {{"visit", "visit", sample_schema()}}, "sqlite", 7},
            wire::TaskRefused{task, "table \"visit\" has no key"},
            wire::PauseTask{task},
            wire::ResumeTask{task},
            wire::Farewell{},
            wire::StreamOpen{3, "BY MAIL", {task}},
            wire::TasksInForce{{"prices", "visits"}},
            wire::TaskUnknown{task},
            wire::ReportEvery{std::chrono::hours{36}},
            wire::KeepTo{"EVERY 4 HOURS AT MOST 2 MAILS PER DAY"}};
}

} // namespace postrider::test

// Making and using reports.
#include "common/engine/report.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

namespace {

std::vector<StreamKey> streams_from(const Session &session, const Peer &peer) {
    std::vector<StreamKey> keys = incoming_streams(session.transaction);
    std::erase_if(keys, [&](const StreamKey &key) { return key.peer_id != peer.peer_id; });
    return keys;
}

std::vector<StreamKey> streams_to(const Session &session, const Peer &peer) {
    std::vector<StreamKey> keys = outgoing_streams(session.transaction);
    std::erase_if(keys, [&](const StreamKey &key) { return key.peer_id != peer.peer_id; });
    return keys;
}

wire::StreamReport to_wire(const stream::StreamReport &report) {
    wire::StreamReport out;
    out.stream = report.stream;
    out.incarnation = report.applied.incarnation;
    out.applied = report.applied.number;
    out.chain = report.applied.chain;
    for (const stream::Range &range : report.stored) {
        out.stored.push_back({range.offset, range.end - 1});
    }
    for (const stream::MissingParts &missing : report.missing) {
        wire::MissingParts parts{
            .number = missing.number, .body_hash = missing.body_hash, .ranges = {}};
        for (const stream::Range &range : missing.ranges) {
            parts.ranges.push_back({range.offset, range.end - range.offset});
        }
        out.missing.push_back(std::move(parts));
    }
    return out;
}

stream::StreamReport from_wire(const wire::Report &report, const wire::StreamReport &about) {
    stream::StreamReport out;
    out.stream = about.stream;
    out.reporter_incarnation = report.incarnation;
    out.counter = report.counter;
    out.applied = {about.incarnation, about.applied, about.chain};
    for (const wire::NumberRange &range : about.stored) {
        out.stored.push_back({range.first, range.last + 1});
    }
    for (const wire::MissingParts &missing : about.missing) {
        stream::MissingParts parts{
            .number = missing.number, .body_hash = missing.body_hash, .ranges = {}};
        for (const wire::ByteRange &range : missing.ranges) {
            parts.ranges.push_back({range.offset, range.offset + range.size});
        }
        out.missing.push_back(std::move(parts));
    }
    return out;
}

DeliveryKey delivery_of(const OutgoingRow &row, std::uint64_t number) {
    return {row.key.peer_id, "sent", row.key.stream, row.machine.incarnation, number};
}

/// Gives up what is in the outbox: its changes are read again from the tables.
void begin_again(const Session &session,
                 const Peer &peer,
                 OutgoingRow &row,
                 const std::optional<stream::Position> &position) {
    for (const auto &[number, entry] : row.machine.outbox) {
        finish_delivery(session.transaction, session.now, delivery_of(row, number), "replaced");
    }
    const std::uint64_t before = std::max(row.machine.incarnation, session.identity.incarnation);
    const std::uint64_t incarnation = session.identity.incarnation > row.machine.incarnation
                                          ? session.identity.incarnation
                                          : next_incarnation(before);
    const std::vector<std::uint64_t> dropped =
        stream::begin_incarnation(row.machine, incarnation, position);
    row.hello_at = position ? std::nullopt : std::optional{session.now};
    session.transaction.execute("DELETE FROM @schema_out WHERE peer_id = ?1 AND stream = ?2",
                                {row.key.peer_id, std::int64_t{row.key.stream}});
    save_outgoing(session.transaction, row, {.changed = {}, .dropped = dropped});
    if (row.key.stream == control_stream) {
        restate_control(session, peer);
    } else {
        reload_stream(session.transaction, row);
    }
}

void begin_where_receiver_stands(const Session &session,
                                 const Peer &peer,
                                 OutgoingRow &row,
                                 const stream::StreamReport &report) {
    log_event(session.transaction, session.now,
              {"stream_rebased", peer.peer_id,
               "stream " + std::to_string(row.key.stream) + " to " + peer.name +
                   " begins anew: " + row.machine.reason + "; its tables are sent again"});
    begin_again(session, peer, row, report.applied);
}

void take_stream_report(const Session &session,
                        const Peer &peer,
                        const stream::StreamReport &report) {
    auto row = load_outgoing(session.transaction, {peer.peer_id, report.stream});
    if (!row) {
        return;
    }
    const stream::ReportOutcome outcome =
        stream::on_report(row->machine, report, session.timing, session.now);
    for (const std::uint64_t number : outcome.dropped) {
        finish_delivery(session.transaction, session.now, delivery_of(*row, number),
                        "acknowledged");
    }
    if (outcome.verdict == stream::ReportVerdict::position_known) {
        row->hello_at.reset();
    }
    save_outgoing(session.transaction, *row,
                  {.changed = outcome.changed, .dropped = outcome.dropped});
    if (outcome.verdict == stream::ReportVerdict::beyond_sent ||
        outcome.verdict == stream::ReportVerdict::wrong_chain ||
        outcome.verdict == stream::ReportVerdict::rebase_needed) {
        begin_where_receiver_stands(session, peer, *row, report);
    }
}

void take_notes(const Session &session, const Peer &peer, const wire::Report &report) {
    std::uint64_t taken = peer.notes_taken;
    for (const wire::Note &note : report.notes) {
        if (note.number <= taken) {
            continue;
        }
        taken = note.number;
        log_event(session.transaction, session.now,
                  {"peer_note", peer.peer_id, peer.name + " reports: " + printable(note.message)});
    }
    if (taken > peer.notes_taken) {
        session.transaction.execute("UPDATE @peer SET notes_taken = ?2 WHERE peer_id = ?1",
                                    {peer.peer_id, stored(taken)});
    }
}

/// The other side waits to hear where we stand. The control stream is always answered for, so that
/// there is an answer even where nothing was ever received.
void answer_hello(const Session &session, const Peer &peer) {
    std::vector<StreamKey> keys = streams_from(session, peer);
    const StreamKey control{peer.peer_id, control_stream};
    if (std::find(keys.begin(), keys.end(), control) == keys.end()) {
        keys.push_back(control);
    }
    for (const StreamKey &key : keys) {
        IncomingRow row = load_incoming(session.transaction, key);
        stream::note_urgent(row.acknowledgement, session.now);
        save_incoming(session.transaction, row);
    }
}

/// A receiver names every stream of which it has received anything: one that waits for its position
/// and is not named begins at nothing.
void take_silence(const Session &session, const Peer &peer, const wire::Report &report) {
    for (const StreamKey &key : streams_to(session, peer)) {
        const bool named = std::any_of(
            report.streams.begin(), report.streams.end(),
            [&](const wire::StreamReport &about) { return about.stream == key.stream; });
        const auto row = load_outgoing(session.transaction, key);
        if (!named && row->machine.awaits_position) {
            wire::StreamReport nothing;
            nothing.stream = key.stream;
            take_stream_report(session, peer, from_wire(report, nothing));
        }
    }
}

bool has_notes(const Session &session, const Peer &peer) {
    return first_row(session.transaction,
                     "SELECT 1 FROM @note WHERE peer_id = ?1 AND told_at IS NULL", {peer.peer_id})
        .has_value();
}

std::vector<wire::Note> notes_for(const Session &session, const Peer &peer) {
    std::vector<wire::Note> notes;
    for (const Row &row : all_rows(session.transaction,
                                   "SELECT note, kind, stream, number, rows, code, message"
                                   " FROM @note WHERE peer_id = ?1 ORDER BY note LIMIT ?2",
                                   {peer.peer_id, std::int64_t{limits::report_notes_max}})) {
        notes.push_back({.number = unsigned_at(row, 0),
                         .kind = static_cast<wire::NoteKind>(integer_at(row, 1)),
                         .stream = static_cast<std::uint32_t>(integer_at(row, 2)),
                         .batch_number = unsigned_at(row, 3),
                         .rows = unsigned_at(row, 4),
                         .code = text_at(row, 5),
                         .message = text_at(row, 6)});
        session.transaction.execute(
            "UPDATE @note SET told_at = ?3 WHERE peer_id = ?1 AND note = ?2",
            {peer.peer_id, row.at(0), stored(session.now)});
    }
    return notes;
}

} // namespace

std::optional<Timestamp> report_due(const Session &session, const Peer &peer) {
    std::optional<Timestamp> due;
    const auto earliest = [&](std::optional<Timestamp> time) {
        if (time && (!due || *time < *due)) {
            due = time;
        }
    };
    for (const StreamKey &key : streams_from(session, peer)) {
        const IncomingRow row = load_incoming(session.transaction, key);
        earliest(stream::report_due(row.acknowledgement, session.timing, session.now));
    }
    if (has_notes(session, peer)) {
        earliest(session.now);
    }
    for (const StreamKey &key : streams_to(session, peer)) {
        const auto row = load_outgoing(session.transaction, key);
        if (row->machine.awaits_position) {
            earliest(row->hello_at);
        }
    }
    return due;
}

bool has_news(const Session &session, const Peer &peer) {
    if (has_notes(session, peer)) {
        return true;
    }
    const std::vector<StreamKey> keys = streams_from(session, peer);
    return std::any_of(keys.begin(), keys.end(), [&](const StreamKey &key) {
        const IncomingRow row = load_incoming(session.transaction, key);
        return stream::has_news(row.acknowledgement, session.timing, session.now);
    });
}

wire::Report make_report(const Session &session, const Peer &peer, bool hello) {
    session.transaction.execute("UPDATE @node SET report_counter = report_counter + 1");
    const Row counter = *first_row(session.transaction, "SELECT report_counter FROM @node");
    wire::Report report;
    report.incarnation = session.identity.incarnation;
    report.counter = unsigned_at(counter, 0);
    report.hello = hello;
    for (const StreamKey &key : streams_from(session, peer)) {
        IncomingRow row = load_incoming(session.transaction, key);
        const bool name_missing =
            stream::names_missing(row.acknowledgement, session.timing, session.now);
        stream::StreamReport about = stream::make_report(row.machine, name_missing);
        about.stream = key.stream;
        report.streams.push_back(to_wire(about));
        stream::on_reported(row.acknowledgement, session.timing, session.now);
        save_incoming(session.transaction, row);
    }
    report.notes = notes_for(session, peer);
    report.notes_seen = peer.notes_taken;
    report.suites = {1};
    report.key = key_to_announce(session, peer);
    return report;
}

void take_report(const Session &session, const Peer &peer, const wire::Report &report) {
    const auto age = std::pair{report.incarnation, report.counter};
    const bool younger = age > std::pair{peer.report_incarnation, peer.report_counter};
    if (younger) {
        session.transaction.execute(
            "UPDATE @peer SET report_incarnation = ?2, report_counter = ?3"
            " WHERE peer_id = ?1",
            {peer.peer_id, stored(report.incarnation), stored(report.counter)});
        if (report.hello) {
            answer_hello(session, peer);
        }
    }
    for (const wire::StreamReport &about : report.streams) {
        take_stream_report(session, peer, from_wire(report, about));
    }
    if (younger) {
        take_silence(session, peer, report);
    }
    take_notes(session, peer, report);
    forget_notes(session.transaction, peer.peer_id, report.notes_seen);
    if (report.key) {
        take_key(session, peer, *report.key);
    }
}

void forget_notes(Transaction &transaction, std::int64_t peer_id, std::uint64_t seen) {
    transaction.execute("DELETE FROM @note WHERE peer_id = ?1 AND note <= ?2",
                        {peer_id, stored(seen)});
}

void leave_note(const Session &session, const Peer &peer, wire::Note note) {
    session.transaction.execute("UPDATE @peer SET last_note = last_note + 1 WHERE peer_id = ?1",
                                {peer.peer_id});
    const Row number = *first_row(session.transaction,
                                  "SELECT last_note FROM @peer WHERE peer_id = ?1", {peer.peer_id});
    session.transaction.execute(
        "INSERT INTO @note (peer_id, note, kind, stream, number, rows,"
        " code, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        {peer.peer_id, number.at(0), std::int64_t{static_cast<std::uint8_t>(note.kind)},
         std::int64_t{note.stream}, stored(note.batch_number), stored(note.rows),
         Value::text(std::move(note.code)), Value::text(std::move(note.message))});
}

void doubt_streams(const Session &session, const Peer &peer) {
    for (const StreamKey &key : streams_to(session, peer)) {
        OutgoingRow row = *load_outgoing(session.transaction, key);
        begin_again(session, peer, row, std::nullopt);
    }
}

std::optional<wire::KeyAnnouncement> key_to_announce(const Session &session, const Peer &peer) {
    const auto row = first_row(session.transaction,
                               "SELECT n.receiving_generation FROM @node n, @peer p"
                               " WHERE p.peer_id = ?1"
                               " AND p.seals_to_generation < n.receiving_generation",
                               {peer.peer_id});
    if (!row) {
        return std::nullopt;
    }
    const auto generation = static_cast<std::uint32_t>(integer_at(*row, 0));
    const Result<crypto::ExchangeKey> key =
        crypto::receiving_key(session.identity.ratchet, generation);
    ensure(key.has_value(), "the current generation is never before the ratchet");
    return wire::KeyAnnouncement{generation, key->public_key};
}

void take_key(const Session &session, const Peer &peer, const wire::KeyAnnouncement &key) {
    session.transaction.execute(
        "UPDATE @peer SET receiving_generation = ?2, receiving_public = ?3"
        " WHERE peer_id = ?1 AND receiving_generation < ?2",
        {peer.peer_id, std::int64_t{key.generation}, stored(key.receiving_key)});
}

} // namespace postrider::engine

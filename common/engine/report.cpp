// Making and using reports.
#include "common/engine/report.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/engine/bounces.hpp"
#include "common/engine/configuration_mac.hpp"
#include "common/engine/containers.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/history.hpp"
#include "common/engine/history_missing.hpp"
#include "common/engine/keep.hpp"
#include "common/engine/lane_streams.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/marks.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/sign_of_life.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

namespace {

/// Numbers of notes stay far below what the state tables can hold.
constexpr std::uint64_t note_number_max = std::uint64_t{1} << 62U;

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
    out.forked = report.forked;
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
    out.forked = about.forked;
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

void log_replaced(const Session &session, const OutgoingRow &row) {
    for (const auto &[number, entry] : row.machine.outbox) {
        finish_delivery(session.transaction, session.now, delivery_of(row, number), "replaced");
    }
}

void begin_again(const Session &session,
                 const Peer &peer,
                 OutgoingRow &row,
                 const std::optional<stream::Position> &position);

/// Where its receiver stands as far as we know.
stream::Position known_position(const stream::OutgoingStream &stream) {
    return stream.acknowledged == 0 && stream.rebase
               ? *stream.rebase
               : stream::Position{stream.acknowledged == 0 ? 0 : stream.incarnation,
                                  stream.acknowledged, stream.acknowledged_chain};
}

void begin_after(const Session &session, const Peer &peer, const StreamKey &key) {
    auto row = load_outgoing(session.transaction, key);
    if (!row || row->machine.state != stream::StreamState::open || row->machine.awaits_position) {
        return; // it begins anew by itself
    }
    log_event(session.transaction, session.now,
              {"stream_rebased", peer.peer_id,
               "stream " + std::to_string(key.stream) + " to " + peer.name +
                   " begins anew, because a stream that comes before it does; its tables are sent"
                   " again"});
    begin_again(session, peer, *row, known_position(row->machine));
}

/// Gives up what is in the outbox: its changes are read again from the tables.
void begin_again(const Session &session,
                 const Peer &peer,
                 OutgoingRow &row,
                 const std::optional<stream::Position> &position) {
    log_replaced(session, row);
    // What was acknowledged counts too: a receiver that was taken back has lost of it. A batch that
    // names it would wait for what this stream sends now, which may have to wait for that batch.
    const std::vector<StreamKey> later = forget_markers(session.transaction, row.key, 0);
    // The receiver may know an incarnation of ours that this database has forgotten.
    const std::uint64_t once =
        std::max(row.machine.incarnation, position ? position->incarnation : 0);
    const std::uint64_t incarnation =
        session.identity.incarnation > once ? session.identity.incarnation : next_incarnation(once);
    const std::vector<std::uint64_t> dropped =
        stream::begin_incarnation(row.machine, incarnation, position);
    session.transaction.execute("DELETE FROM @schema_out WHERE peer_id = ?1 AND stream = ?2",
                                {row.key.peer_id, std::int64_t{row.key.stream}});
    save_outgoing(session.transaction, row, {.changed = {}, .dropped = dropped});
    forget_sent(session.transaction, row.key);
    if (row.key.stream == control_stream) {
        restate_control(session, peer);
    } else {
        reload_streams(session.transaction, row.key.peer_id);
        pass_over_queue(session.transaction, row.key);
    }
    for (const StreamKey &key : later) {
        begin_after(session, peer, key);
    }
}

/// The receiver knows of a past of ours that is not this one.
bool is_of_another_past(stream::ReportVerdict verdict) {
    return verdict == stream::ReportVerdict::beyond_sent ||
           verdict == stream::ReportVerdict::wrong_chain ||
           verdict == stream::ReportVerdict::told_forked;
}

void begin_where_receiver_stands(const Session &session,
                                 const Peer &peer,
                                 OutgoingRow &row,
                                 const stream::StreamReport &report) {
    if (row.machine.state == stream::StreamState::forked) {
        log_event(session.transaction, session.now,
                  {"stream_forked", peer.peer_id,
                   "stream " + std::to_string(row.key.stream) + " to " + peer.name +
                       " has two pasts: " + row.machine.reason,
                   "It begins anew by itself. Should this come again, look for a second copy of"
                   " this database."});
    }
    log_event(session.transaction, session.now,
              {"stream_rebased", peer.peer_id,
               "stream " + std::to_string(row.key.stream) + " to " + peer.name +
                   " begins anew: " + row.machine.reason + "; its tables are sent again"});
    begin_again(session, peer, row, report.applied);
}

/// A node that was taken back has forgotten a few incarnations. A peer that names one far ahead
/// wants to use them up.
bool is_credible(const Session &session,
                 const OutgoingRow &row,
                 const stream::StreamReport &report) {
    const std::uint64_t known = std::max(row.machine.incarnation, session.identity.incarnation);
    return report.applied.incarnation >> 32U <= (known >> 32U) + limits::incarnations_ahead_max;
}

/// A stream that the receiver knows and this database does not: it was begun in a past that is
/// forgotten here, and carries nothing now. Empty: it cannot have been ours.
std::optional<OutgoingRow>
forgotten_stream(const Session &session, const Peer &peer, const StreamKey &key) {
    const bool may_be_ours =
        key.stream != control_stream && key.stream <= limits::report_streams_max;
    if (!may_be_ours || !is_paired(peer.state)) {
        return std::nullopt;
    }
    OutgoingRow forgotten;
    forgotten.key = key;
    forgotten.machine.incarnation = session.identity.incarnation;
    insert_outgoing(session.transaction, forgotten);
    return load_outgoing(session.transaction, key);
}

void take_stream_report(const Session &session,
                        const Peer &peer,
                        const stream::StreamReport &report,
                        bool is_fresh) {
    const StreamKey key{peer.peer_id, report.stream};
    auto row = load_outgoing(session.transaction, key);
    const bool is_forgotten = !row;
    if (is_forgotten) {
        row = forgotten_stream(session, peer, key);
    }
    // While our past is in doubt, a report that was made before the doubt tells of that past.
    if (!row || (row->machine.awaits_position && !is_fresh)) {
        return;
    }
    if (!is_credible(session, *row, report)) {
        log_refused(session.transaction, session.now,
                    {peer.peer_id,
                     "report",
                     {Errc::refused,
                      "peer \"" + peer.name + "\" names an incarnation of ours that cannot be"}});
        return;
    }
    if (is_let_go(session.transaction, row->key)) {
        if (peer.is_live()) {
            begin_where_receiver_stands(session, peer, *row, report);
            note_back(session, row->key);
        }
        return;
    }
    const std::uint64_t incarnation = row->machine.incarnation;
    const bool was_in_doubt = row->machine.awaits_position;
    const stream::ReportOutcome outcome =
        stream::on_report(row->machine, report, session.timing, session.now);
    learn_forms(session, key, row->machine, outcome);
    for (const std::uint64_t number : outcome.dropped) {
        finish_delivery(session.transaction, session.now, delivery_of(*row, number),
                        "acknowledged");
        end_bounces(session, row->key, number);
    }
    if (!outcome.dropped.empty()) {
        note_answered(session, row->key);
    }
    save_outgoing(session.transaction, *row,
                  {.changed = outcome.changed, .dropped = outcome.dropped});
    if (is_of_another_past(outcome.verdict) && !was_in_doubt) {
        suspect_own_past(session, incarnation,
                         "stream " + std::to_string(row->key.stream) + " to \"" + peer.name +
                             "\": " + row->machine.reason);
    }
    if (is_forgotten && row->machine.reason.empty()) {
        row->machine.reason = "the receiver knows it, and this database does not";
    }
    if (is_of_another_past(outcome.verdict) || is_forgotten ||
        outcome.verdict == stream::ReportVerdict::rebase_needed) {
        begin_where_receiver_stands(session, peer, *row, report);
        return;
    }
    for (const std::uint64_t number : outcome.lacking) {
        if (!send_without_history(session, *row, number)) {
            row->machine.reason = "what its batches are compressed with is not there any more";
            begin_where_receiver_stands(session, peer, *row, report);
            return;
        }
    }
}

/// How many of our rows are parked there now.
void take_parked_note(const Session &session, const Peer &peer, const wire::Note &note) {
    const std::uint64_t rows = std::min(note.rows, note_number_max);
    session.transaction.execute(
        "UPDATE @peer SET parked_there = ?2, parked_there_reason = ?3 WHERE peer_id = ?1",
        {peer.peer_id, stored(rows), Value::text(printable(note.message))});
    const std::string what = rows == 0 ? "no row of ours is parked there any more"
                                       : std::to_string(rows) +
                                             (rows == 1 ? " row of ours is parked there, "
                                                        : " rows of ours are parked there, ") +
                                             printable(note.message);
    log_event(session.transaction, session.now,
              {"peer_parked", peer.peer_id, peer.name + " reports: " + what});
}

void take_notes(const Session &session, const Peer &peer, const wire::Report &report) {
    std::uint64_t taken = peer.notes_taken;
    for (const wire::Note &note : report.notes) {
        if (note.number <= taken) {
            continue;
        }
        taken = note.number;
        if (note.kind == wire::NoteKind::parked) {
            take_parked_note(session, peer, note);
            continue;
        }
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

/// A receiver names every stream of which it has received anything. One that is not named stands at
/// nothing: where its position is waited for, and where the receiver has forgotten what it had.
void take_silence(const Session &session, const Peer &peer, const wire::Report &report) {
    const bool is_fresh = knows_our_incarnation(session, report);
    for (const StreamKey &key : streams_to(session, peer)) {
        const bool named = std::any_of(
            report.streams.begin(), report.streams.end(),
            [&](const wire::StreamReport &about) { return about.stream == key.stream; });
        const bool waits = load_outgoing(session.transaction, key)->machine.awaits_position ||
                           is_let_go(session.transaction, key);
        if (!named && (waits || report.hello)) {
            wire::StreamReport nothing;
            nothing.stream = key.stream;
            take_stream_report(session, peer, from_wire(report, nothing), is_fresh);
        }
    }
}

/// There is something untold among what the next report carries; what comes behind it waits until
/// the peer has seen it.
bool has_notes(const Session &session, const Peer &peer) {
    return first_row(session.transaction,
                     "SELECT 1 FROM (SELECT told_at FROM @note WHERE peer_id = ?1"
                     " ORDER BY note LIMIT ?2) AS carried WHERE told_at IS NULL",
                     {peer.peer_id, std::int64_t{limits::report_notes_max}})
        .has_value();
}

/// A note like `note` that was not told yet is taken back: one that counts the rows of both takes
/// its place, so that a cause that goes on does not make a note each time. Gives its rows.
std::uint64_t take_back_untold(const Session &session, const Peer &peer, const wire::Note &note) {
    const auto same =
        first_row(session.transaction,
                  "SELECT note, rows FROM @note WHERE peer_id = ?1 AND kind = ?2 AND stream = ?3"
                  " AND number = ?4 AND code = ?5 AND message = ?6 AND told_at IS NULL",
                  {peer.peer_id, std::int64_t{static_cast<std::uint8_t>(note.kind)},
                   std::int64_t{note.stream}, stored(note.batch_number), Value::text(note.code),
                   Value::text(note.message)});
    if (!same) {
        return 0;
    }
    session.transaction.execute("DELETE FROM @note WHERE peer_id = ?1 AND note = ?2",
                                {peer.peer_id, same->at(0)});
    return unsigned_at(*same, 1);
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
    if (is_two_copies(session, peer)) {
        return has_notes(session, peer) ? session.now : marks_due(session, peer);
    }
    std::optional<Timestamp> due;
    const auto earliest = [&](std::optional<Timestamp> time) {
        if (time && (!due || *time < *due)) {
            due = time;
        }
    };
    for (const StreamKey &key : streams_from(session, peer)) {
        const IncomingRow row = load_incoming_alone(session.transaction, key);
        earliest(stream::report_due(row.acknowledgement, session.timing, session.now));
    }
    if (has_notes(session, peer)) {
        earliest(session.now);
    }
    earliest(marks_due(session, peer));
    earliest(promised_report_due(session, peer));
    return due;
}

bool has_news(const Session &session, const Peer &peer) {
    const auto promised = promised_report_due(session, peer);
    if (has_notes(session, peer) || start_is_untold(session, peer) || marks_due(session, peer) ||
        (promised && *promised <= session.now)) {
        return true;
    }
    const std::vector<StreamKey> keys = streams_from(session, peer);
    return std::any_of(keys.begin(), keys.end(), [&](const StreamKey &key) {
        const IncomingRow row = load_incoming_alone(session.transaction, key);
        return stream::has_news(row.acknowledgement, session.timing, session.now);
    });
}

wire::Report make_report(const Session &session, const Peer &peer) {
    wire::Report report;
    mark_report(session, peer, report);
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
    note_reported(session, peer);
    report.notes = notes_for(session, peer);
    report.notes_seen = peer.notes_taken;
    report.suites = {1};
    report.key = key_to_announce(session, peer);
    return report;
}

MarkedReport take_report(const Session &session, const Peer &peer, const wire::Report &report) {
    const MarkedReport verdict = judge_report(session, peer, report);
    if (verdict == MarkedReport::past_in_doubt) {
        take_notes(session, peer, report); // what it tells people does not depend on our past
    }
    if (verdict != MarkedReport::usable) {
        return verdict;
    }
    if (report.hello) {
        answer_hello(session, peer);
    }
    const bool is_fresh = knows_our_incarnation(session, report);
    for (const wire::StreamReport &about : report.streams) {
        take_stream_report(session, peer, from_wire(report, about), is_fresh);
    }
    take_silence(session, peer, report);
    take_notes(session, peer, report);
    take_notes_seen(session, peer, report.notes_seen);
    if (report.key) {
        take_key(session, peer, *report.key);
    }
    return verdict;
}

void take_notes_seen(const Session &session, const Peer &peer, std::uint64_t seen) {
    const std::uint64_t last =
        unsigned_at(*first_row(session.transaction,
                               "SELECT last_note FROM @peer WHERE peer_id = ?1", {peer.peer_id}),
                    0);
    if (seen <= last) {
        session.transaction.execute("DELETE FROM @note WHERE peer_id = ?1 AND note <= ?2",
                                    {peer.peer_id, stored(seen)});
    } else if (seen <= note_number_max - last) {
        // This database was taken back and gives numbers again: the peer has notes of ours under
        // them, and would take what waits here for those.
        session.transaction.execute(
            "UPDATE @note SET note = note + ?2, told_at = NULL WHERE peer_id = ?1",
            {peer.peer_id, stored(seen)});
        session.transaction.execute(
            "UPDATE @peer SET last_note = last_note + ?2 WHERE peer_id = ?1",
            {peer.peer_id, stored(seen)});
    }
}

void leave_note(const Session &session, const Peer &peer, wire::Note note) {
    note.rows += take_back_untold(session, peer, note);
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

void begin_later_streams_again(const Session &session, const Peer &peer, const OutgoingRow &row) {
    for (const StreamKey &later :
         forget_markers(session.transaction, row.key, row.machine.acknowledged)) {
        begin_after(session, peer, later);
    }
}

void doubt_streams(const Session &session, const Peer &peer) {
    session.transaction.execute("DELETE FROM @stream_marker WHERE peer_id = ?1", {peer.peer_id});
    for (const StreamKey &key : streams_to(session, peer)) {
        OutgoingRow row = *load_outgoing(session.transaction, key);
        // From now on the marks alone tell which report is younger.
        row.machine.reporter_incarnation = 0;
        row.machine.report_counter = 0;
        begin_again(session, peer, row, std::nullopt);
    }
    ask_position(session, peer);
}

void give_up_outbox(const Session &session, const Peer &peer) {
    for (const StreamKey &key : streams_to(session, peer)) {
        log_replaced(session, *load_outgoing(session.transaction, key));
    }
    session.transaction.execute("DELETE FROM @outbox WHERE peer_id = ?1", {peer.peer_id});
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
    const std::int64_t taken = session.transaction.execute(
        "UPDATE @peer SET receiving_generation = ?2, receiving_public = ?3"
        " WHERE peer_id = ?1 AND receiving_generation < ?2",
        {peer.peer_id, std::int64_t{key.generation}, stored(key.receiving_key)});
    if (taken > 0) {
        protect(session, "peer", {peer.peer_id}); // what comes from an unapproved peer is not taken
    }
}

} // namespace postrider::engine

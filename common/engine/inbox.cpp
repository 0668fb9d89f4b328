// Judging, storing and opening.
#include "common/engine/inbox.hpp"

#include "common/base/limits.hpp"
#include "common/crypto/chain.hpp"
#include "common/engine/containers.hpp"
#include "common/engine/report.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/wire/envelope_body.hpp"

namespace postrider::engine {

namespace {

stream::PartHead part_head(const wire::OpenedPart &part) {
    stream::PartHead head;
    head.incarnation = part.head.incarnation;
    head.number = part.head.number;
    if (const auto &split = part.head.split) {
        head.body_hash = split->body_hash;
        head.body_total = split->body_total;
        head.range = {split->offset, split->offset + part.body_slice.size()};
    } else {
        head.body_hash = wire::body_hash(part.body_slice);
        head.body_total = part.body_slice.size();
        head.range = {0, part.body_slice.size()};
    }
    return head;
}

SealedPlace inbox_place(const StreamKey &key, const stream::InboxKey &body) {
    return {"inbox_body",
            std::to_string(key.peer_id) + "/" + std::to_string(key.stream) + "/" +
                std::to_string(body.first),
            "content_key_sealed"};
}

Result<wire::BatchHeader> read_header(const Session &session,
                                      const Peer &peer,
                                      const IncomingRow &row,
                                      const stream::InboxKey &body) {
    const Result<Bytes> plaintext = open_stored_body(session, peer, row, body);
    return plaintext ? wire::decode_body_header(*plaintext)
                     : Result<wire::BatchHeader>{plaintext.error()};
}

/// A body is whole: its header says where it belongs, and carries news that need not wait for its
/// turn.
std::optional<wire::BatchHeader> open_whole_body(const Session &session,
                                                 const Peer &peer,
                                                 IncomingRow &row,
                                                 const stream::InboxKey &body) {
    Result<wire::BatchHeader> header = read_header(session, peer, row, body);
    if (!header) {
        stream::note_unusable(row.machine, body);
        delete_bodies(session.transaction, row.key, {body});
        log_refused(
            session.transaction, session.now,
            {peer.peer_id,
             "batch " + std::to_string(body.first) + " of stream " + std::to_string(row.key.stream),
             header.error()});
        return std::nullopt;
    }
    stream::OpenedBatch batch{.previous_chain = header->prev_chain,
                              .chain = crypto::next_chain(header->prev_chain,
                                                          context_of(peer, row, body.first),
                                                          header->content_hash),
                              .continues = header->continues,
                              .rebase = {}};
    if (header->rebase) {
        batch.rebase = stream::Position{header->rebase->incarnation, header->rebase->number,
                                        header->rebase->chain};
    }
    stream::note_opened(row.machine, body, batch);
    mark_opened(session.transaction, row.key, body, batch);
    for (const auto &[stream, needed] : header->dependencies) {
        insert_needed(session.transaction, row.key, body,
                      {stream, needed.incarnation, needed.batch_number});
    }
    stream::note_news(row.acknowledgement, session.now);
    return *std::move(header);
}

bool is_within_quota(const Session &session, const Peer &peer, const wire::OpenedPart &part) {
    const InboxUse use = inbox_use(session.transaction, peer.peer_id);
    return use.bytes + part.body_slice.size() <= limits::inbox_peer_bytes_max &&
           use.parts < limits::inbox_peer_parts_max;
}

Reception store_part(const Session &session,
                     const Peer &peer,
                     const wire::OpenedPart &part,
                     IncomingRow &row,
                     bool replaces_inbox) {
    const stream::PartHead head = part_head(part);
    if (!is_within_quota(session, peer, part) && !stream::is_needed_next(row.machine, head)) {
        log_refused(session.transaction, session.now,
                    {peer.peer_id,
                     "inbox",
                     {Errc::too_large,
                      "the inbox of peer \"" + peer.name + "\" is full",
                      {},
                      "Its mails stay where they are until batches before them are applied."}});
        return {Received::refused, Settlement::keep, "the inbox of this peer is full"};
    }
    if (replaces_inbox) {
        delete_inbox(session.transaction, row.key);
    }
    const stream::InboxKey body{head.number, head.body_hash};
    const bool whole = stream::note_stored(row.machine, head);
    insert_part(session.transaction, row.key,
                {head, seal(session.identity, inbox_place(row.key, body), part.content_key.view()),
                 part.body_slice},
                session.now);
    std::optional<wire::BatchHeader> header;
    if (whole) {
        header = open_whole_body(session, peer, row, body);
    }
    note_progress(row, session.now);
    save_incoming(session.transaction, row);
    if (header) {
        take_notes_seen(session, peer, header->notes_seen);
        if (header->key) {
            take_key(session, peer, *header->key);
        }
        if (header->report) {
            take_report(session, peer, *header->report);
        }
    }
    return {Received::accepted, Settlement::remove, {}};
}

std::string_view reason_of(stream::Arrival arrival) {
    switch (arrival) {
    case stream::Arrival::lower_incarnation:
        return "the batch is of an incarnation that was replaced or refused";
    case stream::Arrival::beyond_window:
        return "the batch is too far ahead of what was applied";
    case stream::Arrival::too_many_ranges:
        return "the batch comes in too many pieces";
    case stream::Arrival::stopped:
        return "the stream is stopped";
    case stream::Arrival::malformed:
        return "the numbers in the head of the part make no sense";
    case stream::Arrival::store:
    case stream::Arrival::stored_already:
    case stream::Arrival::duplicate:
        break;
    }
    return "";
}

Settlement settlement_of(stream::Arrival arrival) {
    switch (arrival) {
    case stream::Arrival::beyond_window:
    case stream::Arrival::stopped:
        return Settlement::keep;
    case stream::Arrival::lower_incarnation:
        return Settlement::remove;
    default:
        return Settlement::set_aside;
    }
}

Reception refuse_part(const Session &session, RefusedRow row, stream::Arrival arrival) {
    row.reason = {Errc::refused, std::string{reason_of(arrival)}};
    log_refused(session.transaction, session.now, row);
    return {Received::refused, settlement_of(arrival), row.reason.message};
}

/// Not of a past that goes on when the newcomer that came after it is refused.
bool is_of_no_use_ever(const stream::IncomingStream &stream, std::uint64_t incarnation) {
    return incarnation < stream.applied.incarnation || incarnation == stream.refused;
}

std::string batch_name(const wire::HeadFields &head) {
    return "batch " + std::to_string(head.number) + " of stream " + std::to_string(head.stream);
}

/// A report names every stream of a peer, so there are no more than it has room for.
bool may_open_stream(const Session &session, const IncomingRow &row) {
    const Row known = *first_row(session.transaction,
                                 "SELECT count(*), coalesce(sum(CASE stream WHEN ?2"
                                 " THEN 1 ELSE 0 END), 0) FROM @stream_in"
                                 " WHERE peer_id = ?1",
                                 {row.key.peer_id, std::int64_t{row.key.stream}});
    return integer_at(known, 1) > 0 || unsigned_at(known, 0) < limits::report_streams_max;
}

/// The sender may not know where we stand: it is told again, but not for every repetition.
void note_repetition(const Session &session, IncomingRow &row) {
    const Row longest =
        *first_row(session.transaction,
                   "SELECT max(round_trip) FROM @stream_out WHERE peer_id = ?1", {row.key.peer_id});
    const auto milliseconds = maybe_integer_at(longest, 0);
    const auto round_trip = milliseconds ? std::optional{Duration{*milliseconds}} : std::nullopt;
    const stream::Acknowledgement before = row.acknowledgement;
    if (stream::is_told_in_vain(row.acknowledgement, session.timing, round_trip, session.now)) {
        turn_reports(session, row.key.peer_id);
    }
    stream::note_duplicate(row.acknowledgement, session.timing, round_trip, session.now);
    if (row.acknowledgement != before) {
        save_incoming(session.transaction, row);
    }
}

} // namespace

std::uint64_t incarnation_of_inbox(const IncomingRow &row) {
    return row.machine.newcomer != 0 ? row.machine.newcomer : row.machine.applied.incarnation;
}

wire::BodyContext context_of(const Peer &peer, const IncomingRow &row, std::uint64_t number) {
    return {*peer.node, row.key.stream, incarnation_of_inbox(row), number};
}

Result<Bytes> open_stored_body(const Session &session,
                               const Peer &peer,
                               const IncomingRow &row,
                               const stream::InboxKey &body) {
    const WholeBody whole = load_body(session.transaction, row.key, body);
    if (wire::body_hash(whole.body) != body.second) {
        return Error{Errc::malformed, "the parts of a batch do not make the body they name"};
    }
    const Result<crypto::Key> content_key =
        open_key(session.identity, inbox_place(row.key, body), whole.content_key_sealed);
    if (!content_key) {
        return content_key.error();
    }
    return wire::open_body(*content_key, context_of(peer, row, body.first), whole.body);
}

void note_progress(IncomingRow &row, Timestamp now) {
    const std::uint64_t front = row.machine.applied.number;
    stream::note_gap(row.acknowledgement, stream::has_gap(row.machine), front != row.front_number,
                     now);
    row.front_number = front;
}

Reception take_batch_part(const Session &session,
                          const Peer &peer,
                          const wire::OpenedPart &part,
                          const std::string &source) {
    IncomingRow row = load_incoming(session.transaction, {peer.peer_id, part.head.stream});
    const stream::ArrivalVerdict verdict = stream::judge(row.machine, part_head(part));
    if (verdict.arrival == stream::Arrival::store) {
        if (!may_open_stream(session, row)) {
            const RefusedRow refused{
                peer.peer_id, source, {Errc::too_large, "the peer opens too many streams"}};
            log_refused(session.transaction, session.now, refused);
            return {Received::refused, Settlement::set_aside, refused.reason.message};
        }
        return store_part(session, peer, part, row, verdict.replaces_inbox);
    }
    if (verdict.arrival != stream::Arrival::malformed) {
        note_repetition(session, row);
    }
    switch (verdict.arrival) {
    case stream::Arrival::stored_already:
        return {Received::duplicate, Settlement::remove, {}};
    case stream::Arrival::duplicate:
        return {Received::duplicate, Settlement::remove, {}, true};
    default:
        break;
    }
    // However often and under whatever name it comes, it is one thing that is refused.
    Reception refused =
        refuse_part(session, {peer.peer_id, batch_name(part.head), {}}, verdict.arrival);
    refused.is_final = verdict.arrival == stream::Arrival::lower_incarnation &&
                       is_of_no_use_ever(row.machine, part.head.incarnation);
    return refused;
}

} // namespace postrider::engine

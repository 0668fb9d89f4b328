// Sealing parts for the way and booking them.
#include "common/engine/transmit.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/engine/dispatch.hpp"
#include "common/engine/pacing.hpp"
#include "common/engine/report.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/mail/parts.hpp"
#include "common/wire/envelope_body.hpp"
#include "common/wire/report_body.hpp"

namespace postrider::engine {

namespace {

/// A batch on its way to one peer.
struct Sealing {
    const Session &session;
    const wire::Recipient &recipient;
    const StreamKey &key;
    std::uint64_t incarnation;
};

/// The slices of `ranges`, each small enough for a part; the whole body where `ranges` is empty.
std::vector<mail::Slice> slices_of(std::uint64_t body_total,
                                   const std::vector<stream::Range> &ranges) {
    std::vector<mail::Slice> slices;
    const std::vector<stream::Range> whole{{0, body_total}};
    for (const stream::Range &range : ranges.empty() ? whole : ranges) {
        const Result<std::vector<mail::Slice>> cut =
            mail::cut_body(range.end - range.offset, limits::part_body_bytes_default);
        ensure(cut.has_value(), "a body in the outbox keeps to the limits");
        for (const mail::Slice &slice : *cut) {
            slices.push_back({slice.offset + range.offset, slice.size});
        }
    }
    return slices;
}

Result<std::vector<Bytes>> seal_parts(const Sealing &sealing,
                                      const stream::OutboxEntry &entry,
                                      const std::vector<stream::Range> &ranges) {
    const auto stored_body =
        load_outbox_body(sealing.session.transaction, sealing.key, entry.number);
    ensure(stored_body.has_value(), "an outbox entry has its body");
    const Result<crypto::Key> content_key =
        open_key(sealing.session.identity, outbox_place(sealing.key, entry.number),
                 stored_body->content_key_sealed);
    if (!content_key) {
        return content_key.error();
    }
    std::vector<Bytes> parts;
    for (const mail::Slice &slice : slices_of(entry.body_total, ranges)) {
        wire::HeadFields head{.kind = wire::EnvelopeKind::batch,
                              .signing_generation = sealing.session.identity.signing_generation,
                              .stream = sealing.key.stream,
                              .incarnation = sealing.incarnation,
                              .number = entry.number,
                              .split = {}};
        if (slice.size != entry.body_total) {
            head.split = wire::Split{entry.body_total, slice.offset, entry.body_hash};
        }
        Result<Bytes> part = wire::seal_part(
            sealing.session.identity.sender(), {&sealing.recipient, 1}, *content_key, head,
            ByteView{stored_body->body}.subspan(slice.offset, slice.size));
        if (!part) {
            return part.error();
        }
        parts.push_back(*std::move(part));
    }
    return parts;
}

Transmission to_path(const PeerPath &path, Bytes envelope, std::uint64_t ticket) {
    return {.ticket = ticket,
            .path_kind = path.kind,
            .target = path.target,
            .from = {},
            .envelope = std::move(envelope)};
}

void mark_sent(const Session &session, const Peer &peer) {
    session.transaction.execute("UPDATE @peer SET sent_at = ?2 WHERE peer_id = ?1",
                                {peer.peer_id, stored(session.now)});
}

/// A sealed column that no longer opens: somebody changed it, or the secret file is another one.
/// Said once; nothing more becomes due to a peer that is held.
void report_unsealable(const Session &session, const Peer &peer, const Error &error) {
    const std::int64_t held =
        session.transaction.execute("UPDATE @peer SET held = ?2 WHERE peer_id = ?1 AND held = ''",
                                    {peer.peer_id, Value::text(error.message)});
    if (held > 0) {
        log_event(session.transaction, session.now,
                  {"peer_held", peer.peer_id, error.message, error.hint});
    }
}

std::optional<Timestamp> anything_due(const Session &session, const Peer &peer) {
    std::optional<Timestamp> next = report_due(session, peer);
    for (const StreamKey &key : outgoing_streams(session.transaction)) {
        if (key.peer_id == peer.peer_id) {
            const auto due = stream::next_due(load_outgoing(session.transaction, key)->machine,
                                              session.timing, session.now);
            if (due && (!next || *due < *next)) {
                next = due;
            }
        }
    }
    return next;
}

/// Nothing leaves before a path may be used. Empty where none ever may.
std::optional<Timestamp>
when_a_path_is_open(const Session &session, const Peer &peer, std::optional<Timestamp> due) {
    std::optional<Timestamp> open;
    for (const PeerPath &path : load_paths(session, peer.peer_id)) {
        if (path.approved) {
            const Timestamp from = opens_at(session, path);
            open = open ? std::min(*open, from) : from;
        }
    }
    return due && open ? std::optional{std::max(*due, *open)} : std::nullopt;
}

} // namespace

std::optional<Tickets::Sent> Tickets::take(std::uint64_t ticket) {
    const auto found = open_.find(ticket);
    if (found == open_.end()) {
        return std::nullopt;
    }
    const Sent sent = found->second;
    open_.erase(found);
    return sent;
}

std::optional<PeerPath> usable_path(const Session &session, const Peer &peer, Carrier carrier) {
    for (PeerPath &path : load_paths(session, peer.peer_id)) {
        const bool open = carrier == Carrier::person ? stream::may_try(path.retry, session.now)
                                                     : opens_at(session, path) <= session.now;
        if (path.approved && open) {
            return std::move(path);
        }
    }
    return std::nullopt;
}

std::vector<Transmission> due_transmissions(const Session &session,
                                            const Peer &peer,
                                            Tickets &tickets,
                                            std::size_t parts_max,
                                            Carrier carrier) {
    std::vector<Transmission> out;
    const auto path = usable_path(session, peer, carrier);
    if (!path) {
        return out;
    }
    const Result<wire::Recipient> recipient = recipient_of(session.identity, peer);
    if (!recipient) {
        report_unsealable(session, peer, recipient.error());
        return out;
    }
    for (const LanePace &lane : lanes_to(session, peer.peer_id)) {
        const StreamKey key = lane.key;
        OutgoingRow row = *load_outgoing(session.transaction, key);
        const Sealing sealing{session, *recipient, key, row.machine.incarnation};
        std::vector<std::uint64_t> changed;
        for (const stream::Due &due : stream::due_now(row.machine, session.timing, session.now)) {
            if (out.size() >= parts_max) {
                break;
            }
            Result<std::vector<Bytes>> parts =
                seal_parts(sealing, row.machine.outbox.at(due.number), due.ranges);
            if (!parts) {
                report_unsealable(session, peer, parts.error());
                break;
            }
            for (Bytes &part : *parts) {
                out.push_back(to_path(*path, std::move(part),
                                      tickets.add({peer.peer_id, path->ordinal, key, due.number})));
            }
            stream::on_sending(row.machine, due.number, session.timing, session.now,
                               randombytes_random());
            changed.push_back(due.number);
            log_transmission(session.transaction, session.now,
                             {key.peer_id, "sent", key.stream, row.machine.incarnation, due.number},
                             parts->size());
        }
        if (!changed.empty()) {
            save_outgoing(session.transaction, row, {.changed = changed, .dropped = {}});
            mark_sent(session, peer);
        }
    }
    return out;
}

std::vector<Transmission>
due_report(const Session &session, const Peer &peer, Tickets &tickets, Carrier carrier) {
    const auto due = report_due(session, peer);
    const auto path = usable_path(session, peer, carrier);
    if (!due || *due > session.now || !path) {
        return {};
    }
    const Result<wire::Recipient> recipient = recipient_of(session.identity, peer);
    if (!recipient) {
        report_unsealable(session, peer, recipient.error());
        return {};
    }
    const wire::Report report = make_report(session, peer);
    const wire::BodyContext context{session.identity.node, control_stream, report.incarnation,
                                    report.counter};
    const wire::ContentKey content_key = crypto::Key::random();
    const Result<Bytes> body =
        wire::seal_body(content_key, context, wire::encode_report_body(report));
    ensure(body.has_value(), "a report is far below the limits");
    Result<Bytes> part = wire::seal_part(session.identity.sender(), {&*recipient, 1}, content_key,
                                         {.kind = wire::EnvelopeKind::report,
                                          .signing_generation = session.identity.signing_generation,
                                          .stream = control_stream,
                                          .incarnation = report.incarnation,
                                          .number = report.counter,
                                          .split = {}},
                                         *body);
    if (!part) {
        report_unsealable(session, peer, part.error());
        return {};
    }
    mark_sent(session, peer);
    std::vector<Transmission> out;
    out.push_back(to_path(*path, *std::move(part),
                          tickets.add({peer.peer_id, path->ordinal, std::nullopt, 0})));
    return out;
}

void take_outcome(const Session &session, const Tickets::Sent &sent, const Result<void> &result) {
    std::vector<PeerPath> paths = load_paths(session, sent.peer_id);
    const auto path = std::find_if(paths.begin(), paths.end(), [&](const PeerPath &candidate) {
        return candidate.ordinal == sent.path_ordinal;
    });
    if (path == paths.end()) {
        return; // the task text changed in between
    }
    if (result) {
        stream::on_success(path->retry);
    } else if (stream::may_try(path->retry, session.now)) {
        // The first failure of a try; what was submitted along with it tells nothing more.
        stream::on_failure(path->retry, session.now, randombytes_random());
    }
    session.transaction.execute(
        "UPDATE @peer_path SET failures = ?3, next_try_at = ?4, last_error = ?5,"
        " worked_at = coalesce(?6, worked_at) WHERE peer_id = ?1 AND ordinal = ?2",
        {sent.peer_id, sent.path_ordinal, std::int64_t{path->retry.failures},
         stored(path->retry.next_try), Value::text(result ? "" : result.error().message),
         result ? stored(session.now) : Value{}});
    if (!result && !sent.stream) {
        // An answer to an invitation did not go out; it need not wait as long as one that did.
        session.transaction.execute("UPDATE @invitation SET next_try_at = ?2 WHERE peer_id = ?1"
                                    " AND state = 'answered' AND next_try_at > ?2",
                                    {sent.peer_id, stored(path->retry.next_try)});
    }
    if (!result && sent.stream) {
        auto row = load_outgoing(session.transaction, *sent.stream);
        if (row && row->machine.outbox.contains(sent.number)) {
            stream::on_not_sent(row->machine, sent.number,
                                path->retry.next_try.value_or(session.now));
            save_outgoing(session.transaction, *row, {.changed = {sent.number}, .dropped = {}});
        }
    }
}

void close_path(const Session &session, const Peer &peer) {
    if (const auto path = usable_path(session, peer)) {
        note_path_used(session, peer.peer_id, path->ordinal);
    }
}

std::optional<Timestamp> next_due(const Session &session, const Peer &peer) {
    return when_a_path_is_open(session, peer, anything_due(session, peer));
}

std::optional<Timestamp> next_report(const Session &session, const Peer &peer) {
    return when_a_path_is_open(session, peer, report_due(session, peer));
}

bool is_anything_due(const Session &session, const Peer &peer) {
    const auto due = anything_due(session, peer);
    return due && *due <= session.now;
}

} // namespace postrider::engine

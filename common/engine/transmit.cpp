// Sealing parts for the way and booking them.
#include "common/engine/transmit.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "common/base/limits.hpp"
#include "common/engine/budgets.hpp"
#include "common/engine/containers.hpp"
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

/// The slices of `ranges`, each of at most `slice_bytes_max`; of the whole body where `ranges` is
/// empty.
std::vector<mail::Slice> slices_of(std::uint64_t body_total,
                                   const std::vector<stream::Range> &ranges,
                                   std::size_t slice_bytes_max) {
    std::vector<mail::Slice> slices;
    const std::vector<stream::Range> whole{{0, body_total}};
    for (const stream::Range &range : ranges.empty() ? whole : ranges) {
        const Result<std::vector<mail::Slice>> cut =
            mail::cut_body(range.end - range.offset, slice_bytes_max);
        ensure(cut.has_value(), "a body in the outbox keeps to the limits");
        for (const mail::Slice &slice : *cut) {
            slices.push_back({slice.offset + range.offset, slice.size});
        }
    }
    return slices;
}

std::vector<stream::Range> ranges_of(std::span<const mail::Slice> slices) {
    std::vector<stream::Range> ranges;
    for (const mail::Slice &slice : slices) {
        if (!ranges.empty() && ranges.back().end == slice.offset) {
            ranges.back().end += slice.size;
        } else {
            ranges.push_back({slice.offset, slice.offset + slice.size});
        }
    }
    return ranges;
}

Result<std::vector<Bytes>> seal_parts(const Sealing &sealing,
                                      const stream::OutboxEntry &entry,
                                      std::span<const mail::Slice> slices) {
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
    for (const mail::Slice &slice : slices) {
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

Transmission to_path(const PeerPath &path,
                     Bytes envelope,
                     std::uint64_t ticket,
                     bool urgent,
                     mail::Container container) {
    return {.ticket = ticket,
            .path_kind = path.kind,
            .target = path.target,
            .mailbox = path.mailbox,
            .envelope = std::move(envelope),
            .plain = {},
            .urgent = urgent,
            .container = container};
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

/// A way for a mail: a path that is open, and what its budgets and those of the lane say.
struct Way {
    PeerPath path;
    Limits limits;
};

/// The bytes of the mail, which may depend on what it has to fit into and how it goes there.
using MailBytes = std::function<std::uint64_t(const Limits &, const PeerPath &)>;

struct Outbound {
    stream::Urgency urgency = stream::Urgency::report;
    const LanePace *lane = nullptr; // empty: a report
    MailBytes bytes;
};

Limits
limits_of(const Session &session, const Peer &peer, const PeerPath &path, const LanePace *lane) {
    return lane != nullptr ? Limits{session, *lane, path} : Limits{session, peer.peer_id, path};
}

std::vector<PeerPath> paths_of(const Session &session, const Peer &peer, const Outbound &outbound) {
    return outbound.lane != nullptr ? paths_for(session, *outbound.lane)
                                    : load_paths(session, peer.peer_id);
}

/// From when on the limits of a path let the mail pass. How large it is is asked where there are
/// any.
Timestamp passage_through(const Session &session,
                          const Limits &limits,
                          const Outbound &outbound,
                          const PeerPath &path) {
    return limits.is_empty() ? session.now
                             : limits.next_passage(outbound.urgency, outbound.bytes(limits, path));
}

/// From when on the mail may leave by any path; empty where none ever may.
std::optional<Timestamp>
passage_at(const Session &session, const Peer &peer, const Outbound &outbound) {
    std::optional<Timestamp> passage;
    for (const PeerPath &path : paths_of(session, peer, outbound)) {
        if (path.approved) {
            const Limits limits = limits_of(session, peer, path, outbound.lane);
            const Timestamp from =
                std::max(opens_at(session, path), passage_through(session, limits, outbound, path));
            passage = passage ? std::min(*passage, from) : from;
        }
    }
    return passage;
}

/// The first approved one of `paths` by which the mail may leave now. Empty: none, or all of them
/// are waiting.
std::optional<Way> way_for(const Session &session,
                           const Peer &peer,
                           const Outbound &outbound,
                           Carrier carrier,
                           std::span<const PeerPath> paths) {
    for (const PeerPath &path : paths) {
        if (!path.approved || !stream::may_try(path.retry, session.now)) {
            continue;
        }
        if (carrier == Carrier::person) {
            PeerPath open = path;
            open.pace = {};
            Limits limits{session, peer.peer_id, open};
            return Way{std::move(open), std::move(limits)};
        }
        Limits limits = limits_of(session, peer, path, outbound.lane);
        if (opens_at(session, path) <= session.now &&
            passage_through(session, limits, outbound, path) <= session.now) {
            return Way{path, std::move(limits)};
        }
    }
    return std::nullopt;
}

/// The first of what is due in a stream, as far as it goes into one mail.
Outbound first_of(const Session &session,
                  const LanePace &lane,
                  const stream::OutgoingStream &machine,
                  const std::optional<stream::Due> &due) {
    const stream::Urgency urgency = urgency_of(lane);
    const MailBytes bytes = [&, due, urgency](const Limits &limits,
                                              const PeerPath &path) -> std::uint64_t {
        if (!due) {
            return wire_bytes_of_slice(1);
        }
        const stream::OutboxEntry &entry = machine.outbox.at(due->number);
        const mail::Container container = next_form(session, path, lane.key, entry).container;
        const std::size_t most = limits.slice_bytes(urgency, entry.body_total, container);
        return wire_bytes_of_slice(slices_of(entry.body_total, due->ranges, most).front().size,
                                   container);
    };
    return {urgency, &lane, bytes};
}

/// Room for what is told of each stream, of parts that are missing, and for notes.
Outbound report_of(const Session &session, const Peer &peer) {
    const Row row = *first_row(session.transaction,
                               "SELECT (SELECT count(*) FROM @note WHERE peer_id = ?1),"
                               " (SELECT count(*) FROM @stream_in WHERE peer_id = ?1),"
                               " (SELECT count(*) FROM @inbox_part WHERE peer_id = ?1)",
                               {peer.peer_id});
    const std::uint64_t notes =
        std::min<std::uint64_t>(unsigned_at(row, 0), limits::report_notes_max);
    const std::uint64_t envelope =
        1500 + notes * 500 + unsigned_at(row, 1) * 120 + unsigned_at(row, 2) * 60;
    return {stream::Urgency::report, nullptr,
            [envelope](const Limits &, const PeerPath &) { return wire_bytes(envelope); }};
}

std::optional<stream::Due> first_due(const Session &session, const OutgoingRow &row) {
    const std::vector<stream::Due> due = stream::due_now(row.machine, session.timing, session.now);
    return due.empty() ? std::nullopt : std::optional{due.front()};
}

std::optional<Timestamp> later_of(std::optional<Timestamp> due, std::optional<Timestamp> passage) {
    return due && passage ? std::optional{std::max(*due, *passage)} : std::nullopt;
}

std::string in_a_line(const Error &error) {
    return error.message + (error.detail.empty() ? "" : " (" + error.detail + ")");
}

/// What was booked for a mail that did not leave.
void give_back(const Session &session, const Tickets::Sent &sent, const PeerPath &path) {
    for (const LanePace &lane : lanes_to(session, sent.peer_id)) {
        if (sent.stream == lane.key) {
            return Limits{session, lane, path}.give_back(sent.booked_bytes, sent.booked_at);
        }
    }
    Limits{session, sent.peer_id, path}.give_back(sent.booked_bytes, sent.booked_at);
}

/// One stream's batches that are due, on their way to a peer.
class Sender {
  public:
    Sender(const Session &session, const Peer &peer, Tickets &tickets, Carrier carrier)
        : session_(session), peer_(peer), tickets_(tickets), carrier_(carrier) {}

    void send(const wire::Recipient &recipient, const LanePace &lane, std::size_t parts_max) {
        OutgoingRow row = *load_outgoing(session_.transaction, lane.key);
        const Sealing sealing{session_, recipient, lane.key, row.machine.incarnation};
        const std::vector<PeerPath> paths = paths_for(session_, lane);
        std::vector<std::uint64_t> changed;
        for (const stream::Due &due : stream::due_now(row.machine, session_.timing, session_.now)) {
            const auto way =
                out.size() < parts_max
                    ? way_for(session_, peer_, first_of(session_, lane, row.machine, due), carrier_,
                              paths)
                    : std::nullopt;
            if (!way || !send_batch(sealing, lane, row, due, *way)) {
                break;
            }
            changed.push_back(due.number);
        }
        if (!changed.empty()) {
            save_outgoing(session_.transaction, row, {.changed = changed, .dropped = {}});
            mark_sent(session_, peer_);
        }
    }

    std::vector<Transmission> out;

  private:
    /// As many parts as the budgets let pass, at least one. False: it cannot be sealed.
    bool send_batch(const Sealing &sealing,
                    const LanePace &lane,
                    OutgoingRow &row,
                    const stream::Due &due,
                    const Way &way) {
        const stream::Urgency urgency = urgency_of(lane);
        const stream::OutboxEntry &entry = row.machine.outbox.at(due.number);
        const bool by_path = carrier_ == Carrier::path;
        const NextForm form = by_path ? next_form(session_, way.path, lane.key, entry) : NextForm{};
        const std::vector<mail::Slice> slices =
            slices_of(entry.body_total, due.ranges,
                      way.limits.slice_bytes(urgency, entry.body_total, form.container));
        std::size_t sent = 0;
        while (sent < slices.size() &&
               (sent == 0 || way.limits.next_passage(
                                 urgency, wire_bytes_of_slice(slices[sent].size, form.container)) <=
                                 session_.now)) {
            // Where nothing is limited they are sealed together, so that the body is read once.
            const std::size_t count = way.limits.is_empty() ? slices.size() : 1;
            Result<std::vector<Bytes>> parts =
                seal_parts(sealing, entry, std::span{slices}.subspan(sent, count));
            if (!parts) {
                report_unsealable(session_, peer_, parts.error());
                return false;
            }
            for (Bytes &part : *parts) {
                const std::uint64_t mail_bytes = wire_bytes(part.size(), form.container);
                const std::uint64_t booked = way.limits.is_empty() ? 0 : mail_bytes;
                way.limits.book(booked);
                Tickets::Sent ticket{peer_.peer_id, way.path.ordinal, lane.key,  due.number,
                                     booked,        session_.now,     mail_bytes};
                ticket.container = form.container;
                out.push_back(to_path(way.path, std::move(part), tickets_.add(ticket),
                                      urgency != stream::Urgency::usual, form.container));
            }
            sent += count;
        }
        if (by_path) {
            note_form(session_, way.path, lane.key, due.number, form);
        } else {
            forget_form(session_, lane.key, due.number);
        }
        if (sent == slices.size()) {
            stream::on_sending(row.machine, due.number, way.limits.timing(), session_.now,
                               randombytes_random());
        } else {
            stream::on_partly_sent(row.machine, due.number,
                                   ranges_of(std::span{slices}.subspan(sent)), session_.now);
        }
        log_transmission(
            session_.transaction, session_.now,
            {lane.key.peer_id, "sent", lane.key.stream, row.machine.incarnation, due.number}, sent);
        return true;
    }

    const Session &session_;
    const Peer &peer_;
    Tickets &tickets_;
    Carrier carrier_;
};

/// A small message that belongs to no stream, on its way.
struct Small {
    const Session &session;
    const Peer &peer;
    const PeerPath &path;
    const Limits &limits;
    Tickets &tickets;
};

/// The message in each of the forms. After the first, budgets may let none pass.
std::vector<Transmission>
in_forms(const Small &small, const Bytes &envelope, std::span<const mail::Container> forms) {
    std::vector<Transmission> out;
    for (const mail::Container container : forms) {
        const std::uint64_t bytes = wire_bytes(envelope.size(), container);
        if (!out.empty() &&
            small.limits.next_passage(stream::Urgency::report, bytes) > small.session.now) {
            break;
        }
        small.limits.book(bytes);
        Tickets::Sent ticket{small.peer.peer_id, small.path.ordinal, std::nullopt, 0, bytes,
                             small.session.now};
        ticket.container = container;
        out.push_back(to_path(small.path, envelope, small.tickets.add(ticket), true, container));
    }
    return out;
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

bool make_smaller(const Session &session, const Tickets::Sent &sent, const PeerPath &path) {
    const auto smaller = sent.mail_bytes > 0 ? after_refusal_of(sent.mail_bytes) : std::nullopt;
    if (!smaller) {
        return false;
    }
    session.transaction.execute(
        "UPDATE @peer_path SET mail_bytes_max = ?3 WHERE peer_id = ?1 AND ordinal = ?2",
        {sent.peer_id, sent.path_ordinal,
         stored(std::min(*smaller, path.mail_bytes_max.value_or(*smaller)))});
    return true;
}

std::vector<Transmission>
to_pair(const Session &session, const Peer &peer, const PairingMail &message, Tickets &tickets) {
    for (const PeerPath &path : load_paths(session, peer.peer_id)) {
        if (path.approved && stream::may_try(path.retry, session.now)) {
            const Limits limits{session, peer.peer_id, path};
            return in_forms({session, peer, path, limits, tickets}, message.envelope,
                            pairing_forms(session, path, peer.peer_id, message.is_repeated));
        }
    }
    return {};
}

std::vector<Transmission> due_transmissions(const Session &session,
                                            const Peer &peer,
                                            Tickets &tickets,
                                            std::size_t parts_max,
                                            Carrier carrier) {
    const Result<wire::Recipient> recipient = recipient_of(session.identity, peer);
    if (!recipient) {
        if (is_anything_due(session, peer)) {
            report_unsealable(session, peer, recipient.error());
        }
        return {};
    }
    Sender sender{session, peer, tickets, carrier};
    for (const LanePace &lane : lanes_to(session, peer.peer_id)) {
        sender.send(*recipient, lane, parts_max);
    }
    return std::move(sender.out);
}

std::vector<Transmission>
due_report(const Session &session, const Peer &peer, Tickets &tickets, Carrier carrier) {
    const auto due = report_due(session, peer);
    if (!due || *due > session.now) {
        return {};
    }
    const auto way = way_for(session, peer, report_of(session, peer), carrier,
                             load_paths(session, peer.peer_id));
    if (!way) {
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
    const mail::Container form =
        carrier == Carrier::path ? report_form(session, peer, way->path) : mail::Container::mixed;
    return in_forms({session, peer, way->path, way->limits, tickets}, *part, {&form, 1});
}

void take_outcome(const Session &session, const Tickets::Sent &sent, const Outcome &outcome) {
    const Result<void> &result = outcome.result;
    std::vector<PeerPath> paths = load_paths(session, sent.peer_id);
    const auto path = std::find_if(paths.begin(), paths.end(), [&](const PeerPath &candidate) {
        return candidate.ordinal == sent.path_ordinal;
    });
    if (path == paths.end()) {
        return; // the task text changed in between
    }
    const bool is_made_smaller =
        !result && result.error().code == Errc::too_large && make_smaller(session, sent, *path);
    if (result) {
        stream::on_success(path->retry);
    } else if (!is_made_smaller && stream::may_try(path->retry, session.now)) {
        // The first failure of a try; what was submitted along with it tells nothing more.
        stream::on_failure(path->retry, session.now, randombytes_random(), outcome.wait_at_least);
    }
    // A server that refuses a size has been reached: what failed before is over, unless it was
    // submitted along.
    if (!is_made_smaller || stream::may_try(path->retry, session.now)) {
        const Error told = result || is_made_smaller ? Error{} : result.error();
        session.transaction.execute(
            "UPDATE @peer_path SET failures = ?3, next_try_at = ?4, last_error = ?5,"
            " worked_at = coalesce(?6, worked_at), last_hint = ?7"
            " WHERE peer_id = ?1 AND ordinal = ?2",
            {sent.peer_id, sent.path_ordinal, std::int64_t{path->retry.failures},
             stored(path->retry.next_try), Value::text(in_a_line(told)),
             result ? stored(session.now) : Value{}, Value::text(told.hint)});
    }
    if (!result && sent.booked_bytes > 0) {
        give_back(session, sent, *path);
    }
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
                                is_made_smaller ? session.now
                                                : path->retry.next_try.value_or(session.now));
            save_outgoing(session.transaction, *row, {.changed = {sent.number}, .dropped = {}});
            if (outcome.content_refused) {
                hasten_form(session, {*sent.stream, sent.number, sent.path_ordinal, sent.container},
                            false);
            } else if (!is_made_smaller) {
                take_back_form(session, *sent.stream, row->machine.outbox.at(sent.number));
            }
        }
    }
}

void close_paths(const Session &session,
                 const Peer &peer,
                 const Tickets &tickets,
                 std::span<const Transmission> sent) {
    std::set<std::int64_t> paths;
    for (const Transmission &transmission : sent) {
        paths.insert(tickets.path_of(transmission.ticket));
    }
    for (const std::int64_t ordinal : paths) {
        note_path_used(session, peer.peer_id, ordinal);
    }
}

std::optional<Timestamp> next_due(const Session &session, const Peer &peer) {
    std::optional<Timestamp> next = next_report(session, peer);
    for (const LanePace &lane : lanes_to(session, peer.peer_id)) {
        const OutgoingRow row = *load_outgoing(session.transaction, lane.key);
        const auto due = stream::next_due(row.machine, session.timing, session.now);
        if (!due) {
            continue;
        }
        const auto from = later_of(
            due, passage_at(session, peer,
                            first_of(session, lane, row.machine, first_due(session, row))));
        next = next && from ? std::min(*next, *from) : next ? next : from;
    }
    return next;
}

std::optional<Timestamp> next_report(const Session &session, const Peer &peer) {
    const auto due = report_due(session, peer);
    return due ? later_of(due, passage_at(session, peer, report_of(session, peer))) : due;
}

bool is_anything_due(const Session &session, const Peer &peer) {
    const auto report = report_due(session, peer);
    if (report && *report <= session.now) {
        return true;
    }
    const std::vector<LanePace> lanes = lanes_to(session, peer.peer_id);
    return std::any_of(lanes.begin(), lanes.end(), [&](const LanePace &lane) {
        return first_due(session, *load_outgoing(session.transaction, lane.key)).has_value();
    });
}

} // namespace postrider::engine

// Making, judging and answering marks.
#include "common/engine/marks.hpp"

#include <algorithm>

#include <sodium.h>

#include "common/base/utf8.hpp"
#include "common/crypto/rest.hpp"
#include "common/engine/containers.hpp"
#include "common/engine/report.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/starts.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

namespace {

wire::MarkProof proof_of(const Session &session, const Peer &peer, const stream::SeenMark &mark) {
    return crypto::mark_proof(session.identity.master, {.reader = *peer.node,
                                                        .incarnation = mark.incarnation,
                                                        .counter = mark.counter,
                                                        .token = mark.token,
                                                        .claimed = mark.claimed});
}

stream::Mark mark_of(const wire::Report &report) {
    return {.incarnation = report.incarnation,
            .counter = report.counter,
            .token = report.start.token,
            .previous = report.start.previous,
            .since = report.start.since,
            .claimed = report.start.claimed};
}

std::string two_copies_reason(const Peer &peer) {
    return "two copies of node \"" + printable(peer.name) + "\" are at work";
}

std::string two_copies_action(const Session &session) {
    return "On the copy that stays: SELECT " + session.dialect.command("claim_identity") +
           "(); on the other one: SELECT " + session.dialect.command("new_identity") +
           "('another_name');";
}

void hold_two_copies(const Session &session, const Peer &peer) {
    const std::string reason = two_copies_reason(peer);
    session.transaction.execute("UPDATE @peer SET held = ?2 WHERE peer_id = ?1 AND held = ''",
                                {peer.peer_id, Value::text(reason)});
    log_event(session.transaction, session.now,
              {"two_copies", peer.peer_id,
               reason + ": nothing is sent to them or taken from them until one has the identity",
               two_copies_action(session)});
    leave_note(session, peer,
               {.number = 0,
                .kind = wire::NoteKind::error,
                .stream = 0,
                .batch_number = 0,
                .rows = 0,
                .code = "two_copies",
                .message = "two copies of your node are at work, and both are held here; on the"
                           " one that stays claim_identity, on the other one new_identity"});
}

void release_two_copies(const Session &session, const Peer &peer) {
    session.transaction.execute("UPDATE @peer SET held = '' WHERE peer_id = ?1 AND held = ?2",
                                {peer.peer_id, Value::text(two_copies_reason(peer))});
    log_event(session.transaction, session.now,
              {"identity_claimed", peer.peer_id,
               "the identity of " + peer.name + " was claimed for one copy, which goes on"});
}

/// What the peer has seen of us. True: we do not know to have said it.
bool past_is_in_doubt(const Session &session, const Peer &peer, const wire::Seen &seen) {
    const stream::SeenMark mark{seen.incarnation, seen.counter, seen.token, seen.claimed};
    const stream::SeenVerdict verdict =
        stream::judge_seen(load_own_start(session.transaction).start, mark);
    if (verdict == stream::SeenVerdict::known) {
        return false;
    }
    const wire::MarkProof proof = proof_of(session, peer, mark);
    if (sodium_memcmp(proof.data(), seen.proof.data(), proof.size()) != 0) {
        log_refused(session.transaction, session.now,
                    {peer.peer_id,
                     "report",
                     {Errc::bad_signature,
                      "peer \"" + peer.name + "\" names a report of ours that was never made"}});
        return false;
    }
    if (verdict == stream::SeenVerdict::claimed_elsewhere) {
        session.transaction.execute(
            "UPDATE @node SET stopped = 'another copy of this node claimed its identity',"
            " doubt_incarnation = ?1",
            {stored(seen.incarnation)});
        return true;
    }
    session.transaction.execute(
        "UPDATE @node SET doubt = ?1, doubt_incarnation = ?2, claimed = claimed * ?3",
        {Value::text("peer \"" + peer.name +
                     "\" has seen reports that this database does not"
                     " know"),
         stored(seen.incarnation), stored(!seen.claimed)});
    return true;
}

void note_acknowledged(const Session &session, const wire::Report &report, PeerStartRow &row) {
    if (!report.seen) {
        return;
    }
    if (report.seen->token == row.told) {
        row.acknowledged = row.told;
    }
    if (knows_our_incarnation(session, report)) {
        row.hello_at.reset();
        row.hello_tries = 0;
    }
}

/// Who asks where we stand, and asks again, has not heard the answer: reports take another form.
void note_asked(const Session &session, const Peer &peer, bool asks, PeerStartRow &row) {
    if (asks && row.asked_at &&
        session.now - *row.asked_at >= session.timing.retransmission_min / 2) {
        turn_reports(session, peer.peer_id);
    }
    row.asked_at = asks ? std::optional{session.now} : std::nullopt;
}

/// The maker of an old report may be one that does not know its own past. Whatever is played to us,
/// it is told at most once in a round trip and an hour.
void answer_old(const Session &session,
                const Peer &peer,
                const wire::Report &report,
                PeerStartRow &row) {
    const bool was_overtaken = row.lineage.token == report.start.token;
    const bool is_silenced = row.lineage.two_copies && !report.start.claimed;
    const auto control = load_outgoing(session.transaction, {peer.peer_id, control_stream});
    const Duration round_trip =
        control ? control->machine.round_trip.value_or(Duration::zero()) : Duration::zero();
    const bool answered_lately =
        row.answered_at && *row.answered_at <= session.now &&
        session.now - *row.answered_at < std::max(round_trip, session.timing.repeat_max);
    if (!was_overtaken && !is_silenced && !answered_lately) {
        const Timestamp soon = session.now + session.timing.acknowledgement_delay;
        row.answer_at = row.answer_at ? std::min(*row.answer_at, soon) : soon;
    }
}

void note_younger(const Session &session,
                  const Peer &peer,
                  const stream::Lineage &before,
                  const PeerStartRow &row) {
    if (before.token && row.lineage.incarnation != before.incarnation) {
        log_event(session.transaction, session.now,
                  {"peer_began_anew", peer.peer_id,
                   peer.name + " goes on under a new incarnation: its database, or all of its"
                               " machine, was taken back or moved"});
    }
    if (row.lineage.two_copies && !before.two_copies) {
        hold_two_copies(session, peer);
    } else if (before.two_copies && !row.lineage.two_copies) {
        release_two_copies(session, peer);
    }
}

std::optional<Timestamp> due_at(std::optional<Timestamp> time, Duration delay_max, Timestamp now) {
    return time ? std::optional{stream::due_time(*time, delay_max, now)} : time;
}

} // namespace

void mark_report(const Session &session, const Peer &peer, wire::Report &report) {
    session.transaction.execute("UPDATE @node SET report_counter = report_counter + 1");
    const OwnStartRow own = load_own_start(session.transaction);
    PeerStartRow row = load_peer_start(session.transaction, peer.peer_id);
    const stream::SeenMark mark{own.start.incarnation, own.start.counter, own.start.token,
                                own.claimed};
    report.incarnation = mark.incarnation;
    report.counter = mark.counter;
    report.start = {.token = mark.token,
                    .previous = row.acknowledged == mark.token ? std::nullopt : row.acknowledged,
                    .since = own.start.since,
                    .claimed = mark.claimed,
                    .proof = proof_of(session, peer, mark)};
    if (row.lineage.token) {
        report.seen = wire::Seen{row.lineage.incarnation, row.lineage.counter, *row.lineage.token,
                                 row.lineage.claimed, row.proof};
    }
    report.hello = row.hello_at.has_value();
    if (report.hello) {
        if (row.hello_tries > 0) {
            turn_reports(session, peer.peer_id); // what asked before was not answered
        }
        row.hello_at =
            session.now +
            stream::jittered(stream::doubled(session.timing.retransmission_min, row.hello_tries,
                                             session.timing.retransmission_max),
                             randombytes_random());
        ++row.hello_tries;
    }
    row.told = mark.token;
    if (row.answer_at) {
        row.answer_at.reset();
        row.answered_at = session.now;
    }
    save_peer_start(session.transaction, peer.peer_id, row);
}

MarkedReport judge_report(const Session &session, const Peer &peer, const wire::Report &report) {
    if (report.seen && past_is_in_doubt(session, peer, *report.seen)) {
        return MarkedReport::past_in_doubt;
    }
    PeerStartRow row = load_peer_start(session.transaction, peer.peer_id);
    const stream::Lineage before = row.lineage;
    const stream::MarkVerdict verdict =
        stream::note_mark(row.lineage, mark_of(report), session.now);
    if (verdict == stream::MarkVerdict::younger) {
        row.proof = report.start.proof;
        note_acknowledged(session, report, row);
        note_asked(session, peer, report.hello, row);
        if (before.token && before.token != row.lineage.token && !row.answer_at) {
            // A start that is told where we stand notices what it has forgotten of its own streams.
            // That can wait for data to ride on.
            row.answer_at = session.now + session.timing.retransmission_max;
        }
    } else if (verdict == stream::MarkVerdict::behind) {
        answer_old(session, peer, report, row);
    }
    save_peer_start(session.transaction, peer.peer_id, row);
    if (verdict != stream::MarkVerdict::younger) {
        return MarkedReport::not_younger;
    }
    note_younger(session, peer, before, row);
    return row.lineage.two_copies ? MarkedReport::not_younger : MarkedReport::usable;
}

bool knows_our_incarnation(const Session &session, const wire::Report &report) {
    return report.seen &&
           report.seen->incarnation == load_own_start(session.transaction).start.incarnation;
}

std::optional<Timestamp> marks_due(const Session &session, const Peer &peer) {
    const PeerStartRow row = load_peer_start(session.transaction, peer.peer_id);
    const stream::Timing &timing = session.timing;
    const auto answer = due_at(row.answer_at, timing.retransmission_max, session.now);
    const auto hello = due_at(row.hello_at, timing.retransmission_max * 5 / 4, session.now);
    if (row.lineage.two_copies || !hello) {
        return answer;
    }
    return answer ? std::min(*answer, *hello) : hello;
}

bool start_is_untold(const Session &session, const Peer &peer) {
    const OwnStartRow own = load_own_start(session.transaction);
    return load_peer_start(session.transaction, peer.peer_id).acknowledged != own.start.token;
}

void ask_position(const Session &session, const Peer &peer) {
    PeerStartRow row = load_peer_start(session.transaction, peer.peer_id);
    row.hello_at = session.now;
    row.hello_tries = 0;
    save_peer_start(session.transaction, peer.peer_id, row);
}

bool is_two_copies(const Session &session, const Peer &peer) {
    return load_peer_start(session.transaction, peer.peer_id).lineage.two_copies;
}

void suspect_own_past(const Session &session, std::uint64_t incarnation, const std::string &why) {
    // A doubt of before the present incarnation is settled: every peer was asked when it began.
    if (incarnation >= load_own_start(session.transaction).start.incarnation) {
        session.transaction.execute("UPDATE @node SET suspicion = ?1 WHERE suspicion = ''",
                                    {Value::text(why)});
    }
}

} // namespace postrider::engine

// Asking, promising and missing reports.
#include "common/engine/sign_of_life.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/offers_out.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

/// What was told is not known.
constexpr std::int64_t untold = -1;

Row promises_of(const Session &session, const Peer &peer) {
    return *first_row(session.transaction,
                      "SELECT asks_every, asks_told, asks_since, silent_since, reports_every,"
                      " reported_at FROM @peer WHERE peer_id = ?1",
                      {peer.peer_id});
}

} // namespace

void ask_for_reports(const Session &session, std::int64_t peer_id, Duration every) {
    session.transaction.execute("UPDATE @peer SET asks_every = ?2, asks_since = ?3,"
                                " silent_since = NULL WHERE peer_id = ?1 AND asks_every <> ?2",
                                {peer_id, std::int64_t{every.count()}, stored(session.now)});
}

void tell_what_is_asked(const Session &session, const Peer &peer) {
    const Row row = promises_of(session, peer);
    if (integer_at(row, 0) == integer_at(row, 1)) {
        return;
    }
    queue_control(session.transaction, peer.peer_id,
                  wire::ReportEvery{Duration{integer_at(row, 0)}});
    session.transaction.execute("UPDATE @peer SET asks_told = asks_every WHERE peer_id = ?1",
                                {peer.peer_id});
}

void forget_that_it_was_told(const Session &session, const Peer &peer) {
    session.transaction.execute("UPDATE @peer SET asks_told = ?2 WHERE peer_id = ?1",
                                {peer.peer_id, untold});
}

void promise_reports(const Session &session, const Peer &peer, const wire::ReportEvery &asked) {
    const Duration every = asked.every == Duration::zero()
                               ? asked.every
                               : std::max<Duration>(asked.every, limits::report_every_min);
    session.transaction.execute("UPDATE @peer SET reports_every = ?2, reported_at = ?3"
                                " WHERE peer_id = ?1",
                                {peer.peer_id, std::int64_t{every.count()}, stored(session.now)});
}

void end_promises(const Session &session, std::int64_t peer_id) {
    session.transaction.execute("UPDATE @peer SET reports_every = 0, reported_at = NULL,"
                                " asks_told = 0, asks_since = ?2, silent_since = NULL,"
                                " pace_told = '', pace_kept = ''"
                                " WHERE peer_id = ?1",
                                {peer_id, stored(session.now)});
}

std::optional<Timestamp> promised_report_due(const Session &session, const Peer &peer) {
    const Row row = promises_of(session, peer);
    const Duration every{integer_at(row, 4)};
    if (every == Duration::zero() || peer.state == PeerState::left) {
        return std::nullopt;
    }
    const auto last = maybe_time_at(row, 5);
    return last ? stream::due_time(*last + every, every, session.now) : session.now;
}

void note_reported(const Session &session, const Peer &peer) {
    session.transaction.execute("UPDATE @peer SET reported_at = ?2 WHERE peer_id = ?1"
                                " AND reports_every > 0",
                                {peer.peer_id, stored(session.now)});
}

void note_heard(const Session &session, const Peer &peer) {
    const std::int64_t was_silent =
        session.transaction.execute("UPDATE @peer SET silent_since = NULL WHERE peer_id = ?1"
                                    " AND silent_since IS NOT NULL",
                                    {peer.peer_id});
    if (was_silent > 0) {
        log_event(session.transaction, session.now,
                  {"peer_heard", peer.peer_id, "\"" + peer.name + "\" is heard of again", ""});
    }
}

std::optional<Timestamp> silent_at(const Session &session, const Peer &peer) {
    const Row row = promises_of(session, peer);
    const Duration every{integer_at(row, 0)};
    if (every == Duration::zero() || !is_paired(peer.state) || !row.at(3).is_null()) {
        return std::nullopt;
    }
    const auto asked = maybe_time_at(row, 2);
    const Timestamp last =
        std::max(asked.value_or(Timestamp{}), peer.heard_at.value_or(Timestamp{}));
    return stream::due_time(last + 2 * every, 2 * every, session.now);
}

bool is_silence_new(const Session &session, const Peer &peer) {
    const auto at = silent_at(session, peer);
    return at && *at <= session.now;
}

void call_silent(const Session &session, const Peer &peer) {
    if (!is_silence_new(session, peer)) {
        return;
    }
    session.transaction.execute("UPDATE @peer SET silent_since = coalesce(heard_at, asks_since)"
                                " WHERE peer_id = ?1",
                                {peer.peer_id});
    log_event(
        session.transaction, session.now,
        {"peer_silent", peer.peer_id,
         "\"" + peer.name + "\" is silent: two of the reports that are asked of it did not come",
         "See whether its machine is up, Postrider runs there and its mails leave."});
}

} // namespace postrider::engine

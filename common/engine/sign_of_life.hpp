// REPORT EVERY: a peer that was asked to promises a report at least so often, so that one that has
// nothing to say is told from one that is gone.
#pragma once

#include <optional>

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/wire/control.hpp"

namespace postrider::engine {

/// What the peer's statement says; zero: nothing is asked.
void ask_for_reports(const Session &session, std::int64_t peer_id, Duration every);

/// Queues for the peer what it has not been told yet of what is asked of it.
void tell_what_is_asked(const Session &session, const Peer &peer);

/// Our control stream begins anew: word of it may have been lost.
void forget_that_it_was_told(const Session &session, const Peer &peer);

/// The peer asks it of us.
void promise_reports(const Session &session, const Peer &peer, const wire::ReportEvery &asked);

/// The keys of the peer are gone or new: nothing is promised, and nothing is overdue.
void end_promises(const Session &session, std::int64_t peer_id);

/// When the promised report is due; empty: none is promised.
std::optional<Timestamp> promised_report_due(const Session &session, const Peer &peer);

void note_reported(const Session &session, const Peer &peer);

/// A mail of the peer was taken.
void note_heard(const Session &session, const Peer &peer);

/// When the peer is called silent unless something comes of it: a report may be lost, or late.
/// Empty: nothing is asked of it, or it is called so already.
std::optional<Timestamp> silent_at(const Session &session, const Peer &peer);

/// It is silent, and is not called so yet.
bool is_silence_new(const Session &session, const Peer &peer);

void call_silent(const Session &session, const Peer &peer);

} // namespace postrider::engine

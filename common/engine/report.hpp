// Reports between this node and its peers: what we tell of their streams, and what theirs change in
// ours.
#pragma once

#include <optional>

#include "common/engine/marks.hpp"
#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"
#include "common/wire/report.hpp"

namespace postrider::engine {

/// When a report must go to this peer by itself; empty: nothing to tell.
std::optional<Timestamp> report_due(const Session &session, const Peer &peer);

/// Something is to be told, so it rides on a batch that goes to this peer anyway.
bool has_news(const Session &session, const Peer &peer);

/// The report of all streams of this peer, with the next counter. It counts as told: commit before
/// it leaves.
wire::Report make_report(const Session &session, const Peer &peer);

/// Uses a report of the peer, in any order of arrival: acknowledgements, positions, notes, keys. A
/// stream whose receiver stands elsewhere begins a new incarnation there, and its tables are sent
/// again. What it says of our own past is settled by settle_doubt (start.hpp).
MarkedReport take_report(const Session &session, const Peer &peer, const wire::Report &report);

/// The peer has stored our notes up to this number.
void take_notes_seen(const Session &session, const Peer &peer, std::uint64_t seen);

/// Leaves a numbered note for the peer, repeated until it has seen it.
void leave_note(const Session &session, const Peer &peer, wire::Note note);

/// Our past is in doubt: every stream that we send to this peer begins anew where the peer stands,
/// which a hello asks.
void doubt_streams(const Session &session, const Peer &peer);

/// What the stream has on its way is given up, or never goes: those that come after it give up
/// theirs too, and send their tables again.
void begin_later_streams_again(const Session &session, const Peer &peer, const OutgoingRow &row);

/// What waits in the outbox for this peer is not sent any more. Its streams number nothing before
/// they are doubted.
void give_up_outbox(const Session &session, const Peer &peer);

/// The receiving key that this peer is to seal to from now on; empty when it does so already.
std::optional<wire::KeyAnnouncement> key_to_announce(const Session &session, const Peer &peer);

/// The peer announced a receiving key.
void take_key(const Session &session, const Peer &peer, const wire::KeyAnnouncement &key);

} // namespace postrider::engine

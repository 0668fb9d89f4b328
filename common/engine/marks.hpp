// The marks in reports: which start of which node speaks (docs/correctness.md, B4). What peers say
// of ours tells whether our past is the only one; what they say of theirs, whether they are one.
#pragma once

#include <optional>
#include <string>

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/wire/report.hpp"

namespace postrider::engine {

/// Takes the next counter and fills in who reports, whether it asks for the reader's positions, and
/// what of the reader was seen. It counts as told: commit before it leaves.
void mark_report(const Session &session, const Peer &peer, wire::Report &report);

enum class MarkedReport {
    usable,       // younger than any before
    not_younger,  // repeated or overtaken, or of a node that is held: nothing of it is used
    past_in_doubt // it has seen what we do not know to have said: we are about to begin anew
};

/// Judges a report before anything of it is used, and remembers what it says of both sides.
MarkedReport judge_report(const Session &session, const Peer &peer, const wire::Report &report);

/// The report was made by somebody who knew our present incarnation, so it is no old one.
bool knows_our_incarnation(const Session &session, const wire::Report &report);

/// When a report must go to this peer for the sake of the marks: to ask it where it stands, or to
/// tell a peer that seems not to know its own past how far it was seen.
std::optional<Timestamp> marks_due(const Session &session, const Peer &peer);

/// The peer has not acknowledged our present start: the next batch to it carries a report.
bool start_is_untold(const Session &session, const Peer &peer);

/// Asks the peer, again and again with growing pauses, where it stands.
void ask_position(const Session &session, const Peer &peer);

/// Two copies of this peer are at work: it is held but for telling it so.
bool is_two_copies(const Session &session, const Peer &peer);

/// A receiver's report shows that it was sent something that this database does not know, which it
/// alone can say: all peers are to be asked. `incarnation` is that of the stream.
void suspect_own_past(const Session &session, std::uint64_t incarnation, const std::string &why);

} // namespace postrider::engine

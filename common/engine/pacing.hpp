// When the lanes to a peer may build and its paths may be used: the state tables brought to the
// rules of common/stream/schedule.hpp. While something waits for its hour nothing is built, so that
// what gathers meanwhile travels as one.
#pragma once

#include <optional>
#include <vector>

#include "common/engine/pace.hpp"
#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

/// A stream to a peer as far as pacing goes.
struct LanePace {
    StreamKey key;
    std::int64_t priority = 1; // 0 is served first
    Pace pace;
    stream::ScheduleUse use;
    std::uint64_t cursor = 0;
    /// The opening that was used last goes on up to this position.
    std::uint64_t step_to = 0;
    /// Where the first entry lies that has something for the lane; up to `cursor`: nobody has
    /// looked.
    std::uint64_t front = 0;
    bool is_idle = false; // it carries nothing
    /// It has begun anew, and nothing that is to come tells its receiver where.
    bool begins_empty = false;
    std::vector<std::string> kinds; // of the paths that BY names, in its order; empty: all

    [[nodiscard]] bool has_something() const { return front > cursor; }

    /// Since when something waits decides when it may go, and nobody has looked.
    [[nodiscard]] bool is_to_be_looked_at(std::uint64_t queue_end) const {
        return !pace.schedule.at.empty() && !has_something() && cursor >= step_to &&
               cursor < queue_end;
    }
};

/// The streams to a peer that have anything to send, now or later, in the order in which they are
/// served: control, then by priority.
std::vector<LanePace> lanes_to(const Session &session, std::int64_t peer_id);

/// The paths to the lane's peer that the lane may take, in the order in which they are tried.
std::vector<PeerPath> paths_for(const Session &session, const LanePace &lane);

/// From when on the lane may build; `session.now` where it may already.
Timestamp opens_at(const Session &session, const LanePace &lane);

/// From when on the path may be used, by its hours, those of its mailbox, and its failures.
Timestamp opens_at(const Session &session, const PeerPath &path);

/// From when on a mailbox may be used.
Timestamp opens_at(const Session &session, const Hours &hours);

/// From when on any path to the peer may be used by its hours; now where it has none.
Timestamp paths_open_at(const Session &session, std::int64_t peer_id);

/// From when on the lane may build: its hours, and the hours and budgets of the paths. Never, in
/// Timestamp::max(), while what it has built waits for a budget.
Timestamp may_build_at(const Session &session, const LanePace &lane);

/// The same of one stream.
bool begins_empty(const Session &session, const StreamKey &key);

/// A control message waits to be built.
bool has_control(const Session &session, const Peer &peer);

/// What there is to build for a peer: something now, or at `later`.
struct Buildable {
    bool now = false;
    std::optional<Timestamp> later;
};

Buildable what_to_build(const Session &session, const Peer &peer);

/// The lane has built a batch: its opening is used.
void note_step(const Session &session, const LanePace &lane);

/// A path with hours was used for everything that was due.
void note_path_used(const Session &session, std::int64_t peer_id, std::int64_t ordinal);

/// Times of openings that lie ahead were noted before the clock was set back: they count as now.
void mend_openings(const Session &session, std::int64_t peer_id);

/// What waits for its hour is told in the state tables, for the views: whether that is to be done
/// anew, and doing it.
bool waits_changed(const Session &session, const Peer &peer);
void show_waits(const Session &session, const Peer &peer);

} // namespace postrider::engine

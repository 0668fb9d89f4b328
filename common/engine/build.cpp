// The order of streams, and their hours.
#include "common/engine/build.hpp"

#include "common/engine/offers.hpp"
#include "common/engine/pacing.hpp"
#include "common/engine/queue.hpp"

namespace postrider::engine {

std::size_t
build_next(const Session &session, std::int64_t peer_id, std::set<std::uint32_t> &finished) {
    const auto peer = load_peer(session.transaction, peer_id);
    if (!peer || !is_usable(session.identity, *peer)) {
        return 0; // not any more
    }
    mend_openings(session, peer_id);
    if (paths_open_at(session, peer_id) <= session.now) {
        queue_offers(session, *peer);
    }
    const std::uint64_t queue_end = last_queue_position(session.transaction);
    for (const LanePace &lane : lanes_to(session, peer_id)) {
        if (lane.is_to_be_looked_at(queue_end)) {
            look_ahead(session, lane.key);
        }
    }
    for (const LanePace &lane : lanes_to(session, peer_id)) {
        if (finished.contains(lane.key.stream)) {
            continue;
        }
        const bool is_open = may_build_at(session, lane) <= session.now;
        const std::size_t built = is_open ? build_step(session, *peer, lane.key) : 0;
        if (built > 0) {
            note_step(session, lane);
            return built;
        }
        finished.insert(lane.key.stream);
        if (!is_open && lane.key.stream != control_stream) {
            look_ahead(session, lane.key);
        }
    }
    return 0;
}

} // namespace postrider::engine

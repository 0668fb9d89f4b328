// "Why is this peer behind?": the way of a change to a peer and back, station by station, as it is
// now. Reads state tables only and changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"

namespace postrider::engine {

/// One station. `direction` is "out" for what goes to the peer and "in" for what comes from it,
/// `count` of `unit` is what waits there, `last_at` when something last moved, `blocked_by` a
/// sentence where it is more than a matter of time, and then `action` what to do.
struct Station {
    std::string direction;
    std::string station;
    std::uint64_t count = 0;
    std::string unit;
    std::optional<Timestamp> last_at;
    std::string blocked_by;
    std::string action;
};

/// In the order in which a change passes them: first out, then in.
std::vector<Station> explain(const Session &session, const Peer &peer);

} // namespace postrider::engine

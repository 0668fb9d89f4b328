// From an envelope to the inbox: whose it is, whether it is good, and what of it is new.
#pragma once

#include <string>

#include "common/engine/replays.hpp"
#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/transport.hpp"

namespace postrider::engine {

enum class Received { accepted, duplicate, refused };

struct Reception {
    Received received = Received::refused;
    Settlement settlement = Settlement::keep; // what may be done with the message after the commit
    std::string reason;                       // of a refusal
    bool is_final = false;  // verified, and of no use now or ever: so are the same bytes again
    ReplayedPart part = {}; // of a verified one
};

/// Takes one envelope, from whatever path. Nothing of it is believed before its signature; what it
/// changes is durable with the session's commit. `source` names it in `refused`. What `known`
/// remembers is dropped after the stamp.
Reception take_envelope(const Session &session,
                        ByteView envelope,
                        const std::string &source,
                        const Replays *known = nullptr);

} // namespace postrider::engine

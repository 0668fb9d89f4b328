// The engine at work in a background worker: for as long as the server runs, or for one call of
// sync_now.
#pragma once

#include <cstdint>

#include "pg_extension/boundary.hpp"

namespace postrider::pg {

/// What a worker that was started for one call leaves in shared memory. Plain data.
struct RoundsReport {
    bool is_done;      // else it died on the way
    bool is_refused;   // it could not work at all, for the reason in `problem`
    char peer[256];    // what was asked for; empty: all of them
    char summary[256]; // engine::what_was_done
    char problem[512];
    char detail[512];
    char hint[512];
};

static_assert(std::is_trivially_copyable_v<RoundsReport>);

} // namespace postrider::pg

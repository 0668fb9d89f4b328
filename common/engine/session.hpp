// What every step of a cycle needs: who we are, where, and what time it is.
#pragma once

#include <optional>

#include "common/base/time_zone.hpp"
#include "common/dialect/dialect.hpp"
#include "common/engine/batch_sizes.hpp"
#include "common/engine/identity.hpp"
#include "common/stream/timing.hpp"

namespace postrider::engine {

/// Lives for one transaction; the time stands still in it.
struct Session {
    Transaction &transaction;
    const dialect::Dialect &dialect;
    const Identity &identity;
    const stream::Timing &timing;
    Timestamp now;
    const TimeZone *zone = nullptr; // the node's; UTC where nothing asks for times of day
    BatchSizes sizes = {};
    std::optional<std::int64_t> inspected_schema = {}; // what `inspect_captures` has seen last
};

inline const TimeZone &local_zone(const Session &session) {
    static const TimeZone utc;
    return session.zone != nullptr ? *session.zone : utc;
}

} // namespace postrider::engine

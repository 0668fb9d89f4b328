// Hybrid logical stamps: the order of writes in tables that several nodes write.
#pragma once

#include <compare>
#include <cstdint>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"

namespace postrider {

/// 48 bits of milliseconds since 1970 above a 16-bit counter.
using LogicalTime = std::uint64_t;

constexpr LogicalTime logical_time_of(Timestamp time) {
    return static_cast<LogicalTime>(to_milliseconds(time)) << 16U;
}

/// Greater wins; equal times are ordered by node, so two nodes never give the same stamp.
struct Stamp {
    LogicalTime time = 0;
    NodeId node{};
    auto operator<=>(const Stamp &) const = default;
};

/// The next stamp's time: not before the write, and after everything that was seen or promised
/// here.
LogicalTime next_logical_time(LogicalTime written, LogicalTime last_applied, LogicalTime promised);

} // namespace postrider

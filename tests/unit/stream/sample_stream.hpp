// What the tests of streams share: when they begin, the usual timing, and chain hashes to tell
// apart.
#pragma once

#include "common/stream/report.hpp"
#include "common/stream/timing.hpp"

namespace postrider::stream {

inline constexpr Timestamp start = from_milliseconds(1'800'000'000'000);
inline constexpr Timing timing;

inline ChainHash chain_of(std::uint64_t incarnation, std::uint64_t number) {
    ChainHash chain{};
    chain[0] = static_cast<std::uint8_t>(incarnation);
    chain[1] = static_cast<std::uint8_t>(number);
    chain[31] = 1;
    return chain;
}

} // namespace postrider::stream

// Jitter, doubling and smoothing of durations.
#include "common/stream/timing.hpp"

#include <algorithm>

namespace postrider::stream {

Duration jittered(Duration duration, std::uint32_t random) {
    // 0.75 + random / 2^33, in 64 bits: delays are days at most, so nothing overflows.
    const std::int64_t quarter = duration.count() / 4;
    const auto share = static_cast<std::int64_t>(random >> 16U);
    return Duration{duration.count() - quarter + quarter * 2 * share / 0xffff};
}

Timestamp due_time(Timestamp time, Duration delay_max, Timestamp now) {
    return time - now > delay_max ? now : time;
}

Duration doubled(Duration first, std::uint32_t times, Duration most) {
    Duration result = std::min(first, most);
    for (std::uint32_t time = 0; time < times && result < most; ++time) {
        result = std::min(result * 2, most);
    }
    return result;
}

std::optional<Duration> smoothed(std::optional<Duration> round_trip, Duration sample) {
    if (sample < Duration::zero()) {
        return round_trip;
    }
    if (!round_trip) {
        return sample;
    }
    return *round_trip + (sample - *round_trip) / 8;
}

Duration retransmission_delay(const Timing &timing,
                              std::optional<Duration> round_trip,
                              std::uint32_t tries) {
    const Duration four_trips =
        std::min(round_trip.value_or(Duration::zero()), timing.retransmission_max) * 4;
    const Duration first = std::max(four_trips, timing.retransmission_min);
    return doubled(first, tries == 0 ? 0 : tries - 1, timing.retransmission_max);
}

} // namespace postrider::stream

// The times that streams live by, and the arithmetic on them: jitter, round trips, retransmission.
// Random numbers come in as arguments (randombytes_random()), the time too.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/clock.hpp"

namespace postrider::stream {

/// Defaults are those of mail; a path that answers in seconds (a maildir, a direct connection) sets
/// smaller ones.
struct Timing {
    Duration retransmission_min = std::chrono::minutes{10};
    Duration retransmission_max = std::chrono::hours{24};
    /// How long news wait for data that they could ride on before a report goes alone.
    Duration acknowledgement_delay = std::chrono::seconds{30};
    /// Age at which a gap is reported; doubles with every report of the same gap.
    Duration gap_delay = std::chrono::minutes{5};
    Duration gap_delay_max = std::chrono::hours{6};
    /// After a report that duplicates caused, more of them cause none for so long, or for a round
    /// trip where that is longer; doubled for each such report until something new comes.
    Duration repeat_first = std::chrono::minutes{1};
    Duration repeat_max = std::chrono::hours{1};
    bool operator==(const Timing &) const = default;
};

/// `duration` times 0.75 to 1.25; `random` is any 32 random bits.
Duration jittered(Duration duration, std::uint32_t random);

/// When something that was to wait until `time` is due. No wait is longer than `delay_max`, so that
/// a time further ahead was noted before the clock was set back, and counts as now.
Timestamp due_time(Timestamp time, Duration delay_max, Timestamp now);

/// `first` doubled `times` times, at most `most`.
Duration doubled(Duration first, std::uint32_t times, Duration most);

/// The smoothed round trip after one more sample (RFC 6298 section 2: 7/8 old, 1/8 new). A negative
/// sample (a clock was set back) changes nothing.
std::optional<Duration> smoothed(std::optional<Duration> round_trip, Duration sample);

/// How long to wait for an answer after transmission number `tries` (1, 2, …): four round trips and
/// at least the minimum, doubled for every try after the first, at most the maximum.
Duration
retransmission_delay(const Timing &timing, std::optional<Duration> round_trip, std::uint32_t tries);

} // namespace postrider::stream

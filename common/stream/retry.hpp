// When to try a path again after it failed: soon, then rarely, for ever. The state belongs to a
// path or a mailbox, not to a batch, so that one dead server costs one connection per try.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/clock.hpp"

namespace postrider::stream {

/// Part of the row of peer_path or mailbox.
struct Retry {
    std::uint32_t failures = 0; // in a row
    std::optional<Timestamp> first_failure;
    std::optional<Timestamp> next_try; // empty: at once
    bool operator==(const Retry &) const = default;
};

/// After failure number `failures` (1, 2, …): 30 s, 1, 2, 5, 15, 30 min, 1, 2, 4 h, and every 4 h
/// from then on. Without jitter.
Duration retry_delay(std::uint32_t failures);

/// From when on the path may be tried; `now` where it may already.
Timestamp next_try(const Retry &state, Timestamp now);

bool may_try(const Retry &state, Timestamp now);

/// `random` is any 32 random bits. `at_least`: the other side asks for so long a wait; no wait is
/// longer than the longest of the schedule.
void on_failure(Retry &state,
                Timestamp now,
                std::uint32_t random,
                Duration at_least = Duration::zero());

void on_success(Retry &state);

} // namespace postrider::stream

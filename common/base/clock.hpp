// Time as an argument: the core never asks the system for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace postrider {

using Duration = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<Duration>;

/// Milliseconds since 1970-01-01 00:00:00 UTC, the form in which times are stored.
constexpr std::int64_t to_milliseconds(Timestamp time) {
    return time.time_since_epoch().count();
}

constexpr Timestamp from_milliseconds(std::int64_t milliseconds) {
    return Timestamp{Duration{milliseconds}};
}

/// "2026-11-24 09:30:00.000Z", for people and logs.
std::string to_text(Timestamp time);

/// Where the edge (worker, program, simulation) takes the time from before it calls the core.
class Clock {
  public:
    Clock() = default;
    Clock(const Clock &) = delete;
    Clock &operator=(const Clock &) = delete;
    virtual ~Clock() = default;
    [[nodiscard]] virtual Timestamp now() const = 0;
};

} // namespace postrider

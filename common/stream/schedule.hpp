// When something paced may go: EVERY, AT and BETWEEN. Pure: time in, decision out. A clock that was
// set back never makes anything wait longer than for the next opening, counted from now.
#pragma once

#include <optional>
#include <vector>

#include "common/base/time_zone.hpp"

namespace postrider::stream {

/// Local times of day, as time since midnight. `to` is not open any more; where it does not come
/// after `from`, it is that of the next day.
struct OpenHours {
    std::chrono::minutes from{};
    std::chrono::minutes to{};
    bool operator==(const OpenHours &) const = default;
};

/// Either `at`, or `every` and `between`, of which each may be missing. Nothing of them: always
/// open.
struct Schedule {
    std::optional<Duration> every;
    std::vector<std::chrono::minutes> at; // rising
    std::optional<OpenHours> between;

    [[nodiscard]] bool is_empty() const { return !every && at.empty() && !between; }

    bool operator==(const Schedule &) const = default;
};

/// What is remembered of a schedule.
struct ScheduleUse {
    Timestamp since{};             // from when on it holds
    std::optional<Timestamp> last; // its last opening that was used
    /// Since when there has been something to use one for. An opening of AT before it has passed:
    /// nothing was there.
    std::optional<Timestamp> waiting_since = {};
};

/// From when on the schedule is open: `now` where it is already.
Timestamp
next_opening(const Schedule &schedule, const ScheduleUse &use, const TimeZone &zone, Timestamp now);

/// When the open hours end in which `now` lies. Empty: there are none, or it lies outside.
std::optional<Timestamp> closing(const Schedule &schedule, const TimeZone &zone, Timestamp now);

/// How far openings are apart, roughly. Empty: they are not.
std::optional<Duration> rhythm(const Schedule &schedule);

} // namespace postrider::stream

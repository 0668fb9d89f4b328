// The next opening, day by day in local time.
#include "common/stream/schedule.hpp"

#include <algorithm>

namespace postrider::stream {

namespace {

using std::chrono::days;
using std::chrono::local_days;

local_days day_of(Timestamp time, const TimeZone &zone) {
    return std::chrono::floor<days>(zone.to_local(time));
}

/// The first of the times of day after `time`. A day that is left out by its zone takes its times
/// along, hence some days more.
Timestamp
next_time(const std::vector<std::chrono::minutes> &times, const TimeZone &zone, Timestamp time) {
    local_days day = day_of(time, zone) - days{1};
    for (;; day += days{1}) {
        for (const std::chrono::minutes at : times) {
            const Timestamp instant = zone.first_at(day + at);
            if (instant > time) {
                return instant;
            }
        }
    }
}

struct Span {
    Timestamp from{};
    Timestamp to{};
};

/// The hours in which `time` lies, else those that begin next.
Span hours_at(const OpenHours &open, const TimeZone &zone, Timestamp time) {
    const days length{open.to > open.from ? 0 : 1};
    local_days day = day_of(time, zone) - days{2};
    for (;; day += days{1}) {
        const Timestamp from = zone.first_at(day + open.from);
        const Timestamp to = zone.first_at(day + length + open.to);
        if (time < to && from < to) { // hours that the zone leaves out that day do not come
            return {from, to};
        }
    }
}

} // namespace

Timestamp next_opening(const Schedule &schedule,
                       const ScheduleUse &use,
                       const TimeZone &zone,
                       Timestamp now) {
    if (!schedule.at.empty()) {
        // What was noted before the clock was set back counts as now.
        Timestamp last = std::min(std::max(use.last.value_or(use.since), use.since), now);
        if (use.waiting_since) {
            last = std::max(last, std::min(*use.waiting_since, now) - Duration{1});
        }
        return std::max(now, next_time(schedule.at, zone, last));
    }
    Timestamp opening = now;
    if (schedule.every && use.last) {
        opening = std::max(now, std::min(*use.last, now) + *schedule.every);
    }
    return schedule.between ? std::max(opening, hours_at(*schedule.between, zone, opening).from)
                            : opening;
}

std::optional<Timestamp> closing(const Schedule &schedule, const TimeZone &zone, Timestamp now) {
    if (!schedule.between) {
        return std::nullopt;
    }
    const Span hours = hours_at(*schedule.between, zone, now);
    return hours.from <= now ? std::optional{hours.to} : std::nullopt;
}

std::optional<Duration> rhythm(const Schedule &schedule) {
    if (schedule.at.empty()) {
        return schedule.every;
    }
    return Duration{days{1}} / static_cast<std::int64_t>(schedule.at.size());
}

} // namespace postrider::stream

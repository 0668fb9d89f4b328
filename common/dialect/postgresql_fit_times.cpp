// Times. PostgreSQL silently rounds digits of a second and cuts fields of an interval that the
// column does not declare.
#include <array>
#include <limits>

#include "common/dialect/postgresql_fitted.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t minute_us = 60 * second_us;
constexpr std::int64_t hour_us = 60 * minute_us;

/// What an interval of the fields keeps.
struct KeptFields {
    std::string_view fields;
    std::int32_t months; // whole multiples of so many
    bool days;
    std::int64_t microseconds; // whole multiples of so many; 0: none
};

constexpr std::array kept_fields{
    KeptFields{"year", 12, false, 0},
    KeptFields{"month", 1, false, 0},
    KeptFields{"year to month", 1, false, 0},
    KeptFields{"day", 1, true, 0},
    KeptFields{"hour", 1, true, hour_us},
    KeptFields{"day to hour", 1, true, hour_us},
    KeptFields{"minute", 1, true, minute_us},
    KeptFields{"day to minute", 1, true, minute_us},
    KeptFields{"hour to minute", 1, true, minute_us},
};

/// Rounded as the server does it, half away from zero; nothing when that is beyond 64 bits.
std::optional<std::int64_t> rounded(std::int64_t microseconds, std::int32_t digits) {
    std::int64_t unit = second_us;
    for (std::int32_t digit = 0; digit < digits; ++digit) {
        unit /= 10;
    }
    const std::int64_t rest = microseconds % unit;
    std::int64_t result = microseconds - rest;
    const std::int64_t magnitude = rest < 0 ? -rest : rest;
    if (magnitude * 2 >= unit && __builtin_add_overflow(result, rest < 0 ? -unit : unit, &result)) {
        return std::nullopt;
    }
    return result;
}

bool is_endless(std::int64_t microseconds) {
    return microseconds == std::numeric_limits<std::int64_t>::min() ||
           microseconds == std::numeric_limits<std::int64_t>::max();
}

/// All parts at one end, since PostgreSQL 17.
bool is_endless(const Interval &interval) {
    constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
    constexpr std::int32_t greatest = std::numeric_limits<std::int32_t>::max();
    return is_endless(interval.microseconds) &&
           ((interval.months == least && interval.days == least) ||
            (interval.months == greatest && interval.days == greatest));
}

Fitted result_of(Value kept, const Value &value, const std::string &loss) {
    return kept == value ? Fitted::exactly(value) : Fitted::nearly(std::move(kept), loss);
}

std::string digits_loss(const DeclaredType &type) {
    return "this time has more digits of a second than " + std::to_string(type.precision);
}

/// `with` makes a value of the rounded microseconds.
template <class With>
Fitted fit_microseconds(const DeclaredType &type,
                        const Value &value,
                        std::int64_t microseconds,
                        With with) {
    const auto kept = rounded(microseconds, type.precision);
    return kept ? result_of(with(*kept), value, digits_loss(type))
                : Fitted::never("this time is beyond the range of the type");
}

template <class Instant>
Fitted fit_instant(const DeclaredType &type, const Value &value, const Instant &instant) {
    return is_endless(instant.microseconds)
               ? Fitted::exactly(value)
               : fit_microseconds(type, value, instant.microseconds,
                                  [](std::int64_t kept) { return Value{Instant{kept}}; });
}

bool is_time_of_day(const Value &value) {
    constexpr std::int64_t day_us = 24 * hour_us;
    constexpr std::int32_t zone_seconds_max = 16 * 3600 - 1;
    const auto *time = value.as<Time>();
    const auto *zoned = value.as<TimeWithZone>();
    const auto is_in_day = [](std::int64_t microseconds) {
        return microseconds >= 0 && microseconds <= day_us;
    };
    return (time == nullptr || is_in_day(time->microseconds)) &&
           (zoned == nullptr ||
            (is_in_day(zoned->microseconds) && zoned->offset_seconds >= -zone_seconds_max &&
             zoned->offset_seconds <= zone_seconds_max));
}

Fitted fit_interval(const DeclaredType &type, const Value &value, Interval interval) {
    if (is_endless(interval)) {
        return Fitted::exactly(value);
    }
    for (const KeptFields &kept : kept_fields) {
        if (kept.fields != type.fields) {
            continue;
        }
        interval.months -= interval.months % kept.months;
        interval.days = kept.days ? interval.days : 0;
        interval.microseconds -= kept.microseconds == 0 ? interval.microseconds
                                                        : interval.microseconds % kept.microseconds;
        return result_of(interval, value,
                         "this interval has other fields than " + std::string{type.fields});
    }
    if (type.precision < 0) {
        return Fitted::exactly(value);
    }
    return fit_microseconds(type, value, interval.microseconds, [&](std::int64_t kept) {
        return Value{Interval{interval.months, interval.days, kept}};
    });
}

} // namespace

Fitted fit_time(const DeclaredType &type, const Value &value) {
    if (!is_time_of_day(value)) {
        return Fitted::never("this time is beyond the range of the type");
    }
    if (const auto *interval = value.as<Interval>()) {
        return fit_interval(type, value, *interval);
    }
    if (type.precision < 0) {
        return Fitted::exactly(value);
    }
    if (const auto *time = value.as<TimeWithZone>()) {
        return fit_microseconds(type, value, time->microseconds, [&](std::int64_t kept) {
            return Value{TimeWithZone{kept, time->offset_seconds}};
        });
    }
    if (const auto *time = value.as<Time>()) {
        return fit_instant(type, value, *time);
    }
    if (const auto *timestamp = value.as<LocalTimestamp>()) {
        return fit_instant(type, value, *timestamp);
    }
    if (const auto *timestamp = value.as<ZonedTimestamp>()) {
        return fit_instant(type, value, *timestamp);
    }
    return Fitted::exactly(value);
}

} // namespace postrider::dialect::postgresql_text

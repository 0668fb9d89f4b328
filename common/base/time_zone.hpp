// A time zone: how far its clocks are from UTC, and when. Read from the bytes of a TZif file (RFC
// 9636), as systems keep them in /usr/share/zoneinfo; who reads the file is the vault. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"

namespace postrider {

/// What a clock on the wall of a zone shows.
using LocalTime = std::chrono::local_time<Duration>;

/// The rule of a zone for all times after those that its file lists (POSIX, variable TZ).
struct ZoneRule {
    enum class Day {
        of_month, // day `weekday` of week `week` (5: the last one) of `month`
        julian,   // `day` from 1 to 365, February 29 not counted
        of_year   // `day` from 0 to 365
    };

    struct Change {
        Day kind = Day::of_month;
        unsigned month = 1;
        unsigned week = 1;
        unsigned weekday = 0; // from Sunday
        int day = 0;
        std::chrono::seconds time = std::chrono::hours{2}; // of the clock before the change
    };

    struct Summer {
        std::chrono::seconds offset{}; // east of UTC
        Change begin;
        Change end;
    };

    std::chrono::seconds offset{}; // east of UTC, outside of summer
    std::optional<Summer> summer;
};

/// "CET-1CEST,M3.5.0,M10.5.0/3"; `malformed` for what is none.
Result<ZoneRule> parse_zone_rule(std::string_view text);

class TimeZone {
  public:
    /// UTC.
    TimeZone() = default;

    explicit TimeZone(const ZoneRule &rule) : rule_(rule) {}

    /// `malformed` when it is not a TZif file of version 2 or later.
    static Result<TimeZone> from_file(ByteView tzif);

    [[nodiscard]] LocalTime to_local(Timestamp time) const;

    /// The first instant at which clocks show `local` or more: of a time that comes twice the first
    /// one, of a time that is left out the moment at which it is left out.
    [[nodiscard]] Timestamp first_at(LocalTime local) const;

  private:
    struct Change {
        Timestamp at;
        std::chrono::seconds offset; // from then on
    };

    [[nodiscard]] std::chrono::seconds offset_at(Timestamp time) const;
    [[nodiscard]] std::vector<Change> changes_between(Timestamp after, Timestamp until) const;
    void add_changes_of_year(std::chrono::year year, std::vector<Change> &changes) const;

    std::chrono::seconds first_offset_{}; // before the first change
    std::vector<Change> changes_;         // rising
    ZoneRule rule_;                       // after the last change
};

} // namespace postrider

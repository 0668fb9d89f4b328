// Reading a TZif file, and the way between local time and UTC.
#include "common/base/time_zone.hpp"

#include <algorithm>

#include "common/base/limits.hpp"

namespace postrider {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;

constexpr std::size_t header_bytes = 44;
/// No zone is further from UTC, so that all changes that matter to a local time lie around it.
constexpr seconds offset_max = hours{26};
constexpr std::int64_t change_seconds_max = std::int64_t{1} << 40U;

Error malformed_zone(const char *why) {
    return {Errc::malformed, std::string{"the file of the time zone cannot be read: "} + why};
}

/// The counts of one block of the file (RFC 9636 section 3.1), in their order there.
struct Counts {
    std::uint64_t ut = 0;
    std::uint64_t standard = 0;
    std::uint64_t leap = 0;
    std::uint64_t times = 0;
    std::uint64_t types = 0;
    std::uint64_t chars = 0;

    [[nodiscard]] std::uint64_t bytes(std::uint64_t time_bytes) const {
        return times * (time_bytes + 1) + types * 6 + chars + leap * (time_bytes + 4) + standard +
               ut;
    }
};

std::uint64_t big_endian(ByteView bytes) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes) {
        value = value << 8U | byte;
    }
    return value;
}

std::optional<Counts> counts_at(ByteView file, std::size_t begin) {
    if (file.size() < begin + header_bytes || big_endian(file.subspan(begin, 4)) != 0x545A6966 ||
        file[begin + 4] < '2') {
        return std::nullopt;
    }
    const auto count = [&](std::size_t index) {
        return big_endian(file.subspan(begin + 20 + index * 4, 4));
    };
    return Counts{count(0), count(1), count(2), count(3), count(4), count(5)};
}

/// Years beyond these are those of a clock that is far off.
year held_year(Timestamp time) {
    const Timestamp first = sys_days{year{1900} / 1 / 1};
    const Timestamp last = sys_days{year{9998} / 1 / 1};
    return std::chrono::year_month_day{std::chrono::floor<days>(std::clamp(time, first, last))}
        .year();
}

sys_days day_of(const ZoneRule::Change &change, year of) {
    if (change.kind == ZoneRule::Day::of_month) {
        const std::chrono::year_month month{of, std::chrono::month{change.month}};
        const std::chrono::weekday weekday{change.weekday};
        return change.week == 5 ? sys_days{month / weekday[std::chrono::last]}
                                : sys_days{month / weekday[change.week]};
    }
    const sys_days january = of / 1 / 1;
    if (change.kind == ZoneRule::Day::of_year) {
        return january + days{change.day};
    }
    return january + days{change.day - (change.day < 60 || !of.is_leap() ? 1 : 0)};
}

} // namespace

Result<TimeZone> TimeZone::from_file(ByteView tzif) {
    if (tzif.size() > limits::time_zone_file_bytes_max) {
        return malformed_zone("it is too long");
    }
    const auto old = counts_at(tzif, 0);
    if (!old) {
        return malformed_zone("it is no TZif file of version 2 or later");
    }
    const std::size_t header = header_bytes + old->bytes(4);
    const auto counts = counts_at(tzif, header);
    if (!counts || tzif.size() < header + header_bytes + counts->bytes(8)) {
        return malformed_zone("it is cut short");
    }
    const ByteView data = tzif.subspan(header + header_bytes);
    const ByteView indexes = data.subspan(counts->times * 8);
    const ByteView types = indexes.subspan(counts->times);
    const auto offset_of = [&](std::uint64_t type) {
        return seconds{static_cast<std::int32_t>(big_endian(types.subspan(type * 6, 4)))};
    };
    TimeZone zone;
    for (std::uint64_t type = 0; type < counts->types; ++type) {
        if (offset_of(type) > offset_max || offset_of(type) < -offset_max) {
            return malformed_zone("an offset is out of range");
        }
    }
    zone.first_offset_ = counts->types == 0 ? seconds{} : offset_of(0);
    for (std::uint64_t index = 0; index < counts->times; ++index) {
        const auto at = static_cast<std::int64_t>(big_endian(data.subspan(index * 8, 8)));
        if (indexes[index] >= counts->types) {
            return malformed_zone("a change leads to no type");
        }
        if (at > change_seconds_max || at < -change_seconds_max) {
            continue; // some files begin at "the big bang"
        }
        const Timestamp time{seconds{at}};
        if (!zone.changes_.empty() && time <= zone.changes_.back().at) {
            return malformed_zone("its changes do not rise");
        }
        zone.changes_.push_back({time, offset_of(indexes[index])});
    }
    const std::string_view footer = as_text(data.subspan(counts->bytes(8)));
    const std::size_t end = footer.find('\n', 1);
    if (footer.empty() || footer.front() != '\n' || end == std::string_view::npos) {
        return malformed_zone("it has no rule for the times to come");
    }
    if (end == 1) { // no rule: the last change holds for ever
        zone.rule_.offset =
            zone.changes_.empty() ? zone.first_offset_ : zone.changes_.back().offset;
        return zone;
    }
    const Result<ZoneRule> rule = parse_zone_rule(footer.substr(1, end - 1));
    if (!rule) {
        return rule.error();
    }
    zone.rule_ = *rule;
    if (zone.changes_.empty()) {
        zone.first_offset_ = rule->offset;
    }
    return zone;
}

void TimeZone::add_changes_of_year(year of, std::vector<Change> &changes) const {
    if (!rule_.summer) {
        return;
    }
    const ZoneRule::Summer &summer = *rule_.summer;
    Change begin{day_of(summer.begin, of) + summer.begin.time - rule_.offset, summer.offset};
    Change end{day_of(summer.end, of) + summer.end.time - summer.offset, rule_.offset};
    if (end.at < begin.at) { // in the south
        std::swap(begin, end);
    }
    for (const Change &change : {begin, end}) {
        if (changes_.empty() || change.at > changes_.back().at) {
            changes.push_back(change);
        }
    }
}

std::vector<TimeZone::Change> TimeZone::changes_between(Timestamp after, Timestamp until) const {
    std::vector<Change> changes;
    std::copy_if(changes_.begin(), changes_.end(), std::back_inserter(changes),
                 [&](const Change &change) { return change.at > after && change.at <= until; });
    if (changes_.empty() || until > changes_.back().at) {
        for (year of = held_year(after) - std::chrono::years{1};
             of <= held_year(until) + std::chrono::years{1}; ++of) {
            add_changes_of_year(of, changes);
        }
    }
    std::erase_if(changes,
                  [&](const Change &change) { return change.at <= after || change.at > until; });
    return changes;
}

seconds TimeZone::offset_at(Timestamp time) const {
    if (!changes_.empty() && time < changes_.front().at) {
        return first_offset_;
    }
    // Two years hold at least one change of every rule that has any.
    const std::vector<Change> changes = changes_between(time - days{2 * 366}, time);
    if (!changes.empty()) {
        return changes.back().offset;
    }
    const auto last =
        std::upper_bound(changes_.begin(), changes_.end(), time,
                         [](Timestamp at, const Change &change) { return at < change.at; });
    const bool ruled = changes_.empty() || last == changes_.end();
    return ruled ? rule_.offset : std::prev(last)->offset;
}

LocalTime TimeZone::to_local(Timestamp time) const {
    return LocalTime{time.time_since_epoch() + offset_at(time)};
}

Timestamp TimeZone::first_at(LocalTime local) const {
    const Timestamp middle{local.time_since_epoch()};
    Timestamp since = middle - offset_max;
    seconds offset = offset_at(since);
    for (const Change &change : changes_between(since, middle + offset_max)) {
        if (middle - offset < change.at) {
            break;
        }
        since = change.at;
        offset = change.offset;
    }
    return std::max<Timestamp>(middle - offset, since);
}

} // namespace postrider

// Texts that say something shorter: uuids, numbers and times written out. Each is recognised only
// if printing it again gives the very same text (docs/protocol.md, "Texts in other forms").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postrider::wire {

struct UuidHalves {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
};

/// Canonical lower-case text of 36 characters.
std::optional<UuidHalves> read_uuid(std::string_view text);
std::string print_uuid(UuidHalves uuid);

/// unscaled / 10^scale, written with exactly `scale` digits after the point.
struct ScaledNumber {
    std::int64_t unscaled = 0;
    std::uint64_t scale = 0;
};

inline constexpr std::uint64_t number_scale_max = 18;

/// [-]digits[.digits], at most 18 digits, no leading zero but before the point, no negative zero.
std::optional<ScaledNumber> read_number(std::string_view text);
std::string print_number(ScaledNumber number);

inline constexpr std::uint64_t float_scale_max = 15;

/// The number that gives exactly these bits when divided by 10^scale in IEEE 754 double.
std::optional<std::int64_t> scale_float(double number, std::uint64_t scale);
double unscale_float(std::int64_t unscaled, std::uint64_t scale);
inline constexpr std::int64_t float_unscaled_max = std::int64_t{1} << 53U;

/// How a time is written: 0 is YYYY-MM-DD; else 1 + d + 7 s + 14 z is
/// YYYY-MM-DD?HH:MM:SS[.f…] with d digits of fraction (0..6), '?' a space (s = 0) or T (s = 1),
/// followed by nothing (z = 0) or Z (z = 1).
using TimeLayout = std::uint64_t;
inline constexpr TimeLayout time_layouts = 29;

/// Days, or units of the last digit written, since 2000-01-01 00:00:00.
struct WrittenTime {
    TimeLayout layout = 0;
    std::int64_t units = 0;
};

/// Years 0000 to 9999, no leap second.
std::optional<WrittenTime> read_time(std::string_view text);
/// Nothing for units outside those years.
std::optional<std::string> print_time(WrittenTime time);

} // namespace postrider::wire

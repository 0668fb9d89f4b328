// Reading is tolerant of nothing: whatever was read is printed again and compared.
#include "common/wire/text_forms.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>

namespace postrider::wire {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t uuid_characters = 36;
constexpr std::size_t number_digits_max = 18;
constexpr std::size_t date_characters = 10;
constexpr std::size_t seconds_characters = 19;
constexpr std::int64_t seconds_per_day = 86'400;

bool is_dash_place(std::size_t index) {
    return index == 8 || index == 13 || index == 18 || index == 23;
}

constexpr std::array<std::int64_t, 19> powers_of_ten = [] {
    std::array<std::int64_t, 19> out{};
    std::int64_t power = 1;
    for (std::size_t index = 0; index < out.size(); ++index) {
        out[index] = power;
        if (index + 1 < out.size()) {
            power *= 10;
        }
    }
    return out;
}();

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// At most 18 digits.
std::int64_t digits_value(std::string_view digits) {
    std::int64_t value = 0;
    for (const char digit : digits) {
        value = value * 10 + (digit - '0');
    }
    return value;
}

std::string padded(std::uint64_t value, std::size_t width) {
    std::string digits = std::to_string(value);
    if (digits.size() < width) {
        digits.insert(0, width - digits.size(), '0');
    }
    return digits;
}

constexpr std::chrono::sys_days epoch =
    std::chrono::year{2000} / std::chrono::January / std::chrono::day{1};

struct LayoutParts {
    unsigned fraction_digits;
    char separator;
    bool zulu;
};

LayoutParts parts_of(TimeLayout layout) {
    const auto index = static_cast<unsigned>(layout - 1);
    return {index % 7, (index / 7) % 2 == 0 ? ' ' : 'T', index / 14 == 1};
}

std::optional<std::int64_t> read_date(std::string_view text) {
    if (text.size() != date_characters || text[4] != '-' || text[7] != '-' ||
        !all_digits(text.substr(0, 4)) || !all_digits(text.substr(5, 2)) ||
        !all_digits(text.substr(8, 2))) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{
        std::chrono::year{static_cast<int>(digits_value(text.substr(0, 4)))},
        std::chrono::month{static_cast<unsigned>(digits_value(text.substr(5, 2)))},
        std::chrono::day{static_cast<unsigned>(digits_value(text.substr(8, 2)))}};
    if (!date.ok()) {
        return std::nullopt;
    }
    return (std::chrono::sys_days{date} - epoch).count();
}

std::optional<std::string> print_date(std::int64_t days) {
    constexpr std::int64_t days_before = 730'485;  // 0000-01-01
    constexpr std::int64_t days_after = 2'921'939; // 9999-12-31
    if (days < -days_before || days > days_after) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{epoch + std::chrono::days{days}};
    return padded(static_cast<std::uint64_t>(static_cast<int>(date.year())), 4) + '-' +
           padded(static_cast<unsigned>(date.month()), 2) + '-' +
           padded(static_cast<unsigned>(date.day()), 2);
}

/// HH:MM:SS as seconds.
std::optional<std::int64_t> read_clock(std::string_view text) {
    if (text.size() != 8 || text[2] != ':' || text[5] != ':' || !all_digits(text.substr(0, 2)) ||
        !all_digits(text.substr(3, 2)) || !all_digits(text.substr(6, 2))) {
        return std::nullopt;
    }
    const std::int64_t hours = digits_value(text.substr(0, 2));
    const std::int64_t minutes = digits_value(text.substr(3, 2));
    const std::int64_t seconds = digits_value(text.substr(6, 2));
    if (hours > 23 || minutes > 59 || seconds > 59) {
        return std::nullopt;
    }
    return (hours * 60 + minutes) * 60 + seconds;
}

} // namespace

std::optional<UuidHalves> read_uuid(std::string_view text) {
    if (text.size() != uuid_characters) {
        return std::nullopt;
    }
    UuidHalves out;
    for (std::size_t index = 0; index < text.size(); ++index) {
        if (is_dash_place(index)) {
            if (text[index] != '-') {
                return std::nullopt;
            }
            continue;
        }
        const std::size_t digit = hex_digits.find(text[index]);
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        std::uint64_t &half = index < 18 ? out.high : out.low;
        half = (half << 4U) | digit;
    }
    return out;
}

std::string print_uuid(UuidHalves uuid) {
    std::string out;
    out.reserve(uuid_characters);
    unsigned printed = 0;
    while (out.size() < uuid_characters) {
        if (is_dash_place(out.size())) {
            out.push_back('-');
            continue;
        }
        const std::uint64_t half = printed < 16 ? uuid.high : uuid.low;
        out.push_back(hex_digits[(half >> (60U - 4U * (printed % 16))) & 15U]);
        ++printed;
    }
    return out;
}

std::optional<ScaledNumber> read_number(std::string_view text) {
    const bool negative = text.starts_with('-');
    const std::string_view magnitude = text.substr(negative ? 1 : 0);
    const std::size_t point = magnitude.find('.');
    const std::string_view whole = magnitude.substr(0, point);
    std::string_view fraction;
    if (point != std::string_view::npos) {
        fraction = magnitude.substr(point + 1);
        if (!all_digits(fraction)) {
            return std::nullopt;
        }
    }
    if (!all_digits(whole) || (whole.size() > 1 && whole.front() == '0') ||
        whole.size() + fraction.size() > number_digits_max) {
        return std::nullopt;
    }
    ScaledNumber out;
    out.scale = fraction.size();
    out.unscaled = digits_value(whole) * powers_of_ten[fraction.size()] + digits_value(fraction);
    if (negative) {
        if (out.unscaled == 0) {
            return std::nullopt;
        }
        out.unscaled = -out.unscaled;
    }
    return out;
}

std::string print_number(ScaledNumber number) {
    const bool negative = number.unscaled < 0;
    const auto bits = static_cast<std::uint64_t>(number.unscaled);
    std::string out = padded(negative ? 0 - bits : bits, number.scale + 1);
    if (number.scale > 0) {
        out.insert(out.size() - number.scale, 1, '.');
    }
    if (negative) {
        out.insert(0, 1, '-');
    }
    return out;
}

std::optional<std::int64_t> scale_float(double number, std::uint64_t scale) {
    const double scaled = std::round(number * static_cast<double>(powers_of_ten[scale]));
    if (!(std::abs(scaled) <= static_cast<double>(float_unscaled_max))) {
        return std::nullopt;
    }
    const auto unscaled = static_cast<std::int64_t>(scaled);
    const auto bits = std::bit_cast<std::uint64_t>(number);
    if (std::bit_cast<std::uint64_t>(unscale_float(unscaled, scale)) != bits) {
        return std::nullopt;
    }
    return unscaled;
}

double unscale_float(std::int64_t unscaled, std::uint64_t scale) {
    return static_cast<double>(unscaled) / static_cast<double>(powers_of_ten[scale]);
}

std::optional<WrittenTime> read_time(std::string_view text) {
    if (text.size() < date_characters) {
        return std::nullopt;
    }
    const std::optional<std::int64_t> days = read_date(text.substr(0, date_characters));
    if (!days) {
        return std::nullopt;
    }
    if (text.size() == date_characters) {
        return WrittenTime{0, *days};
    }
    if (text.size() < seconds_characters ||
        (text[date_characters] != ' ' && text[date_characters] != 'T')) {
        return std::nullopt;
    }
    const std::optional<std::int64_t> seconds = read_clock(text.substr(date_characters + 1, 8));
    std::string_view rest = text.substr(seconds_characters);
    const bool zulu = rest.ends_with('Z');
    rest.remove_suffix(zulu ? 1 : 0);
    const bool has_fraction = !rest.empty();
    if (!seconds || (has_fraction && (rest.front() != '.' || rest.size() > 7))) {
        return std::nullopt;
    }
    const std::string_view fraction = rest.substr(has_fraction ? 1 : 0);
    if (has_fraction && !all_digits(fraction)) {
        return std::nullopt;
    }
    WrittenTime out;
    out.layout = 1 + fraction.size() + (text[date_characters] == 'T' ? 7U : 0U) + (zulu ? 14U : 0U);
    out.units = (*days * seconds_per_day + *seconds) * powers_of_ten[fraction.size()] +
                digits_value(fraction);
    return out;
}

std::optional<std::string> print_time(WrittenTime time) {
    if (time.layout == 0) {
        return print_date(time.units);
    }
    const LayoutParts parts = parts_of(time.layout);
    const std::int64_t per_second = powers_of_ten[parts.fraction_digits];
    const std::int64_t per_day = seconds_per_day * per_second;
    const std::int64_t remainder = time.units % per_day;
    const std::int64_t within = remainder < 0 ? remainder + per_day : remainder;
    std::optional<std::string> out = print_date(time.units / per_day - (remainder < 0 ? 1 : 0));
    if (!out) {
        return std::nullopt;
    }
    const auto seconds = static_cast<std::uint64_t>(within / per_second);
    *out += parts.separator;
    *out += padded(seconds / 3600, 2) + ':' + padded(seconds / 60 % 60, 2) + ':' +
            padded(seconds % 60, 2);
    if (parts.fraction_digits > 0) {
        *out +=
            '.' + padded(static_cast<std::uint64_t>(within % per_second), parts.fraction_digits);
    }
    if (parts.zulu) {
        *out += 'Z';
    }
    return out;
}

} // namespace postrider::wire

// Readers of parts, and one rule that makes them strict: what was read is written again and
// compared.
#include "common/dialect/text_values.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>

#include "common/base/text_encoding.hpp"
#include "common/dialect/decimal_text.hpp"
#include "common/dialect/sqlite_storage.hpp"

namespace postrider::dialect {

namespace {

constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t microseconds_per_day = 86'400 * microseconds_per_second;

template <class Integer>
constexpr Integer least = std::numeric_limits<Integer>::min();
template <class Integer>
constexpr Integer greatest = std::numeric_limits<Integer>::max();

/// Takes parts from the front of a text; what is not there makes `ok()` false for ever.
class PartReader {
  public:
    explicit PartReader(std::string_view text) : rest_(text) {}

    bool skip(char letter) {
        const bool is_there = rest_.starts_with(letter);
        rest_.remove_prefix(is_there ? 1 : 0);
        return is_there;
    }

    void expect(char letter) { ok_ = skip(letter) && ok_; }

    /// Digits without a sign, `width_min` of them or more.
    std::int64_t number(std::size_t width_min = 1, std::size_t width_max = 18) {
        const std::size_t width = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        if (width < width_min || width > width_max) {
            ok_ = false;
            return 0;
        }
        std::int64_t value = 0;
        (void)std::from_chars(rest_.data(), rest_.data() + width, value);
        rest_.remove_prefix(width);
        return value;
    }

    /// Six digits behind a point, where there is one.
    std::int64_t fraction() { return skip('.') ? number(6, 6) : 0; }

    [[nodiscard]] bool ok() const { return ok_; }

    [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }

    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    std::string_view rest_;
    bool ok_ = true;
};

std::int64_t read_days(PartReader &in) {
    constexpr std::size_t year_digits_max = 7;
    constexpr std::int64_t era_years = 400;
    constexpr std::int64_t era_days = 146'097;
    constexpr std::chrono::sys_days epoch =
        std::chrono::year{2000} / std::chrono::January / std::chrono::day{1};
    const bool negative = in.skip('-');
    const std::int64_t year = (negative ? -1 : 1) * in.number(4, year_digits_max);
    in.expect('-');
    const auto month = static_cast<unsigned>(in.number(2, 2));
    in.expect('-');
    const auto day_of_month = static_cast<unsigned>(in.number(2, 2));
    const std::int64_t rest = (year % era_years + era_years) % era_years;
    // Days that the month does not have are counted on, and written otherwise then.
    const std::chrono::sys_days within{std::chrono::year{static_cast<int>(rest)} /
                                       std::chrono::month{month} / std::chrono::day{day_of_month}};
    return (within - epoch).count() + (year - rest) / era_years * era_days;
}

std::int64_t read_microseconds(PartReader &in) {
    const std::int64_t hours = in.number(2, 2);
    in.expect(':');
    const std::int64_t minutes = in.number(2, 2);
    in.expect(':');
    const std::int64_t seconds = in.number(2, 2);
    return ((hours * 60 + minutes) * 60 + seconds) * microseconds_per_second + in.fraction();
}

std::optional<Value> read_date_value(std::string_view text) {
    if (text == "infinity" || text == "-infinity") {
        return Date{text.front() == '-' ? least<std::int32_t> : greatest<std::int32_t>};
    }
    PartReader in{text};
    const std::int64_t days = read_days(in);
    if (!in.at_end() || days <= least<std::int32_t> || days >= greatest<std::int32_t>) {
        return std::nullopt;
    }
    return Date{static_cast<std::int32_t>(days)};
}

std::optional<Value> read_time_value(std::string_view text) {
    PartReader in{text};
    const std::int64_t microseconds = read_microseconds(in);
    if (!in.at_end() || microseconds > microseconds_per_day) {
        return std::nullopt;
    }
    return Time{microseconds};
}

std::optional<Value> read_time_with_zone(std::string_view text) {
    PartReader in{text};
    const std::int64_t microseconds = read_microseconds(in);
    const bool west = in.skip('-');
    if (!west) {
        in.expect('+');
    }
    std::int64_t offset = in.number(2, 2) * 3600;
    in.expect(':');
    offset += in.number(2, 2) * 60;
    offset += in.skip(':') ? in.number(2, 2) : 0;
    if (!in.at_end() || microseconds > microseconds_per_day) {
        return std::nullopt;
    }
    return TimeWithZone{microseconds, static_cast<std::int32_t>(west ? -offset : offset)};
}

/// Microseconds since 2000, infinities among them.
std::optional<std::int64_t> read_instant(std::string_view text, bool zoned) {
    if (text == "infinity" || text == "-infinity") {
        return text.front() == '-' ? least<std::int64_t> : greatest<std::int64_t>;
    }
    PartReader in{text};
    std::int64_t days = read_days(in);
    in.expect(' ');
    std::int64_t within = read_microseconds(in);
    if (zoned) {
        in.expect('Z');
    }
    // The first days that there are begin before the first microsecond that there is.
    if (days < 0) {
        days += 1;
        within -= microseconds_per_day;
    }
    std::int64_t microseconds = 0;
    if (!in.at_end() || __builtin_mul_overflow(days, microseconds_per_day, &microseconds) ||
        __builtin_add_overflow(microseconds, within, &microseconds)) {
        return std::nullopt;
    }
    return microseconds;
}

template <class Instant>
std::optional<Value> read_timestamp(std::string_view text, bool zoned) {
    const auto microseconds = read_instant(text, zoned);
    return microseconds ? std::optional<Value>{Instant{*microseconds}} : std::nullopt;
}

/// "-3.500000" of "-3.500000S", counted below zero, where there is one number more.
std::optional<std::int64_t> read_seconds(PartReader &in) {
    const bool negative = in.skip('-');
    const std::int64_t whole = in.number();
    const std::int64_t fraction = in.fraction();
    in.expect('S');
    std::int64_t microseconds = 0;
    if (__builtin_mul_overflow(-whole, microseconds_per_second, &microseconds) ||
        __builtin_sub_overflow(microseconds, fraction, &microseconds) ||
        (!negative && microseconds == least<std::int64_t>)) {
        return std::nullopt;
    }
    return negative ? microseconds : -microseconds;
}

std::optional<Value> read_interval(std::string_view text) {
    constexpr std::size_t digits_max = 10; // of 32 bits
    PartReader in{text};
    in.expect('P');
    std::int64_t months = 0;
    std::int64_t days = 0;
    std::int64_t microseconds = 0;
    while (in.ok() && !in.rest().empty() && !in.rest().starts_with('T')) {
        const bool negative = in.skip('-');
        const std::int64_t number = (negative ? -1 : 1) * in.number(1, digits_max);
        std::int64_t &part = in.skip('M') ? months : days;
        if (&part == &days) {
            in.expect('D');
        }
        part = number;
    }
    if (in.ok() && in.skip('T')) {
        const auto seconds = read_seconds(in);
        if (!seconds) {
            return std::nullopt;
        }
        microseconds = *seconds;
    }
    const auto is_narrow = [](std::int64_t number) {
        return number >= least<std::int32_t> && number <= greatest<std::int32_t>;
    };
    if (!in.at_end() || !is_narrow(months) || !is_narrow(days)) {
        return std::nullopt;
    }
    return Interval{static_cast<std::int32_t>(months), static_cast<std::int32_t>(days),
                    microseconds};
}

std::optional<Value> read_uuid_value(std::string_view text) {
    std::string hex;
    for (const char letter : text) {
        if (letter != '-') {
            hex += letter;
        }
    }
    const Result<Bytes> bytes = from_hex(hex);
    Uuid uuid{};
    if (!bytes || bytes->size() != uuid.bytes.size()) {
        return std::nullopt;
    }
    std::copy(bytes->begin(), bytes->end(), uuid.bytes.begin());
    return uuid;
}

std::optional<Value> read_bits(std::string_view text) {
    if (text.find_first_not_of("01") != std::string_view::npos) {
        return std::nullopt;
    }
    Bits bits;
    bits.count = text.size();
    bits.bytes.resize((text.size() + 7) / 8);
    for (std::size_t index = 0; index < text.size(); ++index) {
        if (text[index] == '1') {
            bits.bytes[index / 8] |= static_cast<std::uint8_t>(0x80U >> (index % 8));
        }
    }
    return bits;
}

std::optional<Value> read_loosely(Kind kind, std::string_view text) {
    switch (kind) {
    case Kind::date:
        return read_date_value(text);
    case Kind::time:
        return read_time_value(text);
    case Kind::time_with_zone:
        return read_time_with_zone(text);
    case Kind::timestamp:
        return read_timestamp<LocalTimestamp>(text, false);
    case Kind::timestamp_with_zone:
        return read_timestamp<ZonedTimestamp>(text, true);
    case Kind::interval:
        return read_interval(text);
    case Kind::uuid:
        return read_uuid_value(text);
    default:
        return std::nullopt;
    }
}

} // namespace

std::optional<Value> read_text_value(Kind kind, std::string_view text) {
    if (kind == Kind::bits) {
        return read_bits(text);
    }
    if (kind == Kind::decimal) {
        const bool is_decimal =
            is_usual_decimal(text) || text == "NaN" || text == "Infinity" || text == "-Infinity";
        return is_decimal ? std::optional<Value>{Decimal{std::string{text}}} : std::nullopt;
    }
    std::optional<Value> value = read_loosely(kind, text);
    if (!value) {
        return std::nullopt;
    }
    const Result<Value> written = to_sqlite_storage(*value);
    const auto *same = written ? written->as<Text>() : nullptr;
    return same != nullptr && same->text == text ? value : std::nullopt;
}

} // namespace postrider::dialect

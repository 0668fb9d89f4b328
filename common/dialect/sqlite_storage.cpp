// The text forms are those that SQLite's own date functions read, and PostgreSQL's for the rest.
#include "common/dialect/sqlite_storage.hpp"

#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>

#include "common/base/text_encoding.hpp"

namespace postrider::dialect {

namespace {

constexpr std::int64_t second = 1'000'000; // in microseconds
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;

Error no_exact_form(std::string_view what) {
    return {Errc::conflict, "cannot store " + std::string{what} + " in SQLite",
            "SQLite has no storage class that holds the value exactly.",
            "Leave the column out of the task or change the value at its source."};
}

std::string digits(std::int64_t number, std::size_t width) {
    std::string text = std::to_string(number);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

template <class Integer>
std::string_view infinity(Integer number) {
    if (number == std::numeric_limits<Integer>::max()) {
        return "infinity";
    }
    return number == std::numeric_limits<Integer>::min() ? "-infinity" : "";
}

std::string date_text(std::int64_t days_since_2000) {
    constexpr std::chrono::sys_days epoch =
        std::chrono::year{2000} / std::chrono::January / std::chrono::day{1};
    // Chrono's year is 16 bits wide; whole eras of 400 years (146 097 days) are counted apart.
    constexpr std::int64_t era_days = 146'097;
    const std::int64_t eras = days_since_2000 >= 0 ? days_since_2000 / era_days
                                                   : (days_since_2000 - era_days + 1) / era_days;
    const std::int64_t rest = days_since_2000 - eras * era_days;
    const std::chrono::year_month_day date{epoch + std::chrono::days{rest}};
    const std::int64_t year = static_cast<int>(date.year()) + eras * 400;
    const std::string year_text = year < 0 ? "-" + digits(-year, 4) : digits(year, 4);
    return year_text + '-' + digits(static_cast<unsigned>(date.month()), 2) + '-' +
           digits(static_cast<unsigned>(date.day()), 2);
}

std::string time_text(std::int64_t microseconds) {
    std::string text = digits(microseconds / hour, 2) + ':' +
                       digits(microseconds % hour / minute, 2) + ':' +
                       digits(microseconds % minute / second, 2);
    if (microseconds % second != 0) {
        text += '.' + digits(microseconds % second, 6);
    }
    return text;
}

std::string offset_text(std::int32_t seconds) {
    const std::int64_t absolute = std::abs(std::int64_t{seconds});
    std::string text = (seconds < 0 ? "-" : "+") + digits(absolute / 3600, 2) + ':' +
                       digits(absolute % 3600 / 60, 2);
    if (absolute % 60 != 0) {
        text += ':' + digits(absolute % 60, 2);
    }
    return text;
}

std::string timestamp_text(std::int64_t microseconds, std::string_view zone) {
    const std::string_view endless = infinity(microseconds);
    if (!endless.empty()) {
        return std::string{endless};
    }
    std::int64_t days = microseconds / day;
    std::int64_t rest = microseconds % day;
    if (rest < 0) {
        days -= 1;
        rest += day;
    }
    return date_text(days) + ' ' + time_text(rest) + std::string{zone};
}

std::string interval_text(const Interval &interval) {
    std::string text = "P";
    if (interval.months != 0) {
        text += std::to_string(interval.months) + 'M';
    }
    if (interval.days != 0) {
        text += std::to_string(interval.days) + 'D';
    }
    if (interval.microseconds != 0) {
        const bool negative = interval.microseconds < 0;
        const std::int64_t whole = interval.microseconds / second;
        const std::int64_t fraction = std::abs(interval.microseconds % second);
        text += std::string{"T"} + (negative ? "-" : "") + std::to_string(std::abs(whole));
        text += fraction == 0 ? "S" : '.' + digits(fraction, 6) + 'S';
    }
    return text == "P" ? "PT0S" : text;
}

std::string uuid_text(const FixedBytes<16> &bytes) {
    std::string text = to_hex(bytes);
    for (const std::size_t position : {8U, 13U, 18U, 23U}) {
        text.insert(position, 1, '-');
    }
    return text;
}

std::string bits_text(const Bits &bits) {
    std::string text;
    text.reserve(bits.count);
    for (std::uint64_t index = 0; index < bits.count; ++index) {
        const unsigned byte = bits.bytes[index / 8];
        text += ((byte >> (7 - index % 8)) & 1U) != 0 ? '1' : '0';
    }
    return text;
}

struct Store {
    Result<Value> operator()(const Null & /*null*/) const { return Value{}; }

    Result<Value> operator()(bool value) const { return Value{std::int64_t{value ? 1 : 0}}; }

    Result<Value> operator()(std::int64_t value) const { return Value{value}; }

    Result<Value> operator()(const Decimal &value) const { return Value::text(value.digits); }

    Result<Value> operator()(const Float64 &value) const {
        if (std::isnan(std::bit_cast<double>(value.bits))) {
            return no_exact_form("a NaN");
        }
        return Value{value};
    }

    Result<Value> operator()(const Float32 &value) const {
        const auto number = std::bit_cast<float>(value.bits);
        if (std::isnan(number)) {
            return no_exact_form("a NaN");
        }
        return Value::float64(static_cast<double>(number));
    }

    Result<Value> operator()(const Text &value) const { return Value{value}; }

    Result<Value> operator()(const Bytes &value) const { return Value{value}; }

    Result<Value> operator()(const Date &value) const {
        const std::string_view endless = infinity(value.days);
        return Value::text(endless.empty() ? date_text(value.days) : std::string{endless});
    }

    Result<Value> operator()(const Time &value) const {
        return Value::text(time_text(value.microseconds));
    }

    Result<Value> operator()(const TimeWithZone &value) const {
        return Value::text(time_text(value.microseconds) + offset_text(value.offset_seconds));
    }

    Result<Value> operator()(const LocalTimestamp &value) const {
        return Value::text(timestamp_text(value.microseconds, ""));
    }

    Result<Value> operator()(const ZonedTimestamp &value) const {
        return Value::text(timestamp_text(value.microseconds, "Z"));
    }

    Result<Value> operator()(const Interval &value) const {
        return Value::text(interval_text(value));
    }

    Result<Value> operator()(const Uuid &value) const {
        return Value::text(uuid_text(value.bytes));
    }

    Result<Value> operator()(const Json &value) const { return Value::text(value.text); }

    Result<Value> operator()(const Bits &value) const { return Value::text(bits_text(value)); }

    Result<Value> operator()(const Array & /*array*/) const { return no_exact_form("an array"); }

    Result<Value> operator()(const Native &value) const { return Value::text(value.text); }
};

} // namespace

Result<Value> to_sqlite_storage(const Value &value) {
    return std::visit(Store{}, value.content());
}

} // namespace postrider::dialect

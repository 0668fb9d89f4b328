// Comparison, numbers, quoting, sets and dates of RFC 3501 section 9.
#include "common/transport/imap_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/base/limits.hpp"

namespace postrider::transport::imap {

namespace {

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

template <class Number>
std::optional<Number> digits_alone(std::string_view text) {
    Number value = 0;
    const char *const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || text.front() < '0' || text.front() > '9' || stopped != end ||
        error != std::errc{}) {
        return std::nullopt;
    }
    return value;
}

std::string range_text(UidRange range) {
    const std::string first = std::to_string(range.first);
    return range.first == range.last ? first : first + ":" + std::to_string(range.last);
}

} // namespace

bool equal_without_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char one, char other) { return lower(one) == lower(other); });
}

bool begins_without_case(std::string_view text, std::string_view prefix) {
    return equal_without_case(text.substr(0, prefix.size()), prefix);
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
    return digits_alone<std::uint32_t>(text);
}

std::optional<std::uint64_t> parse_number64(std::string_view text) {
    const auto value = digits_alone<std::int64_t>(text);
    return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

std::optional<UidRange> parse_range(std::string_view text) {
    const std::size_t colon = text.find(':');
    const auto first = parse_number(text.substr(0, colon));
    const auto last =
        colon == std::string_view::npos ? first : parse_number(text.substr(colon + 1));
    if (!first || !last || *first == 0 || *last == 0) {
        return std::nullopt;
    }
    return UidRange{std::min(*first, *last), std::max(*first, *last)};
}

Result<std::string> to_quoted(std::string_view text) {
    if (text.size() > limits::imap_folder_bytes_max) {
        return Error{Errc::too_large, "text for the IMAP server exceeds the limit"};
    }
    std::string out = "\"";
    for (const char letter : text) {
        if (letter == '\r' || letter == '\n' || letter == '\0') {
            return Error{Errc::malformed, "text for the IMAP server has a line end in it"};
        }
        if (letter == '"' || letter == '\\') {
            out += '\\';
        }
        out += letter;
    }
    return out + '"';
}

std::vector<std::string> uid_sets(std::span<const Uid> uids, std::size_t set_bytes_max) {
    std::vector<UidRange> ranges;
    for (const Uid uid : uids) {
        if (ranges.empty() || uid > ranges.back().last + 1ULL) {
            ranges.push_back({uid, uid});
        } else {
            ranges.back().last = std::max(uid, ranges.back().last);
        }
    }
    std::vector<std::string> sets;
    for (const UidRange range : ranges) {
        const std::string text = range_text(range);
        if (sets.empty() || sets.back().size() + 1 + text.size() > set_bytes_max) {
            sets.push_back(text);
        } else {
            sets.back() += "," + text;
        }
    }
    return sets;
}

std::optional<Timestamp> parse_internal_date(std::string_view text) {
    static constexpr std::array<std::string_view, 12> months = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != 26 || text[2] != '-' || text[6] != '-' || text[11] != ' ' ||
        text[14] != ':' || text[17] != ':' || text[20] != ' ') {
        return std::nullopt;
    }
    const auto number = [&](std::size_t at, std::size_t size) {
        return parse_number(text.substr(at, size));
    };
    const auto day = text[0] == ' ' ? number(1, 1) : number(0, 2);
    const auto month = std::find_if(months.begin(), months.end(), [&](std::string_view name) {
        return equal_without_case(name, text.substr(3, 3));
    });
    const auto year = number(7, 4);
    const auto hour = number(12, 2);
    const auto minute = number(15, 2);
    const auto second = number(18, 2);
    const auto zone_hours = number(22, 2);
    const auto zone_minutes = number(24, 2);
    const bool has_sign = text[21] == '+' || text[21] == '-';
    if (!day || month == months.end() || !year || !hour || !minute || !second || !zone_hours ||
        !zone_minutes || !has_sign || *hour > 23 || *minute > 59 || *second > 60) {
        return std::nullopt;
    }
    const auto month_number = static_cast<unsigned>(month - months.begin()) + 1;
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                           std::chrono::month{month_number},
                                           std::chrono::day{*day}};
    if (!date.ok()) {
        return std::nullopt;
    }
    const auto zone = std::chrono::hours{*zone_hours} + std::chrono::minutes{*zone_minutes};
    const auto local = std::chrono::sys_days{date} + std::chrono::hours{*hour} +
                       std::chrono::minutes{*minute} + std::chrono::seconds{*second};
    return text[21] == '-' ? Timestamp{local + zone} : Timestamp{local - zone};
}

} // namespace postrider::transport::imap

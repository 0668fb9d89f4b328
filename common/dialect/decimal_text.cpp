// Digits are counted in characters: no number type holds what these may be.
#include "common/dialect/decimal_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace postrider::dialect {

namespace {

bool has_only_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_zero(std::string_view text) {
    return text.find_first_not_of('0') == std::string_view::npos;
}

std::string_view without_first_zeros(std::string_view whole) {
    return whole.substr(std::min(whole.find_first_not_of('0'), whole.size()));
}

std::string_view without_last_zeros(std::string_view fraction) {
    return fraction.substr(0, fraction.find_last_not_of('0') + 1);
}

/// One more in the last place.
void count_up(std::string &digits) {
    const std::size_t counted = digits.find_last_not_of('9');
    if (counted == std::string::npos) {
        digits = '1' + std::string(digits.size(), '0');
        return;
    }
    ++digits[counted];
    std::fill(digits.begin() + static_cast<std::ptrdiff_t>(counted) + 1, digits.end(), '0');
}

template <class Number>
std::string text_of_number(Number number) {
    if (!std::isfinite(number)) {
        return std::isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity";
    }
    std::array<char, 40> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    return {buffer.data(), end.ptr};
}

template <class Number>
std::string shortest(Number number) {
    // "-d.ddde-ddd" with 17 digits at most
    std::array<char, 40> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                   std::chars_format::scientific);
    std::string_view text{buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data())};
    const bool negative = text.starts_with('-');
    text.remove_prefix(negative ? 1 : 0);
    const std::size_t mark = text.find('e');
    int exponent = 0;
    const std::size_t sign = text[mark + 1] == '+' ? 1 : 0;
    (void)std::from_chars(text.data() + mark + 1 + sign, text.data() + text.size(), exponent);
    std::string digits{text.substr(0, 1)};
    digits += text.substr(std::min<std::size_t>(2, mark), mark - std::min<std::size_t>(2, mark));
    if (is_zero(digits)) {
        return "0";
    }
    if (exponent < 0) {
        digits.insert(0, static_cast<std::size_t>(-exponent), '0');
        digits.insert(1, 1, '.');
    } else {
        const auto whole = static_cast<std::size_t>(exponent) + 1;
        if (digits.size() > whole) {
            digits.insert(whole, 1, '.');
        } else {
            digits.append(whole - digits.size(), '0');
        }
    }
    return (negative ? "-" : "") + digits;
}

} // namespace

std::optional<DecimalDigits> read_decimal(std::string_view text) {
    DecimalDigits number;
    number.negative = text.starts_with('-');
    text.remove_prefix(number.negative ? 1 : 0);
    const std::size_t point = text.find('.');
    number.whole = text.substr(0, point);
    if (!has_only_digits(number.whole)) {
        return std::nullopt;
    }
    if (point != std::string_view::npos) {
        number.fraction = text.substr(point + 1);
        if (!has_only_digits(number.fraction)) {
            return std::nullopt;
        }
    }
    return number;
}

bool is_usual_decimal(std::string_view text) {
    const auto number = read_decimal(text);
    return number && (number->whole.size() == 1 || number->whole.front() != '0') &&
           !(number->negative && is_zero(number->whole) && is_zero(number->fraction));
}

std::string with_scale(const DecimalDigits &number, std::int32_t scale) {
    const std::size_t places = scale > 0 ? static_cast<std::size_t>(scale) : 0;
    const std::size_t zeros = scale < 0 ? static_cast<std::size_t>(-std::int64_t{scale}) : 0;
    std::string digits{number.whole};
    digits += number.fraction;
    std::size_t kept = number.whole.size() + places;
    if (zeros > 0) {
        digits.insert(0, zeros, '0');
        kept = number.whole.size();
    }
    if (digits.size() < kept) {
        digits.append(kept - digits.size(), '0');
    }
    const bool up = kept < digits.size() && digits[kept] >= '5';
    digits.resize(kept);
    if (up) {
        count_up(digits);
    }
    if (is_zero(digits)) {
        return places == 0 ? "0" : "0." + std::string(places, '0');
    }
    digits.append(zeros, '0');
    std::string whole{
        without_first_zeros(std::string_view{digits}.substr(0, digits.size() - places))};
    std::string text = (number.negative ? "-" : "") + (whole.empty() ? "0" : whole);
    return places == 0 ? text : text + '.' + digits.substr(digits.size() - places);
}

bool is_same_number(const DecimalDigits &one, const DecimalDigits &other) {
    const std::string_view whole = without_first_zeros(one.whole);
    const std::string_view fraction = without_last_zeros(one.fraction);
    return whole == without_first_zeros(other.whole) &&
           fraction == without_last_zeros(other.fraction) &&
           (one.negative == other.negative || (whole.empty() && fraction.empty()));
}

std::string decimal_of(double number) {
    return shortest(number);
}

std::string decimal_of(float number) {
    return shortest(number);
}

std::string number_text(double number) {
    return text_of_number(number);
}

std::string number_text(float number) {
    return text_of_number(number);
}

} // namespace postrider::dialect

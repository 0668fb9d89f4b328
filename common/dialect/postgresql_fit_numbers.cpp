// Numbers. A decimal is a number however it is written; a binary number is what its shortest digits
// say, so that 0.1 is held by numeric, real and double precision alike.
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "common/dialect/decimal_text.hpp"
#include "common/dialect/postgresql_fitted.hpp"
#include "common/dialect/text_values.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

constexpr std::size_t fraction_digits_max = 16'383; // of a numeric without a declared scale

struct IntegerBounds {
    std::int64_t least;
    std::int64_t greatest;
    std::string_view name;
};

template <class Integer>
constexpr IntegerBounds bounds_of(std::string_view name) {
    return {static_cast<std::int64_t>(std::numeric_limits<Integer>::min()),
            static_cast<std::int64_t>(std::numeric_limits<Integer>::max()), name};
}

IntegerBounds integer_bounds(const DeclaredType &type) {
    switch (type.builtin == nullptr ? oids::bigint : type.builtin->oid) {
    case oids::smallint:
        return bounds_of<std::int16_t>("an integer of 16 bits");
    case oids::integer:
        return bounds_of<std::int32_t>("an integer of 32 bits");
    case oids::oid:
        return bounds_of<std::uint32_t>("an integer of 32 bits without a sign");
    default:
        return bounds_of<std::int64_t>("an integer of 64 bits");
    }
}

bool is_special(std::string_view digits) {
    return digits == "NaN" || digits == "Infinity" || digits == "-Infinity";
}

std::string special_text(double number) {
    return std::isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity";
}

std::optional<std::int64_t> integer_of(std::string_view text) {
    std::int64_t integer = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), integer);
    const bool is_whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
    return is_whole ? std::optional{integer} : std::nullopt;
}

std::optional<double> real_of(const Value &value) {
    if (const auto *number = value.as<Float64>()) {
        return std::bit_cast<double>(number->bits);
    }
    if (const auto *number = value.as<Float32>()) {
        return static_cast<double>(std::bit_cast<float>(number->bits));
    }
    return std::nullopt;
}

std::optional<std::int64_t> whole_of(double number) {
    constexpr double bound = 9223372036854775808.0; // 2^63
    return number >= -bound && number < bound ? std::optional{static_cast<std::int64_t>(number)}
                                              : std::nullopt;
}

/// The digits of any number; nothing for other values.
std::optional<std::string> digits_of(const Value &value) {
    if (const auto *boolean = value.as<bool>()) {
        return *boolean ? "1" : "0";
    }
    if (const auto *integer = value.as<std::int64_t>()) {
        return std::to_string(*integer);
    }
    if (const auto *decimal = value.as<Decimal>()) {
        return decimal->digits;
    }
    if (const auto real = real_of(value)) {
        if (!std::isfinite(*real)) {
            return special_text(*real);
        }
        const auto *number = value.as<Float32>();
        return number != nullptr ? decimal_of(std::bit_cast<float>(number->bits))
                                 : decimal_of(*real);
    }
    const auto *text = value.as<Text>();
    return text != nullptr && read_text_value(Kind::decimal, text->text) ? std::optional{text->text}
                                                                         : std::nullopt;
}

template <class Number>
Value float_value(Number number) {
    if constexpr (std::is_same_v<Number, float>) {
        return Float32{std::bit_cast<std::uint32_t>(number)};
    } else {
        return Float64{std::bit_cast<std::uint64_t>(number)};
    }
}

template <class Number>
constexpr std::string_view digits_lost =
    std::is_same_v<Number, float> ? "as a number of 6 digits it would lose digits"
                                  : "as a number of 15 digits it would lose digits";

template <class Number>
Fitted fit_digits(std::string_view digits) {
    if (is_special(digits)) {
        constexpr Number infinity = std::numeric_limits<Number>::infinity();
        return Fitted::exactly(float_value<Number>(digits == "NaN"
                                                       ? std::numeric_limits<Number>::quiet_NaN()
                                                   : digits.front() == '-' ? -infinity
                                                                           : infinity));
    }
    const auto number = read_decimal(digits);
    if (!number) {
        return Fitted::never("this decimal is no number");
    }
    Number real = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), real);
    if (read.ec != std::errc{}) {
        return Fitted::never("this number is beyond the range of the type");
    }
    const std::string shown = decimal_of(real);
    const auto integer = integer_of(digits);
    const bool is_kept = is_same_number(*read_decimal(shown), *number) ||
                         (integer && whole_of(static_cast<double>(real)) == integer);
    return is_kept ? Fitted::exactly(float_value(real))
                   : Fitted::nearly(float_value(real), std::string{digits_lost<Number>});
}

/// A text with an exponent, as such a number is written into a text column.
template <class Number>
Fitted fit_number_text(std::string_view text) {
    Number real = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), real);
    return read.ec == std::errc{} && read.ptr == text.data() + text.size() &&
                   number_text(real) == text
               ? Fitted::exactly(float_value(real))
               : Fitted::never("this value is no number");
}

template <class Number>
Fitted fit_float(const Value &value) {
    if (const auto digits = digits_of(value)) {
        return fit_digits<Number>(*digits);
    }
    const auto *text = value.as<Text>();
    return fit_number_text<Number>(text != nullptr ? std::string_view{text->text} : "");
}

} // namespace

unsigned integer_bits(const DeclaredType &type) {
    switch (type.builtin == nullptr ? 0 : type.builtin->oid) {
    case oids::smallint:
        return 16;
    case oids::integer:
    case oids::oid:
        return 32;
    case oids::bigint:
        return 64;
    default:
        return 0;
    }
}

Fitted fit_integer(const DeclaredType &type, const Value &value) {
    const IntegerBounds bounds = integer_bounds(type);
    const std::string loss = "this value is not " + std::string{bounds.name};
    std::optional<std::int64_t> integer;
    bool is_exact = true;
    if (const auto real = real_of(value)) {
        const double rounded = std::round(*real);
        integer = whole_of(rounded);
        is_exact = rounded == *real;
    } else if (const auto digits = digits_of(value)) {
        const auto number = read_decimal(*digits);
        const std::string rounded = number ? with_scale(*number, 0) : "";
        integer = integer_of(rounded);
        // A text with a point would be written otherwise.
        is_exact = number &&
                   (value.kind() == Kind::text ? number->fraction.empty()
                                               : is_same_number(*number, *read_decimal(rounded)));
    }
    if (!integer || *integer < bounds.least || *integer > bounds.greatest) {
        return Fitted::never(loss);
    }
    return is_exact ? Fitted::exactly(*integer) : Fitted::nearly(*integer, loss);
}

Fitted fit_decimal(const DeclaredType &type, const Value &value) {
    std::optional<std::string> digits = digits_of(value);
    if (!digits) {
        return Fitted::never("this value is no number");
    }
    if (is_special(*digits)) {
        return Fitted::exactly(Decimal{*std::move(digits)});
    }
    const auto number = read_decimal(*digits);
    if (!number) {
        return Fitted::never("this decimal is no number");
    }
    if (type.precision < 0 && number->fraction.size() <= fraction_digits_max) {
        return Fitted::exactly(Decimal{*std::move(digits)});
    }
    if (type.precision >= 0 && type.scale >= 0 && value.kind() == Kind::decimal &&
        number->fraction.size() == static_cast<std::size_t>(type.scale)) {
        return Fitted::exactly(value); // as it is stored
    }
    const std::int32_t scale =
        type.precision < 0 ? static_cast<std::int32_t>(fraction_digits_max) : type.scale;
    std::string rounded = with_scale(*number, scale);
    const bool is_kept = is_same_number(*number, *read_decimal(rounded));
    if (is_kept) {
        return Fitted::exactly(Decimal{std::move(rounded)});
    }
    std::string loss =
        scale < 0 ? "this number has digits other than 0 in its last " + std::to_string(-scale)
                  : "this number has more digits behind the point than " + std::to_string(scale);
    return Fitted::nearly(Decimal{std::move(rounded)}, std::move(loss));
}

Fitted fit_float64(const Value &value) {
    if (value.kind() == Kind::float64) {
        return Fitted::exactly(value);
    }
    if (const auto real = real_of(value)) {
        return Fitted::exactly(Value::float64(*real));
    }
    return fit_float<double>(value);
}

Fitted fit_float32(const Value &value) {
    if (value.kind() == Kind::float32) {
        return Fitted::exactly(value);
    }
    // A real that went through a database with wide numbers only comes back as the same bits.
    const auto real = real_of(value);
    if (real && std::isfinite(*real) &&
        std::abs(*real) <= static_cast<double>(std::numeric_limits<float>::max())) {
        const auto narrow = static_cast<float>(*real);
        if (static_cast<double>(narrow) == *real) {
            return Fitted::exactly(float_value(narrow));
        }
    }
    return fit_float<float>(value);
}

} // namespace postrider::dialect::postgresql_text

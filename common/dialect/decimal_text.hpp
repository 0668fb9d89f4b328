// Decimal numbers as digits: reading, rounding and comparing them without any loss, and the
// shortest digits of a binary number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postrider::dialect {

/// [-]whole[.fraction]: views into the text that was read.
struct DecimalDigits {
    bool negative = false;
    std::string_view whole; // never empty
    std::string_view fraction;
};

/// Nothing for other texts: NaN and infinities, a sign "+", an exponent, a point at an end.
std::optional<DecimalDigits> read_decimal(std::string_view text);

/// Neither a zero before the digits that say something nor a sign of zero: one text for one number
/// and scale.
bool is_usual_decimal(std::string_view text);

/// The number with so many digits behind the point, or zeros before it below 0; half is rounded
/// away from zero.
std::string with_scale(const DecimalDigits &number, std::int32_t scale);

/// Equal as numbers: "1.50" and "1.5".
bool is_same_number(const DecimalDigits &one, const DecimalDigits &other);

/// The fewest digits that read as the finite number, without an exponent.
std::string decimal_of(double number);
std::string decimal_of(float number);

/// The same digits, with an exponent where that is shorter; NaN, Infinity and -Infinity too.
std::string number_text(double number);
std::string number_text(float number);

} // namespace postrider::dialect

// Big-endian, 16 bits each (numeric_send and numeric_recv):
//
//   count of digits | weight | sign | scale | digits of base 10 000, the first worth 10 000^weight
//
// The sign is 0, 4000 hex (negative), C000 (NaN), D000 (infinity) or F000 (-infinity); the scale
// counts decimal digits behind the point. Zeros at both ends are left out, never the scale.
#include "common/dialect/postgresql_numeric.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/dialect/decimal_text.hpp"

namespace postrider::dialect::postgresql_binary {

namespace {

constexpr std::size_t group_digits = 4;
constexpr std::uint16_t group_max = 9999;
constexpr std::uint16_t scale_max = 16'383;
constexpr std::int64_t weight_max = 32'767;

constexpr std::uint16_t sign_negative = 0x4000;
constexpr std::uint16_t sign_nan = 0xC000;
constexpr std::uint16_t sign_infinity = 0xD000;
constexpr std::uint16_t sign_minus_infinity = 0xF000;

Error malformed_numeric(std::string why) {
    return {Errc::malformed, "malformed binary numeric: " + std::move(why)};
}

std::string_view special_of(std::uint16_t sign) {
    switch (sign) {
    case sign_nan:
        return "NaN";
    case sign_infinity:
        return "Infinity";
    case sign_minus_infinity:
        return "-Infinity";
    default:
        return "";
    }
}

/// Writes the groups into a row of decimal digits; `first` is the place of the first one there.
Result<void> read_groups(ByteReader &in, std::size_t count, std::int64_t first, std::string &row) {
    for (std::size_t group = 0; group < count; ++group) {
        unsigned value = in.u16();
        if (value > group_max) {
            return malformed_numeric("a digit is above 9999");
        }
        const std::int64_t begin = first + static_cast<std::int64_t>(group * group_digits);
        for (std::size_t digit = group_digits; digit-- > 0; value /= 10) {
            const std::int64_t place = begin + static_cast<std::int64_t>(digit);
            const bool is_shown = place >= 0 && place < static_cast<std::int64_t>(row.size());
            if (is_shown) {
                row[static_cast<std::size_t>(place)] = static_cast<char>('0' + value % 10);
            } else if (value % 10 != 0) {
                return malformed_numeric("it has more digits than its scale");
            }
        }
    }
    return {};
}

void put(Bytes &out, std::uint16_t number) {
    out.push_back(static_cast<std::uint8_t>(number >> 8U));
    out.push_back(static_cast<std::uint8_t>(number & 0xffU));
}

void put_head(Bytes &out, std::size_t count, std::int64_t weight, std::uint16_t sign) {
    put(out, static_cast<std::uint16_t>(count));
    put(out, static_cast<std::uint16_t>(weight));
    put(out, sign);
}

std::uint16_t group_at(std::string_view digits, std::size_t at) {
    unsigned value = 0;
    for (std::size_t place = at; place < at + group_digits; ++place) {
        value = value * 10 + static_cast<unsigned>(digits[place] - '0');
    }
    return static_cast<std::uint16_t>(value);
}

} // namespace

Result<Value> decode_numeric(ByteView bytes) {
    ByteReader in{bytes};
    const std::size_t count = in.u16();
    const std::int64_t weight = static_cast<std::int16_t>(in.u16());
    const std::uint16_t sign = in.u16();
    const std::size_t scale = in.u16();
    if (!in.ok() || in.remaining() != count * 2) {
        return malformed_numeric("it has another length than it says");
    }
    const std::string_view special = special_of(sign);
    if (!special.empty()) {
        return count == 0 ? Result<Value>{Decimal{std::string{special}}}
                          : malformed_numeric("it has digits and is no number");
    }
    if ((sign != 0 && sign != sign_negative) || scale > scale_max) {
        return malformed_numeric("its sign or scale is none");
    }
    const std::int64_t before_point = (weight + 1) * static_cast<std::int64_t>(group_digits);
    // Weight and scale allow for no more than 147 455 digits.
    const auto whole =
        static_cast<std::size_t>(count == 0 ? 0 : std::max<std::int64_t>(before_point, 0));
    std::string row(whole + scale, '0');
    const std::int64_t first = static_cast<std::int64_t>(whole) - before_point;
    if (auto read = read_groups(in, count, first, row); !read) {
        return read.error();
    }
    const bool is_zero = row.find_first_not_of('0') == std::string::npos;
    const std::size_t begin = std::min(row.find_first_not_of('0'), whole);
    std::string digits = sign == sign_negative && !is_zero ? "-" : "";
    digits += begin == whole ? "0" : row.substr(begin, whole - begin);
    if (scale > 0) {
        digits += '.' + row.substr(whole);
    }
    if (digits.size() > limits::decimal_digits_max) {
        return Error{Errc::too_large, "a numeric has more digits than can travel"};
    }
    return Value{Decimal{std::move(digits)}};
}

Result<void> encode_numeric(std::string_view digits, Bytes &out) {
    for (const std::uint16_t sign : {sign_nan, sign_infinity, sign_minus_infinity}) {
        if (digits == special_of(sign)) {
            put_head(out, 0, 0, sign);
            put(out, 0);
            return {};
        }
    }
    const auto number = read_decimal(digits);
    if (!number) {
        return Error{Errc::malformed, "a decimal has other characters than digits"};
    }
    // Whole groups on both sides of the point.
    const std::size_t first_zeros =
        (group_digits - number->whole.size() % group_digits) % group_digits;
    std::string row(first_zeros, '0');
    row.append(number->whole).append(number->fraction);
    const auto groups_before =
        static_cast<std::int64_t>((first_zeros + number->whole.size()) / group_digits);
    row.append((group_digits - row.size() % group_digits) % group_digits, '0');
    const std::size_t begin = row.find_first_not_of('0');
    const bool is_zero = begin == std::string::npos;
    const std::size_t first = is_zero ? row.size() / group_digits : begin / group_digits;
    const std::size_t end = is_zero ? first : row.find_last_not_of('0') / group_digits + 1;
    const std::int64_t weight = is_zero ? 0 : groups_before - 1 - static_cast<std::int64_t>(first);
    if (number->fraction.size() > scale_max || weight > weight_max) {
        return Error{Errc::too_large, "a decimal has more digits than a numeric can have"};
    }
    put_head(out, end - first, weight, number->negative && !is_zero ? sign_negative : 0);
    put(out, static_cast<std::uint16_t>(number->fraction.size()));
    for (std::size_t group = first; group < end; ++group) {
        put(out, group_at(row, group * group_digits));
    }
    return {};
}

} // namespace postrider::dialect::postgresql_binary

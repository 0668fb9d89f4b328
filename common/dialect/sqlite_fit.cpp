// A column without a type, and ANY of a STRICT table, hold every value as it is. The others turn
// values by their affinity, and STRICT ones refuse what cannot be turned. SQLite shows a number in
// 15 digits and reads no more of a text.
#include "common/dialect/sqlite_fit.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "common/dialect/sql_text.hpp"
#include "common/dialect/sqlite_storage.hpp"

namespace postrider::dialect::sqlite_text {

namespace {

constexpr std::size_t digits_kept = 15;

Affinity affinity_of(const TableDescription &table, const ColumnDescription &column) {
    const bool takes_any = table.strict && lower_ascii(column.type.native_name) == "any";
    return takes_any ? Affinity::none : column.affinity;
}

bool is_number_type(Affinity affinity) {
    return affinity == Affinity::integer || affinity == Affinity::numeric ||
           affinity == Affinity::real;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// A text that SQLite takes for a number.
struct NumberText {
    std::string whole;    // digits before the point
    std::string fraction; // and behind it
    bool has_point = false;
    bool is_plain = true; // without spaces, "+" and exponent

    /// Neither zeros at its ends nor the point.
    [[nodiscard]] std::size_t digits() const {
        const std::string all = whole + fraction;
        const std::size_t first = all.find_first_not_of('0');
        if (first == std::string::npos) {
            return 0;
        }
        return all.find_last_not_of('0') - first + 1;
    }
};

std::optional<NumberText> read_number(std::string_view text) {
    constexpr std::string_view spaces = " \t\n\v\f\r";
    NumberText number;
    const std::size_t begin = std::min(text.find_first_not_of(spaces), text.size());
    const std::size_t end = text.find_last_not_of(spaces) + 1;
    number.is_plain = begin == 0 && end == text.size();
    text = begin < end ? text.substr(begin, end - begin) : std::string_view{};
    std::size_t at = 0;
    const auto take_sign = [&] {
        if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
            number.is_plain = number.is_plain && text[at] == '-';
            ++at;
        }
    };
    const auto take_digits = [&](std::string &digits) {
        while (at < text.size() && is_digit(text[at])) {
            digits += text[at++];
        }
    };
    take_sign();
    take_digits(number.whole);
    if (at < text.size() && text[at] == '.') {
        number.has_point = true;
        ++at;
        take_digits(number.fraction);
    }
    if (number.whole.empty() && number.fraction.empty()) {
        return std::nullopt;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        number.is_plain = false;
        ++at;
        take_sign();
        std::string exponent;
        take_digits(exponent);
        if (exponent.empty()) {
            return std::nullopt;
        }
    }
    return at == text.size() ? std::optional{number} : std::nullopt;
}

bool fits_integer(std::string_view text) {
    std::int64_t integer = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), integer);
    return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

/// Whether the number, written by SQLite, is the very text.
bool is_in_usual_form(const NumberText &number, std::string_view text, Affinity affinity) {
    if (!number.is_plain || number.whole.empty() || text == "-0" ||
        (number.whole.size() > 1 && number.whole.front() == '0')) {
        return false;
    }
    if (!number.has_point) {
        return affinity == Affinity::real ? number.whole.size() <= digits_kept : fits_integer(text);
    }
    if (affinity == Affinity::real && number.fraction == "0") {
        return number.whole.size() <= digits_kept && !text.starts_with("-0");
    }
    // Smaller ones are written with an exponent.
    const bool is_small = number.whole == "0" && number.fraction.starts_with("0000");
    return !number.fraction.empty() && number.fraction.back() != '0' && !is_small &&
           number.digits() <= digits_kept;
}

/// A decimal is a number, however it is written.
bool keeps_decimal(const NumberText &number, std::string_view text, Affinity affinity) {
    return number.digits() <= digits_kept ||
           (affinity != Affinity::real && !number.has_point && fits_integer(text));
}

bool is_whole(double number) {
    constexpr double bound = 9223372036854775808.0; // 2^63
    return number >= -bound && number < bound && std::trunc(number) == number;
}

bool keeps_integer(std::int64_t integer) {
    const auto number = static_cast<double>(integer);
    return is_whole(number) && static_cast<std::int64_t>(number) == integer;
}

bool keeps_as_text(double number) {
    std::array<char, 40> shown{};
    (void)std::snprintf(shown.data(), shown.size(), "%.15g", number);
    return std::isfinite(number) && std::strtod(shown.data(), nullptr) == number;
}

double number_of(const Float64 &value) {
    return std::bit_cast<double>(value.bits);
}

/// What would become of the value; empty: nothing.
std::string_view loss(const TableDescription &table, Affinity affinity, const Value &value) {
    const auto *real = value.as<Float64>();
    if (affinity == Affinity::text) {
        return real != nullptr && !keeps_as_text(number_of(*real))
                   ? "as a text this number would lose digits"
                   : "";
    }
    const auto *integer = value.as<std::int64_t>();
    if (affinity == Affinity::real && integer != nullptr && !keeps_integer(*integer)) {
        return "as a real number this integer would lose digits";
    }
    if (table.strict && affinity == Affinity::integer && real != nullptr &&
        !is_whole(number_of(*real))) {
        return "this number is not an integer of 64 bits";
    }
    const auto *text = value.as<Text>();
    if (text == nullptr || !is_number_type(affinity)) {
        return "";
    }
    const auto number = read_number(text->text);
    return number && !is_in_usual_form(*number, text->text, affinity)
               ? "this text would become a number that is written otherwise"
               : "";
}

/// What SQLite itself does not turn.
Value nearest(const TableDescription &table, Affinity affinity, Value value) {
    if (!table.strict || affinity != Affinity::integer) {
        return value;
    }
    const auto *text = value.as<Text>();
    const auto *real = value.as<Float64>();
    if (real == nullptr &&
        (text == nullptr || !read_number(text->text) || fits_integer(text->text))) {
        return value;
    }
    const double number =
        std::round(real != nullptr ? number_of(*real) : std::strtod(text->text.c_str(), nullptr));
    return is_whole(number) ? Value{static_cast<std::int64_t>(number)} : value;
}

} // namespace

Result<Value> fit(const TableDescription &table,
                  const ColumnDescription &column,
                  const Value &value,
                  Exactness exactness) {
    Result<Value> stored = to_sqlite_storage(value);
    const Affinity affinity = affinity_of(table, column);
    if (!stored || affinity == Affinity::none) {
        return stored;
    }
    if (exactness == Exactness::nearest) {
        return nearest(table, affinity, *std::move(stored));
    }
    std::string_view lost = loss(table, affinity, *stored);
    const auto *decimal = value.as<Decimal>();
    if (decimal != nullptr && !lost.empty()) {
        const auto number = read_number(decimal->digits);
        lost = number && keeps_decimal(*number, decimal->digits, affinity)
                   ? ""
                   : "this decimal has more than 15 digits";
    }
    if (lost.empty()) {
        return stored;
    }
    return Error{Errc::conflict,
                 "column \"" + column.name + "\" of table \"" + table.name +
                     "\" cannot hold a value exactly: " + std::string{lost},
                 {},
                 "Give the column here a type that holds it, or say LOSSY behind the column in the"
                 " task."};
}

std::string
narrower(const TableDescription &table, const ColumnDescription &column, const Type &from) {
    const Affinity affinity = affinity_of(table, column);
    switch (from.kind) {
    case Kind::text:
        return is_number_type(affinity) ? "texts that look like numbers become numbers" : "";
    case Kind::int64:
        return affinity == Affinity::real ? "integers become real numbers of 15 digits" : "";
    case Kind::float32:
    case Kind::float64:
        if (affinity == Affinity::text) {
            return "numbers become texts of 15 digits";
        }
        return table.strict && affinity == Affinity::integer ? "it holds integers only" : "";
    case Kind::bytes:
        return table.strict && affinity != Affinity::none ? "it holds no blobs" : "";
    default:
        return "";
    }
}

} // namespace postrider::dialect::sqlite_text

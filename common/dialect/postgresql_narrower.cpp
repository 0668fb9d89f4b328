// What a column of PostgreSQL does not hold of all the values that another type may have. Equal
// declarations hold the same.
#include <algorithm>
#include <optional>

#include "common/dialect/postgresql_fit.hpp"
#include "common/dialect/postgresql_fitted.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

bool is_number(Kind kind) {
    return kind == Kind::boolean || kind == Kind::int64 || kind == Kind::decimal ||
           kind == Kind::float64 || kind == Kind::float32;
}

std::string_view only_held(Kind kind) {
    switch (kind) {
    case Kind::boolean:
        return "it holds true and false only";
    case Kind::int64:
        return "it holds integers only";
    case Kind::decimal:
    case Kind::float64:
    case Kind::float32:
        return "it holds numbers only";
    case Kind::bytes:
        return "it holds byte strings only";
    case Kind::date:
        return "it holds dates only";
    case Kind::time:
        return "it holds times without a zone only";
    case Kind::time_with_zone:
        return "it holds times with a zone only";
    case Kind::timestamp:
        return "it holds timestamps without a zone only";
    case Kind::timestamp_with_zone:
        return "it holds timestamps with a zone only";
    case Kind::interval:
        return "it holds intervals only";
    case Kind::uuid:
        return "it holds uuids only";
    case Kind::json:
        return "it holds JSON only";
    case Kind::bits:
        return "it holds bit strings only";
    case Kind::array:
        return "it holds arrays of its own kind only";
    default:
        return "it holds texts only";
    }
}

/// Values of which some are held.
bool are_akin(Kind to, Kind from) {
    if (to == from) {
        return true;
    }
    if (to == Kind::text) {
        return from != Kind::bytes && from != Kind::array;
    }
    return is_number(to) && to != Kind::boolean && is_number(from);
}

std::string counted(std::int32_t count, std::string_view noun) {
    return std::to_string(count) + ' ' + std::string{noun} + (count == 1 ? "" : "s");
}

std::string
narrower_integer(const DeclaredType &type, const Type &from, const DeclaredType &declared_from) {
    if (from.kind == Kind::boolean) {
        return "";
    }
    if (from.kind != Kind::int64) {
        return std::string{only_held(Kind::int64)};
    }
    const bool has_sign = type.builtin == nullptr || type.builtin->oid != oids::oid;
    const bool is_oid = declared_from.builtin != nullptr && declared_from.builtin->oid == oids::oid;
    const unsigned bits = integer_bits(type);
    const unsigned bits_from = std::max(integer_bits(declared_from), is_oid ? 33U : 0U);
    if (bits == 0 || bits == 64 || (bits_from != 0 && bits_from <= bits && has_sign) ||
        (is_oid && !has_sign)) {
        return "";
    }
    return "it holds integers of " + counted(static_cast<std::int32_t>(bits), "bit") +
           (has_sign ? " only" : " without a sign only");
}

/// Digits that values may have before the point; nothing when there is no limit.
std::optional<std::int32_t> whole_digits(const Type &from, const DeclaredType &declared_from) {
    constexpr std::int32_t digits_of_16_bits = 5;
    constexpr std::int32_t digits_of_32_bits = 10;
    constexpr std::int32_t digits_of_64_bits = 19;
    switch (from.kind) {
    case Kind::boolean:
        return 1;
    case Kind::int64: {
        const unsigned bits = integer_bits(declared_from);
        return bits == 16 ? digits_of_16_bits : bits == 32 ? digits_of_32_bits : digits_of_64_bits;
    }
    case Kind::decimal:
        return from.precision < 0
                   ? std::nullopt
                   : std::optional{std::max(from.precision - std::max(from.scale, 0), 0)};
    default:
        return std::nullopt;
    }
}

std::string
narrower_decimal(const DeclaredType &type, const Type &from, const DeclaredType &declared_from) {
    if (type.precision < 0) {
        return "";
    }
    const std::int32_t before_point = std::max(type.precision - type.scale, 0);
    const auto before_point_from = whole_digits(from, declared_from);
    const bool is_whole = from.kind == Kind::boolean || from.kind == Kind::int64;
    const bool has_scale =
        is_whole ? type.scale >= 0
                 : from.kind == Kind::decimal && from.scale >= 0 && from.scale <= type.scale;
    if (has_scale && before_point_from && *before_point_from <= before_point) {
        return "";
    }
    return "it holds " + counted(before_point, "digit") + " before the point and " +
           std::to_string(std::max(type.scale, 0)) + " behind it";
}

std::string narrower_float(Kind kind, const Type &from, const DeclaredType &declared_from) {
    const bool is_narrow = kind == Kind::float32;
    const std::int32_t digits = is_narrow ? 6 : 15;
    const unsigned bits_from = integer_bits(declared_from);
    const bool is_short = from.kind == Kind::int64
                              ? bits_from != 0 && bits_from <= (is_narrow ? 16U : 32U)
                              : from.kind == Kind::decimal && from.precision >= 0 &&
                                    std::max(from.precision, from.scale) <= digits;
    const bool is_held = is_short || from.kind == Kind::boolean || from.kind == Kind::float32 ||
                         (from.kind == Kind::float64 && !is_narrow);
    return is_held ? "" : "numbers become ones of " + counted(digits, "digit");
}

std::string narrower_length(Kind kind, const Type &from, std::int32_t precision) {
    const bool is_shorter = from.kind == kind && from.precision >= 0 && from.precision <= precision;
    if (precision < 0 || is_shorter) {
        return "";
    }
    switch (kind) {
    case Kind::text:
        return "it holds texts of " + counted(precision, "character");
    case Kind::bits:
        return "it holds " + counted(precision, "bit");
    default:
        return "it holds " + counted(precision, "digit") + " of a second";
    }
}

std::string narrower_text(const DeclaredType &type, const Type &from) {
    const std::uint32_t oid = type.builtin == nullptr ? 0 : type.builtin->oid;
    if (oid == oids::single_char) {
        return "it holds texts of one byte";
    }
    return oid == oids::name ? "it holds texts of 63 bytes"
                             : narrower_length(Kind::text, from, type.precision);
}

} // namespace

std::string
narrower(const TableDescription & /*table*/, const ColumnDescription &column, const Type &from) {
    if (column.type.native_name == from.native_name && column.type.kind == from.kind) {
        return "";
    }
    if (column.type.kind == Kind::native) {
        return "it holds what its type reads only";
    }
    const bool is_array = column.type.kind == Kind::array;
    if (!are_akin(column.type.kind, from.kind) ||
        (is_array && column.type.element != from.element)) {
        return std::string{only_held(column.type.kind)};
    }
    const Kind kind = is_array ? column.type.element : column.type.kind;
    Type each_from = from;
    each_from.kind = is_array ? from.element : from.kind;
    const DeclaredType type = read_declared(column.type.native_name).value_or(DeclaredType{});
    const DeclaredType declared_from = read_declared(from.native_name).value_or(DeclaredType{});
    switch (kind) {
    case Kind::int64:
        return narrower_integer(type, each_from, declared_from);
    case Kind::decimal:
        return narrower_decimal(type, each_from, declared_from);
    case Kind::float64:
    case Kind::float32:
        return narrower_float(kind, each_from, declared_from);
    case Kind::text:
        return narrower_text(type, each_from);
    case Kind::interval:
        if (!type.fields.empty()) {
            return "it holds the fields " + std::string{type.fields} + " only";
        }
        break;
    default:
        break;
    }
    return narrower_length(kind, each_from, type.precision);
}

} // namespace postrider::dialect::postgresql_text

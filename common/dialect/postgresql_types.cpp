// One table of types, a reader of what format_type() prints, and its inverse. No text of a peer's
// gets into SQL: what is written comes out of the table.
#include "common/dialect/postgresql_types.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace postrider::dialect::postgresql_text {

namespace {

// The server's own maxima.
constexpr std::int32_t characters_max = 10'485'760;
constexpr std::int32_t bits_max = 83'886'080;
constexpr std::int32_t numeric_digits_max = 1000;
constexpr std::int32_t second_digits_max = 6;

// clang-format off
constexpr std::array builtin_types{
    BuiltinType{"boolean", 16, 1000, Kind::boolean, Modifier::none},
    BuiltinType{"smallint", 21, 1005, Kind::int64, Modifier::none},
    BuiltinType{"integer", 23, 1007, Kind::int64, Modifier::none},
    BuiltinType{"bigint", 20, 1016, Kind::int64, Modifier::none},
    BuiltinType{"oid", 26, 1028, Kind::int64, Modifier::none},
    BuiltinType{"numeric", 1700, 1231, Kind::decimal, Modifier::precision_scale},
    BuiltinType{"real", 700, 1021, Kind::float32, Modifier::none},
    BuiltinType{"double precision", 701, 1022, Kind::float64, Modifier::none},
    BuiltinType{"text", 25, 1009, Kind::text, Modifier::none},
    BuiltinType{"character varying", 1043, 1015, Kind::text, Modifier::length},
    BuiltinType{"character", 1042, 1014, Kind::text, Modifier::length},
    BuiltinType{"bpchar", 1042, 1014, Kind::text, Modifier::none},
    BuiltinType{"\"char\"", 18, 1002, Kind::text, Modifier::none},
    BuiltinType{"name", 19, 1003, Kind::text, Modifier::none},
    BuiltinType{"bytea", 17, 1001, Kind::bytes, Modifier::none},
    BuiltinType{"date", 1082, 1182, Kind::date, Modifier::none},
    BuiltinType{"time without time zone", 1083, 1183, Kind::time, Modifier::fraction},
    BuiltinType{"time with time zone", 1266, 1270, Kind::time_with_zone, Modifier::fraction},
    BuiltinType{"timestamp without time zone", 1114, 1115, Kind::timestamp, Modifier::fraction},
    BuiltinType{"timestamp with time zone", 1184, 1185, Kind::timestamp_with_zone, Modifier::fraction},
    BuiltinType{"interval", 1186, 1187, Kind::interval, Modifier::interval_fraction},
    BuiltinType{"uuid", 2950, 2951, Kind::uuid, Modifier::none},
    BuiltinType{"json", 114, 199, Kind::json, Modifier::none},
    BuiltinType{"jsonb", 3802, 3807, Kind::json, Modifier::none},
    BuiltinType{"bit", 1560, 1561, Kind::bits, Modifier::length},
    BuiltinType{"\"bit\"", 1560, 1561, Kind::bits, Modifier::none},
    BuiltinType{"bit varying", 1562, 1563, Kind::bits, Modifier::length},
    BuiltinType{"money", 790, 791, Kind::native, Modifier::none},
    BuiltinType{"xml", 142, 143, Kind::native, Modifier::none},
    BuiltinType{"inet", 869, 1041, Kind::native, Modifier::none},
    BuiltinType{"cidr", 650, 651, Kind::native, Modifier::none},
    BuiltinType{"macaddr", 829, 1040, Kind::native, Modifier::none},
    BuiltinType{"macaddr8", 774, 775, Kind::native, Modifier::none},
    BuiltinType{"point", 600, 1017, Kind::native, Modifier::none},
    BuiltinType{"line", 628, 629, Kind::native, Modifier::none},
    BuiltinType{"lseg", 601, 1018, Kind::native, Modifier::none},
    BuiltinType{"box", 603, 1020, Kind::native, Modifier::none},
    BuiltinType{"path", 602, 1019, Kind::native, Modifier::none},
    BuiltinType{"polygon", 604, 1027, Kind::native, Modifier::none},
    BuiltinType{"circle", 718, 719, Kind::native, Modifier::none},
    BuiltinType{"tsvector", 3614, 3643, Kind::native, Modifier::none},
    BuiltinType{"tsquery", 3615, 3645, Kind::native, Modifier::none},
    BuiltinType{"jsonpath", 4072, 4073, Kind::native, Modifier::none},
    BuiltinType{"pg_lsn", 3220, 3221, Kind::native, Modifier::none},
    BuiltinType{"int4range", 3904, 3905, Kind::native, Modifier::none},
    BuiltinType{"int8range", 3926, 3927, Kind::native, Modifier::none},
    BuiltinType{"numrange", 3906, 3907, Kind::native, Modifier::none},
    BuiltinType{"tsrange", 3908, 3909, Kind::native, Modifier::none},
    BuiltinType{"tstzrange", 3910, 3911, Kind::native, Modifier::none},
    BuiltinType{"daterange", 3912, 3913, Kind::native, Modifier::none},
    BuiltinType{"int4multirange", 4451, 6150, Kind::native, Modifier::none},
    BuiltinType{"int8multirange", 4536, 6157, Kind::native, Modifier::none},
    BuiltinType{"nummultirange", 4532, 6151, Kind::native, Modifier::none},
    BuiltinType{"tsmultirange", 4533, 6152, Kind::native, Modifier::none},
    BuiltinType{"tstzmultirange", 4534, 6153, Kind::native, Modifier::none},
    BuiltinType{"datemultirange", 4535, 6155, Kind::native, Modifier::none},
};
// clang-format on

constexpr std::array<std::string_view, 13> interval_fields{"year",
                                                           "month",
                                                           "day",
                                                           "hour",
                                                           "minute",
                                                           "second",
                                                           "year to month",
                                                           "day to hour",
                                                           "day to minute",
                                                           "day to second",
                                                           "hour to minute",
                                                           "hour to second",
                                                           "minute to second"};

const BuiltinType *builtin_named(std::string_view name) {
    // Without a length these two words mean one of 1 in a declaration, and any length here.
    if (name == "character") {
        name = "bpchar";
    } else if (name == "bit") {
        name = "\"bit\"";
    }
    const auto *found = std::find_if(builtin_types.begin(), builtin_types.end(),
                                     [&](const auto &type) { return type.name == name; });
    return found == builtin_types.end() ? nullptr : found;
}

const BuiltinType *builtin_with_modifier(std::string_view name) {
    const auto *found =
        std::find_if(builtin_types.begin(), builtin_types.end(), [&](const auto &type) {
            return type.name == name && type.modifier != Modifier::none;
        });
    return found == builtin_types.end() ? nullptr : found;
}

/// One number, or two with a comma between them.
bool read_numbers(std::string_view text, DeclaredType &type, bool &has_scale) {
    const char *const end = text.data() + text.size();
    auto read = std::from_chars(text.data(), end, type.precision);
    has_scale = read.ec == std::errc{} && read.ptr != end && *read.ptr == ',';
    if (has_scale) {
        read = std::from_chars(read.ptr + 1, end, type.scale);
    }
    return read.ec == std::errc{} && read.ptr == end;
}

bool is_allowed(const DeclaredType &type, bool has_scale) {
    const auto is_between = [&](std::int32_t least, std::int32_t greatest) {
        return type.precision >= least && type.precision <= greatest;
    };
    switch (type.builtin->modifier) {
    case Modifier::length:
        return !has_scale &&
               is_between(1, type.builtin->kind == Kind::bits ? bits_max : characters_max);
    case Modifier::precision_scale:
        return is_between(1, numeric_digits_max) && type.scale >= -numeric_digits_max &&
               type.scale <= numeric_digits_max;
    case Modifier::fraction:
        return !has_scale && is_between(0, second_digits_max);
    case Modifier::interval_fraction:
        return !has_scale && is_between(0, second_digits_max) &&
               (type.fields.empty() || type.fields.ends_with("second"));
    case Modifier::none:
        break;
    }
    return false;
}

/// Takes the fields of an interval out of "interval day to second".
bool take_fields(std::string &name, DeclaredType &type) {
    constexpr std::string_view interval = "interval ";
    if (!name.starts_with(interval)) {
        return true;
    }
    const auto *found = std::find(interval_fields.begin(), interval_fields.end(),
                                  std::string_view{name}.substr(interval.size()));
    if (found == interval_fields.end()) {
        return false;
    }
    type.fields = *found;
    name = "interval";
    return true;
}

std::string written(const DeclaredType &type) {
    std::string text{type.builtin->name};
    if (!type.fields.empty()) {
        text += ' ' + std::string{type.fields};
    }
    if (type.precision >= 0) {
        const std::string modifier =
            "(" + std::to_string(type.precision) +
            (type.builtin->modifier == Modifier::precision_scale ? "," + std::to_string(type.scale)
                                                                 : "") +
            ")";
        // "timestamp(3) with time zone"
        const std::size_t word =
            type.builtin->modifier == Modifier::fraction ? text.find(' ') : std::string::npos;
        text.insert(std::min(word, text.size()), modifier);
    }
    return text + (type.is_array ? "[]" : "");
}

std::string type_of_kind(Kind kind, const Type &type) {
    switch (kind) {
    case Kind::boolean:
        return "boolean";
    case Kind::int64:
        return "bigint";
    case Kind::decimal:
        return type.precision >= 1 && type.precision <= numeric_digits_max && type.scale >= 0 &&
                       type.scale <= type.precision
                   ? "numeric(" + std::to_string(type.precision) + "," +
                         std::to_string(type.scale) + ")"
                   : "numeric";
    case Kind::float64:
        return "double precision";
    case Kind::float32:
        return "real";
    case Kind::bytes:
        return "bytea";
    case Kind::date:
        return "date";
    case Kind::time:
        return "time without time zone";
    case Kind::time_with_zone:
        return "time with time zone";
    case Kind::timestamp:
        return "timestamp without time zone";
    case Kind::timestamp_with_zone:
        return "timestamp with time zone";
    case Kind::interval:
        return "interval";
    case Kind::uuid:
        return "uuid";
    case Kind::json:
        return "json";
    case Kind::bits:
        return "bit varying";
    default:
        return "text";
    }
}

bool is_octal(char letter) {
    return letter >= '0' && letter <= '7';
}

} // namespace

const BuiltinType *builtin_of(std::uint32_t oid) {
    const auto *found = std::find_if(builtin_types.begin(), builtin_types.end(),
                                     [&](const auto &type) { return type.oid == oid; });
    return found == builtin_types.end() ? nullptr : found;
}

const BuiltinType *array_element_of(std::uint32_t oid) {
    const auto *found =
        std::find_if(builtin_types.begin(), builtin_types.end(), [&](const auto &type) {
            return type.array_oid == oid && type.kind != Kind::native;
        });
    return found == builtin_types.end() ? nullptr : found;
}

std::optional<std::uint8_t> single_char(std::string_view text) {
    if (text.empty()) {
        return std::uint8_t{0};
    }
    if (text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80) {
        return static_cast<std::uint8_t>(text[0]);
    }
    if (text.size() != 4 || text[0] != '\\' || text[1] < '2' || text[1] > '3' ||
        !is_octal(text[2]) || !is_octal(text[3])) {
        return std::nullopt;
    }
    return static_cast<std::uint8_t>((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
}

std::optional<DeclaredType> read_declared(std::string_view declared) {
    const std::string_view whole = declared;
    DeclaredType type;
    type.is_array = declared.ends_with("[]");
    declared.remove_suffix(type.is_array ? 2 : 0);
    const std::size_t open = declared.find('(');
    const std::size_t close = declared.find(')');
    std::string name{declared};
    if (open != std::string_view::npos) {
        if (close == std::string_view::npos || close < open) {
            return std::nullopt;
        }
        name = std::string{declared.substr(0, open)} + std::string{declared.substr(close + 1)};
    }
    if (!take_fields(name, type)) {
        return std::nullopt;
    }
    if (open == std::string_view::npos) {
        type.builtin = builtin_named(name);
        return type.builtin != nullptr ? std::optional{type} : std::nullopt;
    }
    bool has_scale = false;
    type.builtin = builtin_with_modifier(name);
    const std::string_view numbers = declared.substr(open + 1, close - open - 1);
    if (type.builtin == nullptr || !read_numbers(numbers, type, has_scale) ||
        !is_allowed(type, has_scale)) {
        return std::nullopt;
    }
    // Parentheses at another place are not PostgreSQL's.
    return written(type) == whole ? std::optional{type} : std::nullopt;
}

Type neutral_type(std::string_view declared) {
    Type type;
    type.kind = Kind::native;
    type.native_name = declared;
    const auto read = read_declared(declared);
    if (!read || read->builtin->kind == Kind::native) {
        return type;
    }
    type.kind = read->is_array ? Kind::array : read->builtin->kind;
    type.element = read->is_array ? read->builtin->kind : Kind::null;
    type.precision = read->precision;
    if (read->builtin->modifier == Modifier::precision_scale && read->precision >= 0) {
        // Neutral decimals count no places before the point: the whole digits stand for those.
        type.scale = std::max(read->scale, 0);
        type.precision = read->precision - std::min(read->scale, 0);
    }
    return type;
}

std::string declared_type(const Column &column, std::string_view engine) {
    const Type &type = column.type;
    if (engine == "postgresql") {
        if (const auto read = read_declared(type.native_name)) {
            return written(*read);
        }
    }
    if (type.kind != Kind::array) {
        return type_of_kind(type.kind, type);
    }
    const bool has_arrays =
        type.element != Kind::array && type.element != Kind::native && type.element != Kind::null;
    return has_arrays ? type_of_kind(type.element, type) + "[]" : "text";
}

} // namespace postrider::dialect::postgresql_text

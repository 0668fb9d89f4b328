// Types and values of PostgreSQL's columns, as the dialect asks for them.
#include "common/dialect/postgresql_typing.hpp"

#include <array>
#include <cstdlib>

namespace postrider::dialect::pg_text {

namespace {

struct NamedKind {
    std::string_view name; // as format_type begins it
    Kind kind;
};

/// The longer name stands before one with which it begins.
constexpr std::array named_kinds = {
    NamedKind{"boolean", Kind::boolean},
    NamedKind{"bigint", Kind::int64},
    NamedKind{"integer", Kind::int64},
    NamedKind{"smallint", Kind::int64},
    NamedKind{"numeric", Kind::decimal},
    NamedKind{"double precision", Kind::float64},
    NamedKind{"real", Kind::float32},
    NamedKind{"text", Kind::text},
    NamedKind{"character varying", Kind::text},
    NamedKind{"character", Kind::text},
    NamedKind{"bytea", Kind::bytes},
    NamedKind{"date", Kind::date},
    NamedKind{"interval", Kind::interval},
    NamedKind{"uuid", Kind::uuid},
    NamedKind{"jsonb", Kind::json},
    NamedKind{"json", Kind::json},
    NamedKind{"bit varying", Kind::bits},
    NamedKind{"bit", Kind::bits},
};

Kind named_kind(std::string_view declared) {
    const bool has_zone = declared.ends_with(" with time zone");
    if (declared.ends_with("[]")) {
        return Kind::array;
    }
    if (declared.starts_with("timestamp")) {
        return has_zone ? Kind::timestamp_with_zone : Kind::timestamp;
    }
    if (declared.starts_with("time ") || declared.starts_with("time(")) {
        return has_zone ? Kind::time_with_zone : Kind::time;
    }
    const std::string_view word = declared.substr(0, declared.find('('));
    for (const NamedKind &each : named_kinds) {
        if (word == each.name) {
            return each.kind;
        }
    }
    return Kind::native;
}

/// "(10,2)" behind a type's name.
void read_typmod(std::string_view declared, Type &type) {
    const std::size_t open = declared.find('(');
    if (open == std::string_view::npos) {
        return;
    }
    const std::string inside{declared.substr(open + 1)};
    char *end = nullptr;
    type.precision = static_cast<std::int32_t>(std::strtol(inside.c_str(), &end, 10));
    if (*end == ',') {
        type.scale = static_cast<std::int32_t>(std::strtol(end + 1, nullptr, 10));
    }
}

std::string lengths_of(const Type &type) {
    if (type.precision < 1) {
        return "";
    }
    return "(" + std::to_string(type.precision) +
           (type.scale >= 0 ? "," + std::to_string(type.scale) : "") + ")";
}

} // namespace

Type neutral_type(std::string_view declared) {
    Type type;
    type.kind = named_kind(declared);
    type.native_name = declared;
    if (type.kind == Kind::array) {
        type.element = named_kind(declared.substr(0, declared.size() - 2));
    }
    if (type.kind == Kind::decimal || type.kind == Kind::text || type.kind == Kind::bits) {
        read_typmod(declared, type);
    }
    return type;
}

std::string declared_type(const Column &column, std::string_view /*engine*/) {
    switch (column.type.kind) {
    case Kind::boolean:
        return "boolean";
    case Kind::int64:
        return "bigint";
    case Kind::decimal:
        return "numeric" + lengths_of(column.type);
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
        return "jsonb";
    case Kind::bits:
        return "bit varying" + lengths_of(column.type);
    default:
        return "text";
    }
}

Type pattern_type(const TableDescription & /*table*/, const ColumnDescription &column) {
    return column.type;
}

Result<Value> to_storage(const Value &value) {
    return value;
}

Result<Value> fit(const TableDescription & /*table*/,
                  const ColumnDescription & /*column*/,
                  const Value &value,
                  Exactness /*exactness*/) {
    return value;
}

std::string narrower(const TableDescription & /*table*/,
                     const ColumnDescription & /*column*/,
                     const Type & /*from*/) {
    return "";
}

} // namespace postrider::dialect::pg_text

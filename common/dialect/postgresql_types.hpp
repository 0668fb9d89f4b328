// PostgreSQL's built-in types: their names as format_type() prints them, their OIDs, which never
// change, and the neutral types they stand for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/model/table.hpp"

namespace postrider::dialect::postgresql_text {

/// What may stand in parentheses behind the name of a type.
enum class Modifier {
    none,
    length,           // characters or bits
    precision_scale,  // of numeric
    fraction,         // digits of a second
    interval_fraction // fields of an interval, digits of a second
};

/// OIDs of types that share a kind with others.
namespace oids {
inline constexpr std::uint32_t single_char = 18; // "char"
inline constexpr std::uint32_t name = 19;
inline constexpr std::uint32_t bigint = 20;
inline constexpr std::uint32_t smallint = 21;
inline constexpr std::uint32_t integer = 23;
inline constexpr std::uint32_t oid = 26;
inline constexpr std::uint32_t character = 1042;
inline constexpr std::uint32_t jsonb = 3802;
} // namespace oids

struct BuiltinType {
    std::string_view name;
    std::uint32_t oid;
    std::uint32_t array_oid;
    Kind kind; // native: only its text form is known here
    Modifier modifier;
};

/// A built-in type as a column declares it.
struct DeclaredType {
    const BuiltinType *builtin = nullptr; // never null in what read_declared gives
    std::int32_t precision = -1;          // or length, or digits of a second; -1: not limited
    std::int32_t scale = 0;               // with a precision only; below 0 before the point
    std::string_view fields;              // of an interval: "year to month"; empty: all
    bool is_array = false;
};

/// Null when the OID is none of a built-in type of the table, or of an array of one.
const BuiltinType *builtin_of(std::uint32_t oid);
/// The element's type when the OID is that of an array whose elements have a neutral kind.
const BuiltinType *array_element_of(std::uint32_t oid);

/// What a text is as "char": the one byte that it has in ASCII, 0 for none, or another byte as
/// \ and three octal digits. Nothing for other texts.
std::optional<std::uint8_t> single_char(std::string_view text);

/// Nothing when the text is not one that format_type() prints for a built-in type.
std::optional<DeclaredType> read_declared(std::string_view declared);

/// What PostgreSQL calls a type by this text of format_type(); everything that is not built in, and
/// what only PostgreSQL knows, is native. `precision` of a time is its digits of a second.
Type neutral_type(std::string_view declared);

/// The declared type, out of a closed list, of a column that holds what the column of another
/// database's table holds.
std::string declared_type(const Column &column, std::string_view engine);

} // namespace postrider::dialect::postgresql_text

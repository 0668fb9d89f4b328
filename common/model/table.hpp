// The shape of a table as its changes carry it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/model/value.hpp"

namespace postrider {

/// A column's neutral type. `native_name` is the source engine's own spelling, a hint for equal
/// engines and for people.
struct Type {
    Kind kind = Kind::text;
    Kind element = Kind::null; // of an array
    std::int32_t precision =
        -1; // digits of a decimal, characters of a text, bits of a bit string; -1: not limited
    std::int32_t scale = -1;
    std::string native_name;
    auto operator<=>(const Type &) const = default;
};

struct Column {
    std::string name;
    Type type;
    bool nullable = true;
    auto operator<=>(const Column &) const = default;
};

struct TableSchema {
    std::string name;
    std::vector<Column> columns;
    std::vector<std::uint32_t> key; // indexes into `columns`, in key order; never empty
    auto operator<=>(const TableSchema &) const = default;
};

} // namespace postrider

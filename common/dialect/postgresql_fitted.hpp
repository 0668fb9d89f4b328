// What becomes of a value in a column of PostgreSQL, by groups of kinds; postgresql_fit.cpp puts
// the groups together.
#pragma once

#include <optional>
#include <string>

#include "common/dialect/postgresql_types.hpp"
#include "common/model/value.hpp"

namespace postrider::dialect::postgresql_text {

struct Fitted {
    std::optional<Value> exact;
    std::optional<Value> nearest; // empty: the exact one, or none comes near
    std::string loss;             // why there is no exact one

    static Fitted exactly(Value value) { return {std::move(value), std::nullopt, {}}; }

    static Fitted nearly(Value value, std::string loss) {
        return {std::nullopt, std::move(value), std::move(loss)};
    }

    static Fitted never(std::string loss) { return {std::nullopt, std::nullopt, std::move(loss)}; }
};

Fitted fit_integer(const DeclaredType &type, const Value &value);
Fitted fit_decimal(const DeclaredType &type, const Value &value);
Fitted fit_float64(const Value &value);
Fitted fit_float32(const Value &value);

/// Bits of an integer column, with its sign; 0 where the type is another.
unsigned integer_bits(const DeclaredType &type);

/// For dates, times, timestamps and intervals, of the column's kind.
Fitted fit_time(const DeclaredType &type, const Value &value);

} // namespace postrider::dialect::postgresql_text

// One row inserted, updated or deleted, and the values that travel with it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/model/stamp.hpp"
#include "common/model/table.hpp"

namespace postrider {

/// Key values in key order.
using Key = std::vector<Value>;

/// The numbers are those of the wire; never renumber.
enum class Operation : std::uint8_t {
    insert = 0, // the row was absent before; all columns
    upsert = 1, // whether the row was there before is not known or it was; all columns
    update = 2, // the row was there before; the changed columns
    remove = 3, // the row is gone
    leave = 4,  // the row lives on at the source but no longer belongs to the receiver
};

/// The row is not there any more, at the source or for the receiver.
constexpr bool ends_row(Operation operation) {
    return operation == Operation::remove || operation == Operation::leave;
}

/// Values of some columns of a row: `columns` are rising indexes into TableSchema::columns without
/// the key's, `values` stands beside it.
struct Image {
    std::vector<std::uint32_t> columns;
    std::vector<Value> values;
    auto operator<=>(const Image &) const = default;
};

/// A change in a table with one writer. `old_values` holds what filters and counters need of the
/// row before.
struct Change {
    Operation operation = Operation::upsert;
    Image new_values;
    Image old_values;
    bool operator==(const Change &) const = default;
};

/// A last-writer-wins register: a stamp and what was there. `replaced` is the stamp that the writer
/// saw, absent when it was stable.
template <class T>
struct Register {
    Stamp stamp;
    T value;
    std::optional<Stamp> replaced;
    bool operator==(const Register &) const = default;
};

/// A change in a SYNC table: a partial map from registers to stamped values.
struct SyncChange {
    std::optional<Register<bool>> exists;
    std::vector<std::pair<std::uint32_t, Register<Value>>> columns; // by rising column index
    bool operator==(const SyncChange &) const = default;
};

} // namespace postrider

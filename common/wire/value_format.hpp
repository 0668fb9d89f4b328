// One value as CBOR, and the charge for what is materialised (docs/protocol.md, "Values").
#pragma once

#include <cstdint>

#include "common/base/limits.hpp"
#include "common/model/value.hpp"
#include "common/wire/cbor.hpp"

namespace postrider::wire {

/// What may still be materialised. Taken from before anything is allocated, so that a few bytes
/// which stand for a million rows are refused while they are still a few bytes.
class Allowance {
  public:
    Allowance(std::uint64_t rows, std::uint64_t cell_bytes)
        : rows_(rows), cell_bytes_(cell_bytes) {}

    /// False, and nothing taken, when there is less.
    [[nodiscard]] bool take_rows(std::uint64_t count) { return take(rows_, count); }

    [[nodiscard]] bool take_cell_bytes(std::uint64_t count) { return take(cell_bytes_, count); }

    /// For what was charged and is gone again.
    void give_back_cell_bytes(std::uint64_t count) { cell_bytes_ += count; }

    [[nodiscard]] bool is_used_up() const { return rows_ == 0 && cell_bytes_ == 0; }

  private:
    static bool take(std::uint64_t &left, std::uint64_t count) {
        if (count > left) {
            return false;
        }
        left -= count;
        return true;
    }

    std::uint64_t rows_;
    std::uint64_t cell_bytes_;
};

void encode_value(CborWriter &out, const Value &value);

/// Charges Value::cell_bytes. Arrays do not nest.
Value decode_value(CborReader &in, Allowance &allowance);

} // namespace postrider::wire

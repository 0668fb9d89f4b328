// How many rows of a block one statement is given.
#pragma once

#include <algorithm>
#include <span>

#include "common/engine/database.hpp"

namespace postrider::pg {

struct LotSize {
    std::size_t rows;
    std::size_t bytes;
};

constexpr LotSize list_lot_max{1000, 4U << 20U};
/// COPY makes a thousand slots for rows at its beginning, and lets go of them one by one.
constexpr LotSize copy_lot_max{20'000, 16U << 20U};
/// Fewer are not worth the planning.
constexpr std::size_t lot_rows_min = 8;

inline std::size_t lot_size(std::span<const engine::Row> rows,
                            std::span<const std::size_t> indexes,
                            const LotSize &most) {
    std::size_t bytes = 0;
    std::size_t size = 0;
    while (size < std::min(indexes.size(), most.rows)) {
        for (const Value &value : rows[indexes[size]]) {
            bytes += value.cell_bytes();
        }
        if (bytes > most.bytes && size > 0) {
            break;
        }
        ++size;
    }
    return size;
}

} // namespace postrider::pg

// How what is sent is cut.
#pragma once

#include "common/base/limits.hpp"

namespace postrider::engine {

/// What a row takes in memory beside its values, in bytes.
inline constexpr std::size_t row_memory_bytes = 128;

/// In bytes of values and of rows. Tests cut smaller.
struct BatchSizes {
    /// A batch, and an entry of the queue, holds whole rows (`cost_of`); between its cells and its
    /// raw bytes lie names and lengths.
    std::size_t piece_bytes = limits::own_batch_raw_bytes_max / 2;
    /// So much of the queue is composed into one step: enough for a week of work on a row to travel
    /// as one, little enough for memory. What was collected as one and is more is a step by itself.
    std::uint64_t step_bytes = limits::own_batch_raw_bytes_max;
    /// A chunk of a load.
    std::size_t chunk_bytes = limits::load_chunk_bytes;
    /// What is collected without keeping writers out lies in memory until it is queued: so much.
    std::size_t gentle_bytes = limits::gentle_collect_bytes;
};

} // namespace postrider::engine

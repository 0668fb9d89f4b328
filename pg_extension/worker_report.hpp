// What a session asks a worker for, and what the worker tells: plain data in a segment of shared
// memory that both have.
#pragma once

#include <cstdint>
#include <type_traits>

#include "pg_extension/boundary.hpp"

extern "C" {
#include <storage/dsm.h>
#include <storage/latch.h>
}

namespace postrider::pg {

enum class Asked : std::uint8_t {
    rounds,       // what there is to do now, with `peer` or with everybody
    retry_parked, // one row, or all
};

struct WorkerReport {
    Asked asked;
    bool has_row;
    std::int64_t row;
    char peer[256]; // empty: all of them

    bool is_begun;
    bool is_done;    // else the worker died on the way
    bool is_refused; // it could not work at all, for the reason in `problem`
    char summary[512];
    char problem[512];
    char detail[512];
    char hint[512];

    /// What a long work has done so far. The newest of `steps` lies at (steps - 1) % 2.
    std::uint32_t steps;
    char step[2][256];
    Latch *caller; // to be set when there is news; null: the process' end is told otherwise
};

static_assert(std::is_trivially_copyable_v<WorkerReport>);

} // namespace postrider::pg

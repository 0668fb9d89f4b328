// A set of half-open ranges [offset, end) of bytes or numbers: which pieces of a body are there.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/limits.hpp"
#include "common/base/result.hpp"

namespace postrider::stream {

struct Range {
    std::uint64_t offset = 0;
    std::uint64_t end = 0; // one beyond the last
    auto operator<=>(const Range &) const = default;
};

/// Ranges are kept rising, apart from each other and never empty.
class RangeSet {
  public:
    explicit RangeSet(std::size_t ranges_max = limits::body_ranges_max) : ranges_max_(ranges_max) {}

    /// Overlaps are welcome. `malformed` when the range is empty or reversed, `too_large` when more
    /// than the allowed number of separate ranges would result; then nothing changes.
    Result<void> add(Range range);

    [[nodiscard]] bool contains(Range range) const;

    /// Everything in [0, total) is there; true for a total of 0.
    [[nodiscard]] bool covers(std::uint64_t total) const;

    /// What is not there of [0, total), rising.
    [[nodiscard]] std::vector<Range> missing(std::uint64_t total) const;

    [[nodiscard]] const std::vector<Range> &ranges() const { return ranges_; }

    bool operator==(const RangeSet &other) const { return ranges_ == other.ranges_; }

  private:
    std::size_t ranges_max_;
    std::vector<Range> ranges_;
};

} // namespace postrider::stream

// Sorted, separate, non-empty ranges in a vector: at most a few thousand, mostly one.
#include "common/stream/ranges.hpp"

#include <algorithm>

namespace postrider::stream {

Result<void> RangeSet::add(Range range) {
    if (range.offset >= range.end) {
        return Error{Errc::malformed, "range is empty or reversed"};
    }
    // Everything that overlaps or touches the new range becomes one with it.
    const auto first = std::lower_bound(
        ranges_.begin(), ranges_.end(), range.offset,
        [](const Range &existing, std::uint64_t offset) { return existing.end < offset; });
    const auto last = std::upper_bound(
        first, ranges_.end(), range.end,
        [](std::uint64_t end, const Range &existing) { return end < existing.offset; });
    if (first == last) {
        if (ranges_.size() >= ranges_max_) {
            return Error{Errc::too_large, "number of separate ranges exceeds the limit"};
        }
        ranges_.insert(first, range);
        return {};
    }
    first->offset = std::min(first->offset, range.offset);
    first->end = std::max(std::prev(last)->end, range.end);
    ranges_.erase(std::next(first), last);
    return {};
}

bool RangeSet::contains(Range range) const {
    const auto found = std::lower_bound(
        ranges_.begin(), ranges_.end(), range.end,
        [](const Range &existing, std::uint64_t end) { return existing.end < end; });
    return found != ranges_.end() && found->offset <= range.offset;
}

bool RangeSet::covers(std::uint64_t total) const {
    return total == 0 ||
           (!ranges_.empty() && ranges_.front().offset == 0 && ranges_.front().end >= total);
}

std::vector<Range> RangeSet::missing(std::uint64_t total) const {
    std::vector<Range> holes;
    std::uint64_t reached = 0;
    for (const Range &range : ranges_) {
        if (range.offset >= total) {
            break;
        }
        if (range.offset > reached) {
            holes.push_back({reached, range.offset});
        }
        reached = range.end;
    }
    if (reached < total) {
        holes.push_back({reached, total});
    }
    return holes;
}

} // namespace postrider::stream

// Parts that were judged a short while ago and dropped for ever: the same bytes again cost a look
// into memory. It is a filter for cheapness alone: after a restart, and for what it has no room to
// remember, the numbers of the streams drop a replay as well.
#pragma once

#include <deque>
#include <map>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"

namespace postrider::engine {

struct ReplayedPart {
    std::int64_t peer_id = 0;
    FixedBytes<32> hash{};
    auto operator<=>(const ReplayedPart &) const = default;
};

class Replays {
  public:
    /// The part came within the last `pause`. Once in that time it is let through, because a sender
    /// that repeats itself may have missed our report.
    [[nodiscard]] bool is_replay(const ReplayedPart &part, Duration pause, Timestamp now) const;

    /// The part was verified and is of no use, now or ever; what it told is committed.
    void note(const ReplayedPart &part, Timestamp now);

    [[nodiscard]] std::size_t size() const { return seen_.size(); }

  private:
    std::map<ReplayedPart, Timestamp> seen_;
    std::deque<ReplayedPart> order_; // as they were noted first; the oldest makes room
};

} // namespace postrider::engine

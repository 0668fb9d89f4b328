// Parts that were judged a short while ago and dropped for ever: the same bytes again cost a look
// into memory. It is a filter for cheapness alone: after a restart, and for what it has no room to
// remember, the numbers of the streams drop a replay as well.
#pragma once

#include <deque>
#include <map>
#include <utility>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"

namespace postrider::engine {

class Replays {
  public:
    using PartHash = FixedBytes<32>;

    /// The part came within the last `pause`. Once in that time it is let through, because a sender
    /// that repeats itself may have missed our report.
    [[nodiscard]] bool
    is_replay(std::int64_t peer_id, const PartHash &part, Duration pause, Timestamp now) const;

    /// The part was verified and is of no use, now or ever.
    void note(std::int64_t peer_id, const PartHash &part, Timestamp now);

    [[nodiscard]] std::size_t size() const { return seen_.size(); }

  private:
    using Key = std::pair<std::int64_t, PartHash>;

    std::map<Key, Timestamp> seen_;
    std::deque<Key> order_; // as they were noted first; the oldest makes room
};

} // namespace postrider::engine

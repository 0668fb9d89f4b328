// The time of a simulated world, and each node's own idea of it.
#pragma once

#include "common/base/clock.hpp"

namespace postrider::simulation {

/// The true time. Only ever goes forward.
class WorldTime {
  public:
    [[nodiscard]] Timestamp now() const { return now_; }

    void advance(Duration by) { now_ += by; }

  private:
    Timestamp now_ = from_milliseconds(1'800'000'000'000);
};

/// A node's clock: off by a skew that may jump.
class NodeClock final : public Clock {
  public:
    explicit NodeClock(const WorldTime &world) : world_(world) {}

    [[nodiscard]] Timestamp now() const override { return world_.now() + skew_; }

    void set_skew(Duration skew) { skew_ = skew; }

    [[nodiscard]] Duration skew() const { return skew_; }

  private:
    const WorldTime &world_;
    Duration skew_ = Duration::zero();
};

} // namespace postrider::simulation

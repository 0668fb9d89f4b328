// A time that nobody can set: for patience and pauses, not for dates.
#pragma once

#include "common/base/clock.hpp"

namespace postrider::transport {

class SteadyClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override {
        return Timestamp{std::chrono::duration_cast<Duration>(
            std::chrono::steady_clock::now().time_since_epoch())};
    }
};

} // namespace postrider::transport

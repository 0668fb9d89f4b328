// The places where a process can die, counted over all nodes of a world in the order in which they
// are passed: each change of a disk (a write, a sync, a truncation, a deletion, so each step of a
// commit) and each call of the vault and the transport.
#pragma once

#include <cstdint>
#include <optional>

namespace postrider::simulation {

class CrashPoints {
  public:
    /// From now on points are counted. Whoever passes number `strike_at` (from 0) dies there.
    void start(std::optional<std::uint64_t> strike_at) {
        strike_at_ = strike_at;
        counts_ = true;
    }

    void stop() { counts_ = false; }

    /// True: the process dies here.
    bool pass() { return counts_ && passed_++ == strike_at_; }

    [[nodiscard]] std::uint64_t passed() const { return passed_; }

  private:
    std::optional<std::uint64_t> strike_at_;
    std::uint64_t passed_ = 0;
    bool counts_ = false;
};

} // namespace postrider::simulation

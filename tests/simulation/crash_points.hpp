// The places where a process can die, counted over all nodes of a world in the order in which they
// are passed: each change of a disk (a write, a sync, a truncation, a deletion, so each step of a
// commit) and each call of the vault and the transport.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

namespace postrider::simulation {

/// Asked at each place, numbered from 0, until it says that whoever is there dies.
using Strike = std::function<bool(std::uint64_t place)>;

class CrashPoints {
  public:
    /// From now on places are counted.
    void start(Strike strike) {
        strike_ = std::move(strike);
        counts_ = true;
    }

    void stop() { counts_ = false; }

    /// True: the process dies here.
    bool pass() {
        if (!counts_ || has_struck_) {
            return false;
        }
        has_struck_ = strike_(passed_++);
        return has_struck_;
    }

    /// Whoever dies of it dies of us.
    [[nodiscard]] bool has_struck() const { return counts_ && has_struck_; }

  private:
    Strike strike_;
    std::uint64_t passed_ = 0;
    bool counts_ = false;
    bool has_struck_ = false;
};

} // namespace postrider::simulation

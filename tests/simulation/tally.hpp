// What runs came to, and processes that send theirs to the one that began them.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include <sys/types.h>

#include "tests/simulation/network.hpp"

namespace postrider::simulation {

struct Tally {
    std::uint64_t seeds = 0;
    std::uint64_t crashes = 0; // at places of their own
    std::uint64_t failures = 0;
    HarmCounts harm;

    void add(const Tally &other) {
        seeds += other.seeds;
        crashes += other.crashes;
        failures += other.failures;
        for (const auto &[kind, count] : other.harm) {
            harm[kind] += count;
        }
    }
};

/// Copies of this process, at most so many at a time; their tallies are added up in `tally`.
class Children {
  public:
    Children(std::uint64_t count_max, Tally &tally) : count_max_(count_max), tally_(tally) {}

    Children(const Children &) = delete;
    Children &operator=(const Children &) = delete;
    /// Waits for all.
    ~Children();

    /// True in the copy, which must end with `report`.
    bool begin();
    [[noreturn]] void report(const Tally &own) const;
    void wait_for_all();

  private:
    void wait_for_first();

    std::uint64_t count_max_;
    Tally &tally_;
    std::deque<std::pair<pid_t, int>> running_; // with the end that is read
    int report_to_ = -1;
};

} // namespace postrider::simulation

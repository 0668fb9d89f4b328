// What is remembered of a node beside its own memory, to catch it in the act.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace postrider::simulation {

/// What outlives the processes of a node.
struct Witness {
    /// The last applied (incarnation, number) by "<peer>/<stream>".
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> applied;
    std::uint64_t commits = 0;
    std::string violation; // the first one

    /// After the database was taken from a copy, it may stand behind.
    void forget_positions() { applied.clear(); }
};

} // namespace postrider::simulation

// What is remembered of a node beside its own memory, to catch it in the act.
#pragma once

#include <cstdint>
#include <functional>
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
    /// Asked after every commit that moved a stream: what is wrong with the rows now, or "".
    std::function<std::string()> look_at_rows;

    /// After the database was taken from a copy, it may stand behind.
    void forget_positions() { applied.clear(); }

    void note(const std::string &what) {
        if (violation.empty()) {
            violation = what;
        }
    }
};

} // namespace postrider::simulation

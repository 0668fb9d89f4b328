// "Is this node healthy?": everything that can be checked without its peers, as a list to read from
// top to bottom. Changes nothing.
#pragma once

#include <string>
#include <vector>

#include "common/engine/declare.hpp"

namespace postrider::engine {

enum class Health {
    good,
    attention, // works, but somebody should look at it
    trouble,   // something does not work
};
/// "good", "attention", "trouble"
std::string_view name_of(Health health);

/// `detail` says what was found, `action` what to do where it is not good.
struct Finding {
    std::string check;
    Health health = Health::good;
    std::string detail;
    std::string action;
};

/// A line for each check, also for those that are good. What is missing without which nothing else
/// works comes first; what can be looked at without it follows.
std::vector<Finding> diagnose(const DeclareSite &site);

} // namespace postrider::engine

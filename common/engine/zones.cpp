// From NODE to its zone.
#include "common/engine/zones.hpp"

#include "common/task/check.hpp"
#include "common/task/task_text.hpp"

namespace postrider::engine {

Result<TimeZone> zone_of(const task::Node &node, const Vault &vault) {
    if (!node.time_zone) {
        return TimeZone{};
    }
    Result<TimeZone> zone = vault.time_zone(node.time_zone->value);
    return zone ? zone : task::placed(node.time_zone->at, zone.error());
}

Result<TimeZone> stored_zone(const std::string &options, const Vault &vault) {
    if (options.empty()) {
        return TimeZone{};
    }
    const Result<task::TaskText> parsed = task::parse_stored("NODE n " + options + ";");
    return parsed && parsed->statements.size() == 1
               ? zone_of(std::get<task::Node>(parsed->statements.front()), vault)
               : Result<TimeZone>{TimeZone{}};
}

} // namespace postrider::engine

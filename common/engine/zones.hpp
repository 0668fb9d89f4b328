// The time zone of a node: what its text names, found by the vault.
#pragma once

#include <string>

#include "common/engine/vault.hpp"
#include "common/task/model.hpp"

namespace postrider::engine {

/// UTC where the statement names none. `refused`, with the place, when the zone is not known here.
Result<TimeZone> zone_of(const task::Node &node, const Vault &vault);

/// Of the options of NODE as they are stored.
Result<TimeZone> stored_zone(const std::string &options, const Vault &vault);

} // namespace postrider::engine

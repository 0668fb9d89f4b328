// Time zones from the files of the system.
#pragma once

#include <string>

#include "common/base/time_zone.hpp"

namespace postrider::vault {

/// From /usr/share/zoneinfo. UTC needs no file.
Result<TimeZone> system_time_zone(const std::string &name);

/// What is said of a name without a file.
Error unknown_time_zone(const std::string &name);

} // namespace postrider::vault

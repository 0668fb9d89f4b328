// What of the server's machine roles may let the node use, which works there as the server's user.
#pragma once

#include "common/engine/database.hpp"

namespace postrider::pg {

/// `not_permitted`, with the ways out as the hint, unless the role that acts now may.
Result<void> check_reach(const engine::MachinePart &part);

} // namespace postrider::pg

// Sending the tables of a task again, because somebody asks for it.
#pragma once

#include <optional>
#include <string>

#include "common/engine/session.hpp"

namespace postrider::engine {

/// All rows of the task's tables are sent again, in chunks; rows that are only at the receiver stay
/// there. `task` is the name of one of our own, or peer and task as in `offers`. `peer` must take
/// part, and alone gets them; without it all do. Gives the number of tables.
Result<std::size_t>
reload(const Session &session, const std::string &task, const std::optional<std::string> &peer);

} // namespace postrider::engine

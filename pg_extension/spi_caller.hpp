// What whoever calls one of our functions may decide: about tables, and about the server's machine,
// which the node uses as the server's user.
#pragma once

#include <string_view>

#include "common/engine/database.hpp"

namespace postrider::pg {

/// A task writes into the table, or has its rows read: that is for its owner to say, or for who may
/// act as he. `not_permitted` to others. A table that is not there is nobody's.
Result<void> check_owner(std::string_view table);

/// `not_permitted` unless a peer's tasks may name any table.
Result<void> check_trust();

/// `not_permitted`, with the ways out as the hint.
Result<void> check_reach(const engine::MachinePart &part);

} // namespace postrider::pg

// The engine's SQL names its state tables `@queue`; here they get the names that the dialect gives
// them.
#pragma once

#include <string>
#include <string_view>

#include "common/dialect/dialect.hpp"

namespace postrider::dialect {

/// Whether the statement names a state table. An operator with a name behind it, as in `a <@b`, is
/// none.
bool has_state_names(std::string_view sql);

/// Replaces every `@name` (lower-case letters, digits and _) outside of quotes by
/// `dialect.state_name(name)`.
std::string expand_state_names(std::string_view sql, const Dialect &dialect);

} // namespace postrider::dialect

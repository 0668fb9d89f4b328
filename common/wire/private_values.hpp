// The values of columns that say PRIVATE, out of the reach of compression (docs/protocol.md,
// "Private frames"): a frame of their own, whose size tells as little as padding lets it.
#pragma once

#include <map>
#include <set>
#include <string>

#include "common/model/changeset.hpp"
#include "common/wire/frame.hpp"

namespace postrider::wire {

/// By tables. No column of a key is among them.
using PrivateColumns = std::map<std::string, std::set<std::string>>;

/// Takes the values of the columns out of changes with one writer; numbers take their places.
Frame take_private(TableChanges &table, const std::set<std::string> &columns);

/// Puts them back. Errors: malformed, too_large.
Result<void> put_private(const Frame &frame, TableChanges &table);

} // namespace postrider::wire

// The order that foreign keys put tables in.
#pragma once

#include <cstddef>
#include <vector>

#include "common/dialect/dialect.hpp"

namespace postrider::engine {

/// Indexes into `tables`, parents before children; tables of a cycle stand together in the order
/// given.
std::vector<std::size_t>
parents_first(const dialect::Dialect &dialect,
              const std::vector<const dialect::TableDescription *> &tables);

} // namespace postrider::engine

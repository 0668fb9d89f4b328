// SQL that looks along foreign keys of PostgreSQL. Columns that are null refer to nothing; where
// MATCH FULL is said, all of them have to be.
#pragma once

#include <string>

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::postgresql_text {

/// Whether the child, c, refers to something, or would have to.
std::string refers(const Reference &reference);

std::string find_orphan(const Reference &reference);
std::string find_parent(const Reference &reference);
std::string find_referring(const Reference &reference);
std::string select_referring(const Reference &reference, Names columns);

} // namespace postrider::dialect::postgresql_text

// SQL that looks along foreign keys, as SQLite itself compares: a value of the child's takes on the
// affinity and the collation of the parent's column (https://www.sqlite.org/foreignkeys.html).
#pragma once

#include <string>

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::sqlite_text {

std::string find_orphan(const Reference &reference);
std::string find_parent(const Reference &reference);
std::string find_referring(const Reference &reference);
std::string select_referring(const Reference &reference, Names columns);

} // namespace postrider::dialect::sqlite_text

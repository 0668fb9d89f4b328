// PostgreSQL's own triggers do not fire for the engine, which keeps foreign keys by these
// statements instead.
#pragma once

#include "common/dialect/kept_references.hpp"

namespace postrider::dialect::postgresql_text {

const KeptReferences &kept_references();

} // namespace postrider::dialect::postgresql_text

// The rows that a peer may write, by the WHERE of RECEIVE: neither a row here that lies outside of
// it nor a new one is written (docs/security.md).
#pragma once

#include "common/engine/row_filter.hpp"

namespace postrider::engine {

/// Takes the changes of rows outside the condition away, and gives how many. `schema`: of the
/// changes, by the names of the columns here. A table that comes again whole replaces the rows
/// inside alone, which are then told one by one.
Result<std::uint64_t> take_away_outside(const Session &session,
                                        const RowFilter &guard,
                                        const TableSchema &schema,
                                        OneWayChanges &changes);

} // namespace postrider::engine

// A change always beats what its writer had seen.
#include "common/model/stamp.hpp"

#include <algorithm>

namespace postrider {

LogicalTime next_logical_time(LogicalTime written, LogicalTime last_applied, LogicalTime promised) {
    return std::max({written, last_applied + 1, promised + 1});
}

} // namespace postrider

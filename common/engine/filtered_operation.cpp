// A table of cases, by itself so that tests can put another in its place.
#include "common/engine/row_filter.hpp"

namespace postrider::engine {

std::optional<Operation> filtered_operation(Operation operation, RowPast past, bool inside) {
    if (ends_row(operation)) {
        return past == RowPast::outside || past == RowPast::absent ? std::nullopt
                                                                   : std::optional{operation};
    }
    if (inside) {
        const bool has_it = past == RowPast::inside;
        return operation == Operation::update && has_it ? Operation::update : Operation::upsert;
    }
    return past == RowPast::inside || past == RowPast::unknown ? std::optional{Operation::leave}
                                                               : std::nullopt;
}

} // namespace postrider::engine

// Lists as parameters, and the rows that they stand for.
#pragma once

#include <string>

namespace postrider::dialect::postgresql_text {

/// `k(v1, v2, …)` out of as many parameters, each a list; with `numbered` also `k.number`, from 1.
std::string rows_of_lists(std::size_t count, bool numbered);

/// `k.vn`
std::string listed(std::size_t number);

/// `k.v1, k.v2, …`
std::string all_listed(std::size_t count);

} // namespace postrider::dialect::postgresql_text

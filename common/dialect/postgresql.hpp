// The dialect of PostgreSQL 14 and later, as text alone. Its statements are run with an empty
// search_path, so that built-in names mean what is built in; placeholders stay ?1, ?2, … and stand
// where the server can tell their types.
//
// A table's one name is that of the catalogue, without quotes: items for public.items, elsewhere
// with the schema and a dot. Tables and schemas with a dot in their own names cannot take part.
#pragma once

#include "common/dialect/dialect.hpp"

namespace postrider::dialect {

/// One object for the whole program; it has no state.
const Dialect &postgresql();

} // namespace postrider::dialect

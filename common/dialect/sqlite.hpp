// The dialect of SQLite 3.37 and later. State tables carry CHECKs on typeof instead of STRICT, so
// that programs with an older SQLite still open the file.
//
// Neutral values in SQLite's five storage classes: boolean as 0 and 1; float32 as REAL; uuid, date
// (2026-11-24), time (09:30:00.000000 where there is a fraction), time with zone (09:30:00+02:00),
// timestamp (2026-11-24 09:30:00), timestamp with zone (the same in UTC with a Z), interval (ISO
// 8601), json, decimal, bits (0101) and native types as TEXT. A NaN and an array have no exact
// form.
#pragma once

#include "common/dialect/dialect.hpp"

namespace postrider::dialect {

/// One object for the whole program; it has no state.
const Dialect &sqlite();

} // namespace postrider::dialect

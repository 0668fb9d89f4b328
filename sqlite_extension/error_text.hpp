// The one table from our codes to SQLite's, by what the caller does next.
#pragma once

#include "common/base/error.hpp"

#include "sqlite_extension/sqlite_api.hpp"

namespace postrider::sqlite {

/// SQLITE_BUSY to try again, SQLITE_ERROR for the rest that has no nearer code.
int result_code(Errc code);

} // namespace postrider::sqlite

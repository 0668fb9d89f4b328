// Errors as SQLite shows them: one text, and a result code by what the caller does next.
#pragma once

#include <string>

#include "common/base/error.hpp"

#include "sqlite_extension/sqlite_api.hpp"

namespace postrider::sqlite {

/// Message, detail and hint, each on a line of its own.
std::string one_text(const Error &error);

/// SQLITE_BUSY to try again, SQLITE_ERROR for the rest that has no nearer code.
int result_code(Errc code);

} // namespace postrider::sqlite

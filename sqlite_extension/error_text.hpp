// Results and errors as people read them: one text, and for SQLite a result code by what the caller
// does next.
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.hpp"
#include "common/engine/cycle.hpp"

#include "sqlite_extension/sqlite_api.hpp"

namespace postrider::sqlite {

/// Message, detail and hint, each on a line of its own.
std::string one_text(const Error &error);

/// "1 row", "2 rows".
std::string counted(std::uint64_t count, std::string_view one, std::string_view many);

/// What rounds did, in one line.
std::string what_was_done(const engine::CycleResult &result);

/// SQLITE_BUSY to try again, SQLITE_ERROR for the rest that has no nearer code.
int result_code(Errc code);

} // namespace postrider::sqlite

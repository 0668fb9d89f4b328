// SQLite's result codes as DatabaseErrors: what the caller can do about them decides the reason.
#pragma once

#include <string_view>

#include "common/engine/database.hpp"

#include "sqlite_extension/sqlite_api.hpp"

namespace postrider::sqlite {

/// Describes the last failure of `connection`. `doing` completes "could not …" or "cannot …":
/// "write", "open database \"x\"". `sql` may be empty.
engine::DatabaseError last_error(sqlite3 *connection, std::string_view doing, std::string_view sql);

/// Throws `last_error`; std::bad_alloc where SQLite is out of memory.
[[noreturn]] void
throw_last_error(sqlite3 *connection, std::string_view doing, std::string_view sql);

} // namespace postrider::sqlite

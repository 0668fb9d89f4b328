// Everything that SQL sees of Postrider: docs/sql_reference.md lists it.
#pragma once

#include "sqlite_extension/sqlite_api.hpp"

namespace postrider::sqlite {

/// The scalar functions. A result code of SQLite.
int register_functions(sqlite3 *connection);

/// The table-valued functions that act.
int register_table_functions(sqlite3 *connection);

/// The table-valued functions that only look.
int register_look_functions(sqlite3 *connection);

} // namespace postrider::sqlite

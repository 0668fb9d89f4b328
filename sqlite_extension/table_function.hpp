// Table-valued functions: SELECT * FROM f(argument, …). Each is an eponymous virtual table whose
// hidden columns are the arguments.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/engine/database.hpp"

#include "sqlite_extension/sqlite_api.hpp"

namespace postrider::sqlite {

/// Those that were left out are null.
using TableArguments = std::span<const Value>;
using TableBody = Result<std::vector<engine::Row>> (*)(sqlite3 *connection,
                                                       TableArguments arguments);

/// All views are of constants.
struct TableFunction {
    const char *name = nullptr;
    std::span<const char *const> columns;
    std::span<const char *const> arguments; // the required ones first
    std::size_t required = 0;
    TableBody body = nullptr;
};

/// SQLITE_DIRECTONLY: no view or trigger of a file may call it. `function` must live as long as the
/// program. The body runs when the statement starts.
int register_table_function(sqlite3 *connection, const TableFunction &function);

} // namespace postrider::sqlite

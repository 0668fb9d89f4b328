// The virtual table around a TableBody. The structs begin with SQLite's own, as its interface asks.
#include "sqlite_extension/table_function.hpp"

#include <memory>

#include "common/engine/rounds.hpp"

#include "sqlite_extension/entry_guard.hpp"
#include "sqlite_extension/sqlite_statement.hpp"

namespace postrider::sqlite {

namespace {

struct Table {
    sqlite3_vtab base{};
    sqlite3 *connection = nullptr;
    const TableFunction *function = nullptr;
};

struct Cursor {
    sqlite3_vtab_cursor base{};
    std::vector<engine::Row> rows;
    std::size_t position = 0;
};

Table &table_of(sqlite3_vtab *base) {
    return *reinterpret_cast<Table *>(base); // NOLINT: SQLite's way to derive
}

Cursor &cursor_of(sqlite3_vtab_cursor *base) {
    return *reinterpret_cast<Cursor *>(base); // NOLINT: SQLite's way to derive
}

/// "CREATE TABLE x(action, object, text HIDDEN)"; SQLite takes names and HIDDEN from it.
std::string declaration(const TableFunction &function) {
    std::string columns;
    for (const char *column : function.columns) {
        columns += (columns.empty() ? "\"" : ", \"") + std::string{column} + "\"";
    }
    for (const char *argument : function.arguments) {
        columns += ", \"" + std::string{argument} + "\" HIDDEN";
    }
    return "CREATE TABLE x(" + columns + ")";
}

/// How a call of it is written.
std::string call_of(const TableFunction &function) {
    return std::string{"SELECT * FROM "} + function.name +
           (function.required > 0 ? "('…');" : "();");
}

extern "C" {

/// Who calls it as a scalar function is told how it is called.
static void
call_as_scalar(sqlite3_context *context, int /*count*/, sqlite3_value ** /*arguments*/) noexcept {
    entry(context, [&]() -> Result<Value> {
        const auto &function = *static_cast<const TableFunction *>(sqlite3_user_data(context));
        return Error{Errc::refused, std::string{function.name} + " gives rows, not a value", "",
                     "Call it as " + call_of(function)};
    });
}

// NOLINTNEXTLINE(readability-function-size): the parameters are SQLite's
static int connect_table(sqlite3 *connection,
                         void *function,
                         int /*argument_count*/,
                         const char *const * /*arguments*/,
                         sqlite3_vtab **out,
                         char ** /*error*/) noexcept {
    try {
        auto table = std::make_unique<Table>();
        table->connection = connection;
        table->function = static_cast<const TableFunction *>(function);
        const int declared =
            sqlite3_declare_vtab(connection, declaration(*table->function).c_str());
        if (declared != SQLITE_OK) {
            return declared;
        }
        sqlite3_vtab_config(connection, SQLITE_VTAB_DIRECTONLY);
        *out = &table.release()->base;
        return SQLITE_OK;
    } catch (const std::bad_alloc &) {
        return SQLITE_NOMEM;
    }
}

static int disconnect_table(sqlite3_vtab *base) noexcept {
    delete &table_of(base);
    return SQLITE_OK;
}

/// idxNum gets a bit for each argument that is given.
static int best_index(sqlite3_vtab *base, sqlite3_index_info *info) noexcept {
    const TableFunction &function = *table_of(base).function;
    const int first = static_cast<int>(function.columns.size());
    int given = 0;
    int next_argument = 1;
    for (int argument = 0; argument < static_cast<int>(function.arguments.size()); ++argument) {
        for (int index = 0; index < info->nConstraint; ++index) {
            const auto &constraint = info->aConstraint[index];
            if (constraint.iColumn != first + argument ||
                constraint.op != SQLITE_INDEX_CONSTRAINT_EQ || (given & (1 << argument)) != 0) {
                continue;
            }
            if (constraint.usable == 0) {
                return SQLITE_CONSTRAINT; // another order of the join gives us its value
            }
            info->aConstraintUsage[index].argvIndex = next_argument++;
            info->aConstraintUsage[index].omit = 1;
            given |= 1 << argument;
        }
    }
    info->idxNum = given;
    info->estimatedCost = 1000;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab * /*table*/, sqlite3_vtab_cursor **out) noexcept {
    auto *cursor = new (std::nothrow) Cursor;
    if (cursor == nullptr) {
        return SQLITE_NOMEM;
    }
    *out = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base) noexcept {
    delete &cursor_of(base);
    return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base,
                  int given,
                  const char * /*text*/,
                  int /*argument_count*/,
                  sqlite3_value **arguments) noexcept {
    Cursor &cursor = cursor_of(base);
    Table &table = table_of(base->pVtab);
    const TableFunction &function = *table.function;
    auto rows = caught([&]() -> Result<std::vector<engine::Row>> {
        std::vector<Value> values(function.arguments.size());
        int next = 0;
        for (std::size_t index = 0; index < values.size(); ++index) {
            if ((given & (1 << index)) != 0) {
                values[index] = argument_value(arguments[next++]);
            }
            if (index < function.required && values[index].is_null()) {
                return Error{Errc::refused,
                             std::string{function.name} + " needs the argument \"" +
                                 function.arguments[index] + "\"",
                             (given & (1 << index)) != 0
                                 ? "What was given is null, as of a file that is not there."
                                 : "",
                             "Call it as " + call_of(function)};
            }
        }
        return function.body(table.connection, values);
    });
    if (!rows) {
        return SQLITE_NOMEM;
    }
    if (!*rows) {
        sqlite3_free(base->pVtab->zErrMsg);
        base->pVtab->zErrMsg = sqlite3_mprintf("%s", engine::one_text(rows->error()).c_str());
        return result_code(rows->error().code);
    }
    cursor.rows = std::move(rows->value());
    cursor.position = 0;
    return SQLITE_OK;
}

static int next_row(sqlite3_vtab_cursor *base) noexcept {
    ++cursor_of(base).position;
    return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *base) noexcept {
    const Cursor &cursor = cursor_of(base);
    return cursor.position >= cursor.rows.size() ? 1 : 0;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int index) noexcept {
    const Cursor &cursor = cursor_of(base);
    const engine::Row &row = cursor.rows[cursor.position];
    if (static_cast<std::size_t>(index) < row.size()) {
        set_result(context, row[static_cast<std::size_t>(index)]);
    }
    return SQLITE_OK; // a hidden column reads as null
}

static int row_number(sqlite3_vtab_cursor *base, sqlite3_int64 *out) noexcept {
    *out = static_cast<sqlite3_int64>(cursor_of(base).position);
    return SQLITE_OK;
}

} // extern "C"

/// No xCreate: the table is there without CREATE VIRTUAL TABLE, and cannot be made with it.
constexpr sqlite3_module module = [] {
    sqlite3_module made{};
    made.iVersion = 1;
    made.xConnect = connect_table;
    made.xBestIndex = best_index;
    made.xDisconnect = disconnect_table;
    made.xDestroy = disconnect_table;
    made.xOpen = open_cursor;
    made.xClose = close_cursor;
    made.xFilter = filter;
    made.xNext = next_row;
    made.xEof = at_end;
    made.xColumn = column;
    made.xRowid = row_number;
    return made;
}();

} // namespace

int register_table_function(sqlite3 *connection, const TableFunction &function) {
    // SQLite hands the description back to us and never writes it.
    void *description = const_cast<TableFunction *>(&function); // NOLINT
    const int code =
        sqlite3_create_module_v2(connection, function.name, &module, description, nullptr);
    return code != SQLITE_OK
               ? code
               : sqlite3_create_function_v2(connection, function.name, -1,
                                            SQLITE_UTF8 | SQLITE_DIRECTONLY, description,
                                            call_as_scalar, nullptr, nullptr, nullptr);
}

} // namespace postrider::sqlite

// What our SQL functions take and give.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/engine/database.hpp"
#include "common/engine/declare.hpp"

#include "pg_extension/sql_function.hpp"

namespace postrider::pg {

/// Nothing for an argument that is null or was left out.
std::optional<std::string> text_argument(FunctionCallInfo fcinfo, int index);
/// `refused` for null, with `what` the argument is.
std::string required_text(FunctionCallInfo fcinfo, int index, std::string_view what);
Bytes required_bytes(FunctionCallInfo fcinfo, int index, std::string_view what);
/// The elements of a text[]; `refused` where one of them is null.
std::vector<std::string> text_array_argument(FunctionCallInfo fcinfo, int index);
/// Null is false.
bool flag_argument(FunctionCallInfo fcinfo, int index);

/// The value of a function that gives a text.
Datum give_text(const std::string &text);
/// The rows of a function that gives a set, whose columns are of the types text, bigint and bytea.
Datum give_rows(FunctionCallInfo fcinfo, const std::vector<engine::Row> &rows);
Datum give_actions(FunctionCallInfo fcinfo, const engine::ActionRows &actions);

} // namespace postrider::pg

// Reads a table's description out of the node's own catalogue, and puts capture on a table, checks
// it and takes it off again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/dialect/dialect.hpp"
#include "common/engine/database.hpp"

namespace postrider::engine {

/// The table of that name as the catalogue has it. `refused` when there is none, with the nearest
/// names in the hint. Views and virtual tables are described too: check_capturable refuses them.
Result<dialect::TableDescription>
describe_table(Transaction &transaction, const dialect::Dialect &dialect, std::string_view name);

/// The names of all tables that could take part, sorted.
std::vector<std::string> list_tables(Transaction &transaction, const dialect::Dialect &dialect);

/// One capture of one table.
struct Capture {
    dialect::CaptureId id = 0;
    dialect::CaptureOptions options;
};

/// Whether the table can be captured, and has the columns that the capture keeps.
Result<void> check_capturable(const dialect::Dialect &dialect,
                              const dialect::TableDescription &table,
                              const Capture &capture);

/// Creates the key table and the triggers; what an older form of them left is replaced, the key
/// rows survive with all columns marked. `refused` with the reason for a table that cannot be
/// captured faithfully.
Result<void> install_capture(Transaction &transaction,
                             const dialect::Dialect &dialect,
                             const dialect::TableDescription &table,
                             const Capture &capture);

/// Drops the triggers and empties the key table, whatever is left of them. The empty table stays
/// until `drop_leftovers`: SQLite drops no table while a statement reads, and the caller may be
/// one.
void remove_capture(Transaction &transaction,
                    const dialect::Dialect &dialect,
                    dialect::CaptureId capture);

/// Drops the key tables of captures that are not `in_use`. In a write transaction of our own
/// connection.
void drop_leftovers(Transaction &transaction,
                    const dialect::Dialect &dialect,
                    const std::vector<dialect::CaptureId> &in_use);

/// What is missing or altered, one sentence each, or why the table cannot be captured any more;
/// empty when the capture is whole. A rebuilt table has lost its triggers: rows changed since then
/// are unknown, so the answer is a reload.
std::vector<std::string> check_capture(Transaction &transaction,
                                       const dialect::Dialect &dialect,
                                       const dialect::TableDescription &table,
                                       const Capture &capture);

} // namespace postrider::engine

// SQL of a task that is evaluated over one row at a time, and the statements that do it.
#pragma once

#include <string>
#include <vector>

namespace postrider::dialect {

/// A condition, or an expression, that was read and found to look at nothing but its row.
struct Condition {
    std::string sql;                     // ?1 … are the attributes
    std::vector<std::string> columns;    // of the table that it names, as the catalogue spells them
    std::vector<std::string> attributes; // PEER.x, in the order of the parameters
};

/// Evaluates conditions over images of rows that are in no table: `clear`, `insert` for each, then
/// `select_images`. `create` is a script; images live no longer than the connection.
struct ImageStatements {
    std::string create;
    std::string clear;
    std::string insert; // ?1 … are the values of the columns
};

} // namespace postrider::dialect

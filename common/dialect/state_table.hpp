// How a state table of ours is declared, once for all engines; each dialect renders it.
#pragma once

#include <string>
#include <vector>

namespace postrider::dialect {

enum class StateType { integer, text, blob };

struct StateColumn {
    std::string name;
    StateType type = StateType::integer;
    bool nullable = false;
    std::string default_sql = {}; // a literal, or empty for none
    std::string check_sql = {};   // a condition on this column alone, or empty
};

/// In SQL of the engine such a table is written `@name`; the adapter expands it to the dialect's full name
/// (`postrider_name` in SQLite, `postrider.name` in PostgreSQL) when it prepares the statement, outside quotes only.
struct StateTable {
    std::string name;
    std::vector<StateColumn> columns;
    std::vector<std::string> primary_key;
    std::vector<std::vector<std::string>> unique = {};
    bool one_row = false; // exactly one row for ever: its primary key is the column `one`, always 1
};

} // namespace postrider::dialect

// How Postrider's own tables are declared, neutral of the engine; each dialect renders them.
#pragma once

#include <string>
#include <vector>

namespace postrider::dialect {

enum class StateType { integer, text, blob };

struct StateColumn {
    std::string name;
    StateType type = StateType::text;
    bool not_null = true;
    /// A literal as SQL ("0", "''"); empty: none.
    std::string default_sql = {};
};

/// `name` and the names in `references` come without prefix or schema; the dialect adds it.
struct StateTable {
    std::string name;
    std::vector<StateColumn> columns;
    /// A single integer column gets its number from the database when it is left out of an INSERT.
    std::vector<std::string> primary_key;
    std::vector<std::vector<std::string>> unique = {};
    std::vector<std::vector<std::string>> indexes = {};
    /// Conditions in the SQL that all engines share.
    std::vector<std::string> checks = {};
};

} // namespace postrider::dialect

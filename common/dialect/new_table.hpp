// A table or a column to be made after the pattern of another database's: names, neutral types, the
// key and foreign keys, and nothing that would be SQL text.
#pragma once

#include <string>
#include <vector>

#include "common/model/table.hpp"

namespace postrider::dialect {

struct NewForeignKey {
    std::vector<std::string> columns;
    std::string parent;
    std::vector<std::string> parent_columns;
};

struct NewTable {
    std::string name;
    std::vector<Column> columns;
    std::vector<std::uint32_t> key; // indexes into `columns`, in key order
    std::vector<NewForeignKey> foreign_keys;
};

} // namespace postrider::dialect

// A foreign key with both its tables.
#pragma once

#include "common/dialect/table_description.hpp"

namespace postrider::dialect {

struct Reference {
    const TableDescription *child = nullptr;
    const TableDescription *parent = nullptr;
    ForeignKeyDescription key; // with the parent's columns named
};

} // namespace postrider::dialect

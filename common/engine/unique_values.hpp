// Unique values that rows exchange among themselves: no order of single updates does it, so a row
// first takes values that nobody has (docs/correctness.md, C2).
#pragma once

#include <string>
#include <vector>

#include "common/dialect/dialect.hpp"
#include "common/engine/database.hpp"
#include "common/model/change.hpp"

namespace postrider::engine {

/// A row's columns that are about to be written.
struct WrittenColumns {
    const dialect::TableDescription &table;
    const std::vector<std::string> &columns;
};

/// Beside its key: the only values, keys apart, to which other rows can refer.
bool has_unique_values(const dialect::TableDescription &table);

/// Replaces what the row holds in those of the columns that stand under unique indexes, the key's
/// apart, by free values. Nothing when the row is not there. The caller writes the real values in
/// the same transaction.
void give_up_unique_values(Transaction &transaction,
                           const dialect::Dialect &dialect,
                           const WrittenColumns &written,
                           const Key &key);

} // namespace postrider::engine

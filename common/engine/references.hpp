// The foreign keys of the whole database, and the rows that lie along them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/dialect/dialect.hpp"
#include "common/engine/database.hpp"
#include "common/model/change.hpp"

namespace postrider::engine {

/// Local table as the catalogue spells it → keys of rows, in the table's own order.
using RowKeys = std::map<std::string, std::set<Key>>;

/// Reads the catalogue: for when something is in the way, not for every step.
class References {
  public:
    References(Transaction &transaction, const dialect::Dialect &dialect);

    [[nodiscard]] const std::vector<dialect::Reference> &all() const { return all_; }

    /// Those of which the table is the child.
    [[nodiscard]] std::vector<const dialect::Reference *> from(const std::string &table) const;
    /// Those of which it is the parent.
    [[nodiscard]] std::vector<const dialect::Reference *> to(const std::string &table) const;

    /// The rows here that those refer to, as far up as it goes.
    [[nodiscard]] RowKeys ancestors_of(const RowKeys &rows) const;

  private:
    void add(const dialect::TableDescription &child);

    Transaction &transaction_;
    const dialect::Dialect &dialect_;
    std::map<std::string, dialect::TableDescription> tables_; // by name in small letters
    std::vector<dialect::Reference> all_;
};

} // namespace postrider::engine

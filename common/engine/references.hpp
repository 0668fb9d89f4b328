// The foreign keys of the whole database, and the rows that lie along them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/dialect/dialect.hpp"
#include "common/engine/database.hpp"
#include "common/model/change.hpp"

namespace postrider::engine {

/// Local table as the catalogue spells it → keys of rows, in the table's own order.
using RowKeys = std::map<std::string, std::set<Key>>;

/// Whether the reference leads to nothing but columns of its parent's key.
bool leads_to_key(const dialect::Reference &reference);

/// Read from the catalogue when they are first asked for.
class References {
  public:
    References(Transaction &transaction, const dialect::Dialect &dialect)
        : transaction_(transaction), dialect_(dialect) {}

    /// Those of which the table is the child.
    [[nodiscard]] std::vector<const dialect::Reference *> from(const std::string &table) const;
    /// Those of which it is the parent.
    [[nodiscard]] std::vector<const dialect::Reference *> to(const std::string &table) const;

    /// The rows here that those refer to, as far up as it goes.
    [[nodiscard]] RowKeys ancestors_of(const RowKeys &rows) const;

  private:
    struct Catalogue {
        std::map<std::string, dialect::TableDescription> tables; // by folded name
        std::vector<dialect::Reference> all;
    };

    [[nodiscard]] const std::vector<dialect::Reference> &all() const;
    [[nodiscard]] const std::vector<std::string> &names() const;
    /// Whether the table stands at either end of a foreign key: most do not, and then no table is
    /// looked at.
    [[nodiscard]] bool has_any(const std::string &table) const;
    void add(const dialect::TableDescription &child, Catalogue &catalogue) const;

    Transaction &transaction_;
    const dialect::Dialect &dialect_;
    mutable std::optional<std::vector<std::string>> names_; // of tables with foreign keys
    mutable std::optional<Catalogue> catalogue_;
};

} // namespace postrider::engine

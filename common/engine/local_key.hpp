// Keys as they come against keys as a table here has them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/engine/session.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// Finds rows of a table here by the keys of changes that came, whose columns may stand in another
/// order. Both keys have the same columns.
class LocalKeys {
  public:
    LocalKeys(const Session &session,
              const dialect::TableDescription &table,
              const TableSchema &came);

    /// In the table's order and storage form; an error for a value that cannot be held here.
    [[nodiscard]] Result<Key> local(const Key &key) const;
    /// The other way round.
    [[nodiscard]] Key as_it_came(const Key &local) const;
    /// The row under a local key, if there is one.
    [[nodiscard]] std::optional<Row> row(const Key &local,
                                         const std::vector<std::string> &columns) const;

    [[nodiscard]] const std::vector<std::string> &names() const { return names_; }

  private:
    const Session &session_;
    const dialect::TableDescription &table_;
    std::vector<std::string> names_;    // in the table's order
    std::vector<std::size_t> position_; // of each in a key that came
};

} // namespace postrider::engine

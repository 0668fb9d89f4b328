// Changes that came and go on to others, where the others get the rows as they stand here: whole
// ones, with what was before, as filters need them (docs/correctness.md, A5).
#pragma once

#include <string>
#include <vector>

#include "common/engine/column_list.hpp"
#include "common/engine/local_key.hpp"
#include "common/engine/session.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// The columns whose old values the capture of a table keeps; none where it has no capture.
std::vector<std::string> kept_columns(Transaction &transaction, const std::string &table);

/// Whether what comes in these columns goes on under the name as the rows stand here: a filter, or
/// a list of columns, leaves no other way.
bool is_told_anew(Transaction &transaction, const ColumnList &columns, const std::string &name);

class ToldAnew {
  public:
    [[nodiscard]] bool empty() const { return tables_.empty(); }

    /// Looks at the rows before the changes are written. `name` is the table's in the queue. What
    /// cannot be held here is not written, and not told.
    void before(const Session &session,
                const std::string &name,
                const dialect::TableDescription &table,
                const TableSchema &came,
                const OneWayChanges &changes);

    /// The change was not written after all.
    void leave_out(const Session &session, const Key &came);

    /// Adds what became of them, once they are written.
    void after(const Session &session, Changeset &forwarded) const;

  private:
    struct Table {
        std::string name;
        dialect::TableDescription description;
        TableSchema came;
        OneWayChanges changes; // under local keys, with old values, without new ones
    };

    std::vector<Table> tables_;
};

} // namespace postrider::engine

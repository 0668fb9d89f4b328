// What the foreign keys of this database do because of an apply (ON DELETE CASCADE and SET NULL, ON
// UPDATE CASCADE) is a change of this node's own: triggers are off on our connection, so the rows
// are marked for their capture here (docs/correctness.md, A6).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/engine/introspect.hpp"
#include "common/engine/references.hpp"
#include "common/engine/row_work.hpp"

namespace postrider::engine {

class OwnEffects {
  public:
    OwnEffects(Transaction &transaction, const dialect::Dialect &dialect);

    /// Whether the works can have any: only then the foreign keys of the database are looked at.
    [[nodiscard]] bool may_come_of(const std::vector<TableWork> &works) const;

    /// Before the rows are written: marks those that will be touched beside them.
    void mark(const std::vector<TableWork> &works, const References &references);

    [[nodiscard]] bool has_marked() const { return marked_; }

    /// Afterwards: what the step itself wrote goes on as it came, not as a change of our own.
    void drop_written(const std::vector<TableWork> &works);

  private:
    /// Rows that refer to values which go or change.
    struct Touched {
        const dialect::Reference *reference;
        Row values;
        bool goes; // the parent goes; else its values change
    };

    void look_at(const TableWork &work, const References &references);
    void look_at_removals(const TableWork &work, const dialect::Reference &reference);
    void look_at_writes(const TableWork &work, const dialect::Reference &reference);
    void touch(const Touched &touched, const References &references);
    void drop_rows(const TableWork &work, const RowBlock &block, const Capture &capture);
    [[nodiscard]] const Capture *capture_of(const std::string &table) const;

    Transaction &transaction_;
    const dialect::Dialect &dialect_;
    std::map<std::string, Capture> captures_; // by table in small letters
    std::vector<Touched> todo_;
    bool marked_ = false;
};

} // namespace postrider::engine

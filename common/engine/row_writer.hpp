// Writes the rows of a step in an order in which they do not stand in each other's way.
#pragma once

#include <span>
#include <vector>

#include "common/engine/reference_keeper.hpp"
#include "common/engine/references.hpp"
#include "common/engine/row_work.hpp"

namespace postrider::engine {

/// Parents are written first, then rows are deleted, children first, then comes what had to wait
/// for the deletions; values of unique columns that rows hand to each other are freed in between
/// (docs/correctness.md, C2). What waits in the blocks afterwards was refused.
class RowWriter {
  public:
    /// The works stand parents first.
    RowWriter(Transaction &transaction,
              const dialect::Dialect &dialect,
              const References &references,
              std::vector<TableWork> &works)
        : transaction_(transaction), dialect_(dialect), references_(references), works_(works) {}

    /// Rows that are not to be deleted: what refers to them is not as it should be yet. Their
    /// removals stay waiting.
    void keep(RowKeys rows) { kept_ = std::move(rows); }

    /// What refers to rows that go follows while the rows are written, where the database does not
    /// see to that.
    void follow(ReferenceKeeper &keeper) { keeper_ = &keeper; }

    /// Each row by itself: an error that is no constraint's fails only its row.
    void one_by_one() { one_by_one_ = true; }

    void write();

  private:
    void run(std::span<RowBlock *const> blocks);
    void run(RowBlock &block);
    void write_all();
    [[nodiscard]] bool may_remove_at_once(const TableWork &work) const;
    void write_until_stuck();
    void remove_all(const RowKeys &but);
    bool remove_some(const RowKeys &but);
    void run_removals(TableWork &work, const std::set<Key> &but);
    [[nodiscard]] std::size_t waiting_writes() const;
    [[nodiscard]] std::size_t waiting_removals() const;
    [[nodiscard]] RowKeys what_waits() const;
    void pass_over_respelled(TableWork &work);
    void finish();
    void free_unique_values();
    [[nodiscard]] std::vector<std::string> changed_columns(const TableWork &work,
                                                           const RowBlock &block,
                                                           std::size_t index,
                                                           const std::vector<std::string> &columns);
    void free_values_of(const TableWork &work,
                        const RowBlock &block,
                        const std::vector<std::string> &columns);
    void write_followers();

    Transaction &transaction_;
    const dialect::Dialect &dialect_;
    const References &references_;
    std::vector<TableWork> &works_;

    [[nodiscard]] bool keeps_references() const {
        return keeper_ != nullptr && keeper_->is_needed();
    }

    RowKeys kept_;
    ReferenceKeeper *keeper_ = nullptr;
    bool one_by_one_ = false;
    bool freed_ = false;
};

} // namespace postrider::engine

// Keeps the foreign keys of a database that does not look at them for what the engine writes: does
// what they say to those who refer to what goes, and finds the rows that may not stay as they were
// written (docs/correctness.md, A6). Where the database keeps them itself it does nothing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/engine/references.hpp"
#include "common/engine/row_work.hpp"

namespace postrider::engine {

/// A row to which others refer although it has gone, or lost the values to which they refer.
struct Stranding {
    const TableWork *work = nullptr;
    const Key *key = nullptr; // as it came; null where the work does not know it
    const dialect::Reference *reference = nullptr;
};

/// A row that refers to nothing.
struct Orphan {
    const RowBlock *block = nullptr;
    std::size_t index = 0; // in the block
    const dialect::Reference *reference = nullptr;
};

class ReferenceKeeper {
  public:
    /// `kept`: those of the dialect; null where the database keeps them itself.
    ReferenceKeeper(Transaction &transaction,
                    const dialect::KeptReferences *kept,
                    const References &references)
        : transaction_(transaction), references_(references), kept_(kept) {}

    [[nodiscard]] bool is_needed() const { return kept_ != nullptr; }

    /// Before rows are written: notes the values, to which others may refer, that go or change. The
    /// works stay where they are until the end.
    void look_before(const TableWork &work);

    /// Once they are written: those who refer to values that are gone go too, follow, or refer to
    /// nothing, as changes of this node's own. May be called again when more has gone.
    void act();

    /// What `act` could not settle.
    [[nodiscard]] const std::vector<Stranding> &stranding() const { return stranding_; }

    /// Those of the written rows that refer to nothing. What the others refer to stays until the
    /// transaction ends.
    [[nodiscard]] std::vector<Orphan> find_orphans(const TableWork &work) const;

    /// Whether one of the rows still refers to nothing; keys in the order of the child's own.
    [[nodiscard]] bool are_orphans(const dialect::Reference &reference,
                                   const std::vector<Row> &keys) const;

    /// Once rows are gone: forgets those of them that nobody refers to. Nobody can any more. The
    /// others are known without their works from then on.
    void forget_settled();

  private:
    /// Values of a parent's columns that a row had.
    struct Lost {
        Stranding row;
        Row values;
        std::optional<Row> becomes; // nothing: the row goes
        bool is_unknown = false;    // what they become was a default's to say
    };

    using ByReference = std::map<const dialect::Reference *, std::vector<Lost>>;

    void look_at(const TableWork &work, const RowBlock &block, const dialect::Reference &reference);
    [[nodiscard]] std::vector<FoundRow> stranded(const dialect::Reference &reference,
                                                 const std::vector<Lost> &lost,
                                                 const std::vector<std::string> &columns) const;
    [[nodiscard]] ByReference not_seen(std::vector<Lost> lost);
    void act_along(const dialect::Reference &reference,
                   const std::vector<Lost> &lost,
                   std::vector<Lost> &next);
    void carry_out(const dialect::Reference &reference, const std::vector<Lost> &lost);
    void follow(const Lost &parent,
                const std::vector<std::string> &columns,
                const Row &child,
                std::vector<Lost> &next) const;
    [[nodiscard]] std::vector<std::string> columns_below(const dialect::Reference &reference) const;

    Transaction &transaction_;
    const References &references_;
    const dialect::KeptReferences *kept_;
    std::vector<Lost> lost_;
    std::vector<Stranding> stranding_;
    std::set<std::pair<const dialect::Reference *, Row>> seen_; // in one `act`
};

} // namespace postrider::engine

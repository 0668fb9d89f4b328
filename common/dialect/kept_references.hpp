// Foreign keys that the engine keeps, since the database does not look at them for what the engine
// writes (docs/correctness.md, A6). Texts alone, as in dialect.hpp.
#pragma once

#include "common/dialect/block_statement.hpp"
#include "common/dialect/capture.hpp"
#include "common/dialect/reference.hpp"

namespace postrider::dialect {

class KeptReferences {
  public:
    KeptReferences() = default;
    KeptReferences(const KeptReferences &) = delete;
    KeptReferences &operator=(const KeptReferences &) = delete;
    virtual ~KeptReferences() = default;

    /// ?1 … = key of a row: the values of `columns`.
    [[nodiscard]] virtual BlockStatement select_rows(const TableDescription &table,
                                                     Names columns) const = 0;
    /// ?1 … = key of a child: a row when it refers to a parent that is not there. One that is there
    /// stays until the transaction ends.
    [[nodiscard]] virtual BlockStatement find_orphans(const Reference &reference) const = 0;

    // --- children that are stranded: ?1 … = values of the parent's columns that children have and
    // no parent has any more
    /// Gives `columns` of the children, which may be none.
    [[nodiscard]] virtual BlockStatement find_stranded(const Reference &reference,
                                                       Names columns) const = 0;
    [[nodiscard]] virtual BlockStatement remove_stranded(const Reference &reference) const = 0;
    /// They refer to nothing, or to what the defaults of the columns name: some of the key's.
    [[nodiscard]] virtual BlockStatement
    clear_stranded(const Reference &reference, Names columns, bool to_default) const = 0;
    /// They follow: behind the values from which come those to which, in the same columns.
    [[nodiscard]] virtual BlockStatement move_stranded(const Reference &reference) const = 0;
};

} // namespace postrider::dialect

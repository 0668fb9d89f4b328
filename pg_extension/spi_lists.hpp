// Statements for many rows at once: each parameter is an array of what the statement for one row
// takes.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "pg_extension/spi_statement.hpp"

namespace postrider::pg {

/// How elements of a type lie in an array of it.
struct ElementForm {
    TypeForm form;
    std::int16_t length = 0;
    bool by_value = false;
    char alignment = 0;
    Oid array = InvalidOid; // none: arrays have no arrays of their own
};

class ListStatement {
  public:
    /// `one_row` says of which types the elements are. Throws PgError.
    ListStatement(std::string_view sql, StatementRights rights, const Statement &one_row);
    ListStatement(const ListStatement &) = delete;
    ListStatement &operator=(const ListStatement &) = delete;
    ~ListStatement();

    /// Whether lists can be given at all.
    [[nodiscard]] bool is_usable() const { return plan_ != nullptr; }

    [[nodiscard]] SPIPlanPtr plan() const { return plan_; }

    /// The values of the rows, column by column, in the current memory context.
    [[nodiscard]] Statement::Arguments arguments(std::span<const engine::Row> rows,
                                                 std::span<const std::size_t> indexes) const;

  private:
    SPIPlanPtr plan_ = nullptr;
    std::vector<ElementForm> elements_;
};

} // namespace postrider::pg

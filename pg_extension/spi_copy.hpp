// New rows by the way of COPY, which the server has made for them: it forms and writes many at
// once.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pg_extension/spi_statement.hpp"

namespace postrider::pg {

/// COPY … FROM STDIN in the binary format, of which the rows come from us.
class CopyStatement {
  public:
    /// `one_row` says of which types the values are.
    CopyStatement(std::string_view sql, const Statement &one_row);

    /// Whether rows can be given in the binary form of their types, and whether it is worth a try:
    /// where rows were refused, others will be, for a while.
    [[nodiscard]] bool is_hopeful();

    void was_refused() { runs_to_pass_ = runs_passed_after_refusal; }

    /// False: one of the values has no such form.
    [[nodiscard]] bool encode(std::span<const engine::Row> rows,
                              std::span<const std::size_t> indexes);

    /// Writes what was encoded, and gives how many rows. Throws PgError.
    [[nodiscard]] std::uint64_t run() const;

  private:
    static constexpr int runs_passed_after_refusal = 50;

    std::string sql_;
    std::vector<TypeForm> columns_;
    bool has_binary_forms_ = false;
    int runs_to_pass_ = 0;
    Bytes bytes_;
    Bytes field_;
};

} // namespace postrider::pg

// Which columns of a task's table travel, and what they are called here and on the wire: where the
// task was declared as SEND, the names at the receiver; where as RECEIVE, those at the sender.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/dialect/dialect.hpp"
#include "common/task/check.hpp"
#include "common/task/task_text.hpp"

namespace postrider::engine {

/// A column that travels and that the sender's database computes from each row.
struct ComputedSource {
    Column column; // as it is on the wire
    std::string sql;
};

class ColumnList {
  public:
    /// All columns, by their names here.
    ColumnList() = default;
    /// `columns` name the table's columns as the catalogue spells them. `receives`: left of AS is
    /// the wire.
    ColumnList(const task::Columns &columns, bool receives, const dialect::Dialect &dialect);

    /// Empty: the column does not travel.
    [[nodiscard]] std::optional<std::string> on_wire(const std::string &here) const;
    /// Empty: the column is not taken.
    [[nodiscard]] std::optional<std::string> here(const std::string &on_wire) const;

    /// The columns that are computed, in the order in which they stand behind the others.
    [[nodiscard]] const std::vector<ComputedSource> &computed() const { return computed_; }

    /// The columns, by their names here, that may take the nearest value.
    [[nodiscard]] const std::set<std::string> &lossy() const { return lossy_; }

    /// The columns, by their names on the wire, whose values stay out of compression.
    [[nodiscard]] const std::set<std::string> &private_columns() const { return private_; }

    /// The type that the task gives a column; null: its own.
    [[nodiscard]] const Type *type_of(const std::string &here) const;

    /// Every column travels under its own name, and no other.
    [[nodiscard]] bool is_whole() const { return !listed_ && except_.empty(); }

  private:
    bool listed_ = false;
    std::map<std::string, std::string> to_wire_; // of a list
    std::map<std::string, std::string> from_wire_;
    std::set<std::string> except_;
    std::vector<ComputedSource> computed_;
    std::map<std::string, Type> types_; // by the names here
    std::set<std::string> lossy_;
    std::set<std::string> private_;
};

/// The list with the table's own columns spelled as in the catalogue. Refused: a column that the
/// table lacks or computes itself, a list without a column of the key.
Result<task::Columns> resolve_columns(const task::Clause<task::Columns> &columns,
                                      const dialect::TableDescription &table,
                                      const dialect::Dialect &dialect,
                                      bool receives);

/// The shape in which a table travels. Null positions: the column does not.
struct WireShape {
    TableSchema schema;
    /// Of each column here, then of each that is computed.
    std::vector<std::optional<std::uint32_t>> position;
};

WireShape on_wire(const TableSchema &here, const ColumnList &columns);

/// Gives the columns of a schema that came the names that they have here. Gives the first column
/// that is not taken, or nothing.
std::optional<std::string> name_as_here(TableSchema &schema, const ColumnList &columns);

/// The first column that a new row needs and that does not come: NOT NULL without a default.
std::optional<std::string> missing_column(const dialect::TableDescription &table,
                                          const std::set<std::string> &coming);

/// `schema_mismatch` that says what to do about such a column.
Error needs_column(const dialect::TableDescription &table, const std::string &column);

} // namespace postrider::engine

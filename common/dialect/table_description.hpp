// A user's table as the database's own catalogue describes it: what capture, apply and the task
// language need to know of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/model/table.hpp"

namespace postrider::dialect {

enum class TableKind {
    table,
    view,
    virtual_table, // its rows are elsewhere
    shadow,
    temporary,
    unlogged,  // emptied by a crash
    inherited, // shows the rows of other tables that inherit from it
};

enum class Generated { no, computed, stored };

/// What a column does to the values written into it (SQLite's type affinity).
enum class Affinity { none, integer, numeric, real, text };

struct ColumnDescription {
    std::string name;
    Type type; // neutral; `native_name` is the declared type as written
    Affinity affinity = Affinity::none;
    bool not_null = false;
    std::string default_sql; // an expression as written; empty: none
    std::string collation = "BINARY";
    Generated generated = Generated::no;
    bool hidden = false;
};

struct IndexColumn {
    std::string name; // empty: an expression
    std::string collation;
};

struct IndexDescription {
    std::string name;
    bool unique = false;
    bool primary = false;
    /// Looked at only when a transaction ends, or for a statement as a whole. One that is not
    /// unique excludes rows in another way.
    bool deferrable = false;
    std::string predicate; // the condition of a partial index as written; empty: the whole table
    std::vector<IndexColumn> columns;
};

enum class ForeignKeyAction { none, restrict, cascade, set_null, set_default };

struct ForeignKeyDescription {
    std::string parent;
    std::vector<std::string> columns;
    std::vector<std::string> parent_columns; // empty: the parent's primary key
    ForeignKeyAction on_update = ForeignKeyAction::none;
    ForeignKeyAction on_delete = ForeignKeyAction::none;
    std::vector<std::string> cleared_on_delete = {}; // by SET NULL or SET DEFAULT; empty: all
    bool match_full = false; // columns of which only some are null refer to nothing that could be
};

struct TableDescription {
    std::string name; // as the catalogue spells it
    TableKind kind = TableKind::table;
    bool without_rowid = false;
    bool strict = false;
    /// A temporary table or view of the connection hides it.
    bool hidden_by_temporary = false;
    std::vector<ColumnDescription> columns;
    std::vector<std::uint32_t> key; // indexes into `columns`, in key order; empty: no primary key
    std::vector<IndexDescription> indexes;
    std::vector<ForeignKeyDescription> foreign_keys;
    std::vector<std::string> parts; // of a partitioned table: those that hold its rows

    /// Null when there is none; names are compared as the catalogue spells them.
    [[nodiscard]] const ColumnDescription *find_column(std::string_view column) const;
    [[nodiscard]] bool is_key(std::uint32_t column) const;
    /// The columns that can travel (all but hidden and generated ones, which nobody can write) in
    /// the table's order, with the key.
    [[nodiscard]] TableSchema schema() const;
};

/// One canonical text of everything in the description that capture and apply lean on, but the
/// parts; equal texts mean that nothing needs to be rebuilt.
std::string fingerprint(const TableDescription &table);

} // namespace postrider::dialect

// The SQL text of one kind of database. Pure: gives text, runs nothing. Identifiers are always
// quoted, values are always parameters.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/dialect/capture.hpp"
#include "common/dialect/condition.hpp"
#include "common/dialect/kept_references.hpp"
#include "common/dialect/key_capture.hpp"
#include "common/dialect/log_capture.hpp"
#include "common/dialect/new_table.hpp"
#include "common/dialect/reference.hpp"
#include "common/dialect/state_table.hpp"
#include "common/dialect/table_description.hpp"
#include "common/model/value.hpp"

namespace postrider::dialect {

/// Which rows: those whose columns `matched` have given values, and only those `behind_key`.
struct RowsBehind {
    std::vector<std::string> matched;
    bool behind_key = false;
};

/// Whether a value that cannot be held exactly may be written as the nearest one.
enum class Exactness { exact, nearest };

class Dialect {
  public:
    Dialect() = default;
    Dialect(const Dialect &) = delete;
    Dialect &operator=(const Dialect &) = delete;
    virtual ~Dialect() = default;

    /// "sqlite"
    [[nodiscard]] virtual std::string_view name() const = 0;

    // --- words
    [[nodiscard]] virtual std::string quote_identifier(std::string_view name) const = 0;
    /// The name by which a user's table is known here, as SQL names it.
    [[nodiscard]] virtual std::string quote_table(std::string_view name) const = 0;
    [[nodiscard]] virtual std::string quote_literal(std::string_view text) const = 0;
    /// The quoted name of a state table or view: "postrider_" before it in SQLite.
    [[nodiscard]] virtual std::string state_name(std::string_view name) const = 0;
    /// A value in the storage classes of the engine, or why it cannot be held exactly.
    [[nodiscard]] virtual Result<Value> to_storage(const Value &value) const = 0;

    /// As the column is to be given it, or why it cannot hold it exactly. Values that the table
    /// itself refuses pass.
    [[nodiscard]] virtual Result<Value> fit(const TableDescription &table,
                                            const ColumnDescription &column,
                                            const Value &value,
                                            Exactness exactness) const = 0;
    /// What the column does not hold of values of the type; empty: it holds them all.
    [[nodiscard]] virtual std::string narrower(const TableDescription &table,
                                               const ColumnDescription &column,
                                               const Type &from) const = 0;

    /// How a user writes the name of a function of ours: "postrider_invite" in SQLite.
    [[nodiscard]] virtual std::string command(std::string_view name) const = 0;
    /// What a user types for a round of work at once, without the semicolon.
    [[nodiscard]] virtual std::string sync_command() const = 0;
    /// How a user writes that an argument holds.
    [[nodiscard]] virtual std::string true_word() const = 0;
    /// An expression that shows milliseconds since 1970 as "2026-11-24 09:30:00" in UTC; null stays
    /// null.
    [[nodiscard]] virtual std::string time_text(std::string_view milliseconds) const = 0;

    // --- state tables
    /// CREATE TABLE and its indexes, several statements.
    [[nodiscard]] virtual std::string create_table(const StateTable &table) const = 0;
    [[nodiscard]] virtual std::string drop_table(std::string_view name) const = 0;
    /// Gives the version of the state tables of this very database, not of one that is attached.
    [[nodiscard]] virtual std::string state_version() const = 0;

    // --- rows of a user's table; never REPLACE, so that nothing cascades (docs/correctness.md, C2)
    /// ?1 … are the values of `columns`, which contain the key.
    [[nodiscard]] virtual std::string upsert(const TableDescription &table,
                                             Names columns) const = 0;
    /// As upsert, but a row that is there is a constraint error.
    [[nodiscard]] virtual std::string insert(const TableDescription &table,
                                             Names columns) const = 0;
    /// ?1 … are the values of `columns` (none of the key), then the key.
    [[nodiscard]] virtual std::string update(const TableDescription &table,
                                             Names columns) const = 0;
    /// ?1 … are the key.
    [[nodiscard]] virtual std::string remove(const TableDescription &table) const = 0;

    /// How the database compares the names of tables and columns: names that are the same to it
    /// become one text.
    [[nodiscard]] virtual std::string folded(std::string_view name) const = 0;

    /// Why only an insertion can write the column; nothing where an UPDATE can. `update` and
    /// `upsert` leave such a column of a row that is there as it is.
    [[nodiscard]] virtual std::optional<Error>
    why_not_updated(const TableDescription & /*table*/,
                    const ColumnDescription & /*column*/) const {
        return std::nullopt;
    }

    /// ?1 … = key of a row, then values of `columns`: a row where it has others.
    [[nodiscard]] virtual BlockStatement find_different(const TableDescription & /*table*/,
                                                        Names /*columns*/) const {
        return {};
    }

    /// ?1 … = key of a row that this transaction has written: refused for what is deferred of its
    /// table's constraints. Another session that writes the same is waited for. Empty where there
    /// is nothing to look at.
    [[nodiscard]] virtual BlockStatement check_deferred(const TableDescription & /*table*/) const {
        return {};
    }

    // --- the same for many rows (block_statement.hpp); empty: one at a time. No two rows have a
    // key
    [[nodiscard]] virtual std::string upsert_many(const TableDescription & /*table*/,
                                                  Names /*columns*/) const {
        return "";
    }

    [[nodiscard]] virtual std::string insert_many(const TableDescription & /*table*/,
                                                  Names /*columns*/) const {
        return "";
    }

    [[nodiscard]] virtual std::string update_many(const TableDescription & /*table*/,
                                                  Names /*columns*/) const {
        return "";
    }

    [[nodiscard]] virtual std::string remove_many(const TableDescription & /*table*/) const {
        return "";
    }

    /// ?1 … are the key; gives `columns`.
    [[nodiscard]] virtual std::string select_row(const TableDescription &table,
                                                 Names columns) const = 0;
    /// All rows in key order; gives `columns`.
    [[nodiscard]] virtual std::string select_all(const TableDescription &table,
                                                 Names columns) const = 0;

    /// Rows in key order; gives `columns`. ?1 … are the values of `matched`, then the key behind
    /// which the rows are, if one is given.
    [[nodiscard]] virtual std::string
    select_behind(const TableDescription &table, Names columns, const RowsBehind &rows) const = 0;

    /// The one name by which a table is known that a task calls by these parts, the table's own
    /// last; none where no table of the database can be meant.
    [[nodiscard]] virtual std::optional<std::string> known_name(Names parts) const = 0;
    /// The other way round.
    [[nodiscard]] virtual std::vector<std::string>
    name_parts(std::string_view known_name) const = 0;

    // --- catalogue queries, each with the table's name as ?1 and result columns as named here
    /// name, type ("table", "view", "virtual", "shadow", "temporary", "unlogged", "inherited"),
    /// without_rowid, strict, hidden_by_temporary
    [[nodiscard]] virtual std::string describe_table() const = 0;
    /// name, declared_type, not_null, default_sql, key_position (from 1, 0: not in the key),
    /// generated (0, 1 computed, 2 stored), hidden
    [[nodiscard]] virtual std::string describe_columns() const = 0;
    /// index, unique, primary, partial, column (null: expression), collation, sql (null: implied),
    /// deferrable; the columns of one index stand together in their order
    [[nodiscard]] virtual std::string describe_indexes() const = 0;
    /// id, parent, column, parent_column (null: primary key), on_update, on_delete, match_full,
    /// whether on_delete clears the column; the columns of one foreign key stand together in their
    /// order
    [[nodiscard]] virtual std::string describe_foreign_keys() const = 0;
    /// The tables that hold the rows of a partitioned one. Empty where the database has no such
    /// thing.
    [[nodiscard]] virtual std::string describe_parts() const = 0;
    /// No parameter: a number that changes with every alteration of the schema; empty where there
    /// is none.
    [[nodiscard]] virtual std::string schema_version() const = 0;
    /// A number that changes when another connection has committed anything. Empty where the
    /// database has none.
    [[nodiscard]] virtual std::string content_version() const = 0;

    /// Whether that number changes with what this connection commits, too.
    [[nodiscard]] virtual bool content_version_has_own_writes() const { return false; }

    /// A row that differs once anything was written, by this connection too. Empty where the
    /// database has none.
    [[nodiscard]] virtual std::string change_counters() const = 0;
    /// No parameter: the names of all tables that could take part.
    [[nodiscard]] virtual std::string list_tables() const = 0;
    /// No parameter: those of them that stand at either end of a foreign key.
    [[nodiscard]] virtual std::string list_referring_tables() const = 0;
    /// Whether a column takes values of its type alone.
    [[nodiscard]] virtual bool has_strict_types() const = 0;
    [[nodiscard]] virtual Affinity affinity(std::string_view declared_type) const = 0;
    /// The neutral type that a declared type comes nearest to.
    [[nodiscard]] virtual Type neutral_type(std::string_view declared_type) const = 0;
    /// The definition of the table, of which `column_collations` reads what columns are compared
    /// by.
    [[nodiscard]] virtual std::string table_definition() const = 0;
    [[nodiscard]] virtual std::map<std::string, std::string>
    column_collations(std::string_view definition) const = 0;
    /// The condition of a partial index out of its CREATE INDEX.
    [[nodiscard]] virtual std::string index_predicate(std::string_view create_index) const = 0;

    // --- tables that are made after those of another database
    /// The type that a column of such a table needs to hold what this column may hold.
    [[nodiscard]] virtual Type pattern_type(const TableDescription &table,
                                            const ColumnDescription &column) const = 0;
    /// Why a table cannot be made under this name; success when it can.
    [[nodiscard]] virtual Result<void> check_new_name(std::string_view name) const = 0;
    /// One statement. `engine` is the kind of the other database, as `name` gives it.
    [[nodiscard]] virtual std::string create_missing_table(const NewTable &table,
                                                           std::string_view engine) const = 0;
    /// The foreign keys of such a table where they can be made only when all tables are there;
    /// empty where there are none, or where they have been made with it.
    [[nodiscard]] virtual std::string add_missing_foreign_keys(const NewTable &table) const = 0;
    [[nodiscard]] virtual std::string add_missing_column(std::string_view table,
                                                         const Column &column,
                                                         std::string_view engine) const = 0;

    // --- foreign keys
    /// ?1 … = key of a child: a row when it refers to a parent that is not there.
    [[nodiscard]] virtual std::string find_orphan(const Reference &reference) const = 0;
    /// ?1 … = key of a child: the key of the parent that it refers to.
    [[nodiscard]] virtual std::string find_parent(const Reference &reference) const = 0;
    /// ?1 … = values of the parent's columns: a row when a child has them and no parent does.
    [[nodiscard]] virtual std::string find_referring(const Reference &reference) const = 0;
    /// ?1 … = values of the parent's columns: columns of all children that have them.
    [[nodiscard]] virtual std::string select_referring(const Reference &reference,
                                                       Names columns) const = 0;

    /// Where the database does not look at foreign keys for what the engine writes; else null.
    [[nodiscard]] virtual const KeptReferences *kept_references() const = 0;

    // --- conditions and expressions of tasks
    /// Refused, with the reason, unless it looks at nothing but its row.
    [[nodiscard]] virtual Result<Condition> read_condition(std::string_view text,
                                                           const TableDescription &table) const = 0;
    /// The same for what computes a column.
    [[nodiscard]] virtual Result<Condition>
    read_expression(std::string_view text, const TableDescription &table) const = 0;
    /// For images of rows that have these columns of the table.
    [[nodiscard]] virtual ImageStatements images(const TableDescription &table,
                                                 Names columns) const = 0;
    /// A boolean for each image, in their order; ?1 … are the attributes.
    [[nodiscard]] virtual std::string select_images(const TableDescription &table,
                                                    const Condition &condition) const = 0;
    /// What the expression gives for each image, in their order; ?1 … are the attributes.
    [[nodiscard]] virtual std::string select_values(const TableDescription &table,
                                                    const Condition &expression) const = 0;
    /// What the expression gives for each row of the table; ?1 … are the attributes.
    [[nodiscard]] virtual std::string select_computed(const TableDescription &table,
                                                      const Condition &expression) const = 0;
    /// Rows of the table that meet the condition; ?1 … are the attributes, with `one_row` followed
    /// by a key.
    [[nodiscard]] virtual std::string select_where(const TableDescription &table,
                                                   Names columns,
                                                   const Condition &condition,
                                                   bool one_row) const = 0;

    // --- capture
    /// Why rows of this table cannot be captured faithfully; success when they can.
    [[nodiscard]] virtual Result<void> check_capturable(const TableDescription &table) const = 0;
    /// For a capturable table.
    [[nodiscard]] virtual CaptureSchema capture_schema(const TableDescription &table,
                                                       CaptureId capture,
                                                       const CaptureOptions &options) const = 0;
    /// ?1 = capture id: name, sql, statement that drops it, of the key table and of every trigger
    /// that bears the capture's name; the triggers first.
    [[nodiscard]] virtual std::string list_capture() const = 0;
    /// How much waits to be collected; where there is a log, for all captures together.
    [[nodiscard]] virtual std::string count_captured(CaptureId capture) const = 0;
    /// What that counts.
    [[nodiscard]] virtual std::string captured_unit() const = 0;
    /// Where the triggers note keys; else null. A database has one of the two.
    [[nodiscard]] virtual const KeyCapture *keys() const = 0;
    /// Where they note whole changes; else null.
    [[nodiscard]] virtual const LogCapture *log() const = 0;
};

} // namespace postrider::dialect

// Capture by keys: the triggers note which keys were touched, and the rows are read again when they
// are collected (docs/correctness.md, A3). Texts alone, as in dialect.hpp.
#pragma once

#include <string>
#include <string_view>

#include "common/dialect/capture.hpp"
#include "common/dialect/table_description.hpp"

namespace postrider::dialect {

class KeyCapture {
  public:
    KeyCapture() = default;
    KeyCapture(const KeyCapture &) = delete;
    KeyCapture &operator=(const KeyCapture &) = delete;
    virtual ~KeyCapture() = default;

    /// No parameter: the names of all key tables.
    [[nodiscard]] virtual std::string list_key_tables() const = 0;
    /// The key table of a capture, without quotes.
    [[nodiscard]] virtual std::string key_table(CaptureId capture) const = 0;
    [[nodiscard]] virtual CollectQuery collect(const TableDescription &table,
                                               CaptureId capture,
                                               const CaptureOptions &options,
                                               Names columns) const = 0;
    /// ?1 = greatest epoch to forget.
    [[nodiscard]] virtual std::string forget_collected(CaptureId capture) const = 0;
    /// Keys that stay were read already: what is kept of them is not what was told last.
    [[nodiscard]] virtual std::string doubt_kept(CaptureId capture) const = 0;
    /// Marks a key (?1 …) as touched in the current epoch with all columns, as a trigger would.
    [[nodiscard]] virtual std::string mark_key(const TableDescription &table,
                                               CaptureId capture,
                                               const CaptureOptions &options) const = 0;
    /// Takes the mark of a key (?1 …) away.
    [[nodiscard]] virtual std::string unmark_key(const TableDescription &table,
                                                 CaptureId capture,
                                                 const CaptureOptions &options) const = 0;
    /// Marks every row of the table, for `reload`.
    [[nodiscard]] virtual std::string mark_all(const TableDescription &table,
                                               CaptureId capture,
                                               const CaptureOptions &options) const = 0;
    /// Makes every open mask mean "all columns": after ALTER TABLE the bits name other columns.
    [[nodiscard]] virtual std::string mark_all_columns(const TableDescription &table,
                                                       CaptureId capture,
                                                       const CaptureOptions &options) const = 0;
    /// Fills a new key table from `old_table`, which has the same key columns and other masks.
    [[nodiscard]] virtual std::string carry_over(const TableDescription &table,
                                                 CaptureId capture,
                                                 const CaptureOptions &options,
                                                 std::string_view old_table) const = 0;
    /// Marks the rows that refer through `foreign_key` to a parent whose referenced values are
    /// ?1 …: what a cascade is about to change while triggers are off (docs/correctness.md, A6).
    [[nodiscard]] virtual std::string mark_children(const TableDescription &child,
                                                    const ForeignKeyDescription &foreign_key,
                                                    CaptureId capture,
                                                    const CaptureOptions &options) const = 0;
    /// Gives the current epoch, one row with one integer.
    [[nodiscard]] virtual std::string current_epoch() const = 0;
    [[nodiscard]] virtual std::string advance_epoch() const = 0;
};

} // namespace postrider::dialect

// Capture in SQLite: plain SQL triggers, so that every program that opens the file is captured and
// none needs the extension.
#pragma once

#include <string>

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::sqlite_text {

Result<void> check_capturable(const TableDescription &table);

std::string key_table(CaptureId capture);

/// Writes the texts of one capture of one table.
class CaptureWriter {
  public:
    CaptureWriter(const TableDescription &table, CaptureId capture, const CaptureOptions &options);

    [[nodiscard]] CaptureSchema schema() const;
    [[nodiscard]] CollectQuery collect(Names columns) const;
    [[nodiscard]] std::string mark_key() const;
    /// `condition` may name the table's columns with the table's name before them.
    [[nodiscard]] std::string mark_rows(std::string_view condition, Before before) const;
    /// Only with a mask.
    [[nodiscard]] std::string mark_all_columns() const;
    [[nodiscard]] std::string carry_over(std::string_view old_table) const;

  private:
    [[nodiscard]] TriggerText trigger(std::string_view suffix, std::string_view rest) const;
    [[nodiscard]] std::string key_table_sql() const;
    [[nodiscard]] std::string
    mark_row(std::string_view row, const std::string &masks, Before before) const;
    [[nodiscard]] std::string before_values(std::string_view row, Before before) const;
    [[nodiscard]] std::string before_columns(std::string_view separator) const;
    [[nodiscard]] std::string insert_into_key_table() const;
    [[nodiscard]] std::string on_conflict() const;
    [[nodiscard]] std::string all_columns_mask() const;
    [[nodiscard]] std::string changed_columns_mask() const;
    [[nodiscard]] std::string key_of(std::string_view row) const;
    [[nodiscard]] std::string key_changed() const;
    void add_guards(CaptureSchema &schema) const;
    void add_guard(CaptureSchema &schema,
                   const IndexDescription &index,
                   const std::string &suffix) const;
    void add_rowid_guard(CaptureSchema &schema) const;
    void add_key_guard(CaptureSchema &schema) const;

    const TableDescription &table_;
    CaptureId capture_;
    std::size_t words_;
    std::vector<std::string> kept_;
    std::string key_columns_; // of the key table: k0, k1, t1
};

} // namespace postrider::dialect::sqlite_text

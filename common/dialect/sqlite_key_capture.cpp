// One text for each thing that is done with a key table.
#include "common/dialect/sqlite_key_capture.hpp"

#include "common/dialect/sql_text.hpp"
#include "common/dialect/sqlite_capture.hpp"
#include "common/dialect/sqlite_rows.hpp"

namespace postrider::dialect::sqlite_text {

namespace {

class SqliteKeyCapture final : public KeyCapture {
  public:
    [[nodiscard]] std::string list_key_tables() const override {
        return "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name LIKE "
               "'postrider\\_capture\\_%' ESCAPE '\\' ORDER BY name";
    }

    [[nodiscard]] std::string key_table(CaptureId capture) const override {
        return sqlite_text::key_table(capture);
    }

    [[nodiscard]] CollectQuery collect(const TableDescription &table,
                                       CaptureId capture,
                                       const CaptureOptions &options,
                                       Names columns) const override {
        return CaptureWriter(table, capture, options).collect(columns);
    }

    [[nodiscard]] std::string forget_collected(CaptureId capture) const override {
        return "DELETE FROM main." + identifier(key_table(capture)) + " WHERE epoch <= ?1";
    }

    [[nodiscard]] std::string doubt_kept(CaptureId capture) const override {
        return "UPDATE main." + identifier(key_table(capture)) + " SET was = 2 WHERE was <> 2";
    }

    [[nodiscard]] std::string mark_key(const TableDescription &table,
                                       CaptureId capture,
                                       const CaptureOptions &options) const override {
        return CaptureWriter(table, capture, options).mark_key();
    }

    [[nodiscard]] std::string unmark_key(const TableDescription &table,
                                         CaptureId capture,
                                         const CaptureOptions &options) const override {
        return CaptureWriter(table, capture, options).unmark_key();
    }

    [[nodiscard]] std::string mark_all(const TableDescription &table,
                                       CaptureId capture,
                                       const CaptureOptions &options) const override {
        return CaptureWriter(table, capture, options).mark_rows("true", Before::unknown);
    }

    [[nodiscard]] std::string mark_all_columns(const TableDescription &table,
                                               CaptureId capture,
                                               const CaptureOptions &options) const override {
        return CaptureWriter(table, capture, options).mark_all_columns();
    }

    [[nodiscard]] std::string carry_over(const TableDescription &table,
                                         CaptureId capture,
                                         const CaptureOptions &options,
                                         std::string_view old_table) const override {
        return CaptureWriter(table, capture, options).carry_over(old_table);
    }

    [[nodiscard]] std::string mark_children(const TableDescription &child,
                                            const ForeignKeyDescription &foreign_key,
                                            CaptureId capture,
                                            const CaptureOptions &options) const override {
        std::string condition;
        std::size_t number = 0;
        for (const std::string &column : foreign_key.columns) {
            append(condition, " AND ",
                   identifier(child.name) + "." + identifier(column) + " = ?" +
                       std::to_string(++number));
        }
        return CaptureWriter(child, capture, options).mark_rows(condition, Before::known);
    }

    [[nodiscard]] std::string current_epoch() const override {
        return "SELECT epoch FROM main." + identifier("postrider_epoch");
    }

    [[nodiscard]] std::string advance_epoch() const override {
        return "UPDATE main." + identifier("postrider_epoch") + " SET epoch = epoch + 1";
    }
};

} // namespace

const KeyCapture &key_capture() {
    static const SqliteKeyCapture capture;
    return capture;
}

} // namespace postrider::dialect::sqlite_text

// State tables, catalogue queries and types of SQLite; rows and capture stand in files of their
// own.
#include "common/dialect/sqlite.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "common/dialect/sql_text.hpp"
#include "common/dialect/sqlite_capture.hpp"
#include "common/dialect/sqlite_condition.hpp"
#include "common/dialect/sqlite_fit.hpp"
#include "common/dialect/sqlite_key_capture.hpp"
#include "common/dialect/sqlite_new_table.hpp"
#include "common/dialect/sqlite_predicate.hpp"
#include "common/dialect/sqlite_references.hpp"
#include "common/dialect/sqlite_rows.hpp"
#include "common/dialect/sqlite_storage.hpp"

namespace postrider::dialect {

namespace {

using sqlite_text::CaptureWriter;
using sqlite_text::identifier;

bool contains(std::string_view text, std::string_view piece) {
    return text.find(piece) != std::string_view::npos;
}

/// "(10,2)" behind a type's name; -1 where there is none.
void read_lengths(std::string_view declared, Type &type) {
    const std::size_t open = declared.find('(');
    if (open == std::string_view::npos) {
        return;
    }
    const std::string inside{declared.substr(open + 1)};
    char *end = nullptr;
    const long precision = std::strtol(inside.c_str(), &end, 10);
    if (end == inside.c_str() || precision < 0 || precision > 1'000'000'000) {
        return;
    }
    type.precision = static_cast<std::int32_t>(precision);
    if (*end == ',') {
        const long scale = std::strtol(end + 1, nullptr, 10);
        if (scale >= 0 && scale <= 100'000) {
            type.scale = static_cast<std::int32_t>(scale);
        }
    }
}

Kind kind_of(std::string_view name, Affinity affinity) {
    struct Word {
        std::string_view word;
        Kind kind;
    };

    static constexpr std::array words = {
        Word{"bool", Kind::boolean},
        Word{"uuid", Kind::uuid},
        Word{"json", Kind::json},
        Word{"timestamptz", Kind::timestamp_with_zone},
        Word{"timestamp with time zone", Kind::timestamp_with_zone},
        Word{"timestamp", Kind::timestamp},
        Word{"datetime", Kind::timestamp},
        Word{"date", Kind::date},
        Word{"time", Kind::time},
        Word{"decimal", Kind::decimal},
        Word{"numeric", Kind::decimal},
    };
    for (const Word &word : words) {
        if (name.starts_with(word.word)) {
            return word.kind;
        }
    }
    switch (affinity) {
    case Affinity::integer:
        return Kind::int64;
    case Affinity::real:
        return Kind::float64;
    case Affinity::text:
        return Kind::text;
    case Affinity::none:
        return contains(name, "blob") ? Kind::bytes : Kind::native;
    case Affinity::numeric:
        break;
    }
    return Kind::native;
}

std::string_view type_name(StateType type) {
    switch (type) {
    case StateType::integer:
        return "integer";
    case StateType::text:
        return "text";
    case StateType::blob:
        break;
    }
    return "blob";
}

std::string name_list(Names names) {
    std::string text;
    for (const std::string &name : names) {
        append(text, ", ", identifier(name));
    }
    return text;
}

std::string column_definition(const StateColumn &column, bool is_rowid) {
    std::string type{type_name(column.type)};
    std::transform(type.begin(), type.end(), type.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    std::string text = identifier(column.name) + " " + type;
    if (is_rowid) {
        return text + " PRIMARY KEY";
    }
    text += column.not_null ? " NOT NULL" : "";
    if (!column.default_sql.empty()) {
        text += " DEFAULT " + column.default_sql;
    }
    text += " CHECK(typeof(" + identifier(column.name) + ") ";
    text += column.not_null ? "= '" + std::string{type_name(column.type)} + "')"
                            : "IN ('" + std::string{type_name(column.type)} + "', 'null'))";
    return text;
}

/// Of the rows of pragma_table_list.
constexpr const char *takes_part =
    "schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT "
    "LIKE 'postrider\\_%' ESCAPE '\\'";

class SqliteDialect final : public Dialect {
  public:
    [[nodiscard]] std::string_view name() const override { return "sqlite"; }

    [[nodiscard]] std::string quote_identifier(std::string_view name) const override {
        return identifier(name);
    }

    [[nodiscard]] std::string quote_table(std::string_view name) const override {
        return identifier(name);
    }

    [[nodiscard]] std::string quote_literal(std::string_view text) const override {
        return quoted(text, '\'');
    }

    [[nodiscard]] std::string command(std::string_view name) const override {
        return "postrider_" + std::string(name);
    }

    [[nodiscard]] std::string sync_command() const override {
        return "SELECT " + command("sync_now") + "()";
    }

    [[nodiscard]] std::string true_word() const override { return "1"; }

    [[nodiscard]] std::string time_text(std::string_view milliseconds) const override {
        return "strftime('%Y-%m-%d %H:%M:%S', (" + std::string(milliseconds) +
               ") / 1000, 'unixepoch')";
    }

    [[nodiscard]] std::string state_name(std::string_view name) const override {
        return identifier("postrider_" + std::string{name});
    }

    [[nodiscard]] Result<Value> to_storage(const Value &value) const override {
        return to_sqlite_storage(value);
    }

    [[nodiscard]] Result<Value> fit(const TableDescription &table,
                                    const ColumnDescription &column,
                                    const Value &value,
                                    Exactness exactness) const override {
        return sqlite_text::fit(table, column, value, exactness);
    }

    [[nodiscard]] std::string narrower(const TableDescription &table,
                                       const ColumnDescription &column,
                                       const Type &from) const override {
        return sqlite_text::narrower(table, column, from);
    }

    [[nodiscard]] std::string create_table(const StateTable &table) const override {
        const bool has_rowid_key = has_rowid_as_key(table);
        std::string body;
        for (const StateColumn &column : table.columns) {
            append(body, ",\n  ",
                   column_definition(column,
                                     has_rowid_key && column.name == table.primary_key.front()));
        }
        if (!has_rowid_key && !table.primary_key.empty()) {
            append(body, ",\n  ", "PRIMARY KEY(" + name_list(table.primary_key) + ")");
        }
        for (const std::vector<std::string> &columns : table.unique) {
            append(body, ",\n  ", "UNIQUE(" + name_list(columns) + ")");
        }
        for (const std::string &check : table.checks) {
            append(body, ",\n  ", "CHECK(" + check + ")");
        }
        std::string sql = "CREATE TABLE " + state_name(table.name) + "(\n  " + body + "\n);\n";
        std::size_t number = 0;
        for (const std::vector<std::string> &columns : table.indexes) {
            sql += "CREATE INDEX " + state_name(table.name + "_index" + std::to_string(number++)) +
                   " ON " + state_name(table.name) + "(" + name_list(columns) + ");\n";
        }
        return sql;
    }

    [[nodiscard]] std::string drop_table(std::string_view name) const override {
        return "DROP TABLE IF EXISTS main." + state_name(name);
    }

    [[nodiscard]] std::string state_version() const override {
        return "SELECT version FROM main." + state_name("schema_version");
    }

    [[nodiscard]] std::string upsert(const TableDescription &table, Names columns) const override {
        return sqlite_text::upsert(table, columns);
    }

    [[nodiscard]] std::string insert(const TableDescription &table, Names columns) const override {
        return sqlite_text::insert(table, columns);
    }

    [[nodiscard]] std::string update(const TableDescription &table, Names columns) const override {
        return sqlite_text::update(table, columns);
    }

    [[nodiscard]] std::string remove(const TableDescription &table) const override {
        return sqlite_text::remove(table);
    }

    [[nodiscard]] std::string select_row(const TableDescription &table,
                                         Names columns) const override {
        return sqlite_text::select_row(table, columns);
    }

    [[nodiscard]] std::string select_all(const TableDescription &table,
                                         Names columns) const override {
        return sqlite_text::select_all(table, columns);
    }

    [[nodiscard]] std::string select_behind(const TableDescription &table,
                                            Names columns,
                                            const RowsBehind &rows) const override {
        return sqlite_text::select_behind(table, columns, rows);
    }

    [[nodiscard]] std::optional<std::string> known_name(Names parts) const override {
        const bool is_here =
            parts.size() == 1 || (parts.size() == 2 && lower_ascii(parts.front()) == "main");
        return is_here ? std::optional{parts.back()} : std::nullopt;
    }

    [[nodiscard]] std::vector<std::string> name_parts(std::string_view known_name) const override {
        return {std::string{known_name}};
    }

    [[nodiscard]] std::string describe_table() const override {
        return "SELECT l.name, CASE l.schema WHEN 'main' THEN l.type ELSE 'temporary' END, l.wr, "
               "l.strict, EXISTS(SELECT 1 FROM sqlite_temp_schema AS t WHERE t.name = l.name "
               "COLLATE NOCASE AND t.type IN ('table', 'view')) FROM pragma_table_list(?1) AS l "
               "WHERE l.schema IN ('main', 'temp') ORDER BY l.schema LIMIT 1";
    }

    [[nodiscard]] std::string describe_columns() const override {
        return "SELECT name, type, \"notnull\", dflt_value, pk, CASE hidden WHEN 2 THEN 1 WHEN 3 "
               "THEN 2 ELSE 0 END, hidden = 1 FROM pragma_table_xinfo(?1, 'main') ORDER BY cid";
    }

    [[nodiscard]] std::string describe_indexes() const override {
        return "SELECT l.name, l.\"unique\", l.origin = 'pk', l.partial, x.name, x.coll, s.sql, 0 "
               "FROM pragma_index_list(?1, 'main') AS l JOIN pragma_index_xinfo(l.name, 'main') AS "
               "x LEFT JOIN main.sqlite_schema AS s ON s.type = 'index' AND s.name = l.name WHERE "
               "x.key = 1 ORDER BY l.name, x.seqno";
    }

    [[nodiscard]] std::string describe_foreign_keys() const override {
        return "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete, 0, 1 FROM "
               "pragma_foreign_key_list(?1, 'main') ORDER BY id, seq";
    }

    [[nodiscard]] std::string describe_parts() const override { return ""; }

    /// https://www.sqlite.org/pragma.html#pragma_schema_version
    [[nodiscard]] std::string schema_version() const override { return "PRAGMA schema_version"; }

    /// https://www.sqlite.org/pragma.html#pragma_data_version
    [[nodiscard]] std::string content_version() const override { return "PRAGMA data_version"; }

    [[nodiscard]] std::string change_counters() const override {
        return "SELECT total_changes(), d.data_version, s.schema_version"
               " FROM pragma_data_version AS d, pragma_schema_version AS s";
    }

    [[nodiscard]] std::string find_orphan(const Reference &reference) const override {
        return sqlite_text::find_orphan(reference);
    }

    [[nodiscard]] std::string find_parent(const Reference &reference) const override {
        return sqlite_text::find_parent(reference);
    }

    [[nodiscard]] std::string find_referring(const Reference &reference) const override {
        return sqlite_text::find_referring(reference);
    }

    [[nodiscard]] std::string select_referring(const Reference &reference,
                                               Names columns) const override {
        return sqlite_text::select_referring(reference, columns);
    }

    [[nodiscard]] std::string list_tables() const override {
        return std::string{"SELECT name FROM pragma_table_list WHERE "} + takes_part +
               " ORDER BY name";
    }

    /// Where there are none, nothing but the schema is read.
    [[nodiscard]] std::string list_referring_tables() const override {
        return std::string{"WITH key(child, parent) AS (SELECT t.name, k.\"table\""
                           " FROM main.sqlite_schema t, pragma_foreign_key_list(t.name, 'main') k"
                           " WHERE t.type = 'table' AND instr(lower(t.sql), 'references') > 0),"
                           " ends(end) AS (SELECT child FROM key UNION SELECT parent FROM key)"
                           " SELECT DISTINCT name FROM ends, pragma_table_list(end) WHERE "} +
               takes_part + " ORDER BY name";
    }

    /// Not even in a STRICT table of type ANY.
    [[nodiscard]] bool has_strict_types() const override { return false; }

    /// The rules of https://www.sqlite.org/datatype3.html section 3.1, in their order.
    [[nodiscard]] Affinity affinity(std::string_view declared_type) const override {
        const std::string name = lower_ascii(declared_type);
        if (contains(name, "int")) {
            return Affinity::integer;
        }
        if (contains(name, "char") || contains(name, "clob") || contains(name, "text")) {
            return Affinity::text;
        }
        if (name.empty() || contains(name, "blob")) {
            return Affinity::none;
        }
        if (contains(name, "real") || contains(name, "floa") || contains(name, "doub")) {
            return Affinity::real;
        }
        return Affinity::numeric;
    }

    [[nodiscard]] Type neutral_type(std::string_view declared_type) const override {
        Type type;
        type.kind = kind_of(lower_ascii(declared_type), affinity(declared_type));
        type.native_name = declared_type;
        if (type.kind == Kind::decimal || type.kind == Kind::text) {
            read_lengths(declared_type, type);
        }
        return type;
    }

    [[nodiscard]] std::string index_predicate(std::string_view create_index) const override {
        return sqlite_text::index_predicate(create_index);
    }

    [[nodiscard]] Type pattern_type(const TableDescription &table,
                                    const ColumnDescription &column) const override {
        return sqlite_text::pattern_type(table, column,
                                         affinity(column.type.native_name) == column.affinity);
    }

    [[nodiscard]] Result<void> check_new_name(std::string_view name) const override {
        return sqlite_text::check_new_name(name);
    }

    [[nodiscard]] std::string create_missing_table(const NewTable &table,
                                                   std::string_view engine) const override {
        std::vector<std::string> types;
        types.reserve(table.columns.size());
        for (const Column &column : table.columns) {
            types.push_back(declared_type(column, engine));
        }
        return sqlite_text::create_table(table, types);
    }

    [[nodiscard]] std::string
    add_missing_foreign_keys([[maybe_unused]] const NewTable &table) const override {
        return {}; // a parent may come after its child
    }

    [[nodiscard]] std::string add_missing_column(std::string_view table,
                                                 const Column &column,
                                                 std::string_view engine) const override {
        return sqlite_text::add_column(table, column.name, declared_type(column, engine));
    }

    [[nodiscard]] std::string table_definition() const override {
        return "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE "
               "NOCASE";
    }

    [[nodiscard]] std::map<std::string, std::string>
    column_collations(std::string_view definition) const override {
        return sqlite_text::column_collations(definition);
    }

    [[nodiscard]] const KeptReferences *kept_references() const override { return nullptr; }

    [[nodiscard]] std::string folded(std::string_view name) const override {
        return lower_ascii(name);
    }

    [[nodiscard]] Result<Condition> read_condition(std::string_view text,
                                                   const TableDescription &table) const override {
        return sqlite_text::read_condition(text, table);
    }

    [[nodiscard]] Result<Condition> read_expression(std::string_view text,
                                                    const TableDescription &table) const override {
        return sqlite_text::read_expression(text, table);
    }

    [[nodiscard]] ImageStatements images(const TableDescription &table,
                                         Names columns) const override {
        return sqlite_text::images(table, columns);
    }

    [[nodiscard]] std::string select_images(const TableDescription &table,
                                            const Condition &condition) const override {
        return sqlite_text::select_images(table, condition);
    }

    [[nodiscard]] std::string select_values(const TableDescription &table,
                                            const Condition &expression) const override {
        return sqlite_text::select_values(table, expression);
    }

    [[nodiscard]] std::string select_computed(const TableDescription &table,
                                              const Condition &expression) const override {
        return sqlite_text::select_computed(table, expression);
    }

    [[nodiscard]] std::string select_where(const TableDescription &table,
                                           Names columns,
                                           const Condition &condition,
                                           bool one_row) const override {
        return sqlite_text::select_where(table, columns, condition, one_row);
    }

    [[nodiscard]] Result<void> check_capturable(const TableDescription &table) const override {
        return sqlite_text::check_capturable(table);
    }

    [[nodiscard]] CaptureSchema capture_schema(const TableDescription &table,
                                               CaptureId capture,
                                               const CaptureOptions &options) const override {
        return CaptureWriter(table, capture, options).schema();
    }

    [[nodiscard]] std::string list_capture() const override {
        return "SELECT name, sql, 'DROP ' || type || ' main.\"' || name || '\"'"
               " FROM main.sqlite_schema WHERE (type = 'table' AND name = "
               "'postrider_capture_' || ?1) OR (type = 'trigger' AND name LIKE "
               "'postrider\\_capture\\_' || ?1 || '\\_%' ESCAPE '\\') ORDER BY type DESC, name";
    }

    [[nodiscard]] std::string count_captured(CaptureId capture) const override {
        return "SELECT count(*) FROM main." + identifier(sqlite_text::key_table(capture));
    }

    [[nodiscard]] std::string captured_unit() const override { return "changed keys"; }

    [[nodiscard]] const KeyCapture *keys() const override { return &sqlite_text::key_capture(); }

    [[nodiscard]] const LogCapture *log() const override { return nullptr; }

  private:
    [[nodiscard]] std::string declared_type(const Column &column, std::string_view engine) const {
        return sqlite_text::declared_type(column.type, affinity(column.type.native_name),
                                          engine == name());
    }

    static bool has_rowid_as_key(const StateTable &table) {
        return table.primary_key.size() == 1 &&
               std::any_of(table.columns.begin(), table.columns.end(), [&](const auto &column) {
                   return column.name == table.primary_key.front() &&
                          column.type == StateType::integer;
               });
    }
};

} // namespace

const Dialect &sqlite() {
    static const SqliteDialect dialect;
    return dialect;
}

} // namespace postrider::dialect

// The triggers of one captured table, and why each is there.
//
// _insert, _update and _delete mark the key they see. _key marks the old key of a row whose key
// changed; it says no UPDATE OF, because that does not fire for "SET rowid = 5". The guards mark
// the rows that REPLACE is about to delete without telling any trigger, found through every unique
// index that can lead to a row with another key. They may mark too much, never too little: a marked
// key is read again at collect. The bodies say ON CONFLICT DO …, because the conflict clause of the
// user's statement overrides one written as INSERT OR …. Functions in the bodies are only those
// that SQLite runs with trusted_schema off.
#include "common/dialect/sqlite_capture.hpp"

#include <algorithm>

#include "common/dialect/sql_text.hpp"
#include "common/dialect/sqlite_rows.hpp"

namespace postrider::dialect::sqlite_text {

namespace {

constexpr std::string_view epoch_value = "(SELECT epoch FROM \"postrider_epoch\")";

bool is_rowid_alias(const TableDescription &table) {
    return !table.without_rowid && table.key.size() == 1 &&
           std::none_of(table.indexes.begin(), table.indexes.end(),
                        [](const auto &index) { return index.primary; });
}

Error refusal(const TableDescription &table, std::string reason, std::string hint) {
    return {Errc::refused,
            "cannot capture table " + quoted(table.name, '"') + ": " + std::move(reason), "",
            std::move(hint)};
}

Result<void> check_kind(const TableDescription &table) {
    const std::string name = lower_ascii(table.name);
    if (name.starts_with("sqlite_") || name.starts_with("postrider_")) {
        return refusal(table, "it belongs to the system", "Name a table of your own.");
    }
    if (name == "new" || name == "old") {
        return refusal(table, "triggers cannot tell its name from a row's", "Rename the table.");
    }
    switch (table.kind) {
    case TableKind::view:
        return refusal(table, "it is a view", "Name the tables that the view reads.");
    case TableKind::virtual_table:
    case TableKind::shadow:
        return refusal(table, "it is a virtual table",
                       "Name the ordinary table from which the virtual one is filled.");
    case TableKind::temporary:
        return refusal(table, "it is temporary", "Create the table in the file itself.");
    case TableKind::unlogged:
    case TableKind::inherited:
    case TableKind::table:
        break; // SQLite has but the last
    }
    if (table.hidden_by_temporary) {
        return refusal(table, "a temporary table or view of the same name hides it",
                       "Drop or rename the temporary one.");
    }
    return {};
}

Result<void> check_key(const TableDescription &table) {
    if (table.key.empty()) {
        return refusal(table, "it has no primary key",
                       "Rebuild the table with a primary key, e.g. id INTEGER PRIMARY KEY.");
    }
    for (const std::uint32_t column : table.key) {
        const ColumnDescription &key = table.columns[column];
        if (!key.not_null && !table.without_rowid && !is_rowid_alias(table)) {
            return refusal(
                table,
                "column " + quoted(key.name, '"') +
                    " of the primary key may be NULL, and NULL keys cannot be told apart",
                "Rebuild the table with NOT NULL on every column of the primary key.");
        }
    }
    return {};
}

Result<void> check_indexes(const TableDescription &table) {
    for (const IndexDescription &index : table.indexes) {
        for (const IndexColumn &column : index.columns) {
            if (!index.unique) {
                continue;
            }
            if (column.name.empty()) {
                return refusal(table,
                               "unique index " + quoted(index.name, '"') + " is on an expression",
                               "Put the expression into a generated column and make that unique.");
            }
            if (!is_built_in_collation(column.collation)) {
                return refusal(table,
                               "unique index " + quoted(index.name, '"') +
                                   " uses the application's collation " +
                                   quoted(column.collation, '"'),
                               "Use BINARY, NOCASE or RTRIM.");
            }
        }
    }
    return {};
}

/// How `row` (NEW or OLD) reads a column.
std::string of(std::string_view row, std::string_view column) {
    return std::string{row} + '.' + identifier(column);
}

/// True where an UPDATE changed the column; never false where it did, though IS takes 1 for 1.0 and
/// 0.0 for -0.0. An affinity leaves only few such twins: -0.0 in REAL, the smallest integer in
/// INTEGER and NUMERIC (the one whose REAL is not turned into it).
std::string column_changed(const ColumnDescription &column) {
    const std::string before = of("OLD", column.name);
    const std::string after = of("NEW", column.name);
    std::string condition = before + " IS NOT " + after + " COLLATE BINARY";
    switch (column.affinity) {
    case Affinity::text:
        break;
    case Affinity::integer:
    case Affinity::numeric:
        condition += " OR " + after + " IS -9223372036854775808";
        break;
    case Affinity::real:
        condition += " OR " + after + " IS 0";
        break;
    case Affinity::none:
        condition += " OR typeof(" + before + ") <> typeof(" + after + ") OR " + after + " IS 0";
        break;
    }
    return condition;
}

/// A clash in this index always is one with the row of the same key: no guard is needed.
bool leads_to_same_key(const TableDescription &table, const IndexDescription &index) {
    for (std::size_t position = 0; position < table.key.size(); ++position) {
        const std::string &key = table.columns[table.key[position]].name;
        const bool found =
            std::any_of(index.columns.begin(), index.columns.end(), [&](const IndexColumn &column) {
                return column.name == key && lower_ascii(column.collation) == "binary";
            });
        if (!found || mixes_number_types(table, position)) {
            return false;
        }
    }
    return true;
}

/// The value a new row will have. REPLACE fills a NULL with the column's default before it looks
/// for a clash, but after BEFORE triggers have run.
std::string new_value(const ColumnDescription &column) {
    const std::string value = of("NEW", column.name);
    return column.not_null && !column.default_sql.empty()
               ? "ifnull(" + value + ", " + column.default_sql + ")"
               : value;
}

/// "mask0 = mask0 | excluded.mask0", or the same with another operator.
std::string with_excluded(std::size_t word, std::string_view comparison) {
    const std::string mask = "mask" + std::to_string(word);
    return mask + std::string{comparison} + mask + " | excluded." + mask;
}

/// The rows that a new row would clash with in `index`.
std::string clash(const TableDescription &table, const IndexDescription &index) {
    std::string condition;
    for (const IndexColumn &column : index.columns) {
        append(condition, " AND ",
               of(identifier(table.name), column.name) + " = " +
                   new_value(*table.find_column(column.name)) + " COLLATE " + column.collation);
    }
    if (!index.predicate.empty()) {
        // The predicate may end in a comment of either kind, open to the end of its text.
        condition += " AND (" + index.predicate + "\n/**/)";
    }
    return condition;
}

/// " OF …" for the columns of an index; nothing where other columns decide as well.
std::string update_of(const TableDescription &table, const IndexDescription &index) {
    if (!index.predicate.empty()) {
        return "";
    }
    std::string columns;
    for (const IndexColumn &column : index.columns) {
        if (table.find_column(column.name)->generated != Generated::no) {
            return "";
        }
        append(columns, ", ", identifier(column.name));
    }
    return " OF " + columns;
}

/// The name by which the rowid can be reached; empty when columns have taken all three.
std::string rowid_name(const TableDescription &table) {
    for (const char *name : {"rowid", "_rowid_", "oid"}) {
        if (std::none_of(table.columns.begin(), table.columns.end(),
                         [&](const auto &column) { return lower_ascii(column.name) == name; })) {
            return name;
        }
    }
    return "";
}

} // namespace

Result<void> check_capturable(const TableDescription &table) {
    for (const auto check : {check_kind, check_key, check_indexes}) {
        if (Result<void> checked = check(table); !checked) {
            return checked;
        }
    }
    for (const ColumnDescription &column : table.columns) {
        if (column.hidden) {
            return refusal(table, "it has a hidden column", "Name an ordinary table.");
        }
    }
    return {};
}

std::string key_table(CaptureId capture) {
    return "postrider_capture_" + std::to_string(capture);
}

CaptureWriter::CaptureWriter(const TableDescription &table,
                             CaptureId capture,
                             const CaptureOptions &options)
    : table_(table), capture_(capture), words_(mask_words(table, options)), kept_(options.kept) {
    for (std::size_t position = 0; position < table.key.size(); ++position) {
        append(key_columns_, ", ", "k" + std::to_string(position));
        if (mixes_number_types(table, position)) {
            key_columns_ += ", t" + std::to_string(position);
        }
    }
}

std::string CaptureWriter::key_of(std::string_view row) const {
    std::string values;
    for (std::size_t position = 0; position < table_.key.size(); ++position) {
        const std::string value = of(row, table_.columns[table_.key[position]].name);
        append(values, ", ", value);
        if (mixes_number_types(table_, position)) {
            values += ", typeof(" + value + ")";
        }
    }
    return values;
}

std::string CaptureWriter::key_table_sql() const {
    std::string masks;
    for (std::size_t word = 0; word < words_; ++word) {
        masks += ", mask" + std::to_string(word) + " INTEGER NOT NULL";
    }
    return "CREATE TABLE " + identifier(key_table(capture_)) + "(" + key_columns_ +
           ", epoch INTEGER NOT NULL" + masks +
           (kept_.empty() ? "" : ", was INTEGER NOT NULL" + before_columns(", ")) +
           ", PRIMARY KEY(" + key_columns_ + ", epoch)) WITHOUT ROWID";
}

std::string CaptureWriter::insert_into_key_table() const {
    std::string masks;
    for (std::size_t word = 0; word < words_; ++word) {
        masks += ", mask" + std::to_string(word);
    }
    return "INSERT INTO " + identifier(key_table(capture_)) + "(" + key_columns_ + ", epoch" +
           masks + (kept_.empty() ? "" : ", was" + before_columns(", ")) + ") ";
}

/// ", o0, o1": the kept values, in columns without a type, which change nothing.
std::string CaptureWriter::before_columns(std::string_view separator) const {
    std::string columns;
    for (std::size_t index = 0; index < kept_.size(); ++index) {
        columns += std::string{separator} + "o" + std::to_string(index);
    }
    return columns;
}

/// Beside `was` and its columns; `row` is the one that was there.
std::string CaptureWriter::before_values(std::string_view row, Before before) const {
    if (kept_.empty()) {
        return "";
    }
    std::string values = ", " + std::to_string(static_cast<int>(before));
    for (const std::string &column : kept_) {
        values += ", " + (before == Before::known ? of(row, column) : "NULL");
    }
    return values;
}

std::string CaptureWriter::on_conflict() const {
    const std::string target = " ON CONFLICT(" + key_columns_ + ", epoch) DO ";
    if (words_ == 0) {
        return target + "NOTHING";
    }
    std::string assignments;
    std::string news;
    for (std::size_t word = 0; word < words_; ++word) {
        append(assignments, ", ", with_excluded(word, " = "));
        append(news, " OR ", with_excluded(word, " <> "));
    }
    return target + "UPDATE SET " + assignments + " WHERE " + news;
}

std::string CaptureWriter::all_columns_mask() const {
    std::string masks;
    for (std::size_t word = 0; word < words_; ++word) {
        masks += ", -1";
    }
    return masks;
}

std::string CaptureWriter::changed_columns_mask() const {
    if (words_ == 0) {
        return "";
    }
    std::vector<std::string> words(words_);
    std::size_t bit = 0;
    for (std::uint32_t index = 0; index < table_.columns.size(); ++index) {
        if (!table_.is_key(index)) {
            append(words[bit / mask_columns_per_word], " | ",
                   "((" + column_changed(table_.columns[index]) + ") << " +
                       std::to_string(bit % mask_columns_per_word) + ")");
            ++bit;
        }
    }
    std::string masks;
    for (const std::string &word : words) {
        masks += ", " + word;
    }
    return masks;
}

std::string CaptureWriter::key_changed() const {
    std::string condition;
    for (std::size_t position = 0; position < table_.key.size(); ++position) {
        const std::string &key = table_.columns[table_.key[position]].name;
        append(condition, " OR ", of("OLD", key) + " IS NOT " + of("NEW", key) + " COLLATE BINARY");
        if (mixes_number_types(table_, position)) {
            condition += " OR typeof(" + of("OLD", key) + ") <> typeof(" + of("NEW", key) + ")";
        }
    }
    return condition;
}

std::string
CaptureWriter::mark_row(std::string_view row, const std::string &masks, Before before) const {
    // A key that changes says of its old name what OLD was.
    return insert_into_key_table() + "VALUES(" + key_of(row) + ", " + std::string{epoch_value} +
           masks + before_values("OLD", before) + ")" + on_conflict() + "; ";
}

std::string CaptureWriter::mark_rows(std::string_view condition, Before before) const {
    return insert_into_key_table() + "SELECT " + key_of(identifier(table_.name)) + ", " +
           std::string{epoch_value} + all_columns_mask() +
           before_values(identifier(table_.name), before) + " FROM " + identifier(table_.name) +
           " WHERE " + std::string{condition} + on_conflict();
}

std::string CaptureWriter::mark_key() const {
    std::string values;
    for (std::size_t position = 0; position < table_.key.size(); ++position) {
        const std::string parameter = "?" + std::to_string(position + 1);
        append(values, ", ", parameter);
        if (mixes_number_types(table_, position)) {
            values += ", typeof(" + parameter + ")";
        }
    }
    return insert_into_key_table() + "VALUES(" + values + ", " + std::string{epoch_value} +
           all_columns_mask() + before_values("", Before::unknown) + ")" + on_conflict();
}

std::string CaptureWriter::unmark_key() const {
    std::string condition;
    for (std::size_t position = 0; position < table_.key.size(); ++position) {
        const std::string number = std::to_string(position);
        const std::string parameter = "?" + std::to_string(position + 1);
        append(condition, " AND ", "k");
        condition += number;
        condition += " = ";
        condition += parameter;
        if (mixes_number_types(table_, position)) {
            condition += " AND t";
            condition += number;
            condition += " = typeof(";
            condition += parameter;
            condition += ")";
        }
    }
    return "DELETE FROM main." + identifier(key_table(capture_)) + " WHERE " + condition;
}

std::string CaptureWriter::mark_all_columns() const {
    std::string assignments;
    for (std::size_t word = 0; word < words_; ++word) {
        append(assignments, ", ", "mask" + std::to_string(word) + " = -1");
    }
    return "UPDATE main." + identifier(key_table(capture_)) + " SET " + assignments;
}

std::string CaptureWriter::carry_over(std::string_view old_table) const {
    return insert_into_key_table() + "SELECT " + key_columns_ + ", epoch" + all_columns_mask() +
           before_values("", Before::unknown) + " FROM main." + identifier(old_table);
}

TriggerText CaptureWriter::trigger(std::string_view suffix, std::string_view rest) const {
    const std::string name = key_table(capture_) + "_" + std::string{suffix};
    return {name, "CREATE TRIGGER " + identifier(name) + " " + std::string{rest} + "END"};
}

CaptureSchema CaptureWriter::schema() const {
    CaptureSchema schema;
    schema.key_table = key_table(capture_);
    schema.key_table_sql = key_table_sql();
    const std::string on = " ON " + identifier(table_.name) + " ";
    const std::string all = all_columns_mask();
    // A row that moves onto another key is new there: its mask has to name every column.
    const std::string arrived =
        words_ == 0 && kept_.empty() ? "" : mark_row("NEW", all, Before::absent);
    // With kept columns only one trigger may speak of a new key: they fire in no certain order.
    const std::string stayed = kept_.empty() ? "" : "WHEN NOT (" + key_changed() + ") ";
    schema.triggers.push_back(
        trigger("insert", "AFTER INSERT" + on + "BEGIN " + mark_row("NEW", all, Before::absent)));
    schema.triggers.push_back(
        trigger("update", "AFTER UPDATE" + on + stayed + "BEGIN " +
                              mark_row("NEW", changed_columns_mask(), Before::known)));
    schema.triggers.push_back(trigger("key", "AFTER UPDATE" + on + "WHEN " + key_changed() +
                                                 " BEGIN " + mark_row("OLD", all, Before::known) +
                                                 arrived));
    schema.triggers.push_back(
        trigger("delete", "AFTER DELETE" + on + "BEGIN " + mark_row("OLD", all, Before::known)));
    add_guards(schema);
    add_rowid_guard(schema);
    add_key_guard(schema);
    return schema;
}

void CaptureWriter::add_guards(CaptureSchema &schema) const {
    std::size_t number = 0;
    for (const IndexDescription &index : table_.indexes) {
        // What REPLACE is about to delete under the same key is marked by its successor, but the
        // values that it had only here.
        if (index.unique && (!kept_.empty() || !leads_to_same_key(table_, index))) {
            add_guard(schema, index, "unique" + std::to_string(number++));
        }
    }
}

void CaptureWriter::add_guard(CaptureSchema &schema,
                              const IndexDescription &index,
                              const std::string &suffix) const {
    const std::string on = " ON " + identifier(table_.name) + " ";
    const std::string condition = clash(table_, index);
    const std::string when = "WHEN EXISTS(SELECT 1 FROM " + identifier(table_.name) + " WHERE " +
                             condition + ") BEGIN " + mark_rows(condition, Before::known) + "; ";
    schema.triggers.push_back(trigger(suffix + "_insert", "BEFORE INSERT" + on + when));
    schema.triggers.push_back(
        trigger(suffix + "_update", "BEFORE UPDATE" + update_of(table_, index) + on + when));
}

/// REPLACE also deletes the row that has the new row's rowid, where the rowid is not the key.
void CaptureWriter::add_rowid_guard(CaptureSchema &schema) const {
    const std::string rowid = rowid_name(table_);
    if (table_.without_rowid || is_rowid_alias(table_) || rowid.empty()) {
        return;
    }
    const std::string on = " ON " + identifier(table_.name) + " ";
    const std::string condition = identifier(table_.name) + "." + rowid + " = NEW." + rowid;
    const std::string exists = "EXISTS(SELECT 1 FROM " + identifier(table_.name) + " WHERE " +
                               condition + ") BEGIN " + mark_rows(condition, Before::known) + "; ";
    schema.triggers.push_back(trigger("rowid_insert", "BEFORE INSERT" + on + "WHEN " + exists));
    schema.triggers.push_back(trigger("rowid_update", "BEFORE UPDATE" + on + "WHEN NEW." + rowid +
                                                          " <> OLD." + rowid + " AND " + exists));
}

/// With kept columns, REPLACE of a row whose key is the rowid, which has no index, is told too.
void CaptureWriter::add_key_guard(CaptureSchema &schema) const {
    if (kept_.empty() || !is_rowid_alias(table_)) {
        return;
    }
    const std::string &key = table_.columns[table_.key.front()].name;
    const std::string on = " ON " + identifier(table_.name) + " ";
    const std::string condition = of(identifier(table_.name), key) + " = " + of("NEW", key);
    const std::string exists = "EXISTS(SELECT 1 FROM " + identifier(table_.name) + " WHERE " +
                               condition + ") BEGIN " + mark_rows(condition, Before::known) + "; ";
    schema.triggers.push_back(trigger("same_insert", "BEFORE INSERT" + on + "WHEN " + exists));
    schema.triggers.push_back(trigger("same_update", "BEFORE UPDATE" + on + "WHEN " +
                                                         of("NEW", key) + " <> " + of("OLD", key) +
                                                         " AND " + exists));
}

CollectQuery CaptureWriter::collect(Names columns) const {
    CollectQuery query;
    const std::string first_key = of("x", table_.columns[table_.key.front()].name);
    std::string selected = first_key + " IS NOT NULL";
    std::string order;
    for (std::size_t position = 0; position < table_.key.size(); ++position) {
        // The row's own spelling where there is a row (-0.0 and 0.0 are one key).
        selected += ", ifnull(" + of("x", table_.columns[table_.key[position]].name) + ", k.k" +
                    std::to_string(position) + ")";
        append(order, ", ", "k.k" + std::to_string(position));
        if (mixes_number_types(table_, position)) {
            order += ", k.t" + std::to_string(position);
        }
    }
    for (std::size_t word = 0; word < words_; ++word) {
        selected += ", k.mask" + std::to_string(word);
    }
    if (!kept_.empty()) {
        selected += ", k.was" + before_columns(", k.");
    }
    for (const std::string &column : columns) {
        selected += ", " + of("x", column);
    }
    query.key_count = table_.key.size();
    query.mask_begin = query.key_begin + query.key_count;
    query.mask_words = words_;
    query.before = query.mask_begin + words_;
    query.kept_count = kept_.size();
    query.row_begin = query.before + (kept_.empty() ? 0 : 1 + kept_.size());
    query.sql = "SELECT " + selected + " FROM main." + identifier(key_table(capture_)) +
                " AS k LEFT JOIN main." + identifier(table_.name) + " AS x ON " +
                same_key(table_, "x.",
                         [](std::size_t position) { return "k.k" + std::to_string(position); }) +
                " WHERE k.epoch <= ?1 ORDER BY " + order + ", k.epoch";
    return query;
}

} // namespace postrider::dialect::sqlite_text

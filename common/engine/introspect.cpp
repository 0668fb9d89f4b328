// The catalogue's rows as a TableDescription, and capture as the catalogue has it against what it
// should be.
#include "common/engine/introspect.hpp"

#include <algorithm>
#include <map>

#include "common/engine/kept_columns.hpp"

namespace postrider::engine {

namespace {

std::string text_of(const Value &value) {
    const Text *text = value.as<Text>();
    return text == nullptr ? "" : text->text;
}

std::int64_t integer_of(const Value &value) {
    const auto *integer = value.as<std::int64_t>();
    return integer == nullptr ? 0 : *integer;
}

dialect::TableKind kind_of(std::string_view name) {
    static const std::map<std::string_view, dialect::TableKind> kinds = {
        {"table", dialect::TableKind::table},
        {"view", dialect::TableKind::view},
        {"virtual", dialect::TableKind::virtual_table},
        {"shadow", dialect::TableKind::shadow},
        {"unlogged", dialect::TableKind::unlogged},
        {"inherited", dialect::TableKind::inherited},
    };
    const auto found = kinds.find(name);
    return found == kinds.end() ? dialect::TableKind::temporary : found->second;
}

dialect::ForeignKeyAction action_of(std::string_view name) {
    static const std::map<std::string_view, dialect::ForeignKeyAction> actions = {
        {"RESTRICT", dialect::ForeignKeyAction::restrict},
        {"CASCADE", dialect::ForeignKeyAction::cascade},
        {"SET NULL", dialect::ForeignKeyAction::set_null},
        {"SET DEFAULT", dialect::ForeignKeyAction::set_default},
    };
    const auto found = actions.find(name);
    return found == actions.end() ? dialect::ForeignKeyAction::none : found->second;
}

/// Calls `take` with each row of a catalogue query about `table`.
void each_row(Transaction &transaction,
              const std::string &sql,
              const std::string &table,
              const std::function<void(const Row &)> &take) {
    for (const Row &row : transaction.catalogue(sql, {Value::text(table)})) {
        take(row);
    }
}

void read_columns(Transaction &transaction,
                  const dialect::Dialect &dialect,
                  dialect::TableDescription &table) {
    std::map<std::int64_t, std::uint32_t> key; // position in the key → column
    each_row(transaction, dialect.describe_columns(), table.name, [&](const Row &row) {
        dialect::ColumnDescription column;
        const std::string declared = text_of(row[1]);
        column.name = text_of(row[0]);
        column.type = dialect.neutral_type(declared);
        // A STRICT table's ANY converts nothing; elsewhere it is a word without meaning.
        const bool keeps_all = table.strict && declared == "ANY";
        column.affinity = keeps_all ? dialect::Affinity::none : dialect.affinity(declared);
        column.not_null = integer_of(row[2]) != 0;
        column.default_sql = text_of(row[3]);
        if (integer_of(row[4]) > 0) {
            key[integer_of(row[4])] = static_cast<std::uint32_t>(table.columns.size());
        }
        column.generated = static_cast<dialect::Generated>(integer_of(row[5]));
        column.hidden = integer_of(row[6]) != 0;
        table.columns.push_back(std::move(column));
    });
    for (const auto &[position, column] : key) {
        table.key.push_back(column);
    }
    each_row(transaction, dialect.table_definition(), table.name, [&](const Row &row) {
        const auto collations = dialect.column_collations(text_of(row[0]));
        for (dialect::ColumnDescription &column : table.columns) {
            if (const auto found = collations.find(column.name); found != collations.end()) {
                column.collation = found->second;
            }
        }
    });
}

void read_indexes(Transaction &transaction,
                  const dialect::Dialect &dialect,
                  dialect::TableDescription &table) {
    each_row(transaction, dialect.describe_indexes(), table.name, [&](const Row &row) {
        const std::string name = text_of(row[0]);
        if (table.indexes.empty() || table.indexes.back().name != name) {
            dialect::IndexDescription index;
            index.name = name;
            index.unique = integer_of(row[1]) != 0;
            index.primary = integer_of(row[2]) != 0;
            index.deferrable = integer_of(row[7]) != 0;
            if (integer_of(row[3]) != 0) {
                index.predicate = dialect.index_predicate(text_of(row[6]));
            }
            table.indexes.push_back(std::move(index));
        }
        table.indexes.back().columns.push_back({text_of(row[4]), text_of(row[5])});
    });
}

void read_foreign_keys(Transaction &transaction,
                       const dialect::Dialect &dialect,
                       dialect::TableDescription &table) {
    std::int64_t last = -1;
    each_row(transaction, dialect.describe_foreign_keys(), table.name, [&](const Row &row) {
        if (table.foreign_keys.empty() || integer_of(row[0]) != last) {
            last = integer_of(row[0]);
            dialect::ForeignKeyDescription foreign_key;
            foreign_key.parent = text_of(row[1]);
            foreign_key.on_update = action_of(text_of(row[4]));
            foreign_key.on_delete = action_of(text_of(row[5]));
            foreign_key.match_full = integer_of(row[6]) != 0;
            table.foreign_keys.push_back(std::move(foreign_key));
        }
        dialect::ForeignKeyDescription &foreign_key = table.foreign_keys.back();
        foreign_key.columns.push_back(text_of(row[2]));
        if (!row[3].is_null()) {
            foreign_key.parent_columns.push_back(text_of(row[3]));
        }
        if (integer_of(row[7]) != 0) {
            foreign_key.cleared_on_delete.push_back(text_of(row[2]));
        }
    });
    for (dialect::ForeignKeyDescription &foreign_key : table.foreign_keys) {
        if (foreign_key.cleared_on_delete == foreign_key.columns) {
            foreign_key.cleared_on_delete.clear();
        }
    }
}

void read_parts(Transaction &transaction,
                const dialect::Dialect &dialect,
                dialect::TableDescription &table) {
    if (const std::string sql = dialect.describe_parts(); !sql.empty()) {
        each_row(transaction, sql, table.name,
                 [&](const Row &row) { table.parts.push_back(text_of(row[0])); });
    }
}

/// Edits (one letter in, out or exchanged) that turn one name into the other.
std::size_t distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    for (std::size_t index = 0; index < row.size(); ++index) {
        row[index] = index;
    }
    for (std::size_t line = 1; line <= from.size(); ++line) {
        std::size_t diagonal = row[0];
        row[0] = line;
        for (std::size_t index = 1; index <= to.size(); ++index) {
            const std::size_t above = row[index];
            const std::size_t exchanged = diagonal + (from[line - 1] == to[index - 1] ? 0 : 1);
            row[index] = std::min({above + 1, row[index - 1] + 1, exchanged});
            diagonal = above;
        }
    }
    return row.back();
}

Error no_such_table(Transaction &transaction,
                    const dialect::Dialect &dialect,
                    std::string_view name) {
    constexpr std::size_t compared_bytes_max = 255;
    std::string nearest;
    std::size_t best = name.size() / 2 + 1; // farther than that is another word
    if (name.size() <= compared_bytes_max) {
        for (const std::string &each : list_tables(transaction, dialect)) {
            const std::size_t edits =
                each.size() > compared_bytes_max ? best : distance(name, each);
            if (edits < best) {
                best = edits;
                nearest = each;
            }
        }
    }
    return {Errc::refused, "table \"" + std::string{name} + "\" does not exist", "",
            nearest.empty() ? "Create the table first." : "Did you mean \"" + nearest + "\"?"};
}

/// Name → text of everything that bears the capture's name.
std::vector<dialect::TriggerText>
list_capture(Transaction &transaction, const dialect::Dialect &dialect, dialect::CaptureId id) {
    std::vector<dialect::TriggerText> found;
    const auto cursor = transaction.query(dialect.list_capture(), {Value{std::int64_t{id}}});
    while (const Row *row = cursor->next()) {
        found.push_back({text_of((*row)[0]), text_of((*row)[1]), text_of((*row)[2])});
    }
    return found;
}

const dialect::TriggerText *find(const std::vector<dialect::TriggerText> &texts,
                                 std::string_view name) {
    const auto found = std::find_if(texts.begin(), texts.end(),
                                    [&](const auto &each) { return each.name == name; });
    return found == texts.end() ? nullptr : &*found;
}

void drop_triggers(Transaction &transaction,
                   const std::vector<dialect::TriggerText> &existing,
                   std::string_view key_table) {
    for (const dialect::TriggerText &each : existing) {
        if (each.name != key_table) {
            transaction.define(each.drop_sql);
        }
    }
}

/// Key tables that belong to none of the captures in use.
std::vector<std::string> leftovers(Transaction &transaction,
                                   const dialect::KeyCapture &keys,
                                   const std::vector<dialect::CaptureId> &in_use) {
    std::vector<std::string> tables;
    for (const Row &row : transaction.catalogue(keys.list_key_tables())) {
        const std::string name = text_of(row.front());
        const bool used = std::any_of(in_use.begin(), in_use.end(), [&](dialect::CaptureId id) {
            return name == keys.key_table(id);
        });
        if (!used) {
            tables.push_back(name);
        }
    }
    return tables;
}

/// "k0, t0" out of the key table's definition.
std::string_view key_columns_of(std::string_view key_table_sql) {
    const std::size_t begin = key_table_sql.find('(');
    return key_table_sql.substr(begin, key_table_sql.find(", epoch ") - begin);
}

/// The mask has another width, or the key other columns. In the latter case the keys that were
/// noted mean nothing any more: all rows are marked, and what was deleted is known to nobody.
void rebuild_key_table(Transaction &transaction,
                       const dialect::Dialect &dialect,
                       const dialect::TableDescription &table,
                       const Capture &capture,
                       const std::string &old_sql) {
    const dialect::KeyCapture &keys = *dialect.keys();
    const dialect::CaptureSchema schema =
        dialect.capture_schema(table, capture.id, capture.options);
    const std::string old_table =
        schema.key_table + "_old" + std::to_string(leftovers(transaction, keys, {}).size());
    transaction.execute_script("ALTER TABLE main." + dialect.quote_identifier(schema.key_table) +
                               " RENAME TO " + dialect.quote_identifier(old_table));
    transaction.execute_script(schema.key_table_sql);
    if (key_columns_of(old_sql) == key_columns_of(schema.key_table_sql)) {
        transaction.execute(keys.carry_over(table, capture.id, capture.options, old_table));
    } else {
        transaction.execute(keys.mark_all(table, capture.id, capture.options));
    }
    // DROP TABLE fails as long as a statement reads, and we may be called by one: `drop_leftovers`.
    transaction.execute("DELETE FROM main." + dialect.quote_identifier(old_table));
}

void install_key_table(Transaction &transaction,
                       const dialect::Dialect &dialect,
                       const dialect::TableDescription &table,
                       const Capture &capture,
                       const dialect::TriggerText *existing) {
    const dialect::CaptureSchema schema =
        dialect.capture_schema(table, capture.id, capture.options);
    if (existing == nullptr) {
        transaction.execute_script(schema.key_table_sql);
    } else if (existing->sql != schema.key_table_sql) {
        rebuild_key_table(transaction, dialect, table, capture, existing->sql);
    } else if (dialect::mask_words(table, capture.options) > 0) {
        transaction.execute(dialect.keys()->mark_all_columns(table, capture.id, capture.options));
    }
}

} // namespace

Result<dialect::TableDescription>
describe_table(Transaction &transaction, const dialect::Dialect &dialect, std::string_view name) {
    dialect::TableDescription table;
    bool found = false;
    each_row(transaction, dialect.describe_table(), std::string{name}, [&](const Row &row) {
        found = true;
        table.name = text_of(row[0]);
        table.kind = kind_of(text_of(row[1]));
        table.without_rowid = integer_of(row[2]) != 0;
        table.strict = integer_of(row[3]) != 0;
        table.hidden_by_temporary = integer_of(row[4]) != 0;
    });
    if (!found) {
        return no_such_table(transaction, dialect, name);
    }
    read_columns(transaction, dialect, table);
    read_indexes(transaction, dialect, table);
    read_foreign_keys(transaction, dialect, table);
    read_parts(transaction, dialect, table);
    return table;
}

std::vector<std::string> list_tables(Transaction &transaction, const dialect::Dialect &dialect) {
    std::vector<std::string> names;
    const auto cursor = transaction.query(dialect.list_tables());
    while (const Row *row = cursor->next()) {
        names.push_back(text_of(row->front()));
    }
    return names;
}

Result<void> check_capturable(const dialect::Dialect &dialect,
                              const dialect::TableDescription &table,
                              const Capture &capture) {
    const Result<void> capturable = dialect.check_capturable(table);
    return capturable ? check_kept(table, capture.options.kept) : capturable;
}

Result<void> install_capture(Transaction &transaction,
                             const dialect::Dialect &dialect,
                             const dialect::TableDescription &table,
                             const Capture &capture) {
    if (Result<void> capturable = check_capturable(dialect, table, capture); !capturable) {
        return capturable;
    }
    const dialect::CaptureSchema schema =
        dialect.capture_schema(table, capture.id, capture.options);
    const auto existing = list_capture(transaction, dialect, capture.id);
    drop_triggers(transaction, existing, schema.key_table);
    if (dialect.keys() != nullptr) {
        install_key_table(transaction, dialect, table, capture, find(existing, schema.key_table));
    }
    for (const dialect::TriggerText &trigger : schema.triggers) {
        transaction.define(trigger.sql);
    }
    return {};
}

void remove_capture(Transaction &transaction,
                    const dialect::Dialect &dialect,
                    dialect::CaptureId capture) {
    const auto existing = list_capture(transaction, dialect, capture);
    const std::string key_table =
        dialect.keys() == nullptr ? "" : dialect.keys()->key_table(capture);
    // The triggers first: without the table they would make every write of the user fail.
    drop_triggers(transaction, existing, key_table);
    if (find(existing, key_table) != nullptr) {
        transaction.execute("DELETE FROM main." + dialect.quote_identifier(key_table));
    }
}

void drop_leftovers(Transaction &transaction,
                    const dialect::Dialect &dialect,
                    const std::vector<dialect::CaptureId> &in_use) {
    if (dialect.keys() == nullptr) {
        return;
    }
    for (const std::string &table : leftovers(transaction, *dialect.keys(), in_use)) {
        transaction.execute_script("DROP TABLE main." + dialect.quote_identifier(table));
    }
}

std::vector<std::string> check_capture(Transaction &transaction,
                                       const dialect::Dialect &dialect,
                                       const dialect::TableDescription &table,
                                       const Capture &capture) {
    if (const Result<void> capturable = check_capturable(dialect, table, capture); !capturable) {
        return {capturable.error().message};
    }
    std::vector<std::string> problems;
    const dialect::CaptureSchema schema =
        dialect.capture_schema(table, capture.id, capture.options);
    const auto existing = list_capture(transaction, dialect, capture.id);
    const dialect::TriggerText *key_table = find(existing, schema.key_table);
    if (schema.key_table.empty()) {
        // Changes are noted in a log that all captures share.
    } else if (key_table == nullptr) {
        problems.push_back("Table \"" + schema.key_table + "\" is missing.");
    } else if (key_table->sql != schema.key_table_sql) {
        problems.push_back("Table \"" + schema.key_table + "\" does not fit the captured table.");
    }
    for (const dialect::TriggerText &trigger : schema.triggers) {
        if (std::any_of(existing.begin(), existing.end(),
                        [&](const auto &each) { return each.sql == trigger.sql; })) {
            continue;
        }
        const bool is_there = find(existing, trigger.name) != nullptr;
        problems.push_back("Trigger \"" + trigger.name + "\" " +
                           (is_there ? "was altered." : "is missing."));
    }
    return problems;
}

} // namespace postrider::engine

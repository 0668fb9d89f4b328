// From descriptions of tables to statements of the dialect; nothing of a peer's text is SQL.
#include "common/engine/missing_tables.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/dialect/sql_text.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/table_names.hpp"

namespace postrider::engine {

namespace {

Error cannot_be_made(const std::string &table, const std::string &why) {
    return {Errc::refused,
            "table \"" + printable(table) + "\" cannot be made here: " + why,
            {},
            "Create the table here by hand, or let the peer correct its own."};
}

std::set<std::string> key_columns(const dialect::TableDescription &table) {
    std::set<std::string> names;
    for (const std::uint32_t index : table.key) {
        names.insert(table.columns[index].name);
    }
    return names;
}

std::vector<std::string> key_list(const dialect::TableDescription &table) {
    std::vector<std::string> names;
    for (const std::uint32_t index : table.key) {
        names.push_back(table.columns[index].name);
    }
    return names;
}

/// Keys that are compared otherwise than byte by byte may find a parent here that a new table,
/// which has no collations, would not find.
bool has_plain_key(const dialect::TableDescription &table) {
    for (const dialect::IndexDescription &index : table.indexes) {
        for (const dialect::IndexColumn &column : index.columns) {
            if (index.primary && column.collation != "BINARY") {
                return false;
            }
        }
    }
    return true;
}

const ResolvedTable *
find_table(const dialect::Dialect &dialect, const ResolvedTask &task, const std::string &name) {
    const auto found =
        std::find_if(task.tables.begin(), task.tables.end(), [&](const ResolvedTable &each) {
            return dialect.folded(each.description.name) == dialect.folded(name);
        });
    return found == task.tables.end() ? nullptr : &*found;
}

bool has_columns(const TableSchema &schema, const std::vector<std::string> &names) {
    return std::all_of(names.begin(), names.end(), [&](const std::string &name) {
        return std::any_of(schema.columns.begin(), schema.columns.end(),
                           [&](const Column &column) { return column.name == name; });
    });
}

/// The names on the wire; none if one of the columns does not travel.
std::optional<std::vector<std::string>> names_on_wire(const ColumnList &columns,
                                                      const std::vector<std::string> &here) {
    std::vector<std::string> names;
    for (const std::string &each : here) {
        const auto name = columns.on_wire(each);
        if (!name) {
            return std::nullopt;
        }
        names.push_back(*name);
    }
    return names;
}

std::vector<wire::OfferedForeignKey> foreign_keys_to_offer(const dialect::Dialect &dialect,
                                                           const ResolvedTask &task,
                                                           const ResolvedTable &table) {
    std::vector<wire::OfferedForeignKey> keys;
    for (const dialect::ForeignKeyDescription &each : table.description.foreign_keys) {
        const ResolvedTable *parent = find_table(dialect, task, each.parent);
        if (parent == nullptr || !has_plain_key(parent->description)) {
            continue;
        }
        const std::vector<std::string> referenced =
            each.parent_columns.empty() ? key_list(parent->description) : each.parent_columns;
        const bool to_the_key =
            std::set(referenced.begin(), referenced.end()) == key_columns(parent->description) &&
            referenced.size() == each.columns.size();
        const auto columns = names_on_wire(table.columns, each.columns);
        const auto parents = names_on_wire(parent->columns, referenced);
        if (to_the_key && columns && parents && keys.size() < limits::table_foreign_keys_max) {
            keys.push_back({*columns, parent->wire_name, *parents});
        }
    }
    return keys;
}

std::set<std::string> schema_key(const TableSchema &schema) {
    std::set<std::string> names;
    for (const std::uint32_t index : schema.key) {
        names.insert(schema.columns.at(index).name);
    }
    return names;
}

Result<void> check_new_columns(const dialect::Dialect &dialect,
                               const std::string &table,
                               const TableSchema &schema) {
    std::set<std::string> names;
    for (const Column &column : schema.columns) {
        if (column.name.empty() || column.name.find('\0') != std::string::npos) {
            return cannot_be_made(table, "a column has a name that it cannot have");
        }
        if (!names.insert(dialect.folded(column.name)).second) {
            return cannot_be_made(table, "two of its columns differ only in the case of letters");
        }
    }
    return {};
}

/// Makes statements; knows where each table of the description is, or would be.
class Maker {
  public:
    Maker(const Session &session, const TablePatterns &patterns)
        : session_(session), patterns_(patterns) {}

    Result<void> find_places() {
        std::set<std::string> fresh;
        for (const wire::OfferedTable &offered : patterns_.tables) {
            Result<LocalPlace> place = find_place(session_, offered);
            if (!place) {
                return place.error();
            }
            if (!place->exists && !fresh.insert(session_.dialect.folded(place->name)).second) {
                return cannot_be_made(place->name,
                                      "another one differs only in the case of letters");
            }
            places_.insert_or_assign(offered.wire_name, *std::move(place));
        }
        return {};
    }

    Result<ActionRows> statements(const std::set<std::string> &extended) {
        ActionRows rows;
        ActionRows references; // each parent before its children is no order where they form a ring
        for (const wire::OfferedTable &offered : patterns_.tables) {
            const LocalPlace &place = places_.at(offered.wire_name);
            if (place.exists) {
                add_columns(offered, place, extended, rows);
                continue;
            }
            const Result<dialect::NewTable> table = new_table(offered, place);
            if (!table) {
                return table.error();
            }
            rows.push_back({"create", "table " + place.name,
                            session_.dialect.create_missing_table(*table, patterns_.engine)});
            if (std::string keys = session_.dialect.add_missing_foreign_keys(*table);
                !keys.empty()) {
                references.push_back({"change", "table " + place.name, std::move(keys)});
            }
        }
        std::move(references.begin(), references.end(), std::back_inserter(rows));
        return rows;
    }

  private:
    Result<dialect::NewTable> new_table(const wire::OfferedTable &offered,
                                        const LocalPlace &place) {
        if (Result<void> name = session_.dialect.check_new_name(place.name); !name) {
            return name.error();
        }
        if (!offered.schema) {
            return cannot_be_made(place.name, "the peer has no such table either");
        }
        if (Result<void> columns = check_new_columns(session_.dialect, place.name, *offered.schema);
            !columns) {
            return columns.error();
        }
        dialect::NewTable table{place.name, offered.schema->columns, offered.schema->key, {}};
        for (const wire::OfferedForeignKey &key : offered.foreign_keys) {
            if (leads_to_a_key(*offered.schema, key)) {
                table.foreign_keys.push_back(
                    {key.columns, places_.at(key.parent).name, key.parent_columns});
            }
        }
        return table;
    }

    /// Other foreign keys would make every write fail.
    [[nodiscard]] bool leads_to_a_key(const TableSchema &schema,
                                      const wire::OfferedForeignKey &key) const {
        const auto offered =
            std::find_if(patterns_.tables.begin(), patterns_.tables.end(),
                         [&](const auto &each) { return each.wire_name == key.parent; });
        if (offered == patterns_.tables.end() || !offered->schema ||
            !has_columns(schema, key.columns)) {
            return false;
        }
        std::set<std::string> parent_key = schema_key(*offered->schema);
        if (const LocalPlace &parent = places_.at(key.parent); parent.exists) {
            // The task may call its columns something else than they are called here.
            const Result<dialect::TableDescription> here =
                describe_table(session_.transaction, session_.dialect, parent.name);
            parent_key = here ? key_columns(*here) : std::set<std::string>{};
        }
        return std::set(key.parent_columns.begin(), key.parent_columns.end()) == parent_key &&
               key.parent_columns.size() == parent_key.size();
    }

    void add_columns(const wire::OfferedTable &offered,
                     const LocalPlace &place,
                     const std::set<std::string> &extended,
                     ActionRows &rows) const {
        const Result<dialect::TableDescription> here =
            describe_table(session_.transaction, session_.dialect, place.name);
        if (!offered.schema || !here || !extended.contains(here->name)) {
            return; // whether it fits is looked at by who takes the task over
        }
        for (const Column &column : offered.schema->columns) {
            if (here->find_column(column.name) == nullptr) {
                rows.push_back(
                    {"change", "table " + here->name,
                     session_.dialect.add_missing_column(here->name, column, patterns_.engine)});
            }
        }
    }

    const Session &session_;
    const TablePatterns &patterns_;
    std::map<std::string, LocalPlace> places_; // by wire name
};

} // namespace

std::vector<wire::OfferedTable> tables_to_offer(const dialect::Dialect &dialect,
                                                const ResolvedTask &task) {
    std::vector<wire::OfferedTable> tables;
    for (const ResolvedTable &table : task.tables) {
        wire::OfferedTable offered;
        offered.wire_name = table.wire_name;
        offered.local_name = table.suggestion;
        if (!table.description.columns.empty()) {
            TableSchema here = table.description.schema();
            for (Column &column : here.columns) {
                column.type = dialect.pattern_type(table.description,
                                                   *table.description.find_column(column.name));
            }
            offered.schema = on_wire(here, table.columns).schema;
            offered.schema->name = table.wire_name;
            offered.foreign_keys = foreign_keys_to_offer(dialect, task, table);
        }
        tables.push_back(std::move(offered));
    }
    return tables;
}

Result<LocalPlace> find_place(const Session &session, const wire::OfferedTable &offered) {
    const Result<task::ObjectName> suggested = task::parse_object(offered.local_name);
    if (!suggested) {
        return Error{Errc::refused,
                     "the peer suggests \"" + printable(offered.local_name) +
                         "\", which is not the name of a table",
                     {},
                     "Let the peer correct AS in its task."};
    }
    const std::optional<task::Identifier> name = known_name(session.dialect, *suggested);
    if (!name) {
        return LocalPlace{suggested->parts.back().text, true};
    }
    if (describe_table(session.transaction, session.dialect, name->text)) {
        return LocalPlace{name->text, true};
    }
    const bool as_there =
        !name->exact && dialect::lower_ascii(name->text) == dialect::lower_ascii(offered.wire_name);
    return LocalPlace{as_there ? offered.wire_name : name->text, false};
}

std::optional<std::string> why_no_name(const dialect::Dialect &dialect,
                                       const std::vector<wire::OfferedTable> &tables) {
    for (const wire::OfferedTable &offered : tables) {
        const Result<task::ObjectName> suggested = task::parse_object(offered.local_name);
        if (suggested && !known_name(dialect, *suggested)) {
            return "no table is called " + task::print(*suggested) + " in a database of kind " +
                   std::string{dialect.name()} + "; give the table a name there, as in " +
                   task::print(*suggested) + " AS " +
                   task::print(task::ObjectName{{suggested->parts.back()}});
        }
    }
    return std::nullopt;
}

Result<std::vector<std::string>> missing_tables(const Session &session,
                                                const std::vector<wire::OfferedTable> &tables) {
    std::vector<std::string> names;
    for (const wire::OfferedTable &offered : tables) {
        const Result<LocalPlace> place = find_place(session, offered);
        if (!place) {
            return place.error();
        }
        if (!place->exists) {
            names.push_back(place->name);
        }
    }
    return names;
}

Result<ActionRows> missing_table_statements(const Session &session,
                                            const TablePatterns &patterns,
                                            const std::set<std::string> &extended) {
    Maker maker{session, patterns};
    if (Result<void> found = maker.find_places(); !found) {
        return found.error();
    }
    return maker.statements(extended);
}

Result<ActionRows> make_missing_tables(const Session &session,
                                       const TablePatterns &patterns,
                                       const std::set<std::string> &extended) {
    Result<ActionRows> rows = missing_table_statements(session, patterns, extended);
    if (rows) {
        for (const ActionRow &row : *rows) {
            session.transaction.define(row.detail);
        }
    }
    return rows;
}

Result<bool> add_missing_columns(const Session &session,
                                 const Peer &peer,
                                 const TableSchema &schema,
                                 const dialect::TableDescription &table) {
    const auto row = first_row(session.transaction,
                               "SELECT t.statement, tp.engine FROM @task t"
                               " JOIN @task_table tt ON tt.task_id = t.task_id"
                               " JOIN @task_peer tp ON tp.task_id = t.task_id"
                               " WHERE tp.peer_id = ?1 AND t.direction = 'receive'"
                               " AND tt.wire_name = ?2",
                               {peer.peer_id, Value::text(schema.name)});
    if (!row) {
        return false;
    }
    const Result<task::TaskText> parsed = task::parse_stored(text_at(*row, 0));
    ensure(parsed && parsed->statements.size() == 1, "the statement of a task was printed by us");
    if (!std::get<task::Task>(parsed->statements.front()).create_missing) {
        return false;
    }
    if (Result<void> names = check_new_columns(session.dialect, table.name, schema); !names) {
        return names.error();
    }
    bool added = false;
    for (const Column &column : schema.columns) {
        if (table.find_column(column.name) == nullptr) {
            session.transaction.define(
                session.dialect.add_missing_column(table.name, column, text_at(*row, 1)));
            added = true;
        }
    }
    return added;
}

} // namespace postrider::engine

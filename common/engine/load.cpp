// Reading chunks, and the parents that changes need before their chunk has come.
#include "common/engine/load.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "common/base/limits.hpp"
#include "common/engine/collect.hpp"
#include "common/engine/foreign_keys.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/kept_columns.hpp"
#include "common/engine/packed_key.hpp"
#include "common/engine/piece_writer.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/table_rights.hpp"

namespace postrider::engine {

namespace {

/// Rows of a table as changes.
struct RowShape {
    explicit RowShape(const OpenLoad &load) : schema(load.table.schema()) {
        const std::set<std::uint32_t> key(schema.key.begin(), schema.key.end());
        for (std::uint32_t index = 0; index < schema.columns.size(); ++index) {
            names.push_back(schema.columns[index].name);
            if (std::find(load.kept.begin(), load.kept.end(), names.back()) != load.kept.end()) {
                kept.push_back(index);
            }
            if (!key.contains(index)) {
                outside_key.push_back(index);
            }
        }
    }

    [[nodiscard]] Key key_of(const Row &row) const {
        Key key;
        for (const std::uint32_t column : schema.key) {
            key.push_back(row[column]);
        }
        return key;
    }

    [[nodiscard]] postrider::Change upsert_of(const Row &row) const {
        postrider::Change change{
            .operation = Operation::upsert, .new_values = {}, .old_values = {}};
        for (const std::uint32_t column : outside_key) {
            change.new_values.columns.push_back(column);
            change.new_values.values.push_back(row[column]);
        }
        for (const std::uint32_t column : kept) { // they stand as they stood
            change.old_values.columns.push_back(column);
            change.old_values.values.push_back(row[column]);
        }
        return change;
    }

    TableSchema schema;
    std::vector<std::string> names;
    std::vector<std::uint32_t> outside_key;
    std::vector<std::uint32_t> kept;
};

std::size_t row_bytes(const Row &row) {
    std::size_t bytes = 0;
    for (const Value &value : row) {
        bytes += value.cell_bytes();
    }
    return bytes;
}

/// All requests and how far each load is: whatever changes one of them changes this.
std::vector<std::vector<Value>> all_requests(Transaction &transaction) {
    return all_rows(transaction,
                    "SELECT l.load_id, l.chunks, c.table_name, p.peer_id FROM @load l"
                    " JOIN @capture c ON c.capture_id = l.capture_id"
                    " JOIN @load_peer p ON p.load_id = l.load_id WHERE l.finished_at IS NULL"
                    " ORDER BY l.load_id, p.peer_id");
}

/// The stream in which one who waits gets the table has taken all chunks so far, so that the queue
/// holds few of them; one that keeps hours or a limit would get but one chunk in each opening or
/// mail, so the queue gets all.
std::string somebody_keeps_up() {
    return "(l.started_at IS NULL OR EXISTS (SELECT 1 FROM @stream_out s"
           " JOIN @task_peer tp ON tp.peer_id = s.peer_id AND tp.state = 'active'"
           " JOIN @task t ON t.task_id = tp.task_id AND t.direction = 'send' AND t.paused = 0"
           " AND t.lane = s.lane JOIN @task_table tt ON tt.task_id = t.task_id"
           " AND tt.local_name = c.table_name WHERE s.stream > 0 AND s.stale_since IS NULL AND " +
           is_load_for("s.peer_id") +
           " AND (s.cursor >= l.chunk_position OR s.pacing <> '' OR EXISTS (SELECT 1"
           " FROM @peer_path pp WHERE pp.peer_id = s.peer_id AND pp.settings <> ''))))";
}

std::string open_loads() {
    return " FROM @load l JOIN @capture c ON c.capture_id = l.capture_id"
           " WHERE c.held = '' AND l.finished_at IS NULL AND l.kind = " +
           std::to_string(static_cast<std::int64_t>(LoadKind::rows));
}

/// Goes up from rows to what they refer to.
class Parents {
  public:
    Parents(const Session &session, const std::vector<OpenLoad> &loads, const Changeset &changeset)
        : session_(session), changeset_(changeset) {
        for (const OpenLoad &load : loads) {
            if (!load.finished && !load.unreadable) {
                open_[session.dialect.folded(load.table.name)].push_back(&load);
            }
        }
    }

    Changeset find() {
        for (const auto &[name, table] : changeset_.tables) {
            if (const auto *rows = std::get_if<OneWayChanges>(&table.changes)) {
                add_parents_of_all(name, table.schema, *rows);
            }
        }
        while (!waiting_.empty()) {
            const auto [name, key] = std::move(waiting_.back());
            waiting_.pop_back();
            const TableChanges &table = found_.tables.at(name);
            add_parents(name, table.schema, key,
                        std::get<OneWayChanges>(table.changes).changes.at(key));
        }
        return std::move(found_);
    }

  private:
    void add_parents_of_all(const std::string &name,
                            const TableSchema &schema,
                            const OneWayChanges &rows) {
        for (const auto &[key, change] : rows.changes) {
            if (!ends_row(change.operation)) {
                add_parents(name, schema, key, change);
            }
        }
    }

    /// Null: the table is gone.
    const dialect::TableDescription *describe(const std::string &name) {
        const auto known = tables_.find(name);
        if (known != tables_.end()) {
            return known->second.get();
        }
        Result<dialect::TableDescription> table =
            describe_table(session_.transaction, session_.dialect, name);
        return tables_
            .emplace(name, table ? std::make_unique<dialect::TableDescription>(*std::move(table))
                                 : nullptr)
            .first->second.get();
    }

    void add_parents(const std::string &name,
                     const TableSchema &schema,
                     const Key &key,
                     const postrider::Change &change) {
        const dialect::TableDescription *table = describe(name);
        if (table == nullptr) {
            return;
        }
        for (const dialect::ForeignKeyDescription &foreign_key : table->foreign_keys) {
            const auto loads = open_.find(session_.dialect.folded(foreign_key.parent));
            if (loads == open_.end()) {
                continue;
            }
            if (const auto values = values_of(schema, key, change, foreign_key.columns)) {
                // One that is beyond any of them is enough.
                (void)std::any_of(
                    loads->second.begin(), loads->second.end(),
                    [&](const OpenLoad *load) { return add_parent(*load, foreign_key, *values); });
            }
        }
    }

    /// Nothing: one of them is null, or was not changed.
    static std::optional<std::vector<Value>> values_of(const TableSchema &schema,
                                                       const Key &key,
                                                       const postrider::Change &change,
                                                       const std::vector<std::string> &columns) {
        std::vector<Value> values;
        for (const std::string &name : columns) {
            const std::size_t before = values.size();
            for (std::size_t index = 0; index < schema.key.size(); ++index) {
                if (schema.columns[schema.key[index]].name == name) {
                    values.push_back(key[index]);
                }
            }
            for (std::size_t index = 0; index < change.new_values.columns.size(); ++index) {
                if (schema.columns[change.new_values.columns[index]].name == name) {
                    values.push_back(change.new_values.values[index]);
                }
            }
            if (values.size() != before + 1 || values.back().is_null()) {
                return std::nullopt;
            }
        }
        return values;
    }

    /// False: no row beyond the load's position.
    bool add_parent(const OpenLoad &load,
                    const dialect::ForeignKeyDescription &foreign_key,
                    std::vector<Value> values) {
        const RowShape &shape = shape_of(load);
        std::vector<std::string> matched = foreign_key.parent_columns;
        if (matched.empty()) {
            for (const std::uint32_t column : load.table.key) {
                matched.push_back(load.table.columns[column].name);
            }
        }
        if (matched.size() != values.size()) {
            return false; // a foreign key that SQLite does not take either
        }
        if (load.after) {
            values.insert(values.end(), load.after->begin(), load.after->end());
        }
        const auto cursor = session_.transaction.query(
            session_.dialect.select_behind(load.table, shape.names,
                                           {matched, load.after.has_value()}),
            Parameters{values});
        const Row *row = cursor->next();
        if (row == nullptr) {
            return false; // a chunk has brought it
        }
        Key key = shape.key_of(*row);
        const std::string &name = load.name;
        if (const auto known = changeset_.tables.find(name);
            known != changeset_.tables.end() &&
            std::get<OneWayChanges>(known->second.changes).changes.contains(key)) {
            return true;
        }
        if (changes_of(found_, name, shape.schema)
                .changes.emplace(key, shape.upsert_of(*row))
                .second) {
            waiting_.emplace_back(name, std::move(key));
        }
        return true;
    }

    const RowShape &shape_of(const OpenLoad &load) {
        return shapes_.try_emplace(load.table.name, load).first->second;
    }

    const Session &session_;
    const Changeset &changeset_;
    std::map<std::string, std::vector<const OpenLoad *>> open_; // by table
    std::map<std::string, std::unique_ptr<dialect::TableDescription>> tables_;
    std::map<std::string, RowShape> shapes_;
    Changeset found_;
    std::vector<std::pair<std::string, Key>> waiting_;
};

/// Gives the bytes that were read.
std::size_t
read_rows(const Session &session, OpenLoad &load, Changeset &changeset, std::size_t bytes_max) {
    const RowShape shape{load};
    const Key after = load.after.value_or(Key{});
    std::size_t bytes = 0;
    const auto cursor = session.transaction.query(
        session.dialect.select_behind(load.table, shape.names, {{}, load.after.has_value()}),
        Parameters{after});
    while (bytes < bytes_max) {
        const Row *row = cursor->next();
        if (row == nullptr) {
            load.finished = true;
            break;
        }
        load.after = shape.key_of(*row);
        changes_of(changeset, load.name, shape.schema)
            .changes.insert_or_assign(*load.after, shape.upsert_of(*row));
        ++load.rows;
        bytes += row_bytes(*row);
    }
    load.was_read = true;
    return bytes;
}

std::uint64_t count_rows(const Session &session, const dialect::TableDescription &table) {
    return unsigned_at(*first_row(session.transaction, "SELECT count(*) FROM " +
                                                           session.dialect.quote_table(table.name)),
                       0);
}

} // namespace

Loads::Loads(const Session &session) : requests_(all_requests(session.transaction)) {
    for (const Row &row :
         all_rows(session.transaction,
                  "SELECT l.load_id, c.table_name, l.after_key, l.rows, l.estimated,"
                  " l.started_at, c.kept, " +
                      somebody_keeps_up() + open_loads() + " ORDER BY l.load_id")) {
        Result<dialect::TableDescription> table =
            describe_table(session.transaction, session.dialect, text_at(row, 1));
        OpenLoad load;
        load.kept = read_kept(text_at(row, 6));
        if (!table || !check_kept(*table, load.kept)) {
            continue; // `inspect_captures` holds it and says so
        }
        load.load_id = integer_at(row, 0);
        load.name = text_at(row, 1);
        load.table = *std::move(table);
        load.peers = peers_of_load(session.transaction, load.load_id);
        if (const auto after = maybe_blob_at(row, 2)) {
            load.after = unpacked_key(*after);
        }
        load.rows = unsigned_at(row, 3);
        load.estimated = unsigned_at(row, 4);
        load.started_at = maybe_time_at(row, 5);
        load.waits = integer_at(row, 7) == 0;
        if (Result<void> may = session.transaction.may_use(load.table.name, {.reads = true});
            !may) {
            load.waits = true;
            load.unreadable = may.error();
        }
        loads_.push_back(std::move(load));
    }
}

std::set<PeerSet> Loads::waiting() const {
    std::set<PeerSet> waiting;
    for (const OpenLoad &load : loads_) {
        if (!load.waits) {
            waiting.insert(load.peers);
        }
    }
    return waiting;
}

void Loads::read_chunk(const Session &session,
                       Changeset &changeset,
                       std::size_t bytes,
                       const PeerSet &peers) {
    std::size_t read = 0;
    std::vector<const dialect::TableDescription *> tables;
    tables.reserve(loads_.size());
    for (const OpenLoad &load : loads_) {
        tables.push_back(&load.table);
    }
    for (const std::size_t index : parents_first(session.dialect, tables)) {
        OpenLoad &load = loads_[index];
        if (read >= bytes || load.waits || load.peers != peers) {
            continue;
        }
        if (!load.started_at) {
            load.started_at = session.now;
            load.estimated = count_rows(session, load.table);
        }
        read += read_rows(session, load, changeset, bytes - read);
    }
}

Changeset Loads::parents_of(const Session &session, const Changeset &changeset) const {
    return Parents{session, loads_, changeset}.find();
}

bool Loads::is_current(Transaction &transaction) const {
    return all_requests(transaction) == requests_;
}

bool Loads::save(const Session &session) const {
    bool any = false;
    for (const OpenLoad &load : loads_) {
        if (load.unreadable) {
            tell_rights_missing(session, *load.unreadable);
        }
        if (!load.was_read) {
            continue;
        }
        any = true;
        session.transaction.execute(
            "UPDATE @load SET after_key = ?2, rows = ?3, estimated = ?4, chunks = chunks + 1,"
            " chunk_position = ?5, started_at = ?6, finished_at = ?7 WHERE load_id = ?1",
            {load.load_id, load.after ? Value{packed_key(*load.after)} : Value{}, stored(load.rows),
             stored(load.estimated), stored(last_queue_position(session.transaction)),
             stored(load.started_at), load.finished ? stored(session.now) : Value{}});
    }
    return any;
}

bool has_open_load(Transaction &transaction) {
    return first_row(transaction,
                     "SELECT 1" + open_loads() + " AND " + somebody_keeps_up() + " LIMIT 1")
        .has_value();
}

void note_whole_load(const Session &session, std::int64_t load_id, std::uint64_t rows) {
    session.transaction.execute("UPDATE @load SET rows = ?2, estimated = ?2, chunks = 1,"
                                " chunk_position = ?3, started_at = ?4, finished_at = ?4"
                                " WHERE load_id = ?1",
                                {load_id, stored(rows),
                                 stored(last_queue_position(session.transaction)),
                                 stored(session.now)});
}

void merge_rows(Changeset &changeset, Changeset &&more) {
    for (auto &[name, table] : more.tables) {
        OneWayChanges &rows = changes_of(changeset, name, table.schema);
        rows.changes.merge(std::get<OneWayChanges>(table.changes).changes);
    }
}

} // namespace postrider::engine

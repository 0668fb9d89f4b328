// Reading captured keys back, and the queue they end in.
#include "common/engine/collect.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "common/engine/introspect.hpp"
#include "common/engine/kept_columns.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/rows.hpp"
#include "common/wire/changeset_format.hpp"

namespace postrider::engine {

namespace {

using dialect::TableDescription;

struct CapturedTable {
    Capture capture;
    std::string name;
    std::string fingerprint;
    std::int64_t reload = 0; // 0 no, 1 all rows, 2 all rows, replacing the receiver's
    std::string held;
};

std::vector<CapturedTable> captured_tables(Transaction &transaction) {
    std::vector<CapturedTable> tables;
    for (const Row &row :
         all_rows(transaction,
                  "SELECT capture_id, table_name, fingerprint, with_mask, reload, held, kept"
                  " FROM @capture ORDER BY capture_id")) {
        tables.push_back(
            {.capture = {integer_at(row, 0),
                         {.mask = integer_at(row, 3) != 0, .kept = read_kept(text_at(row, 6))}},
             .name = text_at(row, 1),
             .fingerprint = text_at(row, 2),
             .reload = integer_at(row, 4),
             .held = text_at(row, 5)});
    }
    return tables;
}

/// Schema columns are the table's visible columns: where each of them stands in the description,
/// and which of them are the key.
struct ColumnMap {
    TableSchema schema;
    std::vector<std::string> names;
    std::vector<std::uint32_t> outside_key;          // indexes into the schema
    std::map<std::uint32_t, std::uint32_t> of_table; // description index → schema index
    std::map<std::uint32_t, std::size_t> kept;       // schema index → place among the kept
};

ColumnMap map_columns(const TableDescription &table, const std::vector<std::string> &kept) {
    ColumnMap map;
    map.schema = table.schema();
    std::set<std::uint32_t> key(map.schema.key.begin(), map.schema.key.end());
    std::map<std::string, std::uint32_t> position;
    for (std::uint32_t index = 0; index < map.schema.columns.size(); ++index) {
        map.names.push_back(map.schema.columns[index].name);
        position.emplace(map.names.back(), index);
        if (!key.contains(index)) {
            map.outside_key.push_back(index);
        }
    }
    for (std::uint32_t index = 0; index < table.columns.size(); ++index) {
        if (const auto found = position.find(table.columns[index].name); found != position.end()) {
            map.of_table.emplace(index, found->second);
        }
    }
    for (const std::string &name : kept) {
        const auto found = position.find(name);
        ensure(found != position.end(), "a capture whose columns are not there is held");
        map.kept.emplace(found->second, map.kept.size());
    }
    return map;
}

Change change_of(const Row &row,
                 std::size_t row_begin,
                 const std::vector<std::uint32_t> &columns,
                 Operation operation) {
    Change change{.operation = operation, .new_values = {}, .old_values = {}};
    for (const std::uint32_t column : columns) {
        change.new_values.columns.push_back(column);
        change.new_values.values.push_back(row[row_begin + column]);
    }
    return change;
}

/// One key with the joined masks of all its epochs.
struct CapturedKey {
    Key key;
    bool present = false;
    std::vector<std::int64_t> mask;
    dialect::Before before = dialect::Before::unknown; // of the first epoch, with kept columns
    Image kept;
    Row row; // as the query gave it
};

/// With kept columns a change is whole, and says what the row was before.
std::optional<Change> filterable_change(const CapturedKey &captured,
                                        const dialect::CollectQuery &query,
                                        const ColumnMap &map) {
    const bool was_absent = captured.before == dialect::Before::absent;
    if (!captured.present && was_absent) {
        return std::nullopt; // it came and went
    }
    Change change{.operation = Operation::remove, .new_values = {}, .old_values = {}};
    if (captured.present) {
        change = change_of(captured.row, query.row_begin, map.outside_key,
                           was_absent ? Operation::insert : Operation::upsert);
    }
    if (captured.before == dialect::Before::known) {
        change.old_values = captured.kept;
    }
    return change;
}

Change change_of(const CapturedKey &captured,
                 const dialect::CollectQuery &query,
                 const ColumnMap &map,
                 const TableDescription &table) {
    if (!captured.present) {
        return {.operation = Operation::remove, .new_values = {}, .old_values = {}};
    }
    if (captured.mask.empty()) {
        return change_of(captured.row, query.row_begin, map.outside_key, Operation::upsert);
    }
    const std::vector<std::uint32_t> masked = dialect::masked_columns(table, captured.mask);
    std::vector<std::uint32_t> changed;
    for (const std::uint32_t column : masked) {
        if (const auto found = map.of_table.find(column); found != map.of_table.end()) {
            changed.push_back(found->second);
        }
    }
    const bool all = changed.size() == map.outside_key.size();
    return change_of(captured.row, query.row_begin, all ? map.outside_key : changed,
                     all ? Operation::upsert : Operation::update);
}

void read_keys(const Session &session,
               const CapturedTable &captured,
               const TableDescription &table,
               OneWayChanges &changes) {
    const ColumnMap map = map_columns(table, captured.capture.options.kept);
    const dialect::CollectQuery query =
        session.dialect.collect(table, captured.capture.id, captured.capture.options, map.names);
    std::optional<CapturedKey> open;
    const auto close = [&] {
        if (open && !map.kept.empty()) {
            if (auto change = filterable_change(*open, query, map)) {
                changes.changes.insert_or_assign(open->key, *std::move(change));
            }
        } else if (open) {
            Change change = change_of(*open, query, map, table);
            // An update that touched the row without changing anything.
            const bool empty =
                change.operation == Operation::update && change.new_values.columns.empty();
            if (!empty) {
                changes.changes.insert_or_assign(open->key, std::move(change));
            }
        }
    };
    const auto cursor =
        session.transaction.query(query.sql, {std::numeric_limits<std::int64_t>::max()});
    while (const Row *row = cursor->next()) {
        const auto at = [&](std::size_t index) {
            return row->begin() + static_cast<std::ptrdiff_t>(index);
        };
        Key key(at(query.key_begin), at(query.key_begin + query.key_count));
        if (!open || open->key != key) {
            close();
            open = CapturedKey{.key = std::move(key),
                               .present = integer_at(*row, 0) != 0,
                               .mask = std::vector<std::int64_t>(query.mask_words, 0),
                               .before = dialect::Before::unknown,
                               .kept = {},
                               .row = *row};
            if (query.kept_count > 0) {
                open->before = static_cast<dialect::Before>(integer_at(*row, query.before));
                for (const auto &[column, place] : map.kept) {
                    open->kept.columns.push_back(column);
                    open->kept.values.push_back((*row)[query.before + 1 + place]);
                }
            }
        }
        for (std::size_t word = 0; word < query.mask_words; ++word) {
            open->mask[word] |= integer_at(*row, query.mask_begin + word);
        }
    }
    close();
}

/// A row of a load: with kept columns it says that they stand as they stood, unless a captured key
/// knows better.
Change loaded_change(const Row &row, const ColumnMap &map, const Change *captured) {
    Change change = change_of(row, 0, map.outside_key, Operation::upsert);
    if (map.kept.empty()) {
        return change;
    }
    if (captured != nullptr) {
        change.operation =
            captured->operation == Operation::insert ? Operation::insert : Operation::upsert;
        change.old_values = captured->old_values;
        return change;
    }
    for (const auto &[column, place] : map.kept) {
        change.old_values.columns.push_back(column);
        change.old_values.values.push_back(row[column]);
    }
    return change;
}

void read_all(const Session &session,
              const CapturedTable &captured,
              const TableDescription &table,
              OneWayChanges &changes) {
    const ColumnMap map = map_columns(table, captured.capture.options.kept);
    const auto cursor = session.transaction.query(session.dialect.select_all(table, map.names), {});
    while (const Row *row = cursor->next()) {
        Key key;
        for (const std::uint32_t column : map.schema.key) {
            key.push_back((*row)[column]);
        }
        const auto known = changes.changes.find(key);
        Change change =
            loaded_change(*row, map, known == changes.changes.end() ? nullptr : &known->second);
        changes.changes.insert_or_assign(std::move(key), std::move(change));
    }
}

/// `missing`: somebody dropped the key table.
enum class Keys { none, some, missing };

std::set<std::string> key_tables(Transaction &transaction, const dialect::Dialect &dialect) {
    std::set<std::string> names;
    for (const Row &row : all_rows(transaction, dialect.list_key_tables())) {
        names.insert(text_at(row, 0));
    }
    return names;
}

Keys look_for_keys(Transaction &transaction,
                   const dialect::Dialect &dialect,
                   const std::set<std::string> &present,
                   dialect::CaptureId id) {
    const std::string key_table = dialect.key_table(id);
    if (!present.contains(key_table)) {
        return Keys::missing;
    }
    const std::string query = "SELECT 1 FROM " + dialect.quote_identifier(key_table) + " LIMIT 1";
    return first_row(transaction, query) ? Keys::some : Keys::none;
}

struct Collected {
    Changeset changeset;
    TakenCaptures taken;
    Loads loads;
};

/// Keys that are read although their epoch stays are told twice: the second time nobody knows what
/// their rows were before.
bool has_later_keys(const Session &session, dialect::CaptureId id, std::int64_t epoch) {
    return first_row(session.transaction,
                     "SELECT 1 FROM " +
                         session.dialect.quote_identifier(session.dialect.key_table(id)) +
                         " WHERE epoch > ?1 LIMIT 1",
                     {epoch})
        .has_value();
}

/// `epoch`: the last one whose keys go once they are queued.
Collected read_captured(const Session &session, std::int64_t epoch, std::size_t chunk_bytes) {
    Collected out{{}, {}, Loads{session}};
    const std::set<std::string> present = key_tables(session.transaction, session.dialect);
    for (const CapturedTable &captured : captured_tables(session.transaction)) {
        const Keys keys =
            look_for_keys(session.transaction, session.dialect, present, captured.capture.id);
        if (!captured.held.empty() || keys == Keys::missing ||
            (keys == Keys::none && captured.reload != 2)) {
            continue; // what is missing is made anew by `inspect_captures`
        }
        const Result<TableDescription> table =
            describe_table(session.transaction, session.dialect, captured.name);
        if (!table || !check_kept(*table, captured.capture.options.kept)) {
            continue; // `inspect_captures` holds it and says so
        }
        OneWayChanges changes;
        if (keys == Keys::some) {
            read_keys(session, captured, *table, changes);
            out.taken.read.push_back(captured.capture.id);
            if (!captured.capture.options.kept.empty() &&
                has_later_keys(session, captured.capture.id, epoch)) {
                out.taken.with_kept.push_back(captured.capture.id);
            }
        }
        if (captured.reload == 2) {
            read_all(session, captured, *table, changes);
            changes.truncated = true;
            out.taken.reloaded.push_back(
                {captured.capture.id, captured.name, captured.reload, changes.changes.size()});
        }
        if (!changes.changes.empty() || changes.truncated) {
            out.changeset.tables.emplace(
                captured.name,
                TableChanges{.schema = table->schema(), .changes = std::move(changes)});
        }
    }
    if (!out.loads.empty()) {
        out.loads.read_chunk(session, out.changeset, chunk_bytes);
        merge_rows(out.changeset, out.loads.parents_of(session, out.changeset));
    }
    return out;
}

void forget(const Session &session, std::int64_t epoch, const TakenCaptures &taken) {
    for (const std::int64_t capture_id : taken.read) {
        session.transaction.execute(session.dialect.forget_collected(capture_id), {epoch});
    }
    for (const std::int64_t capture_id : taken.with_kept) {
        session.transaction.execute(session.dialect.doubt_kept(capture_id));
    }
    for (const Reload &reload : taken.reloaded) {
        // Another request, or another table under this number, may have come after the read.
        const std::int64_t followed = session.transaction.execute(
            "UPDATE @capture SET reload = 0 WHERE capture_id = ?1"
            " AND table_name = ?2 AND reload = ?3",
            {reload.capture_id, Value::text(reload.table), reload.kind});
        if (followed > 0) {
            note_whole_load(session, reload.capture_id, reload.rows);
        }
    }
}

void append_own(const Session &session,
                Bytes content,
                std::uint64_t rows,
                std::int64_t from_peer = 0) {
    session.transaction.execute("UPDATE @node SET collect_number = collect_number + 1");
    const Row number = *first_row(session.transaction, "SELECT collect_number FROM @node");
    append_to_queue(session.transaction,
                    {.origin = session.identity.node,
                     .incarnation = session.identity.incarnation,
                     .collect_number = unsigned_at(number, 0),
                     .from_peer = from_peer,
                     .rows = rows,
                     .content = std::move(content)},
                    session.now);
}

std::int64_t current_epoch(const Session &session) {
    return integer_at(*first_row(session.transaction, session.dialect.current_epoch()), 0);
}

void reinstall(const Session &session,
               const CapturedTable &captured,
               const TableDescription &table,
               const EventRow &event) {
    const Result<void> installed =
        install_capture(session.transaction, session.dialect, table, captured.capture);
    const std::string held = installed ? "" : installed.error().message;
    session.transaction.execute(
        "UPDATE @capture SET fingerprint = ?2, reload = 2, held = ?3 WHERE capture_id = ?1",
        {captured.capture.id, Value::text(dialect::fingerprint(table)), Value::text(held)});
    log_event(session.transaction, session.now, event);
}

void inspect(const Session &session, const CapturedTable &captured) {
    const Result<TableDescription> table =
        describe_table(session.transaction, session.dialect, captured.name);
    if (!table) {
        if (captured.held.empty()) {
            session.transaction.execute("UPDATE @capture SET held = ?2 WHERE capture_id = ?1",
                                        {captured.capture.id, Value::text(table.error().message)});
            log_event(session.transaction, session.now,
                      {"table_missing", std::nullopt, table.error().message, table.error().hint});
        }
        return;
    }
    const std::string quoted = "table \"" + captured.name + "\"";
    if (dialect::fingerprint(*table) != captured.fingerprint) {
        reinstall(session, captured, *table,
                  {"schema_changed", std::nullopt,
                   quoted + " was altered: its triggers are renewed and its rows sent again"});
        return;
    }
    if (const Result<void> capturable = check_capturable(session.dialect, *table, captured.capture);
        !capturable && captured.held == capturable.error().message) {
        return; // it was said when it was held
    }
    const std::vector<std::string> faults =
        check_capture(session.transaction, session.dialect, *table, captured.capture);
    if (!faults.empty()) {
        reinstall(session, captured, *table,
                  {"capture_damaged", std::nullopt,
                   quoted +
                       " was not captured whole; its capture is renewed and its rows are sent"
                       " again. " +
                       faults.front()});
    } else if (!captured.held.empty()) {
        session.transaction.execute("UPDATE @capture SET held = '' WHERE capture_id = ?1",
                                    {captured.capture.id});
    }
}

} // namespace

std::optional<std::int64_t> catalogue_version(const Session &session) {
    const std::string query = session.dialect.schema_version();
    const auto row = query.empty() ? std::nullopt : first_row(session.transaction, query);
    return row ? std::optional{integer_at(*row, 0)} : std::nullopt;
}

std::optional<std::int64_t> inspect_captures(const Session &session,
                                             std::optional<std::int64_t> seen) {
    if (seen && catalogue_version(session) == seen) {
        return seen;
    }
    std::vector<dialect::CaptureId> in_use;
    for (const CapturedTable &captured : captured_tables(session.transaction)) {
        inspect(session, captured);
        in_use.push_back(captured.capture.id);
    }
    drop_leftovers(session.transaction, session.dialect, in_use);
    return catalogue_version(session);
}

bool has_captured(Transaction &transaction, const dialect::Dialect &dialect) {
    const std::set<std::string> present = key_tables(transaction, dialect);
    for (const CapturedTable &captured : captured_tables(transaction)) {
        if (captured.held.empty() &&
            (captured.reload == 2 ||
             look_for_keys(transaction, dialect, present, captured.capture.id) != Keys::none)) {
            return true;
        }
    }
    return has_open_load(transaction);
}

std::uint64_t collect(const Session &session) {
    if (!has_captured(session.transaction, session.dialect)) {
        return 0;
    }
    Collected collected = read_captured(session, current_epoch(session), 0);
    const std::uint64_t rows = collected.changeset.row_count();
    if (!collected.changeset.empty()) {
        append_own(session, wire::pack_changeset(collected.changeset), rows);
    }
    forget(session, current_epoch(session), collected.taken);
    return rows;
}

void GentleCollect::mark(const Session &session) {
    epoch_ = current_epoch(session);
    session.transaction.execute(session.dialect.advance_epoch());
}

void GentleCollect::read(const Session &session, std::size_t chunk_bytes) {
    // All keys of the snapshot are read, those of the new epoch too: a step is what one snapshot
    // shows, and a transaction that touched keys in both epochs must not be torn. Keys of the new
    // epoch stay and are read again.
    Collected collected = read_captured(session, epoch_, chunk_bytes);
    rows_ = collected.changeset.row_count();
    taken_ = std::move(collected.taken);
    loads_ = std::move(collected.loads);
    if (!collected.changeset.empty()) {
        content_ = wire::pack_changeset(collected.changeset);
    }
}

bool GentleCollect::is_current(const Session &session) const {
    return loads_ && loads_->is_current(session.transaction);
}

std::uint64_t GentleCollect::append(const Session &session) {
    if (!content_.empty()) {
        append_own(session, std::move(content_), rows_);
    }
    forget(session, epoch_, taken_);
    if (loads_->save(session)) {
        prune_queue(session.transaction); // the chunks that all have taken
    }
    return rows_;
}

void append_collected(const Session &session, const Changeset &changeset, std::int64_t from_peer) {
    append_own(session, wire::pack_changeset(changeset), changeset.row_count(), from_peer);
}

void append_parents(const Session &session, const Changeset &changeset) {
    const Loads loads{session};
    if (loads.empty()) {
        return;
    }
    const Changeset parents = loads.parents_of(session, changeset);
    if (!parents.empty()) {
        append_own(session, wire::pack_changeset(parents), parents.row_count());
    }
}

void append_to_queue(Transaction &transaction, const QueueEntry &entry, Timestamp now) {
    transaction.execute(
        "INSERT INTO @queue (queue_position, origin, incarnation, collect_number, from_peer, rows,"
        " created_at, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        {stored(last_queue_position(transaction) + 1), stored(entry.origin),
         stored(entry.incarnation), stored(entry.collect_number), entry.from_peer,
         stored(entry.rows), stored(now), entry.content});
}

std::uint64_t last_queue_position(Transaction &transaction) {
    // An emptied queue goes on behind the cursors that have passed it, and behind the offers from
    // which streams will begin.
    std::int64_t last = 0;
    for (const char *query :
         {"SELECT max(queue_position) FROM @queue", "SELECT max(cursor) FROM @stream_out",
          "SELECT max(offer_position) FROM @task_peer"}) {
        last = std::max(last, maybe_integer_at(*first_row(transaction, query), 0).value_or(0));
    }
    return from_stored(last);
}

void prune_queue(Transaction &transaction) {
    // Nothing is kept for peers that were revoked or have left: paired again, they get their tables
    // anew; nor for streams that were let go. Their cursors go along, the one of control too, so
    // that no position is ever given twice.
    const std::string cut_off = peers_cut_off;
    transaction.execute(
        "UPDATE @stream_out SET cursor = ?1 WHERE stale_since IS NOT NULL OR peer_id IN " + cut_off,
        {stored(last_queue_position(transaction))});
    transaction.execute(
        "DELETE FROM @queue WHERE queue_position <= coalesce("
        "(SELECT min(cursor) FROM @stream_out WHERE stream > 0 AND lane <> ''),"
        " (SELECT max(queue_position) FROM @queue))"
        " AND NOT EXISTS (SELECT 1 FROM @task_peer tp JOIN @task t ON t.task_id = tp.task_id"
        " WHERE tp.state IN ('waiting', 'offered') AND t.no_load = 1 AND t.direction = 'send'"
        " AND tp.offer_position < @queue.queue_position"
        // One of them that has streams was paired once.
        " AND NOT (tp.peer_id IN " +
        cut_off + " AND tp.peer_id IN (SELECT peer_id FROM @stream_out)))");
}

} // namespace postrider::engine

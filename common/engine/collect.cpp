// Reading captured keys back.
#include "common/engine/collect.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "common/engine/collect_log.hpp"
#include "common/engine/collect_pieces.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/kept_columns.hpp"
#include "common/engine/piece_writer.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/table_rights.hpp"
#include "common/wire/changeset_format.hpp"

namespace postrider::engine {

namespace {

using dialect::TableDescription;

struct CapturedTable {
    Capture capture;
    std::string name;
    std::string fingerprint;
    std::string held;
    std::string parts;           // as it was looked at last
    std::int64_t whole_load = 0; // that asks for all rows in one step; 0 for none

    [[nodiscard]] bool comes_whole() const { return whole_load != 0; }
};

std::vector<CapturedTable> captured_tables(Transaction &transaction) {
    std::vector<CapturedTable> tables;
    for (const Row &row : all_rows(
             transaction,
             "SELECT c.capture_id, c.table_name, c.fingerprint, c.with_mask, c.held, c.kept,"
             " c.parts, coalesce((SELECT l.load_id FROM @load l WHERE l.capture_id = c.capture_id"
             " AND l.kind = ?1 AND l.finished_at IS NULL), 0)"
             " FROM @capture c ORDER BY c.capture_id",
             {static_cast<std::int64_t>(LoadKind::replacing)})) {
        tables.push_back(
            {.capture = {integer_at(row, 0),
                         {.mask = integer_at(row, 3) != 0, .kept = read_kept(text_at(row, 5))}},
             .name = text_at(row, 1),
             .fingerprint = text_at(row, 2),
             .held = text_at(row, 4),
             .parts = text_at(row, 6),
             .whole_load = integer_at(row, 7)});
    }
    return tables;
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
               Pieces &pieces) {
    const ColumnMap map = map_columns(table, captured.capture.options.kept);
    const dialect::CollectQuery query = session.dialect.keys()->collect(
        table, captured.capture.id, captured.capture.options, map.names);
    std::optional<CapturedKey> open;
    const auto close = [&] {
        if (open && !map.kept.empty()) {
            if (auto change = filterable_change(*open, query, map)) {
                pieces.add({captured.name, map.schema}, open->key, *std::move(change));
            }
        } else if (open) {
            Change change = change_of(*open, query, map, table);
            // An update that touched the row without changing anything.
            const bool empty =
                change.operation == Operation::update && change.new_values.columns.empty();
            if (!empty) {
                pieces.add({captured.name, map.schema}, open->key, std::move(change));
            }
        }
    };
    const auto cursor =
        session.transaction.query(query.sql, {std::numeric_limits<std::int64_t>::max()});
    for (const Row *row = cursor->next(); row != nullptr && pieces.go_on(); row = cursor->next()) {
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

/// A row of a table that comes whole: it stands as it stood.
Change whole_change(const Row &row, const ColumnMap &map) {
    Change change = change_of(row, 0, map.outside_key, Operation::upsert);
    for (const auto &[column, place] : map.kept) {
        change.old_values.columns.push_back(column);
        change.old_values.values.push_back(row[column]);
    }
    return change;
}

/// Gives the number of rows.
std::uint64_t read_all(const Session &session, const LoggedTable &table, Pieces &pieces) {
    const ColumnMap map = map_columns(table.description, table.kept);
    const auto cursor =
        session.transaction.query(session.dialect.select_all(table.description, map.names), {});
    pieces.begin_anew({table.name, map.schema});
    std::uint64_t rows = 0;
    for (const Row *row = cursor->next(); row != nullptr && pieces.go_on(); row = cursor->next()) {
        Key key;
        for (const std::uint32_t column : map.schema.key) {
            key.push_back((*row)[column]);
        }
        pieces.add({table.name, map.schema}, key, whole_change(*row, map));
        ++rows;
    }
    return rows;
}

/// `missing`: somebody dropped the key table.
enum class Keys { none, some, missing };

std::set<std::string> key_tables(Transaction &transaction, const dialect::Dialect &dialect) {
    std::set<std::string> names;
    if (dialect.keys() == nullptr) {
        return names;
    }
    for (const Row &row : transaction.catalogue(dialect.keys()->list_key_tables())) {
        names.insert(text_at(row, 0));
    }
    return names;
}

Keys look_for_keys(Transaction &transaction,
                   const dialect::Dialect &dialect,
                   const std::set<std::string> &present,
                   dialect::CaptureId id) {
    if (dialect.keys() == nullptr) {
        return Keys::none; // what is in the log is taken as a whole
    }
    const std::string key_table = dialect.keys()->key_table(id);
    if (!present.contains(key_table)) {
        return Keys::missing;
    }
    const std::string query = "SELECT 1 FROM " + dialect.quote_identifier(key_table) + " LIMIT 1";
    return first_row(transaction, query) ? Keys::some : Keys::none;
}

struct Collected {
    TakenCaptures taken;
    Loads loads;
};

/// Keys that are read although their epoch stays are told twice: the second time nobody knows what
/// their rows were before.
bool has_later_keys(const Session &session, dialect::CaptureId id, std::int64_t epoch) {
    return first_row(session.transaction,
                     "SELECT 1 FROM " +
                         session.dialect.quote_identifier(session.dialect.keys()->key_table(id)) +
                         " WHERE epoch > ?1 LIMIT 1",
                     {epoch})
        .has_value();
}

struct ToRead {
    std::int64_t epoch = 0;      // the last one whose keys go once they are queued
    std::size_t chunk_bytes = 0; // of the tables that are being loaded
};

struct Reading {
    Pieces &pieces;
    TakenCaptures &taken;
};

/// The keys of a table and, where a load asks for that, all of its rows: those who get them need no
/// keys, and get nothing that the rows would have to take back.
void read_table(const Session &session,
                const CapturedTable &captured,
                Keys keys,
                const ToRead &wanted,
                Reading &out) {
    const Result<TableDescription> table =
        describe_table(session.transaction, session.dialect, captured.name);
    if (!table || !check_kept(*table, captured.capture.options.kept)) {
        return; // `inspect_captures` holds it and says so
    }
    if (captured.comes_whole() && !may_read(session, captured.name)) {
        return; // its load waits, and nobody else for it
    }
    auto &[pieces, taken] = out;
    const PeerSet peers = captured.comes_whole()
                              ? peers_of_load(session.transaction, captured.whole_load)
                              : PeerSet{};
    const bool is_for_all = peers.contains(everybody);
    if (captured.comes_whole() && !is_for_all) {
        pieces.begin_for(Receivers::all_but(peers));
    }
    if (keys == Keys::some) {
        if (!is_for_all) {
            read_keys(session, captured, *table, pieces);
        }
        taken.read.push_back(captured.capture.id);
        if (!captured.capture.options.kept.empty() &&
            has_later_keys(session, captured.capture.id, wanted.epoch)) {
            taken.with_kept.push_back(captured.capture.id);
        }
    }
    if (captured.comes_whole()) {
        pieces.begin_for(load_receivers(peers));
        const std::uint64_t rows =
            read_all(session, {captured.name, *table, captured.capture.options.kept}, pieces);
        pieces.begin_for(Receivers::all());
        taken.whole.emplace_back(captured.whole_load, rows);
    }
}

/// The changes in the log, and the tables of which it does not tell everything.
void read_log(const Session &session, const std::vector<CapturedTable> &captured, Pieces &pieces) {
    std::map<dialect::CaptureId, const CapturedTable *> by_capture;
    LoggedTables tables;
    for (const CapturedTable &each : captured) {
        if (each.held.empty()) {
            by_capture.emplace(each.capture.id, &each);
            tables.captures.insert(each.capture.id);
        }
    }
    tables.find = [&](dialect::CaptureId capture) -> std::optional<LoggedTable> {
        const CapturedTable &wanted = *by_capture.at(capture);
        const std::vector<std::string> &kept = wanted.capture.options.kept;
        auto table = describe_table(session.transaction, session.dialect, wanted.name);
        return table && check_kept(*table, kept)
                   ? std::optional{LoggedTable{wanted.name, *std::move(table), kept}}
                   : std::nullopt;
    };
    for (const dialect::CaptureId whole : take_log(session, tables, pieces)) {
        const auto table = tables.find(whole);
        if (table && may_read(session, table->name)) {
            read_all(session, *table, pieces);
        } else if (table) {
            request_load(session.transaction, table->name, LoadKind::replacing, everybody);
        }
    }
}

Collected read_captured(const Session &session, const ToRead &wanted, const Pieces::Take &take) {
    Collected out{{}, Loads{session}};
    Pieces pieces{session, out.loads, take};
    Reading reading{pieces, out.taken};
    const std::vector<CapturedTable> tables = captured_tables(session.transaction);
    if (session.dialect.log() != nullptr) {
        read_log(session, tables, pieces);
    }
    const std::set<std::string> present = key_tables(session.transaction, session.dialect);
    for (const CapturedTable &captured : tables) {
        const Keys keys =
            look_for_keys(session.transaction, session.dialect, present, captured.capture.id);
        // What is missing is made anew by `inspect_captures`.
        const bool is_asked = keys == Keys::some || (keys == Keys::none && captured.comes_whole());
        if (captured.held.empty() && is_asked) {
            read_table(session, captured, keys, wanted, reading);
        }
    }
    pieces.add_chunks(wanted.chunk_bytes);
    return out;
}

void forget(const Session &session, std::int64_t epoch, const TakenCaptures &taken) {
    for (const std::int64_t capture_id : taken.read) {
        session.transaction.execute(session.dialect.keys()->forget_collected(capture_id), {epoch});
    }
    for (const std::int64_t capture_id : taken.with_kept) {
        session.transaction.execute(session.dialect.keys()->doubt_kept(capture_id));
    }
    for (const auto &[load_id, rows] : taken.whole) {
        note_whole_load(session, load_id, rows);
    }
}

void note_chunks(const Session &session, const Loads &loads) {
    if (loads.save(session)) {
        prune_queue(session.transaction); // those that all have taken
    }
}

/// 0 where there are no keys, whose epochs these are.
std::int64_t current_epoch(const Session &session) {
    if (session.dialect.keys() == nullptr) {
        return 0;
    }
    return integer_at(*first_row(session.transaction, session.dialect.keys()->current_epoch()), 0);
}

void reinstall(const Session &session,
               const CapturedTable &captured,
               const TableDescription &table,
               const EventRow &event) {
    const Result<void> installed =
        install_capture(session.transaction, session.dialect, table, captured.capture);
    const std::string held = installed ? "" : installed.error().message;
    session.transaction.execute(
        "UPDATE @capture SET fingerprint = ?2, held = ?3 WHERE capture_id = ?1",
        {captured.capture.id, Value::text(dialect::fingerprint(table)), Value::text(held)});
    request_load(session.transaction, captured.name, LoadKind::replacing, everybody);
    log_event(session.transaction, session.now, event);
}

/// The node has its rights on the whole table, of which this is a part.
bool has_rows(const Session &session, const std::string &table) {
    const Row nothing;
    const std::string sql = "SELECT 1 FROM " + session.dialect.quote_table(table) + " LIMIT 1";
    return !session.transaction
                .query_block({.one_row = sql, .by_owners = true}, std::span{&nothing, 1})
                .empty();
}

/// Partitions have come or gone. The rows of one that is gone are gone from the table, and those
/// that one has brought along were captured by nobody.
void renew_parts(const Session &session,
                 const CapturedTable &captured,
                 const TableDescription &table) {
    const std::vector<std::string> before = read_kept(captured.parts);
    if (before == table.parts) {
        return;
    }
    session.transaction.execute("UPDATE @capture SET parts = ?2 WHERE capture_id = ?1",
                                {captured.capture.id, Value::text(print_kept(table.parts))});
    const auto is_among = [](const std::vector<std::string> &parts, const std::string &part) {
        return std::find(parts.begin(), parts.end(), part) != parts.end();
    };
    const bool has_lost = std::any_of(before.begin(), before.end(), [&](const std::string &part) {
        return !is_among(table.parts, part);
    });
    const bool has_won =
        std::any_of(table.parts.begin(), table.parts.end(), [&](const std::string &part) {
            return !is_among(before, part) && has_rows(session, part);
        });
    if (has_lost || has_won) {
        request_load(session.transaction, captured.name,
                     has_lost ? LoadKind::replacing : LoadKind::rows, everybody);
    }
    if (captured.held.empty()) {
        const Result<void> installed =
            install_capture(session.transaction, session.dialect, table, captured.capture);
        ensure(installed.has_value(), "a table that is not held can be captured");
    }
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
    renew_parts(session, captured, *table);
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
    if (dialect.log() != nullptr && first_row(transaction, dialect.log()->find_any())) {
        return true;
    }
    const std::set<std::string> present = key_tables(transaction, dialect);
    for (const CapturedTable &captured : captured_tables(transaction)) {
        if (captured.held.empty() &&
            (captured.comes_whole() ||
             look_for_keys(transaction, dialect, present, captured.capture.id) != Keys::none)) {
            return true;
        }
    }
    return has_open_load(transaction);
}

std::uint64_t collect(const Session &session, std::size_t chunk_bytes) {
    if (!has_captured(session.transaction, session.dialect)) {
        return 0;
    }
    // What a table that was altered has lost of a transaction comes with the whole table: no step
    // may bring the rest of it before.
    inspect_captures(session, session.inspected_schema);
    QueueRun run{session};
    std::uint64_t rows = 0;
    const auto queue = [&](const Changeset &piece, const Receivers &receivers) {
        rows += piece.row_count();
        run.add_own(piece, receivers);
        return true;
    };
    const std::int64_t epoch = current_epoch(session);
    const Collected collected = read_captured(session, {epoch, chunk_bytes}, queue);
    run.finish();
    forget(session, epoch, collected.taken);
    note_chunks(session, collected.loads);
    return rows;
}

void GentleCollect::mark(const Session &session) {
    epoch_ = current_epoch(session);
    session.transaction.execute(session.dialect.keys()->advance_epoch());
}

void GentleCollect::read(const Session &session) {
    // All keys of the snapshot are read, those of the new epoch too: a step is what one snapshot
    // shows, and a transaction that touched keys in both epochs must not be torn. Keys of the new
    // epoch stay and are read again.
    std::size_t bytes = 0;
    const auto keep = [&](const Changeset &piece, const Receivers &receivers) {
        pieces_.push_back({wire::pack_changeset(piece), piece.row_count(), receivers});
        bytes += pieces_.back().content.size();
        is_whole_ = bytes <= session.sizes.gentle_bytes;
        return is_whole_;
    };
    Collected collected = read_captured(session, {epoch_, session.sizes.chunk_bytes}, keep);
    if (!is_whole_) {
        pieces_.clear();
    }
    taken_ = std::move(collected.taken);
    loads_ = std::move(collected.loads);
    schema_ = catalogue_version(session);
}

bool GentleCollect::is_current(const Session &session) const {
    return loads_ && loads_->is_current(session.transaction) &&
           (!session.inspected_schema || schema_ == session.inspected_schema);
}

std::uint64_t GentleCollect::append(const Session &session) {
    QueueRun run{session};
    std::uint64_t rows = 0;
    for (Piece &piece : std::exchange(pieces_, {})) {
        rows += piece.rows;
        run.add_own(std::move(piece.content), piece.rows, piece.receivers);
    }
    run.finish();
    forget(session, epoch_, taken_);
    note_chunks(session, *loads_);
    return rows;
}

void append_parents(const Session &session, const Changeset &changeset) {
    const Loads loads{session};
    if (loads.empty()) {
        return;
    }
    append_collected(session, loads.parents_of(session, changeset), 0);
}

} // namespace postrider::engine

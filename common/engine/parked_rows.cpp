// A parked change is stored as a changeset of one row.
#include "common/engine/parked_rows.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/base/text_encoding.hpp"
#include "common/base/utf8.hpp"
#include "common/engine/packed_key.hpp"
#include "common/engine/store/rows.hpp"
#include "common/wire/changeset_format.hpp"
#include "common/wire/value_format.hpp"

namespace postrider::engine {

namespace {

constexpr const char *parked_columns =
    "parked_id, peer_id, stream, number, parked_at, content FROM @parked_row";

ParkedChange parked_change(const Row &row) {
    ParkedChange out;
    out.parked_id = integer_at(row, 0);
    out.peer_id = integer_at(row, 1);
    out.stream = static_cast<std::uint32_t>(integer_at(row, 2));
    out.batch_number = unsigned_at(row, 3);
    out.parked_at = time_at(row, 4);
    Result<Changeset> content = wire::unpack_changeset(blob_at(row, 5));
    ensure(content && content->tables.size() == 1, "a parked change was packed alone");
    TableChanges &table = content->tables.begin()->second;
    auto *rows = std::get_if<OneWayChanges>(&table.changes);
    ensure(rows != nullptr && rows->changes.size() == 1, "a parked change is one of one row");
    out.schema = std::move(table.schema);
    out.key = rows->changes.begin()->first;
    out.change = std::move(rows->changes.begin()->second);
    return out;
}

Bytes packed(const ParkedChange &change) {
    OneWayChanges rows;
    rows.changes.emplace(change.key, change.change);
    Changeset alone;
    alone.tables.emplace(change.schema.name, TableChanges{change.schema, std::move(rows)});
    return wire::pack_changeset(alone);
}

/// As one writes it in SQL, cut where it gets long.
std::string as_written(const Value &value) {
    constexpr std::size_t shown_bytes_max = 60;
    if (const auto *number = value.as<std::int64_t>()) {
        return std::to_string(*number);
    }
    if (const auto *text = value.as<Text>()) {
        return "'" + printable(text->text, shown_bytes_max) + "'";
    }
    if (const auto *bytes = value.as<Bytes>()) {
        const ByteView view{*bytes};
        return "x'" + to_hex(view.first(std::min(view.size(), shown_bytes_max / 2))) + "'";
    }
    return std::string{name_of(value.kind())};
}

std::string as_written(const Key &key) {
    std::string text;
    for (const Value &value : key) {
        text += (text.empty() ? "" : ", ") + as_written(value);
    }
    return text;
}

std::string word_of(Operation operation) {
    switch (operation) {
    case Operation::insert:
    case Operation::upsert:
        return "write";
    case Operation::update:
        return "update";
    case Operation::remove:
    case Operation::leave:
        break;
    }
    return "delete";
}

} // namespace

bool has_parked(Transaction &transaction, std::int64_t peer_id) {
    return first_row(transaction, "SELECT 1 FROM @parked_row WHERE peer_id = ?1 LIMIT 1", {peer_id})
        .has_value();
}

std::int64_t count_parked(Transaction &transaction, std::int64_t peer_id) {
    return integer_at(
        *first_row(transaction, "SELECT count(*) FROM @parked_row WHERE peer_id = ?1", {peer_id}),
        0);
}

std::vector<ParkedChange>
parked_after(Transaction &transaction, std::int64_t peer_id, std::int64_t after) {
    std::vector<ParkedChange> changes;
    std::size_t bytes = 0;
    const auto rows =
        transaction.query(std::string{"SELECT "} + parked_columns +
                              " WHERE peer_id = ?1 AND parked_id > ?2 ORDER BY parked_id LIMIT ?3",
                          {peer_id, after, limits::parked_tried_at_once_max});
    while (const Row *row = rows->next()) {
        bytes += blob_at(*row, 5).size();
        if (bytes > limits::parked_tried_bytes_max && !changes.empty()) {
            break;
        }
        changes.push_back(parked_change(*row));
    }
    return changes;
}

std::optional<ParkedChange> find_parked(Transaction &transaction, std::int64_t parked_id) {
    const auto row =
        first_row(transaction, std::string{"SELECT "} + parked_columns + " WHERE parked_id = ?1",
                  {parked_id});
    return row ? std::optional{parked_change(*row)} : std::nullopt;
}

ParkedKeys
parked_keys(Transaction &transaction, std::int64_t peer_id, const std::string &wire_name) {
    ParkedKeys keys;
    const auto rows = transaction.query("SELECT row_key, parked_id FROM @parked_row"
                                        " WHERE peer_id = ?1 AND wire_name = ?2",
                                        {peer_id, Value::text(wire_name)});
    while (const Row *row = rows->next()) {
        keys.emplace(blob_at(*row, 0), integer_at(*row, 1));
    }
    return keys;
}

namespace {

/// Numbers never come again: people name rows by them.
std::int64_t next_number(Transaction &transaction) {
    transaction.execute("UPDATE @node SET last_parked = last_parked + 1");
    return integer_at(*first_row(transaction, "SELECT last_parked FROM @node"), 0);
}

} // namespace

void store_parked(const Session &session,
                  const ParkedChange &change,
                  const std::string &local_name,
                  const Error &reason) {
    session.transaction.execute(
        "INSERT INTO @parked_row (parked_id, peer_id, stream, number, wire_name, local_name,"
        " row_key, row_text, operation, content, code, reason, hint, parked_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT "
        "(peer_id, wire_name, row_key) DO UPDATE SET"
        " stream = excluded.stream, number = excluded.number, local_name = excluded.local_name,"
        " operation = excluded.operation, content = excluded.content, code = excluded.code,"
        " reason = excluded.reason, hint = excluded.hint",
        {change.parked_id == 0 ? next_number(session.transaction) : change.parked_id,
         change.peer_id, std::int64_t{change.stream}, stored(change.batch_number),
         Value::text(change.schema.name), Value::text(local_name),
         stored(ByteView{packed_key(change.key)}), Value::text(as_written(change.key)),
         Value::text(word_of(change.change.operation)), stored(ByteView{packed(change)}),
         Value::text(std::string{name_of(reason.code)}), Value::text(reason.message),
         Value::text(reason.hint), stored(change.parked_at)});
}

void delete_parked(Transaction &transaction, std::int64_t parked_id) {
    transaction.execute("DELETE FROM @parked_row WHERE parked_id = ?1", {parked_id});
}

void delete_parked_table(Transaction &transaction,
                         std::int64_t peer_id,
                         const std::string &wire_name) {
    transaction.execute("DELETE FROM @parked_row WHERE peer_id = ?1 AND wire_name = ?2",
                        {peer_id, Value::text(wire_name)});
}

void note_tried(const Session &session, std::int64_t parked_id, const Error &reason) {
    session.transaction.execute(
        "UPDATE @parked_row SET tries = tries + 1, tried_at = ?2, code = ?3, reason = ?4, hint = ?5"
        " WHERE parked_id = ?1",
        {parked_id, stored(session.now), Value::text(std::string{name_of(reason.code)}),
         Value::text(reason.message), Value::text(reason.hint)});
}

std::optional<ParkedChange> in_shape(const ParkedChange &change, const TableSchema &schema) {
    if (change.schema == schema) {
        return change;
    }
    const std::vector<std::string> before = key_names(change.schema);
    const std::vector<std::string> after = key_names(schema);
    ParkedChange out = change;
    out.schema = schema;
    out.key.clear();
    for (const std::string &name : after) {
        const auto found = std::find(before.begin(), before.end(), name);
        if (found == before.end() || before.size() != after.size()) {
            return std::nullopt;
        }
        out.key.push_back(change.key.at(static_cast<std::size_t>(found - before.begin())));
    }
    out.change.new_values = {};
    for (std::uint32_t index = 0; index < schema.columns.size(); ++index) {
        for (std::size_t old = 0; old < change.change.new_values.columns.size(); ++old) {
            const std::uint32_t column = change.change.new_values.columns[old];
            if (change.schema.columns.at(column).name == schema.columns[index].name) {
                out.change.new_values.columns.push_back(index);
                out.change.new_values.values.push_back(change.change.new_values.values[old]);
            }
        }
    }
    out.change.old_values = {};
    return out;
}

std::optional<postrider::Change> compose_parked(const ParkedChange &before,
                                                const TableSchema &schema,
                                                const postrider::Change &later) {
    const std::optional<ParkedChange> shaped = in_shape(before, schema);
    // What has no key any more is gone.
    return shaped ? compose_one_way(shaped->change, later) : std::optional{later};
}

} // namespace postrider::engine

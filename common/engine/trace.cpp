// Looks for a key in the table, its capture and the queue, and tells from the positions of the
// streams how far it has come to each peer.
#include "common/engine/trace.hpp"

#include <vector>

#include "common/engine/introspect.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/rows.hpp"
#include "common/wire/changeset_format.hpp"

namespace postrider::engine {

namespace {

std::vector<std::string> key_columns(const dialect::TableDescription &table) {
    std::vector<std::string> names;
    for (const std::uint32_t index : table.key) {
        names.push_back(table.columns[index].name);
    }
    return names;
}

TracePlace
in_table(const Session &session, const dialect::TableDescription &table, const Key &key) {
    const bool here =
        session.transaction
            .query(session.dialect.select_row(table, key_columns(table)), Parameters{key})
            ->next() != nullptr;
    return {"table", "", here ? "the row is here" : "there is no such row here"};
}

/// Whether a captured change waits to be collected: of the row where keys are noted, else of any.
bool is_marked(const Session &session, dialect::CaptureId capture, const Key &key) {
    const dialect::KeyCapture *keys = session.dialect.keys();
    if (keys == nullptr) {
        return first_row(session.transaction, session.dialect.log()->find_any()).has_value();
    }
    std::string condition;
    for (std::size_t position = 0; position < key.size(); ++position) {
        condition += (position == 0 ? "k" : " AND k") + std::to_string(position) + " = ?" +
                     std::to_string(position + 1);
    }
    return session.transaction
               .query("SELECT 1 FROM " +
                          session.dialect.quote_identifier(keys->key_table(capture)) + " WHERE " +
                          condition,
                      Parameters{key})
               ->next() != nullptr;
}

TracePlace
in_capture(const Session &session, const dialect::TableDescription &table, const Key &key) {
    const auto row = first_row(session.transaction,
                               "SELECT capture_id, held FROM @capture WHERE table_name = ?1",
                               {Value::text(table.name)});
    if (!row) {
        return {"capture", "", "no task sends this table: its changes are not captured"};
    }
    const std::string held = text_at(*row, 1);
    return {"capture", "",
            !held.empty() ? "held: " + held
            : is_marked(session, integer_at(*row, 0), key)
                ? "a change of the row was captured and is not collected yet"
                : "every captured change of the row was collected"};
}

/// Queue positions at which the row was changed, rising.
std::vector<std::uint64_t>
positions_in_queue(const Session &session, const std::string &table, const Key &key) {
    std::vector<std::uint64_t> positions;
    const auto entries = session.transaction.query(
        "SELECT queue_position, content FROM @queue ORDER BY queue_position", {});
    while (const Row *row = entries->next()) {
        const Result<Changeset> changeset = wire::unpack_changeset(blob_at(*row, 1));
        ensure(changeset.has_value(), "the queue holds what pack_changeset made");
        const auto changes = changeset->tables.find(table);
        if (changes != changeset->tables.end() &&
            std::get<OneWayChanges>(changes->second.changes).changes.contains(key)) {
            positions.push_back(unsigned_at(*row, 0));
        }
    }
    return positions;
}

bool goes_to(const Session &session, const Peer &peer, std::uint64_t position) {
    return first_row(session.transaction,
                     "SELECT 1 FROM @queue q WHERE q.queue_position = ?1 AND " +
                         Receivers::include("?2"),
                     {stored(position), peer.peer_id})
        .has_value();
}

TracePlace at_peer(const Session &session,
                   const OutgoingRow &stream,
                   const Peer &peer,
                   const std::vector<std::uint64_t> &positions) {
    for (const std::uint64_t position : positions) {
        if (position > stream.cursor && goes_to(session, peer, position)) {
            return {"queue", peer.name,
                    "a change of the row waits at position " + std::to_string(position) +
                        "; batches are made up to position " + std::to_string(stream.cursor)};
        }
    }
    const auto &outbox = stream.machine.outbox;
    if (!outbox.empty()) {
        return {"outbox", peer.name,
                "what was collected of the row is among batches up to number " +
                    std::to_string(outbox.rbegin()->first) + " of stream " +
                    std::to_string(stream.key.stream) + ", of which number " +
                    std::to_string(outbox.begin()->first) + " is not acknowledged yet"};
    }
    return {"the peer", peer.name, "everything collected of the row was acknowledged"};
}

} // namespace

Result<std::vector<TracePlace>>
trace(const Session &session, const std::string &table, const Key &key) {
    const Result<dialect::TableDescription> described =
        describe_table(session.transaction, session.dialect, table);
    if (!described) {
        return described.error();
    }
    if (key.size() != described->key.size()) {
        return Error{Errc::refused,
                     "the primary key of table \"" + described->name + "\" has " +
                         std::to_string(described->key.size()) + " columns, and " +
                         std::to_string(key.size()) + " values were given",
                     {},
                     "Give a value for each, in the order of the key."};
    }
    std::vector<TracePlace> places{in_table(session, *described, key),
                                   in_capture(session, *described, key)};
    const auto positions = positions_in_queue(session, described->name, key);
    for (const StreamKey &stream : outgoing_streams(session.transaction)) {
        const OutgoingRow row = *load_outgoing(session.transaction, stream);
        const Result<SentTables> tables = sent_tables(session, stream.peer_id, row.lane);
        if (tables && tables->contains(described->name)) {
            places.push_back(
                at_peer(session, row, *load_peer(session.transaction, stream.peer_id), positions));
        }
    }
    return places;
}

} // namespace postrider::engine

// stream_out and outbox.
#include "common/engine/store/stream_rows.hpp"

namespace postrider::engine {

namespace {

using stream::OutboxEntry;
using stream::OutgoingStream;
using stream::Range;

Bytes pack_ranges(const std::vector<Range> &ranges) {
    ByteWriter writer;
    for (const Range &range : ranges) {
        writer.u64(range.offset);
        writer.u64(range.end);
    }
    return std::move(writer).take();
}

std::vector<Range> unpack_ranges(const Bytes &bytes) {
    ensure(bytes.size() % 16 == 0, "stored ranges are pairs of 64-bit numbers");
    ByteReader reader{bytes};
    std::vector<Range> ranges;
    while (reader.remaining() > 0) {
        const std::uint64_t offset = reader.u64();
        ranges.push_back({offset, reader.u64()});
    }
    return ranges;
}

OutboxEntry entry_from(const Row &row) {
    OutboxEntry entry;
    entry.number = unsigned_at(row, 0);
    entry.chain = fixed_at<32>(row, 1);
    entry.body_hash = fixed_at<32>(row, 2);
    entry.body_total = unsigned_at(row, 3);
    entry.continues = integer_at(row, 4) != 0;
    entry.stored = integer_at(row, 5) != 0;
    entry.tries = static_cast<std::uint32_t>(integer_at(row, 6));
    entry.last_sent = maybe_time_at(row, 7);
    entry.next_send = time_at(row, 8);
    entry.wanted = unpack_ranges(blob_at(row, 9));
    return entry;
}

void update_outbox(Transaction &transaction, const StreamKey &key, const OutboxEntry &entry) {
    transaction.execute("UPDATE @outbox SET stored = ?4, tries = ?5, last_sent = ?6,"
                        " next_send = ?7, wanted = ?8"
                        " WHERE peer_id = ?1 AND stream = ?2 AND number = ?3",
                        {key.peer_id, stored_stream(key), stored(entry.number),
                         stored(entry.stored), std::int64_t{entry.tries}, stored(entry.last_sent),
                         stored(entry.next_send), pack_ranges(entry.wanted)});
}

} // namespace

std::vector<StreamKey> outgoing_streams(Transaction &transaction) {
    std::vector<StreamKey> keys;
    for (const Row &row : all_rows(
             transaction, "SELECT peer_id, stream FROM @stream_out ORDER BY peer_id, stream")) {
        keys.push_back({integer_at(row, 0), static_cast<std::uint32_t>(integer_at(row, 1))});
    }
    return keys;
}

std::optional<OutgoingRow> load_outgoing(Transaction &transaction, const StreamKey &key) {
    const auto row = first_row(
        transaction,
        "SELECT lane, state, reason, incarnation, last_number, last_chain, acknowledged,"
        " acknowledged_chain, rebase_incarnation, rebase_number, rebase_chain, awaits_position,"
        " reporter_incarnation, report_counter, round_trip, cursor"
        " FROM @stream_out WHERE peer_id = ?1 AND stream = ?2",
        {key.peer_id, stored_stream(key)});
    if (!row) {
        return std::nullopt;
    }
    OutgoingRow out{key, text_at(*row, 0), {}, 0};
    OutgoingStream &machine = out.machine;
    machine.state = state_at(*row, 1);
    machine.reason = text_at(*row, 2);
    machine.incarnation = unsigned_at(*row, 3);
    machine.last_number = unsigned_at(*row, 4);
    machine.last_chain = fixed_at<32>(*row, 5);
    machine.acknowledged = unsigned_at(*row, 6);
    machine.acknowledged_chain = fixed_at<32>(*row, 7);
    machine.rebase = rebase_at(*row, 8);
    machine.awaits_position = integer_at(*row, 11) != 0;
    machine.reporter_incarnation = unsigned_at(*row, 12);
    machine.report_counter = unsigned_at(*row, 13);
    if (const auto round_trip = maybe_integer_at(*row, 14)) {
        machine.round_trip = Duration{*round_trip};
    }
    out.cursor = unsigned_at(*row, 15);
    for (const Row &entry_row :
         all_rows(transaction,
                  "SELECT number, chain, body_hash, body_total, continues, stored, tries,"
                  " last_sent, next_send, wanted FROM @outbox"
                  " WHERE peer_id = ?1 AND stream = ?2",
                  {key.peer_id, stored_stream(key)})) {
        OutboxEntry entry = entry_from(entry_row);
        const std::uint64_t number = entry.number;
        machine.outbox.emplace(number, std::move(entry));
    }
    return out;
}

void insert_outgoing(Transaction &transaction, const OutgoingRow &row) {
    transaction.execute("INSERT INTO @stream_out (peer_id, stream, lane, incarnation, last_chain,"
                        " acknowledged_chain) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                        {row.key.peer_id, stored_stream(row.key), Value::text(row.lane),
                         stored(row.machine.incarnation), stored(row.machine.last_chain),
                         stored(row.machine.acknowledged_chain)});
    save_outgoing(transaction, row);
}

void save_outgoing(Transaction &transaction, const OutgoingRow &row, const OutboxChanges &changes) {
    const OutgoingStream &machine = row.machine;
    const stream::Position rebase = machine.rebase.value_or(stream::Position{});
    transaction.execute(
        "UPDATE @stream_out SET state = ?3, reason = ?4, incarnation = ?5, last_number = ?6,"
        " last_chain = ?7, acknowledged = ?8, acknowledged_chain = ?9, rebase_incarnation = ?10,"
        " rebase_number = ?11, rebase_chain = ?12, awaits_position = ?13,"
        " reporter_incarnation = ?14, report_counter = ?15, round_trip = ?16, cursor = ?17"
        " WHERE peer_id = ?1 AND stream = ?2",
        {row.key.peer_id, stored_stream(row.key), stored(machine.state),
         Value::text(machine.reason), stored(machine.incarnation), stored(machine.last_number),
         stored(machine.last_chain), stored(machine.acknowledged),
         stored(machine.acknowledged_chain), stored(rebase.incarnation), stored(rebase.number),
         stored_chain(machine.rebase), stored(machine.awaits_position),
         stored(machine.reporter_incarnation), stored(machine.report_counter),
         machine.round_trip ? Value{std::int64_t{machine.round_trip->count()}} : Value{},
         stored(row.cursor)});
    for (const std::uint64_t number : changes.changed) {
        update_outbox(transaction, row.key, machine.outbox.at(number));
    }
    for (const std::uint64_t number : changes.dropped) {
        transaction.execute(
            "DELETE FROM @outbox WHERE peer_id = ?1 AND stream = ?2 AND number = ?3",
            {row.key.peer_id, stored_stream(row.key), stored(number)});
    }
}

void insert_outbox(Transaction &transaction,
                   const StreamKey &key,
                   const OutboxEntry &entry,
                   const OutboxBody &body) {
    transaction.execute(
        "INSERT INTO @outbox (peer_id, stream, number, chain, body_hash, body_total, continues,"
        " stored, tries, last_sent, next_send, wanted, queue_to, rows, content_key_sealed, body)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        {key.peer_id, stored_stream(key), stored(entry.number), stored(entry.chain),
         stored(entry.body_hash), stored(entry.body_total), stored(entry.continues),
         stored(entry.stored), std::int64_t{entry.tries}, stored(entry.last_sent),
         stored(entry.next_send), pack_ranges(entry.wanted), stored(body.queue_to),
         stored(body.rows), body.content_key_sealed, body.body});
}

void replace_outbox_body(Transaction &transaction,
                         const StreamKey &key,
                         const OutboxEntry &entry,
                         const OutboxBody &body) {
    transaction.execute("UPDATE @outbox SET body_hash = ?4, body_total = ?5, body = ?6,"
                        " content_key_sealed = ?7"
                        " WHERE peer_id = ?1 AND stream = ?2 AND number = ?3",
                        {key.peer_id, stored_stream(key), stored(entry.number),
                         stored(entry.body_hash), stored(entry.body_total), body.body,
                         body.content_key_sealed});
    update_outbox(transaction, key, entry);
}

std::optional<OutboxBody>
load_outbox_body(Transaction &transaction, const StreamKey &key, std::uint64_t number) {
    const auto row = first_row(transaction,
                               "SELECT body, content_key_sealed, queue_to, rows FROM @outbox"
                               " WHERE peer_id = ?1 AND stream = ?2 AND number = ?3",
                               {key.peer_id, stored_stream(key), stored(number)});
    if (!row) {
        return std::nullopt;
    }
    return OutboxBody{blob_at(*row, 0), blob_at(*row, 1), unsigned_at(*row, 2),
                      unsigned_at(*row, 3)};
}

} // namespace postrider::engine

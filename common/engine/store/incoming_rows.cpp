// stream_in, inbox_body and inbox_part.
#include "common/engine/store/stream_rows.hpp"

namespace postrider::engine {

namespace {

using stream::InboxBody;
using stream::InboxKey;
using stream::IncomingStream;

void load_inbox(Transaction &transaction, const StreamKey &key, IncomingStream &machine) {
    for (const Row &row :
         all_rows(transaction,
                  "SELECT number, body_hash, total, previous_chain, chain, continues,"
                  " rebase_incarnation, rebase_number, rebase_chain FROM @inbox_body"
                  " WHERE peer_id = ?1 AND stream = ?2",
                  {key.peer_id, stored_stream(key)})) {
        InboxBody &body = machine.inbox[{unsigned_at(row, 0), fixed_at<32>(row, 1)}];
        body.total = unsigned_at(row, 2);
        if (!row.at(4).is_null()) {
            body.opened = stream::OpenedBatch{fixed_at<32>(row, 3), fixed_at<32>(row, 4),
                                              integer_at(row, 5) != 0, rebase_at(row, 6)};
        }
    }
    if (machine.inbox.empty()) {
        return; // each part lies there with its body
    }
    for (const Row &row : all_rows(transaction,
                                   "SELECT number, body_hash, body_offset, size FROM @inbox_part"
                                   " WHERE peer_id = ?1 AND stream = ?2 AND size > 0",
                                   {key.peer_id, stored_stream(key)})) {
        const std::uint64_t offset = unsigned_at(row, 2);
        const Result<void> added =
            machine.inbox[{unsigned_at(row, 0), fixed_at<32>(row, 1)}].ranges.add(
                {offset, offset + unsigned_at(row, 3)});
        ensure(added.has_value(), "stored parts passed the same check when they arrived");
    }
}

/// False: the stream was never heard of.
bool load_row(Transaction &transaction, const StreamKey &key, IncomingRow &out) {
    out.key = key;
    const auto row = first_row(
        transaction,
        "SELECT state, reason, applied_incarnation, applied_number, applied_chain, newcomer,"
        " news_since, gap_since, gap_reports, last_gap_report, last_repeat, at_once,"
        " front_number, next_try_at, refused, repeats, told_at FROM @stream_in"
        " WHERE peer_id = ?1 AND stream = ?2",
        {key.peer_id, stored_stream(key)});
    if (!row) {
        return false;
    }
    out.machine.state = state_at(*row, 0);
    out.machine.reason = text_at(*row, 1);
    out.machine.applied = {unsigned_at(*row, 2), unsigned_at(*row, 3), fixed_at<32>(*row, 4)};
    out.machine.newcomer = unsigned_at(*row, 5);
    out.acknowledgement = {.news_since = maybe_time_at(*row, 6),
                           .gap_since = maybe_time_at(*row, 7),
                           .gap_reports = static_cast<std::uint32_t>(integer_at(*row, 8)),
                           .last_gap_report = maybe_time_at(*row, 9),
                           .last_repeat = maybe_time_at(*row, 10),
                           .repeats = static_cast<std::uint32_t>(integer_at(*row, 15)),
                           .told_at = maybe_time_at(*row, 16),
                           .at_once = integer_at(*row, 11) != 0};
    out.front_number = unsigned_at(*row, 12);
    out.next_try_at = maybe_time_at(*row, 13);
    out.machine.refused = unsigned_at(*row, 14);
    return true;
}

} // namespace

std::vector<StreamKey> incoming_streams(Transaction &transaction) {
    std::vector<StreamKey> keys;
    for (const Row &row :
         all_rows(transaction, "SELECT peer_id, stream FROM @stream_in ORDER BY peer_id, stream")) {
        keys.push_back({integer_at(row, 0), static_cast<std::uint32_t>(integer_at(row, 1))});
    }
    return keys;
}

IncomingRow load_incoming(Transaction &transaction, const StreamKey &key) {
    IncomingRow out;
    if (load_row(transaction, key, out)) {
        load_inbox(transaction, key, out.machine);
    }
    return out;
}

IncomingRow load_incoming_alone(Transaction &transaction, const StreamKey &key) {
    IncomingRow out;
    load_row(transaction, key, out);
    return out;
}

void save_incoming(Transaction &transaction, const IncomingRow &row) {
    const IncomingStream &machine = row.machine;
    const stream::Acknowledgement &report = row.acknowledgement;
    transaction.execute("INSERT INTO @stream_in (peer_id, stream, applied_chain)"
                        " VALUES (?1, ?2, ?3) ON CONFLICT (peer_id, stream) DO NOTHING",
                        {row.key.peer_id, stored_stream(row.key), stored(machine.applied.chain)});
    transaction.execute(
        "UPDATE @stream_in SET state = ?3, reason = ?4, applied_incarnation = ?5,"
        " applied_number = ?6, applied_chain = ?7, newcomer = ?8, news_since = ?9,"
        " gap_since = ?10, gap_reports = ?11, last_gap_report = ?12, last_repeat = ?13,"
        " at_once = ?14, front_number = ?15, next_try_at = ?16,"
        " refused = ?17, repeats = ?18, told_at = ?19"
        " WHERE peer_id = ?1 AND stream = ?2",
        {row.key.peer_id, stored_stream(row.key), stored(machine.state),
         Value::text(machine.reason), stored(machine.applied.incarnation),
         stored(machine.applied.number), stored(machine.applied.chain), stored(machine.newcomer),
         stored(report.news_since), stored(report.gap_since), std::int64_t{report.gap_reports},
         stored(report.last_gap_report), stored(report.last_repeat), stored(report.at_once),
         stored(row.front_number), stored(row.next_try_at), stored(machine.refused),
         std::int64_t{report.repeats}, stored(report.told_at)});
}

void insert_part(Transaction &transaction,
                 const StreamKey &key,
                 const StoredPart &part,
                 Timestamp now) {
    const stream::PartHead &head = part.head;
    transaction.execute(
        "INSERT INTO @inbox_body (peer_id, stream, number, body_hash, incarnation, total,"
        " content_key_sealed, received_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        " ON CONFLICT (peer_id, stream, number, body_hash) DO NOTHING",
        {key.peer_id, stored_stream(key), stored(head.number), stored(head.body_hash),
         stored(head.incarnation), stored(head.body_total), part.content_key_sealed, stored(now)});
    // The same slice again in another size (a resend was split differently): the longer one is
    // kept.
    transaction.execute(
        "INSERT INTO @inbox_part (peer_id, stream, number, body_hash, body_offset, size, content)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        " ON CONFLICT (peer_id, stream, number, body_hash, body_offset)"
        " DO UPDATE SET size = excluded.size, content = excluded.content"
        " WHERE excluded.size > @inbox_part.size",
        {key.peer_id, stored_stream(key), stored(head.number), stored(head.body_hash),
         stored(head.range.offset), stored(static_cast<std::uint64_t>(part.content.size())),
         stored(part.content)});
}

void mark_opened(Transaction &transaction,
                 const StreamKey &key,
                 const InboxKey &body,
                 const stream::OpenedBatch &batch) {
    const stream::Position rebase = batch.rebase.value_or(stream::Position{});
    transaction.execute("UPDATE @inbox_body SET previous_chain = ?5, chain = ?6, continues = ?7,"
                        " rebase_incarnation = ?8, rebase_number = ?9, rebase_chain = ?10"
                        " WHERE peer_id = ?1 AND stream = ?2 AND number = ?3 AND body_hash = ?4",
                        {key.peer_id, stored_stream(key), stored(body.first), stored(body.second),
                         stored(batch.previous_chain), stored(batch.chain), stored(batch.continues),
                         stored(rebase.incarnation), stored(rebase.number),
                         stored_chain(batch.rebase)});
}

void insert_needed(Transaction &transaction,
                   const StreamKey &key,
                   const stream::InboxKey &body,
                   const NeededBatch &needed) {
    transaction.execute(
        "INSERT INTO @needed_batch (peer_id, stream, number, body_hash, of_stream, incarnation,"
        " of_number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        " ON CONFLICT (peer_id, stream, number, body_hash, of_stream) DO NOTHING",
        {key.peer_id, stored_stream(key), stored(body.first), stored(body.second),
         std::int64_t{needed.stream}, stored(needed.incarnation), stored(needed.number)});
}

std::optional<NeededBatch> needed_first(Transaction &transaction,
                                        const StreamKey &key,
                                        const std::vector<stream::InboxKey> &bodies) {
    for (const auto &[number, body_hash] : bodies) {
        for (const Row &row :
             all_rows(transaction,
                      "SELECT n.of_stream, n.incarnation, n.of_number,"
                      " coalesce(s.applied_incarnation, 0), coalesce(s.applied_number, 0)"
                      " FROM @needed_batch n LEFT JOIN @stream_in s ON s.peer_id = n.peer_id"
                      " AND s.stream = n.of_stream WHERE n.peer_id = ?1 AND n.stream = ?2"
                      " AND n.number = ?3 AND n.body_hash = ?4 ORDER BY n.of_stream",
                      {key.peer_id, stored_stream(key), stored(number), stored(body_hash)})) {
            const NeededBatch needed{static_cast<std::uint32_t>(integer_at(row, 0)),
                                     unsigned_at(row, 1), unsigned_at(row, 2)};
            if (std::pair{unsigned_at(row, 3), unsigned_at(row, 4)} <
                std::pair{needed.incarnation, needed.number}) {
                return needed;
            }
        }
    }
    return std::nullopt;
}

void mark_lacking(Transaction &transaction, const StreamKey &key, const InboxKey &body) {
    transaction.execute("UPDATE @inbox_body SET previous_chain = NULL, chain = NULL"
                        " WHERE peer_id = ?1 AND stream = ?2 AND number = ?3 AND body_hash = ?4",
                        {key.peer_id, stored_stream(key), stored(body.first), stored(body.second)});
}

void delete_bodies(Transaction &transaction,
                   const StreamKey &key,
                   const std::vector<InboxKey> &bodies) {
    for (const auto &[number, body_hash] : bodies) {
        for (const char *sql :
             {"DELETE FROM @inbox_part WHERE peer_id = ?1 AND stream = ?2 AND number = ?3"
              " AND body_hash = ?4",
              "DELETE FROM @needed_batch WHERE peer_id = ?1 AND stream = ?2 AND number = ?3"
              " AND body_hash = ?4",
              "DELETE FROM @inbox_body WHERE peer_id = ?1 AND stream = ?2 AND number = ?3"
              " AND body_hash = ?4"}) {
            transaction.execute(
                sql, {key.peer_id, stored_stream(key), stored(number), stored(body_hash)});
        }
    }
}

void delete_inbox(Transaction &transaction, const StreamKey &key) {
    for (const char *sql : {"DELETE FROM @inbox_part WHERE peer_id = ?1 AND stream = ?2",
                            "DELETE FROM @needed_batch WHERE peer_id = ?1 AND stream = ?2",
                            "DELETE FROM @inbox_body WHERE peer_id = ?1 AND stream = ?2"}) {
        transaction.execute(sql, {key.peer_id, stored_stream(key)});
    }
}

WholeBody load_body(Transaction &transaction, const StreamKey &key, const InboxKey &body) {
    WholeBody out;
    const auto head =
        first_row(transaction,
                  "SELECT total, content_key_sealed FROM @inbox_body"
                  " WHERE peer_id = ?1 AND stream = ?2 AND number = ?3 AND body_hash = ?4",
                  {key.peer_id, stored_stream(key), stored(body.first), stored(body.second)});
    ensure(head.has_value(), "a body that the machine names lies in the inbox");
    const std::uint64_t total = unsigned_at(*head, 0);
    ensure(total <= limits::body_bytes_max, "a stored body passed the limit when it arrived");
    out.content_key_sealed = blob_at(*head, 1);
    out.body.resize(total);
    const auto parts = transaction.query(
        "SELECT body_offset, content FROM @inbox_part"
        " WHERE peer_id = ?1 AND stream = ?2 AND number = ?3 AND body_hash = ?4",
        {key.peer_id, stored_stream(key), stored(body.first), stored(body.second)});
    while (const Row *row = parts->next()) {
        const std::uint64_t offset = unsigned_at(*row, 0);
        const Bytes content = blob_at(*row, 1);
        ensure(offset + content.size() <= total, "a stored part lies within its body");
        std::copy(content.begin(), content.end(),
                  out.body.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    return out;
}

InboxUse inbox_use(Transaction &transaction, std::int64_t peer_id) {
    const auto row = first_row(transaction,
                               "SELECT CAST(coalesce(sum(size), 0) AS BIGINT), count(*) FROM "
                               "@inbox_part WHERE peer_id = ?1",
                               {peer_id});
    return {unsigned_at(*row, 0), unsigned_at(*row, 1)};
}

} // namespace postrider::engine

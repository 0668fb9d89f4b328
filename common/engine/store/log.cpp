// Writing and pruning the logs.
#include "common/engine/store/log.hpp"

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

constexpr std::size_t reason_bytes_max = 1000;

Value stored_peer(std::optional<std::int64_t> peer_id) {
    return peer_id ? Value{*peer_id} : Value{};
}

} // namespace

void log_event(Transaction &transaction, Timestamp now, const EventRow &event) {
    transaction.execute("INSERT INTO @event (event_id, happened_at, kind, peer_id, message, action)"
                        " SELECT coalesce(max(event_id), 0) + 1, ?1, ?2, ?3, ?4, ?5 FROM @event",
                        {stored(now), Value::text(event.kind), stored_peer(event.peer_id),
                         Value::text(event.message), Value::text(event.action)});
}

bool is_told(Transaction &transaction, Timestamp since, const EventRow &event) {
    return first_row(transaction,
                     "SELECT 1 FROM @event WHERE kind = ?1 AND message = ?2 AND happened_at > ?3"
                     " LIMIT 1",
                     {Value::text(event.kind), Value::text(event.message), stored(since)})
        .has_value();
}

void log_refused(Transaction &transaction, Timestamp now, const RefusedRow &refused) {
    std::string reason = refused.reason.message;
    if (!refused.reason.detail.empty()) {
        reason += ": " + refused.reason.detail;
    }
    const Value peer = stored_peer(refused.peer_id);
    const Value source = Value::text(printable(refused.source));
    const Value cause = Value::text(printable(reason, reason_bytes_max));
    const std::int64_t counted =
        transaction.execute("UPDATE @refusal SET count = count + 1, last_at = ?4"
                            " WHERE source = ?2 AND reason = ?3"
                            " AND coalesce(peer_id, 0) = coalesce(?1, 0)",
                            {peer, source, cause, stored(now)});
    if (counted == 0) {
        transaction.execute(
            "INSERT INTO @refusal (refused_id, peer_id, source, reason, hint, first_at, last_at)"
            " SELECT coalesce(max(refused_id), 0) + 1, ?1, ?2, ?3, ?4, ?5, ?5 FROM @refusal",
            {peer, source, cause, Value::text(refused.reason.hint), stored(now)});
        // What strangers send does not push out what was refused of peers.
        const std::int64_t rows_max =
            refused.peer_id ? limits::refused_rows_max : limits::refused_of_strangers_max;
        transaction.execute("DELETE FROM @refusal WHERE (peer_id IS NULL) = (?1 IS NULL)"
                            " AND refused_id <= (SELECT refused_id FROM @refusal"
                            " WHERE (peer_id IS NULL) = (?1 IS NULL)"
                            " ORDER BY refused_id DESC LIMIT 1 OFFSET ?2)",
                            {peer, rows_max});
    }
}

void log_delivery(Transaction &transaction,
                  Timestamp now,
                  const DeliveryKey &key,
                  const DeliverySize &size,
                  const std::string &state) {
    transaction.execute(
        "INSERT INTO @delivery (delivery_id, peer_id, direction, stream, incarnation, number,"
        " rows, bytes, state, created_at)"
        " SELECT coalesce(max(delivery_id), 0) + 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9"
        " FROM @delivery WHERE true"
        " ON CONFLICT (peer_id, direction, stream, incarnation, number) DO NOTHING",
        {key.peer_id, Value::text(key.direction), std::int64_t{key.stream}, stored(key.incarnation),
         stored(key.number), stored(size.rows), stored(size.bytes), Value::text(state),
         stored(now)});
}

void log_transmission(Transaction &transaction,
                      Timestamp now,
                      const DeliveryKey &key,
                      std::uint64_t mails) {
    transaction.execute("UPDATE @delivery SET mails = mails + ?6, sent_at = ?7,"
                        " state = CASE state WHEN 'waiting' THEN 'sent' ELSE state END"
                        " WHERE peer_id = ?1 AND direction = ?2 AND stream = ?3"
                        " AND incarnation = ?4 AND number = ?5",
                        {key.peer_id, Value::text(key.direction), std::int64_t{key.stream},
                         stored(key.incarnation), stored(key.number), stored(mails), stored(now)});
}

void finish_delivery(Transaction &transaction,
                     Timestamp now,
                     const DeliveryKey &key,
                     const std::string &state,
                     const std::string &detail) {
    transaction.execute("UPDATE @delivery SET state = ?6, detail = ?7, finished_at = ?8"
                        " WHERE peer_id = ?1 AND direction = ?2 AND stream = ?3"
                        " AND incarnation = ?4 AND number = ?5",
                        {key.peer_id, Value::text(key.direction), std::int64_t{key.stream},
                         stored(key.incarnation), stored(key.number), Value::text(state),
                         Value::text(detail), stored(now)});
}

void prune_logs(Transaction &transaction, Timestamp now, Duration keep) {
    const Value oldest = stored(now - keep);
    transaction.execute("DELETE FROM @delivery WHERE finished_at < ?1", {oldest});
    transaction.execute("DELETE FROM @event WHERE happened_at < ?1", {oldest});
    transaction.execute("DELETE FROM @refusal WHERE last_at < ?1", {oldest});
}

} // namespace postrider::engine

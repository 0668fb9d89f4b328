// history_frame: keeping, choosing, letting go.
#include "common/engine/history.hpp"

#include "common/engine/inbox.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/store/rows.hpp"
#include "common/stream/history.hpp"

namespace postrider::engine {

namespace {

/// One side of a stream in one incarnation.
struct Past {
    const char *direction;
    StreamKey key;
    std::uint64_t incarnation = 0;
};

constexpr const char *sent_direction = "sent";
constexpr const char *received_direction = "received";

/// WHERE of a Past, whose values are the first four parameters.
constexpr const char *of_past =
    " FROM @history_frame WHERE direction = ?1 AND peer_id = ?2 AND stream = ?3"
    " AND incarnation = ?4";

Past past_of(const OutgoingRow &stream) {
    return {sent_direction, stream.key, stream.machine.incarnation};
}

Past past_of(const IncomingRow &row) {
    return {received_direction, row.key, incarnation_of_inbox(row)};
}

std::uint64_t cost_of_kept(ByteView content) {
    return wire::kept_of(content).size() + limits::history_row_bytes;
}

std::string sum_of_costs() {
    return "coalesce(sum(length(content) + " + std::to_string(limits::history_row_bytes) + "), 0)";
}

std::uint64_t cost_of_past(Transaction &transaction, const Past &past) {
    const auto row = first_row(transaction, "SELECT " + sum_of_costs() + of_past,
                               {Value::text(past.direction), past.key.peer_id,
                                std::int64_t{past.key.stream}, stored(past.incarnation)});
    return unsigned_at(*row, 0);
}

void forget_below(Transaction &transaction, const Past &past, std::uint64_t number) {
    transaction.execute(std::string{"DELETE"} + of_past + " AND number < ?5",
                        {Value::text(past.direction), past.key.peer_id,
                         std::int64_t{past.key.stream}, stored(past.incarnation), stored(number)});
}

void keep(Transaction &transaction,
          const Past &past,
          const KeptNumber &kept,
          std::span<const wire::Frame> frames) {
    for (const wire::Frame &frame : frames) {
        if (frame.kind != wire::FrameKind::changes) {
            continue;
        }
        transaction.execute(
            "INSERT INTO @history_frame (direction, peer_id, stream, incarnation, number,"
            " table_name, floor, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
            " ON CONFLICT (direction, peer_id, stream, incarnation, number, table_name)"
            " DO UPDATE SET floor = excluded.floor, content = excluded.content",
            {Value::text(past.direction), past.key.peer_id, std::int64_t{past.key.stream},
             stored(past.incarnation), stored(kept.number), Value::text(frame.table),
             stored(kept.floor), stored(wire::kept_of(frame.raw))});
    }
}

/// The kept frames of a table in the batches that are named, the last ones that a prefix holds.
Bytes read_prefix(Transaction &transaction,
                  const Past &past,
                  const wire::History &named,
                  const std::string &table) {
    std::vector<Bytes> kept;
    std::size_t size = 0;
    const auto rows = transaction.query(
        std::string{"SELECT content"} + of_past +
            " AND number BETWEEN ?5 AND ?6 AND table_name = ?7 ORDER BY number DESC",
        {Value::text(past.direction), past.key.peer_id, std::int64_t{past.key.stream},
         stored(past.incarnation), stored(named.floor), stored(named.last), Value::text(table)});
    while (const Row *row = rows->next()) {
        kept.insert(kept.begin(), blob_at(*row, 0));
        size += kept.front().size();
        if (size >= limits::history_table_bytes_max) {
            break;
        }
    }
    return wire::prefix_of_kept(kept);
}

wire::HistoryReader reader_of(Transaction &transaction, const Past &past) {
    return [&transaction, past](const wire::History &named, const std::string &table) {
        return read_prefix(transaction, past, named, table);
    };
}

/// The floors that batches on their way have named: the least, below which nothing is needed to
/// make their bodies anew, and the greatest of all, below which nothing is named again.
struct Floors {
    std::optional<std::uint64_t> least_on_the_way;
    std::uint64_t greatest = 1;
};

Floors floors_of(Transaction &transaction, const Past &past, std::uint64_t acknowledged) {
    const auto row = first_row(
        transaction,
        std::string{"SELECT min(CASE WHEN number > ?5 THEN floor END), max(floor)"} + of_past,
        {Value::text(past.direction), past.key.peer_id, std::int64_t{past.key.stream},
         stored(past.incarnation), stored(acknowledged)});
    Floors floors;
    if (const auto least = maybe_integer_at(*row, 0)) {
        floors.least_on_the_way = from_stored(*least);
    }
    if (const auto greatest = maybe_integer_at(*row, 1)) {
        floors.greatest = from_stored(*greatest);
    }
    return floors;
}

/// From which number on what is acknowledged fits into half of what may be kept; the other half is
/// for what is on its way.
std::uint64_t choose_floor(Transaction &transaction,
                           const Past &past,
                           std::uint64_t acknowledged,
                           std::uint64_t least) {
    std::uint64_t floor = least;
    std::uint64_t cost = 0;
    const auto rows = transaction.query(
        "SELECT number, " + sum_of_costs() + of_past +
            " AND number BETWEEN ?5 AND ?6 GROUP BY number ORDER BY number DESC",
        {Value::text(past.direction), past.key.peer_id, std::int64_t{past.key.stream},
         stored(past.incarnation), stored(least), stored(acknowledged)});
    while (const Row *row = rows->next()) {
        cost += unsigned_at(*row, 1);
        if (cost > limits::history_stream_bytes_max / 2) {
            return unsigned_at(*row, 0) + 1;
        }
    }
    return floor;
}

bool keeps_history(const OutgoingRow &stream) {
    return stream.key.stream != control_stream && !stream.lane.ends_with(lane_without_history);
}

} // namespace

SentHistory history_to_name(Transaction &transaction,
                            const OutgoingRow &stream,
                            std::span<const wire::Frame> frames,
                            std::optional<std::uint64_t> anew_from) {
    SentHistory out;
    if (!keeps_history(stream)) {
        return out;
    }
    const Past past = past_of(stream);
    const std::uint64_t acknowledged = stream::history_end(stream.machine);
    const Floors floors = floors_of(transaction, past, acknowledged);
    wire::History named;
    named.floor =
        anew_from ? *anew_from : choose_floor(transaction, past, acknowledged, floors.greatest);
    named.last = std::max(acknowledged, named.floor - 1);
    forget_below(transaction, past,
                 std::min(named.floor, floors.least_on_the_way.value_or(named.floor)));
    std::uint64_t cost = cost_of_past(transaction, past);
    for (const wire::Frame &frame : frames) {
        cost += frame.kind == wire::FrameKind::changes ? cost_of_kept(frame.raw) : 0;
    }
    if (cost > limits::history_stream_bytes_max) {
        return out;
    }
    for (const wire::Frame &frame : frames) {
        if (frame.kind == wire::FrameKind::changes) {
            out.prefixes.emplace(frame.table, read_prefix(transaction, past, named, frame.table));
        }
    }
    out.named = named;
    return out;
}

bool hides_otherwise(Transaction &transaction, const StreamKey &key, const std::string &hidden) {
    return first_row(transaction,
                     "SELECT 1 FROM @stream_out WHERE peer_id = ?1 AND stream = ?2"
                     " AND hidden <> ?3",
                     {key.peer_id, std::int64_t{key.stream}, Value::text(hidden)})
        .has_value();
}

void remember_hidden(Transaction &transaction, const StreamKey &key, const std::string &hidden) {
    transaction.execute("UPDATE @stream_out SET hidden = ?3 WHERE peer_id = ?1 AND stream = ?2",
                        {key.peer_id, std::int64_t{key.stream}, Value::text(hidden)});
}

void keep_sent(Transaction &transaction,
               const OutgoingRow &stream,
               const KeptNumber &kept,
               std::span<const wire::Frame> frames) {
    keep(transaction, past_of(stream), kept, frames);
}

void forget_sent(Transaction &transaction, const StreamKey &key) {
    transaction.execute(
        "DELETE FROM @history_frame WHERE direction = ?1 AND peer_id = ?2 AND stream = ?3",
        {Value::text(sent_direction), key.peer_id, std::int64_t{key.stream}});
}

wire::HistoryReader history_reader(Transaction &transaction, const OutgoingRow &stream) {
    return reader_of(transaction, past_of(stream));
}

void raise_floor(Transaction &transaction, const OutgoingRow &stream, std::uint64_t number) {
    const Past past = past_of(stream);
    transaction.execute("UPDATE @history_frame SET floor = ?5 WHERE direction = ?1"
                        " AND peer_id = ?2 AND stream = ?3 AND incarnation = ?4 AND number = ?5",
                        {Value::text(past.direction), past.key.peer_id,
                         std::int64_t{past.key.stream}, stored(past.incarnation), stored(number)});
}

wire::HistoryReader history_reader(Transaction &transaction, const IncomingRow &row) {
    return reader_of(transaction, past_of(row));
}

std::vector<wire::Frame> kept_frames(std::span<const wire::Frame> frames) {
    std::vector<wire::Frame> out;
    for (const wire::Frame &frame : frames) {
        if (frame.kind == wire::FrameKind::changes) {
            const ByteView kept = wire::kept_of(frame.raw);
            out.push_back({frame.kind, frame.table, Bytes(kept.begin(), kept.end()), 0, 0});
        }
    }
    return out;
}

void keep_received(Transaction &transaction,
                   const IncomingRow &row,
                   const std::vector<KeptBatch> &batches) {
    const Past past = past_of(row);
    transaction.execute("DELETE FROM @history_frame WHERE direction = ?1 AND peer_id = ?2"
                        " AND stream = ?3 AND incarnation <> ?4",
                        {Value::text(past.direction), past.key.peer_id,
                         std::int64_t{past.key.stream}, stored(past.incarnation)});
    for (const KeptBatch &batch : batches) {
        keep(transaction, past, batch.kept, batch.frames);
        forget_below(transaction, past, batch.kept.floor);
    }
    while (cost_of_past(transaction, past) > limits::history_stream_bytes_max) {
        const auto oldest = first_row(transaction, std::string{"SELECT min(number)"} + of_past,
                                      {Value::text(past.direction), past.key.peer_id,
                                       std::int64_t{past.key.stream}, stored(past.incarnation)});
        forget_below(transaction, past, unsigned_at(*oldest, 0) + 1);
    }
}

} // namespace postrider::engine

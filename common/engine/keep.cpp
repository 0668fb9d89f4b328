// Which streams are stale, and what becomes of them.
#include "common/engine/keep.hpp"

#include <algorithm>

#include "common/engine/history.hpp"
#include "common/engine/marks.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/starts.hpp"
#include "common/task/task_text.hpp"

namespace postrider::engine {

namespace {

constexpr Duration one_day = std::chrono::hours{24};
constexpr task::Keep usual{30, task::KeepUnit::days};
/// However little may be kept, an answer is waited for so long.
constexpr Duration patience = one_day;
/// Far beyond any life of a database; so nothing overflows.
constexpr std::uint64_t amount_max = 1'000'000;
constexpr std::uint64_t megabyte = 1'000'000;

/// One of the two.
struct KeepLimit {
    std::optional<Duration> time;
    std::optional<std::uint64_t> bytes;
};

KeepLimit limit_of(const task::Keep &keep) {
    const std::uint64_t amount = std::min(keep.amount, amount_max);
    switch (keep.unit) {
    case task::KeepUnit::days:
        return {.time = one_day * static_cast<std::int64_t>(amount), .bytes = {}};
    case task::KeepUnit::weeks:
        return {.time = one_day * static_cast<std::int64_t>(7 * amount), .bytes = {}};
    case task::KeepUnit::mb:
        return {.time = {}, .bytes = amount * megabyte};
    case task::KeepUnit::gb:
        break;
    }
    return {.time = {}, .bytes = amount * 1000 * megabyte};
}

task::Keep node_keep(Transaction &transaction) {
    const auto row = first_row(transaction, "SELECT settings FROM @node");
    const Result<task::TaskText> parsed =
        task::parse_stored("NODE n " + (row ? text_at(*row, 0) : "") + ";");
    const auto *node = parsed ? std::get_if<task::Node>(&parsed->statements.front()) : nullptr;
    return node != nullptr && node->keep ? node->keep->value : usual;
}

/// Of the peer's text, else that of the node.
task::Keep keep_for(Transaction &transaction, std::int64_t peer_id) {
    const auto row =
        first_row(transaction, "SELECT settings FROM @peer WHERE peer_id = ?1", {peer_id});
    const Result<task::TaskText> parsed =
        task::parse_stored("PEER p " + (row ? text_at(*row, 0) : "") + ";");
    const auto *peer = parsed ? std::get_if<task::Peer>(&parsed->statements.front()) : nullptr;
    return peer != nullptr && peer->keep ? peer->keep->value : node_keep(transaction);
}

/// What waits in a stream: in the outbox, and in the queue behind its cursor.
struct Waiting {
    std::optional<Timestamp> since;
    std::uint64_t bytes = 0;
    std::optional<Timestamp> acknowledged_at;
};

Waiting waiting_in(Transaction &transaction, const StreamKey &key) {
    const std::string is_for_peer = Receivers::include("s.peer_id");
    const Row row = *first_row(
        transaction,
        "SELECT (SELECT min(d.created_at) FROM @delivery d WHERE d.peer_id = s.peer_id"
        " AND d.direction = 'sent' AND d.stream = s.stream AND d.finished_at IS NULL),"
        " (SELECT min(q.created_at) FROM @queue q WHERE q.queue_position > s.cursor AND " +
            is_for_peer +
            "),"
            " CAST(coalesce((SELECT sum(o.body_total) FROM @outbox o WHERE o.peer_id = s.peer_id"
            " AND o.stream = s.stream), 0) + coalesce((SELECT sum(length(q.content)) FROM @queue q"
            " WHERE q.queue_position > s.cursor AND " +
            is_for_peer +
            "), 0) AS BIGINT),"
            " s.acknowledged_at FROM @stream_out s WHERE s.peer_id = ?1 AND s.stream = ?2",
        {key.peer_id, std::int64_t{key.stream}});
    const auto sent = maybe_time_at(row, 0);
    const auto queued = maybe_time_at(row, 1);
    return {.since = sent && queued ? std::min(sent, queued)
                     : sent         ? sent
                                    : queued,
            .bytes = unsigned_at(row, 2),
            .acknowledged_at = maybe_time_at(row, 3)};
}

bool is_stale(const Waiting &waiting, const KeepLimit &limit, Timestamp now) {
    const Timestamp before = now - limit.time.value_or(patience);
    const bool waits_long = waiting.since && *waiting.since <= before;
    const bool is_silent = !waiting.acknowledged_at || *waiting.acknowledged_at <= before;
    return waits_long && is_silent && (!limit.bytes || waiting.bytes > *limit.bytes);
}

/// Those of which something may be let go. One that carries nothing stands still, whatever is
/// queued.
std::vector<StreamKey> streams_kept_for(Transaction &transaction, std::int64_t peer_id) {
    std::vector<StreamKey> keys;
    for (const Row &row : all_rows(transaction,
                                   "SELECT stream FROM @stream_out WHERE peer_id = ?1"
                                   " AND stream > 0 AND lane <> '' AND stale_since IS NULL"
                                   " ORDER BY stream",
                                   {peer_id})) {
        keys.push_back({peer_id, static_cast<std::uint32_t>(integer_at(row, 0))});
    }
    return keys;
}

void let_go(const Session &session, const StreamKey &key, const std::string &keep) {
    OutgoingRow row = *load_outgoing(session.transaction, key);
    std::vector<std::uint64_t> dropped;
    for (const auto &[number, entry] : row.machine.outbox) {
        finish_delivery(session.transaction, session.now,
                        {key.peer_id, "sent", key.stream, row.machine.incarnation, number},
                        "let go");
        dropped.push_back(number);
    }
    row.machine.outbox.clear();
    row.machine.state = stream::StreamState::held;
    row.machine.reason = "nothing was acknowledged for longer than " + keep + " allows";
    row.cursor = last_queue_position(session.transaction);
    save_outgoing(session.transaction, row, {.changed = {}, .dropped = dropped});
    forget_sent(session.transaction, key);
    session.transaction.execute("UPDATE @stream_out SET stale_since = ?3"
                                " WHERE peer_id = ?1 AND stream = ?2",
                                {key.peer_id, std::int64_t{key.stream}, stored(session.now)});
}

void let_go_of(const Session &session, const Peer &peer) {
    const task::Keep keep = keep_for(session.transaction, peer.peer_id);
    bool any = false;
    for (const StreamKey &key : streams_kept_for(session.transaction, peer.peer_id)) {
        if (is_stale(waiting_in(session.transaction, key), limit_of(keep), session.now)) {
            let_go(session, key, task::print(keep));
            any = true;
        }
    }
    if (any) {
        log_event(session.transaction, session.now,
                  {"peer_stale", peer.peer_id,
                   "peer \"" + peer.name + "\" has acknowledged nothing for longer than " +
                       task::print(keep) +
                       " allows: what waited for it was let go; its tables are sent again whole"
                       " once it is heard of",
                   "If its machine is gone for good: SELECT " +
                       session.dialect.command("replace_peer") + "('" + peer.name + "');"});
    }
}

/// After a long pause of our own the peers have to be given time to answer.
bool was_at_work(const Session &session) {
    const Row row = *first_row(session.transaction, "SELECT worked_at, works_since FROM @node");
    const auto last = maybe_time_at(row, 0);
    Timestamp since = maybe_time_at(row, 1).value_or(session.now);
    if (!last || session.now - *last > patience || since > session.now) {
        since = session.now;
    }
    session.transaction.execute("UPDATE @node SET worked_at = ?1, works_since = ?2",
                                {stored(session.now), stored(since)});
    return session.now - since >= patience;
}

bool has_let_go(Transaction &transaction, std::int64_t peer_id) {
    return first_row(transaction,
                     "SELECT 1 FROM @stream_out WHERE peer_id = ?1 AND stale_since IS NOT NULL",
                     {peer_id})
        .has_value();
}

} // namespace

Duration logs_kept(Transaction &transaction) {
    return limit_of(node_keep(transaction)).time.value_or(*limit_of(usual).time);
}

void let_go_of_silent(const Session &session) {
    const bool may_let_go = was_at_work(session);
    for (const Peer &peer : load_peers(session.transaction)) {
        if (!peer.sign_public || peer.state == PeerState::left ||
            peer.state == PeerState::leaving) {
            continue;
        }
        if (may_let_go) {
            let_go_of(session, peer);
        }
        if (has_let_go(session.transaction, peer.peer_id) &&
            !load_peer_start(session.transaction, peer.peer_id).hello_at) {
            ask_position(session, peer);
        }
    }
}

void let_go_for_old_offers(const Session &session) {
    // A stream that begins where the queue is gone loads (engine/lanes.cpp).
    session.transaction.execute(
        "DELETE FROM @queue WHERE created_at < ?1 AND queue_position <= coalesce("
        "(SELECT min(cursor) FROM @stream_out WHERE stream > 0 AND lane <> ''),"
        " (SELECT max(queue_position) FROM @queue))",
        {stored(session.now - logs_kept(session.transaction))});
}

bool is_let_go(Transaction &transaction, const StreamKey &key) {
    return first_row(transaction,
                     "SELECT 1 FROM @stream_out WHERE peer_id = ?1 AND stream = ?2"
                     " AND stale_since IS NOT NULL",
                     {key.peer_id, std::int64_t{key.stream}})
        .has_value();
}

void note_answered(const Session &session, const StreamKey &key) {
    session.transaction.execute("UPDATE @stream_out SET acknowledged_at = ?3"
                                " WHERE peer_id = ?1 AND stream = ?2",
                                {key.peer_id, std::int64_t{key.stream}, stored(session.now)});
}

void note_back(const Session &session, const StreamKey &key) {
    session.transaction.execute("UPDATE @stream_out SET stale_since = NULL, acknowledged_at = ?3"
                                " WHERE peer_id = ?1 AND stream = ?2",
                                {key.peer_id, std::int64_t{key.stream}, stored(session.now)});
}

void ask_if_let_go(const Session &session, const Peer &peer) {
    if (has_let_go(session.transaction, peer.peer_id)) {
        ask_position(session, peer);
    }
}

} // namespace postrider::engine

// Entries of the queue, and how long they are kept.
#include "common/engine/queue.hpp"

#include <algorithm>
#include <utility>

#include "common/engine/step.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/rows.hpp"
#include "common/wire/changeset_format.hpp"

namespace postrider::engine {

namespace {

std::uint64_t next_collect_number(const Session &session) {
    session.transaction.execute("UPDATE @node SET collect_number = collect_number + 1");
    return unsigned_at(*first_row(session.transaction, "SELECT collect_number FROM @node"), 0);
}

std::string numbers(const PeerSet &peers) {
    std::string text = ",";
    for (const std::int64_t peer : peers) {
        text += std::to_string(peer) + ",";
    }
    return text;
}

} // namespace

Receivers Receivers::only(const PeerSet &peers) {
    return {0, "+" + numbers(peers)};
}

Receivers Receivers::all_but(const PeerSet &peers) {
    return {0, "-" + numbers(peers)};
}

std::string Receivers::include(const std::string &peer) {
    return "(q.from_peer <> " + peer + " AND (q.peers = '' OR (q.peers LIKE '+%') = (q.peers LIKE" +
           " '%,' || " + peer + " || ',%')))";
}

void QueueRun::add_own(const Changeset &piece, const Receivers &receivers) {
    add_own(wire::pack_changeset(piece), piece.row_count(), receivers);
}

void QueueRun::add_own(Bytes content, std::uint64_t rows, const Receivers &receivers) {
    add({.origin = session_.identity.node,
         .incarnation = session_.identity.incarnation,
         .collect_number = next_collect_number(session_),
         .receivers = receivers,
         .rows = rows,
         .content = std::move(content)});
}

void QueueRun::add(QueueEntry entry) {
    append(true);
    last_ = std::move(entry);
}

void QueueRun::finish() {
    append(false);
}

void QueueRun::append(bool continues) {
    if (!last_) {
        return;
    }
    session_.transaction.execute(
        "INSERT INTO @queue (queue_position, origin, incarnation, collect_number, from_peer,"
        " peers, rows, continues, created_at, content)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        {stored(last_queue_position(session_.transaction) + 1), stored(last_->origin),
         stored(last_->incarnation), stored(last_->collect_number), last_->receivers.from_peer(),
         Value::text(last_->receivers.peers()), stored(last_->rows), stored(continues),
         stored(session_.now), last_->content});
    last_.reset();
}

void append_collected(const Session &session, Changeset &&changeset, std::int64_t from_peer) {
    QueueRun run{session};
    for (const Changeset &piece : cut_changeset(std::move(changeset), session.sizes.piece_bytes)) {
        run.add_own(piece, Receivers::all(from_peer));
    }
    run.finish();
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

void forget_receiver(Transaction &transaction, std::int64_t peer_id) {
    transaction.execute("UPDATE @queue SET from_peer = -1 WHERE from_peer = ?1", {peer_id});
    transaction.execute("UPDATE @queue SET peers = replace(peers, ',' || ?1 || ',', ',')"
                        " WHERE peers <> ''",
                        {peer_id});
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

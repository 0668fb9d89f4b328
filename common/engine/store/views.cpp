// What an operator sees, in the SQL that all engines share.
#include "common/engine/store/views.hpp"

namespace postrider::engine {

namespace {

/// One row per peer: a word for programs, a sentence for people, and the next command.
std::string status_sql(const dialect::Dialect &dialect) {
    const std::string waiting = "(SELECT count(*) FROM @outbox o WHERE o.peer_id = p.peer_id)";
    const std::string queued =
        "(SELECT coalesce(sum(q.rows), 0) FROM @queue q WHERE q.from_peer <> p.peer_id"
        " AND q.queue_position > (SELECT min(s.cursor) FROM @stream_out s"
        " WHERE s.peer_id = p.peer_id AND s.stream > 0))";
    const std::string stuck =
        "(SELECT min(s.reason) FROM @stream_in s WHERE s.peer_id = p.peer_id AND s.reason <> '')";
    const std::string stopped =
        "(SELECT min(s.reason) FROM @stream_out s WHERE s.peer_id = p.peer_id"
        " AND s.state <> 0 AND s.reason <> '')";
    const std::string path_error = "(SELECT min(h.last_error) FROM @peer_path h"
                                   " WHERE h.peer_id = p.peer_id AND h.last_error <> '')";
    const std::string heard =
        "coalesce('; last heard ' || " + dialect.time_text("p.heard_at") + ", '; never heard')";
    return "SELECT p.name AS peer,"
           " CASE WHEN p.state = 'declared' THEN 'not paired'"
           " WHEN p.state IN ('invited', 'accepted') THEN 'pairing'"
           " WHEN p.state IN ('disputed', 'revoked') THEN p.state"
           " WHEN p.paused = 1 THEN 'paused' WHEN p.held <> '' THEN 'held'"
           " WHEN " +
           stuck + " IS NOT NULL THEN 'stuck' WHEN " + stopped +
           " IS NOT NULL THEN 'held'"
           " WHEN " +
           path_error +
           " IS NOT NULL THEN 'unreachable'"
           " WHEN " +
           waiting + " > 0 OR coalesce(" + queued +
           ", 0) > 0 THEN 'sending'"
           " ELSE 'in step' END AS state,"
           " CASE WHEN p.state = 'declared' THEN 'no keys have been exchanged yet'"
           " WHEN p.state = 'invited' THEN 'waiting for the answer to our invitation'"
           " WHEN p.state = 'accepted' THEN 'waiting for the confirmation of our answer'"
           " WHEN p.state = 'disputed' THEN 'two different nodes answered one invitation'"
           " WHEN p.state = 'revoked' THEN 'nothing is sent to it or taken from it'"
           " WHEN p.paused = 1 THEN 'paused by a task text'"
           " WHEN p.held <> '' THEN p.held"
           " WHEN " +
           stuck + " IS NOT NULL THEN 'a batch from it waits: ' || " + stuck + " WHEN " + stopped +
           " IS NOT NULL THEN 'nothing is sent to it: ' || " + stopped + " WHEN " + path_error +
           " IS NOT NULL THEN 'cannot send now: ' || " + path_error + " WHEN " + waiting +
           " > 0 THEN " + waiting + " || ' batches sent and not acknowledged yet' || " + heard +
           " WHEN coalesce(" + queued + ", 0) > 0 THEN " + queued +
           " || ' rows wait to be sent' || " + heard +
           " ELSE 'everything sent was acknowledged' || " + heard +
           " END AS summary,"
           " CASE WHEN p.state IN ('paired', 'verified') THEN p.words ELSE '' END AS words,"
           " CASE WHEN p.state = 'declared' THEN 'SELECT " +
           dialect.command("invite") +
           "(''' || p.name || ''');'"
           " WHEN p.state = 'disputed' THEN 'find out who answered; SELECT " +
           dialect.command("revoke") +
           "(''' || p.name || '''); and pair again'"
           " WHEN p.state = 'paired' THEN 'words not compared: ask the other side for its four "
           "words,"
           " then SELECT " +
           dialect.command("confirm_peer") +
           "(''' || p.name || ''', ''the four words that the other side shows'');'"
           " ELSE '' END AS action"
           " FROM @peer p";
}

std::string history_sql(const dialect::Dialect &dialect) {
    return "SELECT p.name AS peer, d.direction AS direction, d.stream AS stream, d.number AS "
           "number,"
           " d.rows AS rows, d.bytes AS bytes, d.mails AS mails, d.state AS state, " +
           dialect.time_text("d.created_at") + " AS created, " + dialect.time_text("d.sent_at") +
           " AS sent, " + dialect.time_text("d.finished_at") +
           " AS finished, d.detail AS detail, '' AS action"
           " FROM @delivery d LEFT JOIN @peer p ON p.peer_id = d.peer_id";
}

std::string events_sql(const dialect::Dialect &dialect) {
    return "SELECT " + dialect.time_text("e.happened_at") +
           " AS happened, e.kind AS kind, p.name AS peer, e.message AS message, e.action AS action"
           " FROM @event e LEFT JOIN @peer p ON p.peer_id = e.peer_id";
}

std::string refused_sql(const dialect::Dialect &dialect) {
    return "SELECT " + dialect.time_text("r.last_at") +
           " AS last, p.name AS peer, r.source AS source, r.reason AS reason, r.count AS count," +
           dialect.time_text("r.first_at") +
           " AS first, r.hint AS action"
           " FROM @refusal r LEFT JOIN @peer p ON p.peer_id = r.peer_id";
}

std::string offers_sql(const dialect::Dialect &dialect) {
    return "SELECT p.name || '.' || o.name AS offer, o.state AS state, " +
           dialect.time_text("o.received_at") +
           " AS received, CASE o.state WHEN 'open' THEN 'SELECT * FROM " +
           dialect.command("accept_offer") +
           "(''' || p.name || '.' || o.name || ''');' ELSE '' END AS action"
           " FROM @offer o JOIN @peer p ON p.peer_id = o.peer_id";
}

} // namespace

std::vector<View> views(const dialect::Dialect &dialect) {
    return {{"status", status_sql(dialect)},
            {"history", history_sql(dialect)},
            {"events", events_sql(dialect)},
            {"refused", refused_sql(dialect)},
            {"offers", offers_sql(dialect)}};
}

} // namespace postrider::engine

// What an operator sees, in the SQL that all engines share.
#include "common/engine/store/views.hpp"

#include "common/engine/load_request.hpp"
#include "common/engine/mailbox_health.hpp"

namespace postrider::engine {

namespace {

/// The column of the youngest event of a peer for which `which` holds.
std::string latest_event(const std::string &column, const std::string &which) {
    return "(SELECT e." + column +
           " FROM @event e WHERE e.event_id = (SELECT max(x.event_id)"
           " FROM @event x WHERE x.peer_id = p.peer_id AND " +
           which + "))";
}

/// The first hour that something of the table waits for, and what it is the hour of.
std::string first_wait(const std::string &table, const std::string &name) {
    const std::string rows = " FROM @" + table + " w WHERE w.peer_id = p.peer_id";
    return " (SELECT min(w.waits_until)" + rows + ") AS " + name + "_until, (SELECT w.waits_for" +
           rows + " AND w.waits_until IS NOT NULL ORDER BY w.waits_until LIMIT 1) AS " + name +
           "_for,";
}

/// Of mailboxes by which a peer's mails may come: its paths go through them, or it has no path yet.
/// What cannot be fetched, in a sentence, and what to do about it.
std::string fetch_facts(const dialect::Dialect &dialect) {
    const std::string failing =
        " FROM @mailbox_health g JOIN @mailbox m ON m.name = g.name WHERE"
        " g.failing_since IS NOT NULL AND (NOT EXISTS (SELECT 1 FROM @peer_path h"
        " WHERE h.peer_id = p.peer_id) OR EXISTS (SELECT 1 FROM @peer_path h"
        " WHERE h.peer_id = p.peer_id AND " +
        path_uses_mailbox("h", "m") + ")) ORDER BY g.name LIMIT 1)";
    return " (SELECT 'cannot fetch mail for ' || g.name || ' since ' || " +
           dialect.time_text("g.failing_since") + " || ': ' || g.error" + failing +
           " AS fetch_error, (SELECT g.hint" + failing + " AS fetch_hint,";
}

/// What comes back of the mails to a peer, in a sentence, and what to do about it.
std::string bounce_facts(const dialect::Dialect &dialect) {
    const std::string bouncing = " FROM @peer_path h WHERE h.peer_id = p.peer_id AND h.bounces > 0"
                                 " ORDER BY h.ordinal LIMIT 1)";
    return " (SELECT 'mails to ' || h.target || ' come back, last on ' || " +
           dialect.time_text("h.bounced_at") + " || ': ' || h.bounce_error" + bouncing +
           " AS bounce_error, (SELECT h.bounce_hint" + bouncing + " AS bounce_hint,";
}

/// What the status of a peer is made of, one row per peer. A text is null where there is nothing
/// to tell.
std::string status_facts_sql(const dialect::Dialect &dialect) {
    return "SELECT p.name, p.state, p.paused, p.held, p.words, p.heard_at, p.silent_since,"
           " p.unapproved,"
           " nullif((SELECT n.stopped FROM @node n), '') AS own_end,"
           " EXISTS (SELECT 1 FROM @peer_start s WHERE s.peer_id = p.peer_id"
           " AND s.two_copies = 1) AS doubled,"
           " (SELECT count(*) FROM @outbox o WHERE o.peer_id = p.peer_id) AS waiting,"
           " coalesce((SELECT sum(q.rows) FROM @queue q WHERE " +
           Receivers::include("p.peer_id") +
           " AND q.queue_position > (SELECT min(s.cursor) FROM @stream_out s"
           " WHERE s.peer_id = p.peer_id AND s.stream > 0 AND s.lane <> '')), 0) AS queued,"
           " (SELECT min(s.reason) FROM @stream_in s WHERE s.peer_id = p.peer_id"
           " AND s.reason <> '') AS stuck, " +
           latest_event("action", "x.kind = 'batch_held'") +
           " AS stuck_action,"
           " (SELECT min(s.reason) FROM @stream_out s WHERE s.peer_id = p.peer_id"
           " AND s.state <> 0 AND s.reason <> '' AND s.lane <> '' AND s.stale_since IS NULL) AS "
           "stopped,"
           " (SELECT min(s.stale_since) FROM @stream_out s WHERE s.peer_id = p.peer_id)"
           " AS stale_since,"
           " (SELECT min(h.last_error) FROM @peer_path h WHERE h.peer_id = p.peer_id"
           " AND h.last_error <> '') AS path_error,"
           " (SELECT h.last_hint FROM @peer_path h WHERE h.peer_id = p.peer_id"
           " AND h.last_error <> '' ORDER BY h.last_error, h.ordinal LIMIT 1) AS path_hint," +
           fetch_facts(dialect) + bounce_facts(dialect) +
           " (SELECT min(h.mail_bytes_max) FROM @peer_path h WHERE h.peer_id = p.peer_id)"
           " AS mail_bytes_max,"
           " (SELECT min(c.held) FROM @capture c JOIN @task_table tt ON tt.local_name ="
           " c.table_name JOIN @task t ON t.task_id = tt.task_id"
           " JOIN @task_peer tp ON tp.task_id = t.task_id"
           " WHERE tp.peer_id = p.peer_id AND t.direction = 'send' AND c.held <> '')"
           " AS uncaptured,"
           // What it has reported since the oldest batch that it has not acknowledged was made.
           " CASE WHEN EXISTS (SELECT 1 FROM @outbox o WHERE o.peer_id = p.peer_id) THEN " +
           latest_event("message", "x.kind = 'peer_note' AND x.happened_at >="
                                   " (SELECT min(d.created_at) FROM @delivery d"
                                   " WHERE d.peer_id = p.peer_id AND d.direction = 'sent'"
                                   " AND d.finished_at IS NULL)") +
           " END AS reported,"
           // Of its rows here, and of ours there.
           " (SELECT count(*) FROM @parked_row k WHERE k.peer_id = p.peer_id) AS parked,"
           " (SELECT k.reason FROM @parked_row k WHERE k.peer_id = p.peer_id"
           " ORDER BY k.parked_id LIMIT 1) AS parked_reason,"
           " p.parked_there, p.parked_there_reason,"
           " (SELECT min(o.name) FROM @offer o WHERE o.peer_id = p.peer_id AND o.state = 'open')"
           " AS open_offer,"
           " (SELECT min(tt.local_name) FROM @load l JOIN @capture c"
           " ON c.capture_id = l.capture_id JOIN @task_table tt ON tt.local_name = c.table_name"
           " JOIN @task t ON t.task_id = tt.task_id JOIN @task_peer tp ON tp.task_id = t.task_id"
           " WHERE tp.peer_id = p.peer_id AND tp.state = 'active' AND t.direction = 'send'"
           " AND t.paused = 0 AND c.held = '' AND l.started_at IS NOT NULL"
           " AND l.finished_at IS NULL AND " +
           is_load_for("p.peer_id") +
           ") AS loading,"
           " (SELECT min(o.name) FROM @offer o WHERE o.peer_id = p.peer_id"
           " AND o.state = 'waiting for table') AS without_table," +
           first_wait("peer_path", "path") + first_wait("stream_out", "lane") +
           " (SELECT min('it refuses the task \"' || t.name || '\": ' || tp.reason)"
           " FROM @task_peer tp JOIN @task t ON t.task_id = tp.task_id"
           " WHERE tp.peer_id = p.peer_id AND tp.state = 'refused') AS refused,"
           " (SELECT min(t.name) FROM @task_peer tp JOIN @task t ON t.task_id = tp.task_id"
           " WHERE tp.peer_id = p.peer_id AND tp.state IN ('waiting', 'offered')) AS offered"
           " FROM @peer p WHERE p.state <> 'leaving'";
}

/// The state of a peer in a word, for programs.
std::string status_state_sql() {
    return "CASE WHEN f.state = 'revoked' THEN 'revoked' WHEN f.state = 'left' THEN 'left'"
           " WHEN f.unapproved <> '' THEN 'unapproved'"
           " WHEN f.state = 'declared' THEN 'not paired'"
           " WHEN f.state IN ('invited', 'accepted') THEN 'pairing'"
           " WHEN f.state = 'disputed' THEN 'disputed'"
           " WHEN f.own_end IS NOT NULL THEN 'held'"
           " WHEN f.paused = 1 THEN 'paused' WHEN f.held <> '' THEN 'held'"
           " WHEN f.stale_since IS NOT NULL THEN 'stale'"
           " WHEN f.stuck IS NOT NULL THEN 'stuck' WHEN f.stopped IS NOT NULL THEN 'held'"
           " WHEN coalesce(f.path_error, f.fetch_error, f.bounce_error) IS NOT NULL"
           " THEN 'unreachable'"
           " WHEN f.uncaptured IS NOT NULL THEN 'held'"
           " WHEN f.silent_since IS NOT NULL THEN 'silent' WHEN f.reported IS NOT NULL THEN 'stuck'"
           " WHEN f.open_offer IS NOT NULL THEN 'offered'"
           " WHEN f.without_table IS NOT NULL THEN 'waiting for table'"
           " WHEN f.refused IS NOT NULL THEN 'refused'"
           " WHEN f.parked > 0 OR f.parked_there > 0 THEN 'parked'"
           " WHEN f.path_until IS NOT NULL THEN 'waiting' WHEN f.waiting > 0 THEN 'sending'"
           " WHEN f.lane_until IS NOT NULL THEN 'waiting' WHEN f.queued > 0 OR f.loading IS NOT "
           "NULL"
           " THEN 'sending'"
           " WHEN f.offered IS NOT NULL THEN 'offered' ELSE 'in step' END";
}

/// The same in a sentence, for people; in the order of status_state_sql.
std::string status_summary_sql(const dialect::Dialect &dialect) {
    const std::string heard =
        "coalesce('; last heard ' || " + dialect.time_text("f.heard_at") + ", '; never heard')";
    const std::string batches = "f.waiting || CASE f.waiting WHEN 1 THEN ' batch' ELSE ' batches'"
                                " END || ' sent and not acknowledged yet'";
    const auto waits = [&](const std::string &what) {
        return "'waits until ' || " + dialect.time_text("f." + what + "_until") +
               " || ' for ' || f." + what + "_for || " + heard;
    };
    return "CASE WHEN f.state = 'revoked' THEN 'nothing is sent to it or taken from it'"
           " WHEN f.state = 'left' THEN 'it has dropped this node: nothing is sent to it or taken "
           "from"
           " it'"
           " WHEN f.unapproved <> '' THEN f.unapproved"
           " WHEN f.state = 'declared' THEN 'no keys have been exchanged yet'"
           " WHEN f.state IN ('invited', 'accepted') AND f.path_error IS NOT NULL"
           " THEN 'cannot send now: ' || f.path_error || coalesce('; ' || f.fetch_error, '')"
           " WHEN f.state IN ('invited', 'accepted')"
           " AND coalesce(f.fetch_error, f.bounce_error) IS NOT NULL"
           " THEN coalesce(f.fetch_error, f.bounce_error)"
           " WHEN f.state = 'invited' THEN 'waiting for the answer to our invitation'"
           " WHEN f.state = 'accepted' THEN 'waiting for the confirmation of our answer'"
           " WHEN f.state = 'disputed' THEN 'two different nodes answered one invitation'"
           " WHEN f.own_end IS NOT NULL THEN f.own_end"
           " WHEN f.paused = 1 THEN 'paused by a task text'"
           " WHEN f.held <> '' THEN f.held"
           " WHEN f.stale_since IS NOT NULL THEN 'it was silent for so long that on ' || " +
           dialect.time_text("f.stale_since") +
           " || ' what waited for it was let go; its tables are sent again whole once it is heard "
           "of'"
           " || coalesce('; cannot send now: ' || f.path_error, '') || " +
           heard +
           " WHEN f.stuck IS NOT NULL THEN 'a batch from it waits: ' || f.stuck"
           " WHEN f.stopped IS NOT NULL THEN 'nothing is sent to it: ' || f.stopped"
           " WHEN f.path_error IS NOT NULL"
           " THEN 'cannot send now: ' || f.path_error || coalesce('; ' || f.fetch_error, '')"
           " WHEN f.fetch_error IS NOT NULL"
           " THEN f.fetch_error || coalesce('; ' || f.bounce_error, '')"
           " WHEN f.bounce_error IS NOT NULL THEN f.bounce_error"
           " WHEN f.uncaptured IS NOT NULL THEN 'a table is not sent: ' || f.uncaptured"
           " WHEN f.silent_since IS NOT NULL THEN 'silent since ' || " +
           dialect.time_text("f.silent_since") +
           " || ': two of the reports that REPORT EVERY asks of it did not come'"
           " WHEN f.reported IS NOT NULL THEN " +
           batches +
           " || '; ' || f.reported"
           " WHEN f.open_offer IS NOT NULL"
           " THEN 'it offers the task \"' || f.open_offer || '\", which waits to be accepted here'"
           " WHEN f.without_table IS NOT NULL"
           " THEN 'the task \"' || f.without_table || '\" waits until its tables are here'"
           " WHEN f.refused IS NOT NULL THEN f.refused"
           " WHEN f.parked > 0 THEN f.parked || CASE f.parked WHEN 1 THEN ' row' ELSE ' rows' END"
           " || ' from it cannot be applied yet, the first because ' || f.parked_reason"
           " WHEN f.parked_there > 0 THEN f.parked_there || CASE f.parked_there WHEN 1 THEN ' row'"
           " ELSE ' rows' END || ' of ours cannot be applied there yet, '"
           " || f.parked_there_reason"
           " WHEN f.path_until IS NOT NULL THEN " +
           waits("path") + " WHEN f.waiting > 0 THEN " + batches +
           " || coalesce(', in mails of up to ' || (f.mail_bytes_max / 1000)"
           " || ' kB since larger ones were refused', '') || " +
           heard + " WHEN f.lane_until IS NOT NULL THEN " + waits("lane") +
           " WHEN f.queued > 0 THEN f.queued || CASE f.queued WHEN 1 THEN ' row waits' ELSE"
           " ' rows wait' END || ' to be sent' || " +
           heard +
           " WHEN f.loading IS NOT NULL"
           " THEN 'table \"' || f.loading || '\" is being loaded'"
           " WHEN f.offered IS NOT NULL"
           " THEN 'the task \"' || f.offered || '\" waits to be accepted there' || " +
           heard + " ELSE 'everything sent was acknowledged' || " + heard + " END";
}

/// What a person does next; in the order of status_state_sql.
std::string status_action_sql(const dialect::Dialect &dialect) {
    const auto call = [&](const char *function) {
        return "'SELECT " + dialect.command(function) + "(''' || f.name || ''');'";
    };
    const std::string claim = "SELECT " + dialect.command("claim_identity") + "();";
    const std::string anew = "SELECT " + dialect.command("new_identity") + "(''another_name'');";
    const std::string try_again = dialect.sync_command() + ";'";
    return "CASE WHEN f.state = 'left' THEN 'SELECT * FROM " + dialect.command("declare") +
           "(''DROP PEER ' || f.name || ';''); or pair anew: ' || " + call("invite") +
           " WHEN f.unapproved <> '' AND f.state <> 'revoked' THEN"
           " 'look at its rows; if they are yours: SELECT " +
           dialect.command("approve") +
           "();'"
           " WHEN f.state IN ('declared', 'revoked') THEN " +
           call("invite") + " WHEN f.state = 'disputed' THEN 'find out who answered; ' || " +
           call("revoke") +
           " || ' and pair again'"
           " WHEN f.own_end IS NOT NULL THEN 'if this copy is to stay: " +
           claim + " else: " + anew +
           "' WHEN f.doubled THEN 'there, on the copy that stays: " + claim +
           " on the other: " + anew +
           "'"
           " WHEN f.paused = 1 THEN 'SELECT * FROM " +
           dialect.command("declare") +
           "(''RESUME PEER ' || f.name || ';'');'"
           " WHEN f.stale_since IS NOT NULL THEN 'see to it; if its machine is gone for good: ' "
           "|| " +
           call("replace_peer") +
           " WHEN f.stuck IS NOT NULL THEN coalesce(f.stuck_action, '')"
           " WHEN f.path_error IS NOT NULL THEN CASE WHEN f.path_hint = '' THEN 'mend the path, "
           "then '"
           " ELSE f.path_hint || ' Then ' END || '" +
           try_again +
           " WHEN f.fetch_error IS NOT NULL THEN CASE WHEN f.fetch_hint = '' THEN 'mend the"
           " mailbox, then ' ELSE f.fetch_hint || ' Then ' END || '" +
           try_again + " WHEN f.bounce_error IS NOT NULL THEN f.bounce_hint || ' Then " +
           try_again + " WHEN f.uncaptured IS NOT NULL THEN 'mend the table, then " + try_again +
           " WHEN f.silent_since IS NOT NULL THEN 'see whether its machine is up, postrider-run "
           "works"
           " there and its mails leave'"
           " WHEN f.reported IS NOT NULL THEN 'mend it there, then there " +
           try_again + " WHEN f.open_offer IS NOT NULL THEN 'SELECT * FROM " +
           dialect.command("accept_offer") +
           "(''' || f.name || '.' || f.open_offer || ''');'"
           " WHEN f.without_table IS NOT NULL THEN 'create the tables: SELECT ddl FROM " +
           dialect.command("offers") +
           ";'"
           " WHEN f.refused IS NOT NULL THEN 'settle it with the other side; declare the task"
           " again to offer it anew'"
           " WHEN f.parked > 0 THEN 'SELECT * FROM " +
           dialect.command("parked") + ";' WHEN f.parked_there > 0 THEN 'there: SELECT * FROM " +
           dialect.command("parked") +
           ";'"
           " WHEN f.state = 'paired' THEN 'words not compared: ask the other side for its four"
           " words, then SELECT " +
           dialect.command("confirm_peer") +
           "(''' || f.name || ''', ''the four words that the other side shows'');'"
           " ELSE '' END";
}

/// One row per peer: a word for programs, a sentence for people, and the next command.
std::string status_sql(const dialect::Dialect &dialect) {
    return "SELECT f.name AS peer, " + status_state_sql() + " AS state, " +
           status_summary_sql(dialect) +
           " AS summary,"
           " CASE WHEN f.state IN ('paired', 'verified') THEN f.words ELSE '' END AS words, " +
           status_action_sql(dialect) + " AS action FROM (" + status_facts_sql(dialect) + ") f";
}

/// One row per mailbox of this node.
std::string mailboxes_sql(const dialect::Dialect &dialect) {
    const std::string uses = path_uses_mailbox("h", "m");
    return "SELECT f.name AS mailbox, f.address AS address, f.state AS state, " +
           dialect.time_text("f.failing_since") + " AS since, f.failures AS failures, " +
           dialect.time_text("f.worked_at") + " AS worked, " + dialect.time_text("f.received_at") +
           " AS received, " + dialect.time_text("f.sent_at") +
           " AS sent, f.waiting AS waiting, f.filled AS filled, f.error AS error,"
           " CASE WHEN f.state <> 'failing' AND f.filled > 0 THEN 'remove what others have sent"
           " from it, or have it made larger' WHEN f.state <> 'failing' THEN '' WHEN f.hint = '' "
           "THEN 'mend the mailbox, then '"
           " ELSE f.hint || ' Then ' END || CASE WHEN f.state <> 'failing' THEN '' ELSE '" +
           dialect.sync_command() +
           ";' END AS action FROM (SELECT m.name, m.address,"
           " CASE WHEN m.receive = '' AND m.found_receive = '' AND g.failing_since IS NULL"
           " THEN 'not found yet'"
           " WHEN m.receive LIKE 'maildir:%' THEN 'maildir'"
           " WHEN g.failing_since IS NOT NULL THEN 'failing'"
           " WHEN g.worked_at IS NOT NULL THEN 'works' ELSE 'not tried yet' END AS state,"
           " g.filled, g.failing_since, coalesce(g.failures, 0) AS failures, g.worked_at, "
           "g.received_at,"
           " (SELECT max(h.worked_at) FROM @peer_path h WHERE " +
           uses +
           ") AS sent_at, (SELECT count(*) FROM @outbox o WHERE EXISTS (SELECT 1 FROM @peer_path h"
           " WHERE h.peer_id = o.peer_id AND " +
           uses +
           ")) AS waiting, coalesce(g.error, '') AS error, coalesce(g.hint, '') AS hint"
           " FROM @mailbox m LEFT JOIN @mailbox_health g ON g.name = m.name) f";
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
           "(''' || p.name || '.' || o.name || ''');'"
           " WHEN 'waiting for table' THEN 'create the tables that are not here, as ddl shows; the"
           " task goes on by itself' ELSE '' END AS action, o.ddl AS ddl"
           " FROM @offer o JOIN @peer p ON p.peer_id = o.peer_id";
}

/// In the order in which they are tried again.
std::string parked_sql(const dialect::Dialect &dialect) {
    const auto call = [&](const char *function) {
        return "SELECT " + dialect.command(function) + "(' || k.parked_id || ');";
    };
    return "SELECT k.parked_id AS id, p.name AS peer, k.local_name AS \"table\","
           " k.row_text AS row, k.operation AS change, k.reason AS reason, " +
           dialect.time_text("k.parked_at") + " AS since, k.tries AS tries, " +
           dialect.time_text("k.tried_at") +
           " AS tried, k.hint || ' It is tried again by itself, or at once: " +
           call("retry_parked") + " To give it up: " + call("discard_parked") +
           "' AS action FROM @parked_row k JOIN @peer p ON p.peer_id = k.peer_id";
}

/// The last load of each table and peer. `chunk_position` is where the last chunk stands in the
/// queue; a batch holds what is behind its `queue_to`.
std::string progress_sql(const dialect::Dialect &dialect) {
    const std::string expected = "CASE WHEN l.rows > l.estimated THEN l.rows ELSE l.estimated END";
    const std::string is_behind = "l.finished_at IS NULL AND s.cursor < l.chunk_position";
    return "SELECT coalesce((SELECT d.name FROM @peer d WHERE d.node_id = t.declared_by) || '.', "
           "'')"
           " || t.name AS task, tt.local_name AS \"table\", p.name AS peer,"
           " l.rows AS rows, " +
           expected +
           " AS estimated,"
           " CASE WHEN l.started_at IS NULL THEN 0 WHEN l.finished_at IS NOT NULL THEN 100"
           " WHEN l.rows >= l.estimated THEN 99 ELSE 100 * l.rows / l.estimated END AS percent,"
           " CASE WHEN c.held <> '' THEN 'held' WHEN t.paused = 1 OR p.paused = 1 THEN 'paused'"
           " WHEN l.started_at IS NULL THEN 'requested' WHEN " +
           is_behind +
           " THEN 'waiting for peer' WHEN l.finished_at IS NULL THEN 'loading'"
           " WHEN s.cursor < l.chunk_position OR EXISTS (SELECT 1 FROM @outbox o"
           " WHERE o.peer_id = s.peer_id AND o.stream = s.stream AND o.queue_to < l.chunk_position)"
           " THEN 'on the way' ELSE 'loaded' END AS state, " +
           dialect.time_text("l.started_at") + " AS started, " +
           dialect.time_text("l.finished_at") +
           " AS finished, CASE WHEN c.held <> '' THEN c.held WHEN t.paused = 1 THEN"
           " 'SELECT * FROM " +
           dialect.command("declare") + "(''RESUME TASK ' || t.name || ';'');' WHEN " + is_behind +
           " THEN 'SELECT * FROM " + dialect.command("explain") +
           "(''' || p.name || ''');' ELSE '' END AS action"
           " FROM @task t JOIN @task_table tt ON tt.task_id = t.task_id"
           " JOIN @task_peer tp ON tp.task_id = t.task_id AND tp.state = 'active'"
           " JOIN @peer p ON p.peer_id = tp.peer_id"
           " JOIN @capture c ON c.table_name = tt.local_name"
           " JOIN @load l ON l.capture_id = c.capture_id"
           " LEFT JOIN @stream_out s ON s.peer_id = tp.peer_id AND s.lane = t.lane AND s.stream > 0"
           " WHERE t.direction = 'send' AND l.load_id = (SELECT max(l.load_id) FROM @load l"
           " WHERE l.capture_id = c.capture_id AND " +
           is_load_for("tp.peer_id") + ")";
}

std::string schema_differences_sql() {
    return "SELECT p.name AS peer, d.local_name AS \"table\", d.column_name AS \"column\","
           " d.difference AS difference, d.handling AS handling, d.action AS action"
           " FROM @schema_difference d JOIN @peer p ON p.peer_id = d.peer_id";
}

} // namespace

std::vector<View> views(const dialect::Dialect &dialect) {
    return {{"status", status_sql(dialect)},      {"history", history_sql(dialect)},
            {"events", events_sql(dialect)},      {"refused", refused_sql(dialect)},
            {"offers", offers_sql(dialect)},      {"parked", parked_sql(dialect)},
            {"progress", progress_sql(dialect)},  {"schema_differences", schema_differences_sql()},
            {"mailboxes", mailboxes_sql(dialect)}};
}

} // namespace postrider::engine

// The stations of the way, each read from the tables that its part of the engine keeps.
#include "common/engine/explain.hpp"

#include <algorithm>

#include "common/engine/containers.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/mailbox_health.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/report.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

namespace {

constexpr const char *outgoing = "out";
constexpr const char *incoming = "in";

void latest(std::optional<Timestamp> &time, std::optional<Timestamp> other) {
    if (other && (!time || *other > *time)) {
        time = other;
    }
}

void say(std::string &text, const std::string &more) {
    if (!more.empty()) {
        text += (text.empty() ? "" : "; ") + more;
    }
}

/// Why nothing at all is exchanged with the peer.
std::string peer_blocks(const Peer &peer) {
    if (!is_paired(peer.state)) {
        return "the peer is " + std::string{name_of(peer.state)} + ", not paired";
    }
    return peer.paused ? "paused by a task text" : peer.held;
}

Station capture_station(const Session &session, const Peer &peer) {
    Station station{outgoing, "capture", 0, session.dialect.captured_unit(), {}, {}, {}};
    for (const Row &row : all_rows(session.transaction,
                                   "SELECT DISTINCT c.capture_id, c.table_name, c.held"
                                   " FROM @capture c JOIN @task_table tt"
                                   " ON tt.local_name = c.table_name"
                                   " JOIN @task t ON t.task_id = tt.task_id"
                                   " JOIN @task_peer tp ON tp.task_id = t.task_id"
                                   " WHERE tp.peer_id = ?1 AND t.direction = 'send'"
                                   " ORDER BY c.capture_id",
                                   {peer.peer_id})) {
        const std::uint64_t waiting = unsigned_at(
            *first_row(session.transaction, session.dialect.count_captured(integer_at(row, 0))), 0);
        station.count = session.dialect.log() == nullptr ? station.count + waiting : waiting;
        if (const std::string held = text_at(row, 2); !held.empty()) {
            say(station.blocked_by, "table \"" + text_at(row, 1) + "\": " + held);
        }
    }
    if (!station.blocked_by.empty()) {
        station.action = "mend the table, or take it out of the task";
    } else if (station.count > 0) {
        station.action = session.dialect.sync_command() + ";";
    }
    return station;
}

Station queue_station(const Session &session, const Peer &peer) {
    const Row waiting =
        *first_row(session.transaction,
                   "SELECT CAST(coalesce(sum(q.rows), 0) AS BIGINT) FROM @queue q WHERE " +
                       Receivers::include("?1") +
                       " AND q.queue_position > (SELECT min(s.cursor) FROM @stream_out s"
                       " WHERE s.peer_id = ?1 AND s.stream > 0 AND s.lane <> '')",
                   {peer.peer_id});
    const Row last = *first_row(session.transaction, "SELECT max(created_at) FROM @queue");
    return {outgoing, "queue", unsigned_at(waiting, 0), "rows", maybe_time_at(last, 0), {}, {}};
}

Station offers_station(const Session &session, const Peer &peer) {
    Station station{outgoing, "offers", 0, "tasks", {}, {}, {}};
    for (const Row &row :
         all_rows(session.transaction,
                  "SELECT t.name, tp.state, tp.reason, tp.changed_at FROM @task_peer tp"
                  " JOIN @task t ON t.task_id = tp.task_id WHERE tp.peer_id = ?1"
                  " AND tp.state <> 'active' ORDER BY t.name",
                  {peer.peer_id})) {
        ++station.count;
        latest(station.last_at, maybe_time_at(row, 3));
        if (text_at(row, 1) == "refused") {
            say(station.blocked_by,
                "task \"" + text_at(row, 0) + "\" was refused: " + text_at(row, 2));
        }
    }
    if (station.count > 0) {
        station.action = "at the peer: SELECT * FROM " + session.dialect.command("offers") + ";";
    }
    return station;
}

/// Why a row of stream_out or peer_path waits; empty: it does not.
std::string wait_of(const Session &session,
                    const std::string &table,
                    const std::string &key,
                    const std::vector<std::int64_t> &values) {
    const Row row = *first_row(session.transaction,
                               "SELECT waits_until, waits_for FROM @" + table +
                                   " WHERE peer_id = ?1 AND " + key + " = ?2",
                               {values.at(0), values.at(1)});
    const auto until = maybe_time_at(row, 0);
    return until ? "waits until " + to_text(*until) + " for " + text_at(row, 1) : "";
}

void add_outbox(std::vector<Station> &stations, const Session &session, const Peer &peer) {
    for (const StreamKey &key : outgoing_streams(session.transaction)) {
        if (key.peer_id != peer.peer_id) {
            continue;
        }
        const OutgoingRow row = *load_outgoing(session.transaction, key);
        if (row.lane.empty()) {
            continue; // it carries nothing
        }
        Station sent{
            outgoing, "outbox of stream " + std::to_string(key.stream), 0, "batches", {}, {}, {}};
        Station stored{outgoing, "inbox at the peer", 0, "batches", {}, {}, {}};
        for (const auto &[number, entry] : row.machine.outbox) {
            Station &where = entry.stored ? stored : sent;
            ++where.count;
            latest(where.last_at, entry.last_sent);
        }
        if (row.machine.state != stream::StreamState::open) {
            sent.blocked_by = row.machine.reason;
        } else if (row.machine.awaits_position) {
            sent.blocked_by = "the peer has not said yet where it stands";
        } else {
            sent.blocked_by =
                wait_of(session, "stream_out", "stream", {peer.peer_id, std::int64_t{key.stream}});
        }
        stations.push_back(std::move(sent));
        if (stored.count > 0) {
            stored.blocked_by = "the peer has it and has not applied it yet";
            stored.action = "look at the view of events there";
            stations.push_back(std::move(stored));
        }
    }
}

void add_paths(std::vector<Station> &stations, const Session &session, const Peer &peer) {
    const std::vector<PeerPath> paths = load_paths(session, peer.peer_id);
    if (paths.empty()) {
        stations.push_back({outgoing,
                            "paths",
                            0,
                            "paths",
                            {},
                            "no way to the peer is declared",
                            "give the peer a path in the task text"});
    }
    for (const PeerPath &path : paths) {
        const Row row = *first_row(session.transaction,
                                   "SELECT last_error, worked_at, bounced_at, bounce_error,"
                                   " bounce_hint FROM @peer_path"
                                   " WHERE peer_id = ?1 AND ordinal = ?2",
                                   {peer.peer_id, path.ordinal});
        Station station{outgoing,
                        path.kind + " " + path.target,
                        path.retry.failures,
                        "failures since it last worked",
                        maybe_time_at(row, 1),
                        text_at(row, 0),
                        {}};
        if (const auto bounced_at = maybe_time_at(row, 2)) {
            say(station.blocked_by,
                "mails come back, last on " + to_text(*bounced_at) + ": " + text_at(row, 3));
            station.action = text_at(row, 4);
        }
        if (station.blocked_by.empty()) {
            station.blocked_by =
                wait_of(session, "peer_path", "ordinal", {peer.peer_id, path.ordinal});
        }
        if (!path.approved) {
            station.blocked_by = "the path was edited by hand and is not used";
            station.action = "SELECT " + session.dialect.command("approve") + "();";
        }
        stations.push_back(std::move(station));
        if (const auto form = unusual_form(session, peer.peer_id, path)) {
            stations.push_back({outgoing, "form of mails", 0, "", form->since, form->words, {}});
        }
    }
}

/// How the mailboxes fare by which its mails may come.
void add_mailboxes(std::vector<Station> &stations, const Session &session, const Peer &peer) {
    for (const Row &row :
         all_rows(session.transaction,
                  "SELECT m.name FROM @mailbox m WHERE m.receive NOT LIKE"
                  " 'maildir:%' AND (NOT EXISTS (SELECT 1 FROM @peer_path h WHERE h.peer_id = ?1)"
                  " OR EXISTS (SELECT 1 FROM @peer_path h WHERE h.peer_id = ?1 AND " +
                      path_uses_mailbox("h", "m") + ")) ORDER BY m.name",
                  {peer.peer_id})) {
        const MailboxHealth health = load_mailbox_health(session.transaction, text_at(row, 0));
        Station station{incoming,         "mailbox " + text_at(row, 0),
                        health.failures,  "failures since it last worked",
                        health.worked_at, {},
                        health.hint};
        if (health.failing_since) {
            station.blocked_by = "cannot be looked into since " + to_text(*health.failing_since) +
                                 ": " + health.error;
        }
        stations.push_back(std::move(station));
    }
}

std::optional<NeededBatch> needed_by(const Session &session, const IncomingRow &row) {
    return needed_first(session.transaction, row.key, stream::next_step(row.machine).bodies);
}

void add_inbox(std::vector<Station> &stations, const Session &session, const Peer &peer) {
    for (const StreamKey &key : incoming_streams(session.transaction)) {
        if (key.peer_id != peer.peer_id) {
            continue;
        }
        const IncomingRow row = load_incoming(session.transaction, key);
        Station station{incoming,
                        "inbox of stream " + std::to_string(key.stream),
                        row.machine.inbox.size(),
                        "batches",
                        peer.heard_at,
                        row.machine.reason,
                        {}};
        if (station.blocked_by.empty() && stream::has_gap(row.machine)) {
            station.blocked_by = "an earlier batch or a part is missing; it is asked for by itself";
        }
        if (const auto needed =
                station.blocked_by.empty() ? needed_by(session, row) : std::nullopt) {
            station.blocked_by = "batch " + std::to_string(needed->number) + " of stream " +
                                 std::to_string(needed->stream) + " comes first";
        }
        if (!row.machine.reason.empty()) {
            station.action = "SELECT * FROM " + session.dialect.command("events") + ";";
        }
        stations.push_back(std::move(station));
    }
}

Station report_station(const Session &session, const Peer &peer) {
    const Row notes = *first_row(session.transaction,
                                 "SELECT count(*) FROM @note WHERE peer_id = ?1", {peer.peer_id});
    Station station{
        incoming, "report to the peer", unsigned_at(notes, 0), "notes", peer.sent_at, {}, {}};
    if (const auto due = report_due(session, peer); due && *due <= session.now) {
        station.action = session.dialect.sync_command() + ";";
    }
    return station;
}

} // namespace

std::vector<Station> explain(const Session &session, const Peer &peer) {
    std::vector<Station> stations;
    if (const std::string blocked = peer_blocks(peer); !blocked.empty()) {
        stations.push_back({outgoing, "peer", 0, "", peer.heard_at, blocked,
                            "SELECT * FROM " + session.dialect.command("status") + ";"});
    }
    stations.push_back(offers_station(session, peer));
    stations.push_back(capture_station(session, peer));
    stations.push_back(queue_station(session, peer));
    add_outbox(stations, session, peer);
    add_paths(stations, session, peer);
    add_mailboxes(stations, session, peer);
    add_inbox(stations, session, peer);
    stations.push_back(report_station(session, peer));
    return stations;
}

} // namespace postrider::engine

// Leaving and being left.
#include "common/engine/farewell.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/engine/configuration_mac.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/declare_tasks.hpp"
#include "common/engine/load_request.hpp"
#include "common/engine/marks.hpp"
#include "common/engine/offers_out.hpp"
#include "common/engine/report.hpp"
#include "common/engine/sign_of_life.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

bool can_be_told(const Session &session, const Peer &peer) {
    if (!is_paired(peer.state) || !peer.held.empty() || !recipient_of(session.identity, peer)) {
        return false;
    }
    const std::vector<PeerPath> paths = load_paths(session, peer.peer_id);
    const auto control = load_outgoing(session.transaction, {peer.peer_id, control_stream});
    return control && control->machine.state == stream::StreamState::open &&
           std::any_of(paths.begin(), paths.end(),
                       [](const PeerPath &path) { return path.approved; });
}

/// The name that it had.
std::string name_before(const Peer &peer) {
    return peer.name.substr(0, peer.name.find(' '));
}

void forget_left_behind(const Session &session, const Peer &peer, const std::string &message) {
    log_event(session.transaction, session.now, {"farewell", std::nullopt, message, ""});
    forget_peer(session.transaction, peer);
}

} // namespace

bool say_farewell(const Session &session, const Peer &peer) {
    if (!can_be_told(session, peer)) {
        return false;
    }
    Transaction &transaction = session.transaction;
    const std::int64_t peer_id = peer.peer_id;
    forget_mirrors(transaction, peer);
    clear_tables(transaction, peer_id,
                 {"peer_group", "invitation", "task_peer", "task_flow", "offer", "schema_out",
                  "table_sent", "control_out", "stream_in", "inbox_body", "inbox_part", "schema_in",
                  "history_frame", "shape_in", "schema_difference", "stream_marker", "needed_batch",
                  "parked_row", "note"});
    end_loads_for(transaction, peer_id);
    for (const char *table : {"stream_out", "outbox"}) {
        transaction.execute(
            std::string{"DELETE FROM @"} + table + " WHERE peer_id = ?1 AND stream > 0", {peer_id});
    }
    // The word after the name keeps the name free: no name has a space.
    transaction.execute("UPDATE @peer SET name = name || ' dropped ' || peer_id, state = 'leaving',"
                        " attributes = '', settings = '', trust_tasks = 0, paused = 0, words = '',"
                        " parked_told = 0, parked_there = 0, parked_there_reason = '',"
                        " leaves_at = ?2 WHERE peer_id = ?1",
                        {peer_id, stored(session.now + limits::farewell_lifetime)});
    ask_for_reports(session, peer_id, Duration::zero());
    end_promises(session, peer_id);
    protect(session, "peer", {peer_id});
    queue_control(transaction, peer_id, wire::Farewell{});
    log_event(transaction, session.now,
              {"farewell", std::nullopt,
               "\"" + peer.name + "\" was dropped, and is told so with the next mail", ""});
    return true;
}

void forget_if_told(const Session &session, const Peer &peer) {
    const bool waits = first_row(session.transaction,
                                 "SELECT 1 FROM @outbox WHERE peer_id = ?1 UNION ALL"
                                 " SELECT 1 FROM @control_out WHERE peer_id = ?1 LIMIT 1",
                                 {peer.peer_id})
                           .has_value();
    if (!waits) {
        forget_left_behind(session, peer,
                           "\"" + name_before(peer) + "\" knows that it was dropped");
    }
}

void end_farewells(const Session &session) {
    for (const Peer &peer : load_peers(session.transaction)) {
        if (peer.state != PeerState::leaving) {
            continue;
        }
        const Row row = *first_row(
            session.transaction, "SELECT leaves_at FROM @peer WHERE peer_id = ?1", {peer.peer_id});
        if (stream::due_time(time_at(row, 0), limits::farewell_lifetime, session.now) <=
            session.now) {
            forget_left_behind(session, peer,
                               "\"" + name_before(peer) +
                                   "\" was dropped and did not answer to that: it may go on"
                                   " sending until somebody there drops this node too");
        }
    }
}

void end_farewell_to(const Session &session, const NodeId &node) {
    for (const Peer &peer : load_peers(session.transaction)) {
        if (peer.state == PeerState::leaving && peer.node == node) {
            forget_peer(session.transaction, peer);
        }
    }
}

Result<void> take_farewell(const Session &session, const Peer &peer) {
    if (peer.state == PeerState::left) {
        return {};
    }
    Transaction &transaction = session.transaction;
    give_up_outbox(session, peer);
    forget_mirrors(transaction, peer);
    clear_tables(transaction, peer.peer_id,
                 {"task_flow", "offer", "control_out", "note", "parked_row", "schema_in",
                  "history_frame", "shape_in", "schema_difference", "stream_marker",
                  "needed_batch"});
    // Stream 0 stays: that its last message was taken is reported, as often as it comes.
    for (const char *table : {"stream_in", "inbox_body", "inbox_part"}) {
        transaction.execute(std::string{"DELETE FROM @"} + table +
                                " WHERE peer_id = ?1 AND stream > 0",
                            {peer.peer_id});
    }
    transaction.execute("UPDATE @task_peer SET state = 'waiting', reason = '' WHERE peer_id = ?1",
                        {peer.peer_id});
    transaction.execute("UPDATE @peer_start SET hello_at = NULL WHERE peer_id = ?1",
                        {peer.peer_id});
    end_promises(session, peer.peer_id);
    transaction.execute("UPDATE @peer SET state = 'left', held = '', parked_told = 0,"
                        " parked_there = 0, parked_there_reason = '' WHERE peer_id = ?1",
                        {peer.peer_id});
    log_event(
        transaction, session.now,
        {"farewell", peer.peer_id,
         "peer \"" + peer.name + "\" has dropped this node: nothing is sent to it or taken from it",
         "DROP PEER " + peer.name + "; or pair anew: SELECT " + session.dialect.command("invite") +
             "('" + peer.name + "');"});
    const Result<CaptureChanges> captures = update_captures(session);
    return captures ? Result<void>{} : captures.error();
}

bool may_apply(const Session &session, const Peer &peer, const StreamKey &key) {
    if (peer.state == PeerState::left) {
        return key.stream == control_stream && is_approved(session.identity, peer.configuration);
    }
    return is_usable(session.identity, peer) && peer.held.empty();
}

bool is_only_told(const Session &session, const Peer &peer) {
    const bool is_doubled = peer.is_live() && !peer.held.empty() && is_two_copies(session, peer);
    return (is_doubled || peer.state == PeerState::left) &&
           recipient_of(session.identity, peer).has_value();
}

} // namespace postrider::engine

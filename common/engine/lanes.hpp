// Which tables go to which peer in which stream, and which come from whom: the tasks of this node
// resolved.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/engine/session.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

/// Local table name → name on the wire, of all active tasks that send to this peer in this lane.
/// `refused` when a row of task_table is not approved: the lane then waits as a whole, because what
/// is passed over would never be sent.
using SentTables = std::map<std::string, std::string>;
Result<SentTables>
sent_tables(const Session &session, std::int64_t peer_id, const std::string &lane);

/// The local table that takes what a peer calls `wire_name`; null: no task accepts it. `refused`
/// when a row of the peer's tasks is not approved: it may be the one that accepts it.
Result<std::optional<std::string>>
receiving_table(const Session &session, std::int64_t peer_id, const std::string &wire_name);

/// Whether any active task sends this local table to a peer other than `except_peer`, or may do so
/// once its rows are approved.
bool is_sent_on(const Session &session, const std::string &local_name, std::int64_t except_peer);

/// The peer takes part in the task from now on: opens the lane's stream where there is none, and
/// marks the tables' rows to be sent unless the task says NO LOAD. The peer must be paired; calling
/// it again changes nothing.
void activate_task(const Session &session, std::int64_t task_id, std::int64_t peer_id);

/// The tables of the task are read again and sent.
void load_again(Transaction &transaction, std::int64_t task_id);

/// A paused task is passed over while the rest of its lane goes on; so resuming it reads its tables
/// again and replaces what the receivers have.
void pause_task(Transaction &transaction, std::int64_t task_id);
void resume_task(Transaction &transaction, std::int64_t task_id);

/// Opens stream 0 to a peer that has just been paired.
void open_control_stream(const Session &session, std::int64_t peer_id);

/// Every table with capture that the stream sends is to be read again and replace what the receiver
/// has: its history is lost. For stream 0: the offers and answers are to be said again.
void reload_stream(Transaction &transaction, const OutgoingRow &stream);

} // namespace postrider::engine

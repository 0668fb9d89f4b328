// Which tables go to which peer in which stream, and which come from whom: the tasks of this node
// resolved.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "common/engine/column_list.hpp"
#include "common/engine/session.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

/// How a lane ends whose batches are compressed without history (NO HISTORY).
inline constexpr std::string_view lane_without_history = ", NO HISTORY";

/// The path kinds that the BY of a lane names, in its order; empty: all, as the peer's text has
/// them.
std::vector<std::string> path_kinds_of_lane(const std::string &lane);

/// How a task sends a table.
struct SentTable {
    std::string wire_name;
    ColumnList columns;
    std::string where; // empty: all rows
    bool without_delete = false;
    std::uint64_t from_position = 0; // in the queue: nothing before it, nor at it
};

/// By the local tables' names, of all active tasks that send to this peer in this lane. `refused`
/// when a row of task_table is not approved: the lane then waits as a whole, because what is passed
/// over would never be sent.
using SentTables = std::map<std::string, SentTable>;
Result<SentTables>
sent_tables(const Session &session, std::int64_t peer_id, const std::string &lane);

/// Part of the key of a lane that rows hold when they cannot be applied.
inline constexpr std::string_view lane_that_stops = ", ON ERROR STOP";

/// How a task takes a table.
struct TakenTable {
    std::string local_name;
    ColumnList columns;
    std::string where; // empty: any rows
    bool without_delete = false;
    bool stops = false; // ON ERROR STOP
};

/// By what a peer calls them.
using TakenTables = std::map<std::string, TakenTable>;

/// The tables that tasks take from a peer. `refused` when a row of its tasks is not approved: it
/// may be the one that accepts a table.
Result<TakenTables> taken_tables(const Session &session, std::int64_t peer_id);

/// The local tables that active tasks send to peers other than `except_peer`. `refused` when a row
/// of theirs is not approved.
Result<std::set<std::string>> sent_on_tables(const Session &session, std::int64_t except_peer);

/// The local tables that tasks take from peers other than `except_peer`. `refused` as above.
Result<std::set<std::string>> otherwise_taken_tables(const Session &session,
                                                     std::int64_t except_peer);

/// The peer takes part in the task from now on: opens the lane's stream where there is none, and
/// marks the tables' rows to be sent unless the task says NO LOAD. The peer must be paired; calling
/// it again changes nothing.
void activate_task(const Session &session, std::int64_t task_id, std::int64_t peer_id);

/// The peer has nothing of the task any more: accepting it again loads all of its tables.
void end_flow(Transaction &transaction, std::int64_t task_id, std::int64_t peer_id);

/// The tables of the task are read again and replace what the receivers have: which rows and
/// columns travel may have changed.
void load_again(Transaction &transaction, std::int64_t task_id);

/// The same, in chunks; rows that only the receivers have stay. For one peer, or for all who take
/// part.
void send_again(Transaction &transaction,
                std::int64_t task_id,
                std::optional<std::int64_t> peer_id);

/// The table is read again for those who take part in the task, and replaces what they have.
void replace_at_receivers(Transaction &transaction, const std::string &table, std::int64_t task_id);

/// A paused task is passed over while the rest of its lane goes on; so resuming it reads its tables
/// again and replaces what the receivers have.
void pause_task(Transaction &transaction, std::int64_t task_id);
void resume_task(Transaction &transaction, std::int64_t task_id);

/// Opens stream 0 to a peer that has just been paired.
void open_control_stream(const Session &session, std::int64_t peer_id);

/// Every table that is sent to the peer is to be read again and replace what it has: the history of
/// a stream is lost, in which any of them may have travelled.
void reload_streams(Transaction &transaction, std::int64_t peer_id);

/// Nothing that is queued goes in the stream any more: its tables are about to be read again whole,
/// and sent before them it would be seen on top of a past that is given up.
void pass_over_queue(Transaction &transaction, const StreamKey &key);

} // namespace postrider::engine

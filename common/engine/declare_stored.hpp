// What was declared before, read back from the state tables as a model of the task language, and
// the rows of node, groups and peers written from one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/task/task_text.hpp"

namespace postrider::engine {

/// A task that a peer declared and this node accepted, as this node sees it.
struct Mirror {
    std::int64_t task_id = 0;
    std::string peer;
    task::Task task;
    bool paused = false;

    /// As people name it: "hq.prices".
    [[nodiscard]] std::string full_name() const { return peer + "." + task.name.value; }
};

struct DeclaredBefore {
    bool has_tables = false;
    bool has_node = false;
    task::TaskText text; // node, groups, peers and our own tasks, without places
    std::vector<Mirror> mirrors;
    std::map<std::string, PeerState> peer_states;
};

/// `refused` when a row was edited into something that is no statement.
Result<DeclaredBefore> load_declared(Transaction &transaction, const dialect::Dialect &dialect);

void store_group(Transaction &transaction, const std::string &name);
void drop_group(Transaction &transaction, const std::string &name);

/// Makes the peer or replaces what its statement says of it: groups, attributes, paths, options.
/// Keys, positions and pause stay as they are.
void store_peer(const Session &session, const task::Peer &peer);

/// Forgets the peer, what it sent and what was to be sent to it; its mirrors too. One that can be
/// told is told (farewell.hpp).
void drop_peer(const Session &session, const std::string &name);

/// Everything of it, told or not.
void forget_peer(Transaction &transaction, const Peer &peer);

/// The tasks here that the node behind the peer has declared.
void forget_mirrors(Transaction &transaction, const Peer &peer);

/// The rows of the peer in these tables.
void clear_tables(Transaction &transaction,
                  std::int64_t peer_id,
                  std::initializer_list<const char *> tables);

/// Forgets what was agreed with the node behind the peer, which may be another one from now on: its
/// tasks and offers here, what it sent that was not applied, answers to it. Our own tasks are to be
/// offered anew; our streams stay, to go on from where a receiver stands.
void forget_agreements(Transaction &transaction, const Peer &peer);

/// The same, for a machine that is gone: rows of it that are parked here may be the last of their
/// kind, and stay.
void forget_lost_machine(Transaction &transaction, const Peer &peer);

/// Whether a node that calls itself so can be a peer here: every text that is declared later names
/// it. `refused` for unusual characters, and for the name of this node, a group or another peer.
Result<void> check_peer_name(Transaction &transaction, const std::string &name);

/// Whether batches may be sealed for it.
bool is_paired(PeerState state);

} // namespace postrider::engine

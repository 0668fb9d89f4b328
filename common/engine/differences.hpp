// How the tables that come differ from those that take them, for people: the rows behind the view
// schema_differences. What is done about a difference is decided where rows are applied.
#pragma once

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// Keeps the shapes in which tables of the peer came last, and compares them anew where that is
/// news.
void note_shapes(const Session &session, const Peer &peer, const Changeset &changes);

/// Compares the tables that tasks take from the peer as they came last, or were offered, with those
/// that are here.
void note_differences(const Session &session, const Peer &peer);

/// The same for all peers: a table here, or a task, is another than before.
void note_differences(const Session &session);

} // namespace postrider::engine

// Where changes that came go: to tables here, and on to others.
#pragma once

#include <vector>

#include "common/engine/own_tables.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/row_work.hpp"
#include "common/engine/told_anew.hpp"
#include "common/wire/batch.hpp"

namespace postrider::engine {

/// The tables that take the changes, and what goes on to others from here.
struct Targets {
    std::vector<TargetTable> tables;
    Changeset forwarded;
    ToldAnew told_anew; // of them, what is read again once it is written
    bool stops = false; // ON ERROR STOP
};

/// Finds the tables and takes away what no task takes, which is shown and told. An Error where
/// nothing may be written before somebody has mended something here.
Result<Targets>
find_targets(const Session &session, const Peer &peer, OwnTables &tables, Changeset &&changeset);

/// Queues what others get of it, under the number that it has where it came into being.
void forward(const Session &session,
             const Peer &peer,
             const wire::BatchHeader &header,
             Changeset &&changeset,
             QueueRun &run);

} // namespace postrider::engine

// From the log of captured changes to the pieces of a step (docs/correctness.md, A1 and A2).
#pragma once

#include <functional>
#include <optional>
#include <set>

#include "common/engine/collect_pieces.hpp"

namespace postrider::engine {

/// A table whose changes are in the log.
struct LoggedTable {
    std::string name;
    dialect::TableDescription description;
    std::vector<std::string> kept;
};

/// The captures whose changes are wanted. A table is described when the first of its changes is
/// met: most of them have none.
struct LoggedTables {
    std::set<dialect::CaptureId> captures;
    std::function<std::optional<LoggedTable>(dialect::CaptureId)> find; // nothing: it is held
};

/// Takes what waits in the log; what is of none of the tables is dropped. Gives the captures of
/// tables that have to be read whole, since they were truncated or nobody can tell what happened to
/// them: what was given of them before is not all.
std::set<dialect::CaptureId>
take_log(const Session &session, const LoggedTables &tables, Pieces &pieces);

} // namespace postrider::engine

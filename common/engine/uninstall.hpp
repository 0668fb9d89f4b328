// Takes everything of Postrider out of a database: triggers, key tables, views and state tables.
// The user's tables stay as they are.
#pragma once

#include "common/engine/session.hpp"

namespace postrider::engine {

/// In a write transaction of a connection of our own (SQLite drops no table while a statement
/// reads). `refused` while changes wait that no peer has acknowledged, unless `abandon_waiting`.
/// The files of the vault are not touched.
Result<void> uninstall(const Session &session, bool abandon_waiting);

/// The first half of it: what is on the user's tables goes, the state tables stay, for a database
/// that has a command of its own for these.
Result<void> release_tables(const Session &session, bool abandon_waiting);

} // namespace postrider::engine

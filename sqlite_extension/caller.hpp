// Work inside the connection of the application that called a SQL function.
#pragma once

#include <functional>
#include <string>

#include "common/engine/declare.hpp"
#include "common/engine/session.hpp"

#include "sqlite_extension/node_file.hpp"

namespace postrider::sqlite {

/// The file of the connection's main database. `refused` for ":memory:" and temporary databases: a
/// node must be there again after a restart.
Result<std::string> database_path(sqlite3 *connection);

/// `refused` inside an explicit transaction: what leaves this database must be durable before, and
/// a connection of our own would wait for the caller's locks.
Result<void> outside_transaction(sqlite3 *connection, std::string_view function);

/// Runs `work` as this node, in a savepoint of the caller's connection; kept when it succeeds.
Result<Value> as_node(sqlite3 *connection,
                      const std::function<Result<Value>(const engine::Session &)> &work);

/// The same for the task language, which may make the node in the first place.
Result<engine::ActionRows>
as_site(sqlite3 *connection,
        const std::function<Result<engine::ActionRows>(const engine::DeclareSite &)> &work);

/// The same to look alone.
Result<void> look_at_site(sqlite3 *connection,
                          const std::function<void(const engine::DeclareSite &)> &work);

/// A connection of our own to the caller's file.
Result<std::unique_ptr<NodeFile>> own_connection(sqlite3 *connection, std::string_view function);

} // namespace postrider::sqlite

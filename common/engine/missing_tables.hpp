// CREATE MISSING TABLES: what a peer is told of our tables so that it can make its own, and the
// tables and columns that are made here after those of a peer (docs/security.md).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/engine/declare.hpp"
#include "common/engine/declare_tasks.hpp"
#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/wire/control.hpp"

namespace postrider::engine {

/// The option of an offer that names the kind of its sender's database.
inline constexpr const char *engine_option = "engine";

/// The tables of a task as a peer is told of them: columns, key, and the foreign keys that lead to
/// keys of tables of the task. A table that is not here has no schema.
std::vector<wire::OfferedTable> tables_to_offer(const dialect::Dialect &dialect,
                                                const ResolvedTask &task);

/// A table that somebody else describes, here: under the name that it has or would be made with.
struct LocalPlace {
    std::string name;
    bool exists = false;
};

Result<LocalPlace> find_place(const Session &session, const wire::OfferedTable &offered);

/// Why one of the tables cannot be here under the name that the peer suggests, whatever is made
/// here; nothing where all of them can. For the peer to read.
std::optional<std::string> why_no_name(const dialect::Dialect &dialect,
                                       const std::vector<wire::OfferedTable> &tables);

/// The names of the tables that are not here.
Result<std::vector<std::string>> missing_tables(const Session &session,
                                                const std::vector<wire::OfferedTable> &tables);

/// Tables of a peer's description, and the kind of its database.
struct TablePatterns {
    const std::vector<wire::OfferedTable> &tables;
    std::string engine;
};

/// The statements, one for each table that is not here, and for each column that one of `extended`
/// lacks. Errors: `refused` for what cannot be made.
Result<ActionRows> missing_table_statements(const Session &session,
                                            const TablePatterns &patterns,
                                            const std::set<std::string> &extended);

/// Runs them, in the transaction of the caller, which undoes them on an error.
Result<ActionRows> make_missing_tables(const Session &session,
                                       const TablePatterns &patterns,
                                       const std::set<std::string> &extended);

/// Adds the columns of `schema` that the table has not, where the task that takes it from this peer
/// says CREATE MISSING TABLES. Tells whether it added any.
Result<bool> add_missing_columns(const Session &session,
                                 const Peer &peer,
                                 const TableSchema &schema,
                                 const dialect::TableDescription &table);

} // namespace postrider::engine

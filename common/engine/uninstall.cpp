// Taking everything down again, in the opposite order of how it was made.
#include "common/engine/uninstall.hpp"

#include <algorithm>

#include "common/engine/collect.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/schema.hpp"
#include "common/engine/store/views.hpp"

namespace postrider::engine {

namespace {

bool anything_waits(const Session &session) {
    // What the streams of a peer that was revoked or has left have not taken never goes out, and a
    // farewell is not worth waiting for.
    const std::string served = std::string{" AND peer_id NOT IN "} + peers_cut_off;
    return has_captured(session.transaction, session.dialect) ||
           first_row(session.transaction, "SELECT 1 FROM @outbox WHERE true" + served + " LIMIT 1")
               .has_value() ||
           first_row(session.transaction,
                     "SELECT 1 FROM @stream_out WHERE stream > 0 AND lane <> ''"
                     " AND cursor < (SELECT max(queue_position) FROM @queue)" +
                         served)
               .has_value();
}

} // namespace

Result<void> release_tables(const Session &session, bool abandon_waiting) {
    if (!abandon_waiting && anything_waits(session)) {
        return Error{Errc::refused, "changes wait here that no peer has acknowledged",
                     "They would never arrive.",
                     "Let them go out first: " + session.dialect.sync_command() +
                         "; or give them up: SELECT " + session.dialect.command("uninstall") + "(" +
                         session.dialect.true_word() + ");"};
    }
    Transaction &transaction = session.transaction;
    for (const Row &row : all_rows(transaction, "SELECT capture_id FROM @capture")) {
        remove_capture(transaction, session.dialect, integer_at(row, 0));
    }
    drop_leftovers(transaction, session.dialect, {});
    return {};
}

Result<void> uninstall(const Session &session, bool abandon_waiting) {
    if (Result<void> released = release_tables(session, abandon_waiting); !released) {
        return released;
    }
    Transaction &transaction = session.transaction;
    for (const View &view : views(session.dialect)) {
        transaction.execute_script("DROP VIEW @" + view.name);
    }
    std::vector<dialect::StateTable> tables = state_tables();
    std::reverse(tables.begin(), tables.end());
    for (const dialect::StateTable &table : tables) {
        transaction.execute_script(session.dialect.drop_table(table.name));
    }
    return {};
}

} // namespace postrider::engine

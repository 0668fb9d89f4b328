// Clears the times of next tries in the state tables.
#include "common/engine/try_again.hpp"

#include "common/engine/store/rows.hpp"

namespace postrider::engine {

void try_again_now(const Session &session) {
    Transaction &transaction = session.transaction;
    transaction.execute("UPDATE @stream_in SET next_try_at = NULL WHERE next_try_at IS NOT NULL");
    const std::string failed = " AND peer_id IN (SELECT h.peer_id FROM @peer_path h"
                               " WHERE h.last_error <> '' OR h.bounces > 0)";
    transaction.execute("UPDATE @outbox SET next_send = ?1 WHERE next_send > ?1" + failed,
                        {stored(session.now)});
    transaction.execute("UPDATE @invitation SET next_try_at = ?1 WHERE next_try_at > ?1" + failed,
                        {stored(session.now)});
    transaction.execute(
        "UPDATE @peer_path SET next_try_at = NULL WHERE last_error <> '' AND next_try_at > ?1",
        {stored(session.now)});
    transaction.execute("UPDATE @peer_path SET bounce_until = NULL WHERE bounce_until > ?1",
                        {stored(session.now)});
}

} // namespace postrider::engine

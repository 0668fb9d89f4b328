// Control messages on their way into stream 0.
#pragma once

#include "common/engine/database.hpp"
#include "common/engine/store/rows.hpp"
#include "common/wire/control.hpp"

namespace postrider::engine {

/// The dispatch puts it into the next batch of stream 0 to this peer, in the order of the calls.
inline void
queue_control(Transaction &transaction, std::int64_t peer_id, const wire::ControlMessage &message) {
    transaction.execute("INSERT INTO @control_out (peer_id, message) VALUES (?1, ?2)",
                        {peer_id, stored(ByteView{wire::encode_control(message).raw})});
}

} // namespace postrider::engine

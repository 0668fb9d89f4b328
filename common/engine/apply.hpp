// One step of a stream from the inbox into the tables: checked, authorised, applied and reported in
// one transaction.
#pragma once

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

enum class Applied {
    nothing, // no step is whole, or it waits until it is tried again
    step,    // one step was applied; there may be another
    held,    // the step cannot be applied now; the reason stands in stream_in and in the events
};

/// The next step of a stream. What local writers did is collected first, in the same transaction.
Applied apply_next_step(const Session &session, const Peer &peer, const StreamKey &key);

/// The step that could not be applied is not tried again before this; empty where none waits.
std::optional<Timestamp> next_try(const IncomingRow &row, Timestamp now);

/// The step was refused only when its transaction was committed (a foreign key): it waits and is
/// tried again.
void hold_step(const Session &session, const Peer &peer, const StreamKey &key, const Error &error);

} // namespace postrider::engine

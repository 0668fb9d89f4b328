// What a person asks for who has mended something: not to wait for the next try.
#pragma once

#include "common/engine/session.hpp"

namespace postrider::engine {

/// Makes due now what has failed and waits: steps that could not be applied, paths that reported an
/// error, and what could not be sent over them. What was sent and waits for its answer goes on
/// waiting.
void try_again_now(const Session &session);

} // namespace postrider::engine

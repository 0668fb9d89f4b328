// Mails of ours that a filter has put into the junk folder of a mailbox.
#pragma once

#include "common/engine/session.hpp"
#include "common/engine/transport.hpp"

namespace postrider::engine {

/// An event that says whose, once a week for each peer and mailbox.
void note_in_junk(const Session &session, const InJunk &found);

} // namespace postrider::engine

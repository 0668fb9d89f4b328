// What comes back of mails that we sent. A bounce is matched by the Message-ID of the mail, which
// is remembered until its batch is acknowledged. Anybody may have written it who has seen that
// mail, so it is shown and steers when and how large a path tries again, within bounds, and nothing
// else: what is delivered and acknowledged is between the peer and us.
#pragma once

#include <cstdint>
#include <string>

#include "common/engine/session.hpp"
#include "common/engine/store/streams.hpp"
#include "common/engine/transmit.hpp"
#include "common/engine/transport.hpp"

namespace postrider::engine {

/// A mail server took the mail that has this name in its Message-ID.
void remember_mail(const Session &session, const Tickets::Sent &sent, const std::string &name);

/// Says what becomes of the bounce: one about a mail of ours is removed, others are left.
Settlement take_bounce(const Session &session, const Bounced &bounced);

/// The peer has acknowledged the batch: its mails need not be known any more, and the path that
/// brought it, where it was one alone, does not bounce.
void end_bounces(const Session &session, const StreamKey &key, std::uint64_t number);

/// Mails are known for a week, the newest ten thousand of them; a path of whose mails none came
/// back for so long does not bounce.
void prune_sent_mails(Transaction &transaction, Timestamp now);

} // namespace postrider::engine

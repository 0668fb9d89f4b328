// Key notices (docs/protocol.md, "Keys"): a peer that sealed to a receiving key which is destroyed
// is told the current one, sealed to its contact key, which it never loses.
#pragma once

#include <optional>
#include <vector>

#include "common/engine/pairing.hpp"

namespace postrider::engine {

/// The peer is to be told our current receiving key: at once, but at most once an hour.
void request_key_notice(const Session &session, const Peer &peer);

/// Notices that are due, marked as sent. Part of due_pairing_mails.
std::vector<PairingMail> due_key_notices(const Session &session,
                                         std::optional<std::int64_t> only_peer);

std::optional<Timestamp> next_key_notice(const Session &session);

} // namespace postrider::engine

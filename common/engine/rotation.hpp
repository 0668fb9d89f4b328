// Receiving keys: which of ours open, and when a new generation begins (docs/security.md,
// "Rotation").
#pragma once

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"

namespace postrider::engine {

/// The keys that may open what this peer sends: all receiving generations that are not destroyed,
/// the youngest first, and the contact key.
wire::Opening opening_of(const Session &session, const Peer &peer, const PeerKeys &keys);

/// The generation to announce to others now; never one that is destroyed.
std::uint32_t current_receiving_generation(const Session &session);

/// Our receiving key of a generation that is not destroyed.
crypto::ExchangeKey own_receiving_key(const Session &session, std::uint32_t generation);

/// Begins a new generation when the current one is 7 days old. To be called when something is sent
/// anyway: the new key rides along.
void rotate_if_due(const Session &session);

/// The ratchet index below which nothing is needed any more: generations whose successor was
/// announced 30 days ago. The caller stores the advanced ratchet in the vault after the commit,
/// which destroys the older keys for good.
std::uint32_t oldest_needed_generation(const Session &session);

} // namespace postrider::engine

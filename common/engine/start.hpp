// Whether this database is where and what it was when it last sent anything (docs/correctness.md,
// B4).
#pragma once

#include <optional>

#include "common/engine/session.hpp"
#include "common/engine/vault.hpp"

namespace postrider::engine {

/// To be asked before anything is sent, at every start. `refused` for a copy at another place; a
/// database that is not the one that last ran with the state file goes on under a new incarnation,
/// which is put into `identity`.
Result<void> check_place(const Session &session, Vault &vault, Identity &identity);

/// Whether a database that lies `here` is another file than the one that `state` was written for:
/// path and inode both differ.
bool is_other_place(const StateFile &state, const StateFile &here);

/// When to act on what reports have said of our own past; empty: nothing was said.
std::optional<Timestamp> doubt_due(const Session &session);

/// Acts on it: begins a new incarnation, which is put into `identity`, and asks all peers where
/// they stand.
void settle_doubt(const Session &session, Identity &identity);

/// `refused` where this copy may not go on because another one claimed the identity.
Result<void> check_not_stopped(const Session &session);

/// The state file as it must be before the next transmission leaves.
StateFile state_to_store(const Session &session, const Vault &vault);

/// "I am the node; the other copy is gone": a copied or moved database takes over the identity
/// under a new incarnation.
Result<void> claim_identity(const Session &session, Vault &vault, Identity &identity);

} // namespace postrider::engine

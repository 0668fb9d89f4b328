// This database as a node: where its secret lies, and work inside the session that calls one of our
// functions.
#pragma once

#include <functional>

#include "common/engine/declare.hpp"
#include "common/engine/session.hpp"
#include "common/vault/file_vault.hpp"

#include "pg_extension/spi_database.hpp"

namespace postrider::pg {

Timestamp system_now();

/// `refused` with a hint until postrider.secret_directory is set.
Result<vault::FileVaultPlaces> vault_places(engine::Transaction &transaction);

stream::Timing mail_timing();

struct NodeSite {
    const engine::Session &session;
    engine::Vault &vault;
};

/// Runs `work` as this node, in the caller's transaction. Throws what ends in an ERROR.
void as_node(engine::Mode mode, const std::function<void(const NodeSite &)> &work);

/// The same for the task language, which may make the node in the first place.
void as_site(engine::Mode mode, const std::function<void(const engine::DeclareSite &)> &work);

/// The same to look alone, also where there is no place for the secret: whatever needs it fails
/// with the reason.
void look_at_site(const std::function<void(const engine::DeclareSite &)> &work);

} // namespace postrider::pg

// Identities that leave their place: the secret as a bundle for bad days, and a database that
// becomes another node (docs/security.md, "Loss of the secret file").
#pragma once

#include <string>

#include "common/engine/declare.hpp"
#include "common/engine/session.hpp"

namespace postrider::engine {

struct ExportedIdentity {
    std::string bundle; // a line of text, useless without the code
    std::string code;   // for people to keep elsewhere
};

/// The secret of this node under a new recovery code; writes nothing. Earlier bundles stay good.
Result<ExportedIdentity> export_identity(const Session &session, Vault &vault);

/// Puts the secret of this database's node back and begins a new incarnation, as claim_identity
/// does. `refused` where the secret is there already, or the bundle is of another node.
Result<void>
import_identity(const DeclareSite &site, const std::string &bundle, std::string_view code);

/// Makes this database a node of its own under another name: new id, new keys, no peer paired, its
/// own tasks kept to be offered anew. The rows stay. For a copy whose original goes on. Gives what
/// to do next.
Result<ActionRows> new_identity(const DeclareSite &site, const std::string &name);

} // namespace postrider::engine

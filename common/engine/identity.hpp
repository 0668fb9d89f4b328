// Who this node is: the row of `node` together with the secret file.
#pragma once

#include <string>

#include "common/base/clock.hpp"
#include "common/crypto/identity.hpp"
#include "common/crypto/ratchet.hpp"
#include "common/crypto/rest.hpp"
#include "common/engine/database.hpp"
#include "common/engine/vault.hpp"
#include "common/wire/envelope.hpp"

namespace postrider::engine {

struct Identity {
    NodeId node{};
    std::string name;
    std::uint64_t incarnation = 0;
    std::uint16_t signing_generation = 0;
    crypto::SigningKey signing_key;
    crypto::ExchangeKey contact_key;
    crypto::Key master;
    crypto::Ratchet ratchet;

    [[nodiscard]] wire::Sender sender() const { return {node, signing_key}; }
};

/// `refused` with a hint when the node was never declared, or as the vault says when the secret is
/// not there. What of `known` is still so is not derived again.
Result<Identity>
load_identity(Transaction &transaction, Vault &vault, const Identity *known = nullptr);

/// Makes a new node: keys, secret file, the row of `node`. The secret file is written first; a
/// rollback afterwards leaves a file that no database belongs to.
Result<Identity>
create_identity(Transaction &transaction, Vault &vault, const std::string &name, Timestamp now);

/// A greater incarnation than `before`: counter + 1 above 32 random bits.
std::uint64_t next_incarnation(std::uint64_t before);

/// Seals and opens 32-byte keys and other secrets of a row of a state table (docs/security.md,
/// "Secrets at rest").
struct SealedPlace {
    std::string_view table;
    std::string row_key;
    std::string_view column;
};

Bytes seal(const Identity &identity, const SealedPlace &place, ByteView plaintext);
Result<crypto::Key> open_key(const Identity &identity, const SealedPlace &place, ByteView sealed);

} // namespace postrider::engine

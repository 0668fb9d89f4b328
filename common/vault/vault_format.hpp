// The bytes of the secret file and of the state file (docs/security.md, "Secrets at rest").
#pragma once

#include "common/engine/vault.hpp"

namespace postrider::vault {

/// magic 8 ‖ node_id 16 ‖ M 32 ‖ o 4 ‖ k_o 32 ‖ checksum 32. Wipe it after use.
Bytes encode_secret(const engine::Secret &secret);
/// `refused` when damaged or of another version; never shows what was read.
Result<engine::Secret> parse_secret(ByteView bytes);

/// magic 8 ‖ node_id 16 ‖ incarnation 8 ‖ start token 16 ‖ path 2+n ‖ device 8 ‖ inode 8 ‖ count 4
/// ‖ { key 2+n ‖ position 8 } ‖ timeline 8 where there is one ‖ checksum 32. `too_large` when a
/// text or the whole is.
Result<Bytes> encode_state(const engine::StateFile &state);
Result<engine::StateFile> parse_state(ByteView bytes);

} // namespace postrider::vault

// Receiving keys that move forward only: from the state at index o every later key can be made and
// no earlier one. Destroying a key is advancing the stored state (docs/security.md, "Rotation").
#pragma once

#include <cstdint>

#include "common/crypto/identity.hpp"

namespace postrider::crypto {

/// k_index. The index is the receiving generation that goes over the wire.
struct Ratchet {
    std::uint32_t index = 0;
    Key key;

    static Ratchet generate();
};

/// The ratchet at `index`, by k_{i+1} = H256("postrider step", k_i, ""). Refused when `index` lies
/// before it (that key is destroyed) or more than `limits::ratchet_steps_max` after it.
Result<Ratchet> advance(const Ratchet &from, std::uint32_t index);

/// The receiving key of generation `index`; fails like `advance`.
Result<ExchangeKey> receiving_key(const Ratchet &ratchet, std::uint32_t index);

} // namespace postrider::crypto

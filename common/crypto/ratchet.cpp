// k_{i+1} = H256("postrider step", k_i, "").
#include "common/crypto/ratchet.hpp"

#include <string>

#include "common/base/limits.hpp"
#include "common/crypto/hash.hpp"

namespace postrider::crypto {

Ratchet Ratchet::generate() {
    return {0, Key::random()};
}

Result<Ratchet> advance(const Ratchet &from, std::uint32_t index) {
    if (index < from.index) {
        return Error{Errc::refused, "receiving key " + std::to_string(index) + " was destroyed"};
    }
    if (index - from.index > limits::ratchet_steps_max) {
        return Error{Errc::too_large,
                     "receiving key " + std::to_string(index) + " is too far ahead"};
    }
    Ratchet at = from;
    while (at.index < index) {
        at.key = derive<32>(label::step, at.key.view(), {});
        ++at.index;
    }
    return at;
}

Result<ExchangeKey> receiving_key(const Ratchet &ratchet, std::uint32_t index) {
    const Result<Ratchet> at = advance(ratchet, index);
    if (!at) {
        return at.error();
    }
    return ExchangeKey::from_seed(derive<32>(label::receiving, at->key.view(), {}));
}

} // namespace postrider::crypto

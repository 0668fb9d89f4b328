// BLAKE2b with salt zero and the label as personalisation, fed piece by piece.
#include "common/crypto/hash.hpp"

#include <algorithm>

namespace postrider::crypto {

void hash_into(std::span<std::uint8_t> out, std::string_view label, ByteView key, HashInput input) {
    ensure(label.size() <= crypto_generichash_blake2b_PERSONALBYTES,
           "labels have at most 16 bytes");
    FixedBytes<crypto_generichash_blake2b_PERSONALBYTES> personal{};
    std::copy(label.begin(), label.end(), personal.begin());
    const FixedBytes<crypto_generichash_blake2b_SALTBYTES> salt{};
    crypto_generichash_blake2b_state state;
    const int started = crypto_generichash_blake2b_init_salt_personal(
        &state, key.empty() ? nullptr : key.data(), key.size(), out.size(), salt.data(),
        personal.data());
    ensure(started == 0, "the sizes of a hash and its key are within BLAKE2b's");
    for (const ByteView piece : input) {
        crypto_generichash_blake2b_update(&state, piece.data(), piece.size());
    }
    crypto_generichash_blake2b_final(&state, out.data(), out.size());
    sodium_memzero(&state, sizeof state);
}

} // namespace postrider::crypto

// The keys of a node: Ed25519 to sign with (identity), X25519 to be reached at (contact,
// receiving).
#pragma once

#include "common/base/result.hpp"
#include "common/crypto/secret_bytes.hpp"

namespace postrider::crypto {

using PublicKey = FixedBytes<32>;
using Signature = FixedBytes<64>;
/// What is signed: always a labelled 64-byte hash, never a message.
using Digest = FixedBytes<64>;

/// Ed25519. Kept at rest as its seed.
struct SigningKey {
    PublicKey public_key{};
    SecretBytes<64> secret; // libsodium's form: seed, then public key

    static SigningKey from_seed(const Key &seed);
    static SigningKey generate();
    [[nodiscard]] Key seed() const;
};

Signature sign(const SigningKey &key, const Digest &digest);
bool verify(const PublicKey &key, const Digest &digest, const Signature &signature);

/// X25519.
struct ExchangeKey {
    PublicKey public_key{};
    Key secret;

    /// crypto_box_seed_keypair: the way receiving keys come from the ratchet.
    static ExchangeKey from_seed(const Key &seed);
    /// From the secret scalar, as it is kept at rest.
    static ExchangeKey from_secret(const Key &secret);
    static ExchangeKey generate();
};

/// X25519(secret, theirs); refused (bad_signature) when `theirs` is a point of low order.
Result<Key> shared_secret(const Key &secret, const PublicKey &theirs);

} // namespace postrider::crypto

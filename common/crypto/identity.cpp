// Ed25519 and X25519 through libsodium.
#include "common/crypto/identity.hpp"

namespace postrider::crypto {

SigningKey SigningKey::from_seed(const Key &seed) {
    SigningKey key;
    crypto_sign_seed_keypair(key.public_key.data(), key.secret.data(), seed.data());
    return key;
}

SigningKey SigningKey::generate() {
    return from_seed(Key::random());
}

Key SigningKey::seed() const {
    Key seed;
    crypto_sign_ed25519_sk_to_seed(seed.data(), secret.data());
    return seed;
}

Signature sign(const SigningKey &key, const Digest &digest) {
    Signature signature{};
    crypto_sign_detached(signature.data(), nullptr, digest.data(), digest.size(),
                         key.secret.data());
    return signature;
}

bool verify(const PublicKey &key, const Digest &digest, const Signature &signature) {
    return crypto_sign_verify_detached(signature.data(), digest.data(), digest.size(),
                                       key.data()) == 0;
}

ExchangeKey ExchangeKey::from_seed(const Key &seed) {
    ExchangeKey key;
    crypto_box_seed_keypair(key.public_key.data(), key.secret.data(), seed.data());
    return key;
}

ExchangeKey ExchangeKey::from_secret(const Key &secret) {
    ExchangeKey key;
    key.secret = secret;
    const int made = crypto_scalarmult_base(key.public_key.data(), secret.data());
    ensure(made == 0, "every scalar has a public key");
    return key;
}

ExchangeKey ExchangeKey::generate() {
    return from_secret(Key::random());
}

Result<Key> shared_secret(const Key &secret, const PublicKey &theirs) {
    Key shared;
    if (crypto_scalarmult(shared.data(), secret.data(), theirs.data()) != 0) {
        return Error{Errc::bad_signature, "public key is a point of low order"};
    }
    return shared;
}

} // namespace postrider::crypto

// Key derivations and boxes of the prologue.
#include "common/wire/envelope_layout.hpp"

namespace postrider::wire {

crypto::Hash body_hash(ByteView body) {
    return crypto::hash256(crypto::label::part, {body});
}

namespace layout {

namespace {

constexpr std::size_t box_key_bytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
static_assert(box_key_bytes + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == BoxKey::size);

} // namespace

BoxKey wrap_key(const WrapParties &parties) {
    return crypto::derive<BoxKey::size>(
        crypto::label::wrap, parties.shared.view(),
        {parties.psk.view(), parties.ephemeral, parties.recipient_key, parties.recipient});
}

BoxKey head_key(const ContentKey &content_key, ByteView ephemeral) {
    return crypto::derive<BoxKey::size>(crypto::label::head, content_key.view(), {ephemeral});
}

Bytes seal_box(const BoxKey &key, ByteView plaintext, ByteView associated) {
    Bytes box(plaintext.size() + tag_bytes);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        box.data(), nullptr, plaintext.data(), plaintext.size(), associated.data(),
        associated.size(), nullptr, key.data() + box_key_bytes, key.data());
    return box;
}

bool open_box(const BoxKey &key, ByteView box, ByteView associated, std::span<std::uint8_t> out) {
    ensure(out.size() + tag_bytes == box.size(), "a box is 16 bytes longer than what it holds");
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               out.data(), nullptr, nullptr, box.data(), box.size(), associated.data(),
               associated.size(), key.data() + box_key_bytes, key.data()) == 0;
}

Bytes signed_bytes(const ContentKey &content_key,
                   ByteView fixed,
                   ByteView wraps,
                   ByteView head_fields) {
    ByteWriter writer;
    writer.raw(crypto::hash<32>(crypto::label::commit, content_key.view(), {}));
    writer.raw(fixed);
    writer.raw(wraps);
    writer.raw(head_fields);
    return std::move(writer).take();
}

crypto::Digest signature_digest(const NodeId &sender, ByteView signed_bytes) {
    return crypto::hash<64>(crypto::label::sign, {}, {sender, signed_bytes});
}

crypto::Hash cover_hash(ByteView fixed, ByteView wraps, ByteView head_box) {
    return crypto::hash256(crypto::label::cover, {fixed, wraps, head_box});
}

FixedBytes<stamp_bytes> stamp(ByteView stamp_key, const crypto::Hash &cover) {
    return crypto::hash<stamp_bytes>(crypto::label::stamp, stamp_key, {cover});
}

} // namespace layout
} // namespace postrider::wire

// Sizes, label uses and digests that sealing and opening a part share. Private to wire/envelope*.
#pragma once

#include "common/wire/envelope.hpp"

namespace postrider::wire::layout {

inline constexpr FixedBytes<8> magic{'P', 'R', 'D', 'R', 0x01, 0x0d, 0x0a, 0x00};
inline constexpr std::uint8_t suite = 1;
inline constexpr std::size_t fixed_bytes = 80;
inline constexpr std::size_t ephemeral_offset = 16;
inline constexpr std::size_t part_hash_offset = 48;
inline constexpr std::size_t stamp_bytes = 16;
inline constexpr std::size_t wrap_bytes = 48;
inline constexpr std::size_t slot_bytes = stamp_bytes + wrap_bytes;
inline constexpr std::size_t head_fields_bytes = 24;
inline constexpr std::size_t split_head_fields_bytes = 72;
inline constexpr std::size_t signature_bytes = 64;
inline constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
inline constexpr std::size_t head_box_bytes = head_fields_bytes + signature_bytes + tag_bytes;
inline constexpr std::size_t split_head_box_bytes =
    split_head_fields_bytes + signature_bytes + tag_bytes;
static_assert(head_box_bytes == 104 && split_head_box_bytes == 152);
static_assert(slot_bytes == 64);

inline constexpr std::uint8_t flag_split = 1;

/// Key 32 ‖ nonce 24 of one box.
using BoxKey = crypto::SecretBytes<56>;

/// H(56, "postrider wrap", ss, psk ‖ E ‖ P ‖ node_id).
struct WrapParties {
    const crypto::Key &shared; // ss
    const crypto::Key &psk;
    ByteView ephemeral;
    const crypto::PublicKey &recipient_key;
    const NodeId &recipient;
};

BoxKey wrap_key(const WrapParties &parties);

/// H(56, "postrider head", CK, E).
BoxKey head_key(const ContentKey &content_key, ByteView ephemeral);

/// XChaCha20-Poly1305 with both halves of the key; the box is 16 bytes longer.
Bytes seal_box(const BoxKey &key, ByteView plaintext, ByteView associated);
/// False when the tag is wrong; `out` must have box.size() - 16 bytes.
bool open_box(const BoxKey &key, ByteView box, ByteView associated, std::span<std::uint8_t> out);

/// commit ‖ bytes 0..79 ‖ wraps in order ‖ head fields: what is signed after the sender's node id.
Bytes signed_bytes(const ContentKey &content_key,
                   ByteView fixed,
                   ByteView wraps,
                   ByteView head_fields);
crypto::Digest signature_digest(const NodeId &sender, ByteView signed_bytes);

/// H256("postrider cover", -, bytes 0..79 ‖ wraps ‖ head box).
crypto::Hash cover_hash(ByteView fixed, ByteView wraps, ByteView head_box);
/// H(16, "postrider stamp", stamp_key, cover).
FixedBytes<stamp_bytes> stamp(ByteView stamp_key, const crypto::Hash &cover);

} // namespace postrider::wire::layout

// The body of an envelope: a secretstream of 64 KiB chunks under a key derived from the content key
// (docs/protocol.md, "Body"). What the plaintext holds, and its padding, is the caller's.
#pragma once

#include "common/crypto/chain.hpp"
#include "common/wire/envelope.hpp"

namespace postrider::wire {

inline constexpr std::size_t body_chunk_bytes = 65'536;

/// What every chunk is bound to: sender, stream, incarnation, number. All zero for kind 3, whose
/// receiver learns the sender from the body.
using BodyContext = crypto::BatchPosition;

/// Bytes of the sealed body of a plaintext: 24, and 17 for each chunk.
std::size_t sealed_body_bytes(std::size_t plaintext_bytes);

/// Different bytes at each call; to be kept, with the key, until everybody has acknowledged.
/// `too_large` when the sealed body would exceed `limits::body_bytes_max`.
Result<Bytes>
seal_body(const ContentKey &content_key, const BodyContext &context, ByteView plaintext);

/// `bad_signature` when a chunk was changed, moved or cut, when the context is another, or when the
/// final chunk is not exactly at the end.
Result<Bytes> open_body(const ContentKey &content_key, const BodyContext &context, ByteView body);

/// PADME with a floor of 256 bytes: the size to which a plaintext of `bytes` is filled with zeros;
/// at most 12 % more.
std::size_t padme(std::size_t bytes);

/// The next multiple of 4096, for loads and verify.
std::size_t padded_to_step(std::size_t bytes);

} // namespace postrider::wire

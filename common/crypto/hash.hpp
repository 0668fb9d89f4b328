// The one hash of Postrider: BLAKE2b with a label as its personalisation (docs/protocol.md,
// "Labels").
#pragma once

#include <initializer_list>
#include <string_view>

#include "common/crypto/secret_bytes.hpp"

namespace postrider::crypto {

using Hash = FixedBytes<32>;

/// Bytes that are hashed one after the other as if they stood in one buffer.
using HashInput = std::initializer_list<ByteView>;

/// H(n, label, key, x). `label` has at most 16 bytes, is padded with zeros, and names the one use
/// of the result. `key` is empty or has 16 to 64 bytes. `out` has 1 to 64 bytes.
void hash_into(std::span<std::uint8_t> out, std::string_view label, ByteView key, HashInput input);

template <std::size_t size>
FixedBytes<size> hash(std::string_view label, ByteView key, HashInput input) {
    FixedBytes<size> out{};
    hash_into(out, label, key, input);
    return out;
}

/// H(32, …), without a key.
inline Hash hash256(std::string_view label, HashInput input) {
    return hash<32>(label, {}, input);
}

/// H(n, …) whose result is itself secret.
template <std::size_t size>
SecretBytes<size> derive(std::string_view label, ByteView key, HashInput input) {
    SecretBytes<size> out;
    hash_into({out.data(), size}, label, key, input);
    return out;
}

/// Every label in use, in one place so that none is used twice.
namespace label {
inline constexpr std::string_view part = "postrider part";
inline constexpr std::string_view wrap = "postrider wrap";
inline constexpr std::string_view head = "postrider head";
inline constexpr std::string_view sign = "postrider sign";
inline constexpr std::string_view commit = "postrider commit";
inline constexpr std::string_view stamp = "postrider stamp";
inline constexpr std::string_view cover = "postrider cover";
inline constexpr std::string_view body = "postrider body";
inline constexpr std::string_view context = "postrider ctx";
inline constexpr std::string_view batch = "postrider batch";
inline constexpr std::string_view chain = "postrider chain";
inline constexpr std::string_view past = "postrider past";
inline constexpr std::string_view nonce = "postrider nonce";
inline constexpr std::string_view line = "postrider line";
inline constexpr std::string_view check = "postrider check";
inline constexpr std::string_view invite = "postrider invite";
inline constexpr std::string_view pairing_stamp = "postrider pstamp";
inline constexpr std::string_view answer = "postrider answer";
inline constexpr std::string_view agreed = "postrider agreed";
inline constexpr std::string_view transcript = "postrider trans";
inline constexpr std::string_view psk = "postrider psk";
inline constexpr std::string_view words = "postrider words";
inline constexpr std::string_view step = "postrider step";
inline constexpr std::string_view receiving = "postrider recv";
inline constexpr std::string_view rest = "postrider rest";
inline constexpr std::string_view configuration = "postrider config";
inline constexpr std::string_view seen = "postrider seen";
} // namespace label

} // namespace postrider::crypto

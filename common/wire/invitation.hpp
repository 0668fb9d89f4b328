// The one pasted line of pairing: `postrider1:` and base64url (docs/protocol.md, "Pairing").
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.hpp"
#include "common/crypto/hash.hpp"
#include "common/crypto/identity.hpp"

namespace postrider::wire {

using InvitationId = FixedBytes<8>;
/// Bit n - 1 says suite n.
using Suites = std::uint32_t;
inline constexpr Suites suites_supported = 1;

/// What the inviter says of itself. Everything but `secret` is public and part of the transcript.
struct Invitation {
    InvitationId id{};
    NodeId node{};
    std::string name;    // the inviter's own name, UTF-8, 1 to 255 bytes
    std::string address; // ASCII without control characters, up to 254 bytes; may be empty
    crypto::PublicKey signing_key{};
    crypto::PublicKey contact_key{};
    crypto::Hash nonce_commitment{}; // H256("postrider nonce", -, nonce_a)
    Timestamp expires{};             // whole seconds
    Suites suites = suites_supported;
    crypto::SecretBytes<16> secret;
};

/// The rules for the name and address that a node gives of itself.
Result<void> check_self_description(std::string_view name, std::string_view address);

/// `malformed` or `too_large` when a field is out of bounds.
Result<std::string> invitation_line(const Invitation &invitation);

/// White space anywhere is dropped (mail programs break lines). A line that was mistyped or cut is
/// told by its checksum; another version by its prefix. Does not look at `expires`.
Result<Invitation> parse_invitation(std::string_view line);

/// The deterministic CBOR of everything but the secret.
Bytes public_invitation(const Invitation &invitation);

/// Reads `public_invitation` back; the secret is zero. For bytes that we stored ourselves.
Result<Invitation> parse_public_invitation(ByteView bytes);

/// K: what both sides have before they know each other, and all that the inviter keeps of the
/// secret.
crypto::Key invitation_key(const Invitation &invitation);

} // namespace postrider::wire

// Envelope v1, suite 1 (docs/protocol.md, "Envelope"): one part = prologue and a slice of the
// sealed body. This file seals and opens parts; envelope_body.hpp seals and opens the body as a
// whole.
//
// Order of a receiver's checks: parse_prologue → find_stamp → part_body → unwrap_part →
// verify_part; open_part does them all. Nothing before verify_part may be believed.
#pragma once

#include <optional>
#include <vector>

#include "common/base/limits.hpp"
#include "common/base/result.hpp"
#include "common/crypto/hash.hpp"
#include "common/crypto/identity.hpp"

namespace postrider::wire {

/// Fresh for every body, used for no other.
using ContentKey = crypto::Key;

/// The numbers are those of the wire.
enum class EnvelopeKind : std::uint8_t { batch = 1, key_notice = 2, pairing = 3, report = 4 };

/// One to whom a part is sealed, as the sender knows it.
struct Recipient {
    NodeId node{};
    crypto::PublicKey key{}; // receiving key; the contact key for kinds 2 and 3
    crypto::Key psk;         // psk_pair; K of the invitation while pairing
    crypto::Key stamp_key;   // the one that the recipient handed to this sender
};

struct Sender {
    NodeId node{};
    const crypto::SigningKey &signing_key;
};

/// The part is a slice of a larger body.
struct Split {
    std::uint64_t body_total = 0;
    std::uint64_t offset = 0;
    crypto::Hash body_hash{}; // body_hash(whole body)
    bool operator==(const Split &) const = default;
};

struct HeadFields {
    EnvelopeKind kind = EnvelopeKind::batch;
    std::uint16_t signing_generation = 0;
    std::uint32_t stream = 0;
    std::uint64_t incarnation = 0;
    std::uint64_t number = 0; // kind 4: the report counter
    std::optional<Split> split;
    bool operator==(const HeadFields &) const = default;
};

/// H256("postrider part", -, bytes): names a whole body, and covers each part's slice.
crypto::Hash body_hash(ByteView body);

/// One part with a fresh ephemeral key and shuffled recipients: different bytes at each call.
/// 1 to 50 recipients; the slice has 1 byte to 32 MiB and lies within the body. Refused when a
/// recipient's key is a point of low order.
Result<Bytes> seal_part(const Sender &sender,
                        std::span<const Recipient> recipients,
                        const ContentKey &content_key,
                        const HeadFields &head,
                        ByteView body_slice);

/// The fixed layout before the body. Views into the bytes that were parsed.
struct Prologue {
    ByteView fixed;    // bytes 0..79
    ByteView slots;    // R × { stamp 16, wrap 48 }
    ByteView head_box; // 104 or 152 bytes
    std::size_t recipients = 0;
    std::size_t prologue_bytes = 0; // where the body begins
    std::size_t body_bytes = 0;     // of this part, as the prologue says

    /// What the prologue says; `part_body` checks it.
    [[nodiscard]] FixedBytes<32> part_hash() const;
};

/// The longest prologue there is: whoever has that many bytes (or all of a shorter part) can parse.
inline constexpr std::size_t prologue_bytes_max = 80 + limits::envelope_recipients_max * 64 + 152;

/// `bytes` begins with the magic; the body need not be there yet. `unsupported_version` for another
/// magic version or suite (leave the mail in place), `malformed` and `too_large` otherwise.
Result<Prologue> parse_prologue(ByteView bytes);

/// Hash under every stamp of a part; made once, tried with many keys.
struct StampCover {
    crypto::Hash hash{};
};

StampCover stamp_cover(const Prologue &prologue);

/// The slot that carries a stamp under `stamp_key` (32 bytes). A filter against strangers, no
/// proof of anything.
std::optional<std::size_t>
find_stamp(const Prologue &prologue, const StampCover &cover, ByteView stamp_key);

/// The body slice after the prologue in `part`, checked against part_hash. Bytes after it are
/// ignored. `malformed` when it is cut short or damaged.
Result<ByteView> part_body(const Prologue &prologue, ByteView part);

/// A key that a wrap may be sealed to.
struct OpeningKey {
    bool contact = false;         // opens kinds 2 and 3 and no other; a receiving key opens 1 and 4
    std::uint32_t generation = 0; // of a receiving key
    crypto::ExchangeKey key;
};

/// What the receiver brings to open the slot found by the stamp.
struct Opening {
    NodeId receiver{};
    crypto::Key psk;
    std::vector<OpeningKey> keys; // newest first: the likeliest is tried first
};

/// Opened under a shared secret, not yet proven to come from anybody.
struct UnverifiedPart {
    ContentKey content_key;
    bool contact = false;
    std::uint32_t receiving_generation = 0;
    Bytes head_fields; // 24 or 72 bytes
    crypto::Signature signature{};
    Bytes signed_bytes; // commit ‖ bytes 0..79 ‖ wraps ‖ head fields
    std::size_t body_bytes = 0;
};

/// `gap`: no retained key opens the wrap: answer with a report that says key_gone and names the
/// current key. `bad_signature`: the wrap opens but the head does not.
Result<UnverifiedPart>
unwrap_part(const Prologue &prologue, std::size_t slot, const Opening &opening);

/// What the head says of its signing key, before anything is proven.
std::uint16_t claimed_signing_generation(const UnverifiedPart &part);

/// Whom the stamp says the part is from.
struct ClaimedSender {
    NodeId node{};
    crypto::PublicKey signing_key{};
    std::uint16_t signing_generation = 0;
};

struct OpenedPart {
    ContentKey content_key;
    HeadFields head;
    std::uint32_t receiving_generation = 0; // the key it was sealed to; 0 for the contact key
    bool contact = false;
    ByteView body_slice; // into the bytes given to open_part; empty from verify_part
};

/// Signature first, then the head's own rules: kind, flags, key class, generation, ranges.
Result<OpenedPart> verify_part(const UnverifiedPart &part, const ClaimedSender &sender);

/// All checks in order for a peer whose stamp key is `stamp_key`; `unknown_peer` when no slot
/// carries its stamp. Incarnation and number are the caller's to judge.
Result<OpenedPart> open_part(ByteView part,
                             const crypto::Key &stamp_key,
                             const Opening &opening,
                             const ClaimedSender &sender);

} // namespace postrider::wire

// The messages of pairing (kind 3: answer, confirm) and the key notice (kind 2): fixed layouts
// without CBOR, sealed to contact keys; and what both sides derive from them (docs/protocol.md,
// "Pairing").
#pragma once

#include <variant>

#include "common/wire/envelope.hpp"
#include "common/wire/invitation.hpp"

namespace postrider::wire {

using PairingNonce = FixedBytes<32>;
using Transcript = FixedBytes<64>;

/// What the accepting node says of itself.
struct Answer {
    InvitationId invitation{};
    NodeId node{};
    crypto::PublicKey signing_key{};
    crypto::PublicKey contact_key{};
    std::uint32_t receiving_generation = 0;
    crypto::PublicKey receiving_key{};
    crypto::Key stamp_key; // for the inviter's mails to this node
    PairingNonce nonce{};  // nonce_b
    Suites suites = suites_supported;
    std::string name;
    std::string address;
};

/// What the inviter says in return.
struct Confirm {
    InvitationId invitation{};
    PairingNonce nonce{}; // nonce_a, opens the commitment
    std::uint32_t receiving_generation = 0;
    crypto::PublicKey receiving_key{};
    crypto::Key stamp_key; // for the accepter's mails to the inviter
};

/// Public keys that a peer may have missed while both were away.
struct KeyNotice {
    std::uint32_t receiving_generation = 0;
    crypto::PublicKey receiving_key{};
    Suites suites = suites_supported;
    bool operator==(const KeyNotice &) const = default;
};

/// H256("postrider nonce", -, nonce).
crypto::Hash nonce_commitment(const PairingNonce &nonce);
/// The stamp key under which the inviter's network process lets an answer in.
crypto::Key pairing_stamp_key(const crypto::Key &invitation_key);
/// T1 = H(64, "postrider trans", -, public invitation ‖ answer fields).
Transcript pairing_transcript(ByteView public_invitation, const Answer &answer);

/// Both nonces, once they are known.
struct PairingNonces {
    PairingNonce inviter{};
    PairingNonce accepter{};
};

crypto::Key
pair_key(const crypto::Key &invitation_key, const Transcript &transcript, const PairingNonces &);
/// Four words, equal on both sides unless somebody sat between them.
std::string pairing_words(const Transcript &transcript, const PairingNonces &nonces);

/// One side's own keys, as pairing needs them.
struct PairingSelf {
    NodeId node{};
    const crypto::SigningKey &signing_key;
    const crypto::ExchangeKey &contact_key;
    std::uint16_t signing_generation = 0;
};

/// An invitation as both sides keep it: K instead of the secret.
struct KeptInvitation {
    crypto::Key key;         // invitation_key(…)
    Bytes public_invitation; // public_invitation(…)
};

KeptInvitation kept(const Invitation &invitation);

/// The accepter's mail. `self` signs; `answer` must name `self`'s keys.
Result<Bytes>
seal_answer(const PairingSelf &self, const KeptInvitation &invitation, const Answer &answer);

/// The inviter opens an answer: stamp, part hash, wrap of K, tag, signature, in this order
/// (`unknown_peer` when the stamp is not that of this invitation). The answer is proven to come
/// from somebody who holds K and the signing key it names, nothing else.
struct OpenedAnswer {
    Answer answer;
    std::uint16_t signing_generation = 0; // of the answer's signing key, from the signed head
};

Result<OpenedAnswer>
open_answer(const PairingSelf &self, const KeptInvitation &invitation, ByteView part);

/// The inviter's mail, to the accepter's contact key and under the accepter's stamp key.
Result<Bytes> seal_confirm(const PairingSelf &self,
                           const KeptInvitation &invitation,
                           const Answer &answer,
                           const Confirm &confirm);

/// The accepter opens a confirm: stamp, part hash, wrap of K, signature of the invitation's key,
/// tag, commitment.
struct OpenedConfirm {
    Confirm confirm;
    std::uint16_t signing_generation = 0; // of the invitation's signing key, from the signed head
};

Result<OpenedConfirm> open_confirm(const PairingSelf &self,
                                   const KeptInvitation &invitation,
                                   const Answer &answer,
                                   ByteView part);

/// The body plaintext of a kind 2 envelope, 256 bytes; sealed with seal_body and seal_part to the
/// peer's contact key under psk_pair.
Bytes encode_key_notice(const KeyNotice &notice);
Result<KeyNotice> parse_key_notice(ByteView plaintext);

/// Keyed by K: only who has the invitation can have made the answer, and the confirm.
crypto::Hash answer_tag(const crypto::Key &invitation_key, const Transcript &transcript);
crypto::Hash confirm_tag(const crypto::Key &invitation_key,
                         const Transcript &transcript,
                         const PairingNonces &nonces);

/// The body plaintexts of kind 3, 1024 bytes; for tests, fuzzing and tools.
Bytes encode_answer(const Answer &answer, const crypto::Hash &tag);
Bytes encode_confirm(const Confirm &confirm, const crypto::Hash &tag);

struct TaggedAnswer {
    Answer answer;
    crypto::Hash tag{};
};

struct TaggedConfirm {
    Confirm confirm;
    crypto::Hash tag{};
};

using PairingBody = std::variant<TaggedAnswer, TaggedConfirm>;
Result<PairingBody> parse_pairing_body(ByteView plaintext);

} // namespace postrider::wire

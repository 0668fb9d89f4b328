// Sealing and opening the kind 3 envelopes: which key, which psk, which stamp, which order.
#include <algorithm>

#include "common/wire/envelope_body.hpp"
#include "common/wire/pairing.hpp"

namespace postrider::wire {

namespace {

// The receiver of an answer learns the sender from the body, so no body of kind 3 is bound to it;
// the signature is.
constexpr BodyContext pairing_context{};

Result<Bytes>
seal_pairing(const PairingSelf &self, const Recipient &recipient, ByteView plaintext) {
    const ContentKey content_key = ContentKey::random();
    const Result<Bytes> body = seal_body(content_key, pairing_context, plaintext);
    if (!body) {
        return body.error();
    }
    HeadFields head;
    head.kind = EnvelopeKind::pairing;
    head.signing_generation = self.signing_generation;
    return seal_part({self.node, self.signing_key}, {&recipient, 1}, content_key, head, *body);
}

struct OpenedPairing {
    UnverifiedPart part;
    PairingBody body;
};

// Stamp, part hash, wrap, body: all under K. The signature is for the caller, who then knows whose
// it must be.
Result<OpenedPairing> open_pairing(const PairingSelf &self,
                                   const crypto::Key &invitation_key,
                                   const crypto::Key &stamp_key,
                                   ByteView bytes) {
    const Result<Prologue> prologue = parse_prologue(bytes);
    if (!prologue) {
        return prologue.error();
    }
    const auto slot = find_stamp(*prologue, stamp_cover(*prologue), stamp_key.view());
    if (!slot) {
        return Error{Errc::unknown_peer, "envelope does not belong to this invitation"};
    }
    const Result<ByteView> sealed = part_body(*prologue, bytes);
    if (!sealed) {
        return sealed.error();
    }
    Opening opening;
    opening.receiver = self.node;
    opening.psk = invitation_key;
    opening.keys.push_back({true, 0, self.contact_key});
    Result<UnverifiedPart> part = unwrap_part(*prologue, *slot, opening);
    if (!part) {
        return part.error();
    }
    const Result<Bytes> plaintext = open_body(part->content_key, pairing_context, *sealed);
    if (!plaintext) {
        return plaintext.error();
    }
    Result<PairingBody> body = parse_pairing_body(*plaintext);
    if (!body) {
        return body.error();
    }
    return OpenedPairing{std::move(*part), std::move(*body)};
}

// Gives the signing key's generation. Pairing is where a peer's signing key is learnt, and its
// generation with it, so the head's own word is taken once the signature holds.
Result<std::uint16_t> verify_pairing(const UnverifiedPart &part,
                                     const NodeId &sender,
                                     const crypto::PublicKey &signing_key) {
    HeadFields expected;
    expected.kind = EnvelopeKind::pairing;
    expected.signing_generation = claimed_signing_generation(part);
    const Result<OpenedPart> opened =
        verify_part(part, {sender, signing_key, expected.signing_generation});
    if (!opened) {
        return opened.error();
    }
    if (opened->head != expected) {
        return Error{Errc::malformed, "pairing message has the head of another kind"};
    }
    return expected.signing_generation;
}

bool equal(ByteView left, ByteView right) {
    return left.size() == right.size() &&
           sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

} // namespace

KeptInvitation kept(const Invitation &invitation) {
    return {invitation_key(invitation), public_invitation(invitation)};
}

Result<Bytes>
seal_answer(const PairingSelf &self, const KeptInvitation &invitation, const Answer &answer) {
    ensure(answer.node == self.node && answer.signing_key == self.signing_key.public_key &&
               answer.contact_key == self.contact_key.public_key,
           "an answer names the keys of the node that signs it");
    if (auto checked = check_self_description(answer.name, answer.address); !checked) {
        return checked.error();
    }
    const Result<Invitation> inviter = parse_public_invitation(invitation.public_invitation);
    if (!inviter) {
        return inviter.error();
    }
    const Transcript transcript = pairing_transcript(invitation.public_invitation, answer);
    const Recipient recipient{inviter->node, inviter->contact_key, invitation.key,
                              pairing_stamp_key(invitation.key)};
    return seal_pairing(self, recipient,
                        encode_answer(answer, answer_tag(invitation.key, transcript)));
}

Result<OpenedAnswer>
open_answer(const PairingSelf &self, const KeptInvitation &invitation, ByteView part) {
    const Result<Invitation> own = parse_public_invitation(invitation.public_invitation);
    if (!own) {
        return own.error();
    }
    const Result<OpenedPairing> opened =
        open_pairing(self, invitation.key, pairing_stamp_key(invitation.key), part);
    if (!opened) {
        return opened.error();
    }
    const auto *tagged = std::get_if<TaggedAnswer>(&opened->body);
    if (tagged == nullptr || tagged->answer.invitation != own->id) {
        return Error{Errc::malformed, "pairing message is not an answer to this invitation"};
    }
    const Answer &answer = tagged->answer;
    const Transcript transcript = pairing_transcript(invitation.public_invitation, answer);
    if (!equal(tagged->tag, answer_tag(invitation.key, transcript))) {
        return Error{Errc::bad_signature, "pairing answer was altered"};
    }
    const Result<std::uint16_t> generation =
        verify_pairing(opened->part, answer.node, answer.signing_key);
    if (!generation) {
        return generation.error();
    }
    return OpenedAnswer{answer, *generation};
}

Result<Bytes> seal_confirm(const PairingSelf &self,
                           const KeptInvitation &invitation,
                           const Answer &answer,
                           const Confirm &confirm) {
    const Transcript transcript = pairing_transcript(invitation.public_invitation, answer);
    const Recipient recipient{answer.node, answer.contact_key, invitation.key, answer.stamp_key};
    const crypto::Hash tag = confirm_tag(invitation.key, transcript, {confirm.nonce, answer.nonce});
    return seal_pairing(self, recipient, encode_confirm(confirm, tag));
}

Result<OpenedConfirm> open_confirm(const PairingSelf &self,
                                   const KeptInvitation &invitation,
                                   const Answer &answer,
                                   ByteView part) {
    const Result<Invitation> inviter = parse_public_invitation(invitation.public_invitation);
    if (!inviter) {
        return inviter.error();
    }
    const Result<OpenedPairing> opened = open_pairing(self, invitation.key, answer.stamp_key, part);
    if (!opened) {
        return opened.error();
    }
    const Result<std::uint16_t> generation =
        verify_pairing(opened->part, inviter->node, inviter->signing_key);
    if (!generation) {
        return generation.error();
    }
    const auto *tagged = std::get_if<TaggedConfirm>(&opened->body);
    if (tagged == nullptr || tagged->confirm.invitation != inviter->id) {
        return Error{Errc::malformed, "pairing message is not a confirm of this invitation"};
    }
    const Confirm &confirm = tagged->confirm;
    const Transcript transcript = pairing_transcript(invitation.public_invitation, answer);
    const crypto::Hash tag = confirm_tag(invitation.key, transcript, {confirm.nonce, answer.nonce});
    if (!equal(tagged->tag, tag)) {
        return Error{Errc::bad_signature, "pairing confirm was altered"};
    }
    if (!equal(nonce_commitment(confirm.nonce), inviter->nonce_commitment)) {
        return Error{Errc::bad_signature, "pairing confirm does not open the commitment"};
    }
    return OpenedConfirm{confirm, *generation};
}

} // namespace postrider::wire

// Two nodes about to pair, with all keys, for tests of the pairing messages.
#pragma once

#include "common/wire/pairing.hpp"

namespace postrider::test {

struct PairingParty {
    NodeId node = crypto::random_bytes<16>();
    crypto::SigningKey signing_key = crypto::SigningKey::generate();
    crypto::ExchangeKey contact_key = crypto::ExchangeKey::generate();
    crypto::ExchangeKey receiving_key = crypto::ExchangeKey::generate();

    [[nodiscard]] wire::PairingSelf self() const { return {node, signing_key, contact_key, 1}; }
};

/// The inviter's side of an invitation, with what it keeps.
struct InvitingParty : PairingParty {
    wire::PairingNonce nonce = crypto::random_bytes<32>();
    wire::Invitation invitation{crypto::random_bytes<8>(),
                                node,
                                "headquarters",
                                "sync@hq.example",
                                signing_key.public_key,
                                contact_key.public_key,
                                wire::nonce_commitment(nonce),
                                Timestamp{std::chrono::seconds{1'800'000'000}},
                                wire::suites_supported,
                                crypto::SecretBytes<16>::random()};

    [[nodiscard]] wire::Confirm confirm() const {
        return {invitation.id, nonce, 4, receiving_key.public_key, crypto::Key::random()};
    }
};

struct AcceptingParty : PairingParty {
    [[nodiscard]] wire::Answer answer_to(const wire::Invitation &invitation) const {
        wire::Answer answer;
        answer.invitation = invitation.id;
        answer.node = node;
        answer.signing_key = signing_key.public_key;
        answer.contact_key = contact_key.public_key;
        answer.receiving_generation = 2;
        answer.receiving_key = receiving_key.public_key;
        answer.stamp_key = crypto::Key::random();
        answer.nonce = crypto::random_bytes<32>();
        answer.name = "branch7";
        answer.address = "sync@branch7.example";
        return answer;
    }
};

} // namespace postrider::test

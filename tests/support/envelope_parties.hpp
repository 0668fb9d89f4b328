// A sender and receivers with all keys, for tests of the envelope.
#pragma once

#include "common/wire/envelope_body.hpp"

namespace postrider::test {

/// One who receives from `SendingParty`: what both share, and its own secrets.
struct ReceivingParty {
    NodeId node = crypto::random_bytes<16>();
    crypto::ExchangeKey receiving = crypto::ExchangeKey::generate();
    crypto::ExchangeKey contact = crypto::ExchangeKey::generate();
    std::uint32_t generation = 3;
    crypto::Key psk = crypto::Key::random();
    crypto::Key stamp_key = crypto::Key::random();

    [[nodiscard]] wire::Recipient recipient() const {
        return {node, receiving.public_key, psk, stamp_key};
    }

    [[nodiscard]] wire::Recipient contact_recipient() const {
        return {node, contact.public_key, psk, stamp_key};
    }

    [[nodiscard]] wire::Opening opening() const {
        return {node, psk, {{false, generation, receiving}, {true, 0, contact}}};
    }
};

struct SendingParty {
    NodeId node = crypto::random_bytes<16>();
    crypto::SigningKey signing_key = crypto::SigningKey::generate();
    std::uint16_t signing_generation = 1;

    [[nodiscard]] wire::Sender sender() const { return {node, signing_key}; }

    [[nodiscard]] wire::ClaimedSender claimed() const {
        return {node, signing_key.public_key, signing_generation};
    }
};

} // namespace postrider::test

// What peers and providers might try: re-wrapping, two plaintexts, another head, old keys.
#include <algorithm>

#include <gtest/gtest.h>

#include "common/crypto/ratchet.hpp"
#include "common/wire/envelope_layout.hpp"

#include "tests/support/envelope_parties.hpp"
#include "tests/support/seeded_random.hpp"

namespace postrider::wire {
namespace {

using test::ReceivingParty;
using test::SendingParty;
using namespace layout;

constexpr std::size_t slots_offset = fixed_bytes;

struct EnvelopeAttack : testing::Test {
    test::SeededRandom random{1};
    SendingParty from;
    ReceivingParty first;
    ReceivingParty second;
    ContentKey content_key = ContentKey::random();
    HeadFields head{EnvelopeKind::batch, 1, 7, 5, 42, {}};
    Bytes body = *seal_body(content_key, {from.node, 7, 5, 42}, Bytes(256, 9));

    Bytes sealed(std::vector<Recipient> recipients) const {
        return *seal_part(from.sender(), recipients, content_key, head, body);
    }

    // Wraps `key` for `party` under an ephemeral key of the attacker's own.
    static Bytes wrap_for(const ReceivingParty &party,
                          const crypto::ExchangeKey &ephemeral,
                          const ContentKey &key,
                          ByteView fixed) {
        const crypto::Key shared =
            *crypto::shared_secret(ephemeral.secret, party.receiving.public_key);
        const BoxKey box = wrap_key(
            {shared, party.psk, ephemeral.public_key, party.receiving.public_key, party.node});
        return seal_box(box, key.view(), fixed);
    }

    static void stamp_anew(Bytes &part, std::size_t slot, const crypto::Key &stamp_key) {
        const auto made = stamp(stamp_key.view(), stamp_cover(*parse_prologue(part)).hash);
        std::copy(made.begin(), made.end(),
                  part.begin() + static_cast<std::ptrdiff_t>(slots_offset + slot * slot_bytes));
    }

    static void put(Bytes &part, std::size_t offset, ByteView bytes) {
        std::copy(bytes.begin(), bytes.end(), part.begin() + static_cast<std::ptrdiff_t>(offset));
    }
};

// `first` received a part and seals its content key for `second`, with every secret that two
// insiders could have: second's psk and stamp key.
TEST_F(EnvelopeAttack, ARecipientCannotWrapAPartAnewForAnother) {
    Bytes part = sealed({first.recipient()});
    const crypto::ExchangeKey ephemeral = crypto::ExchangeKey::generate();
    put(part, ephemeral_offset, ephemeral.public_key);
    const Bytes fixed(part.begin(), part.begin() + fixed_bytes);
    put(part, slots_offset + stamp_bytes, wrap_for(second, ephemeral, content_key, fixed));

    // The head must be sealed anew for the new ephemeral key; its signature is the old one.
    const Bytes original = sealed({first.recipient()});
    const Prologue prologue = *parse_prologue(original);
    const auto opened = unwrap_part(prologue, 0, first.opening());
    ByteWriter plain;
    plain.raw(opened->head_fields);
    plain.raw(opened->signature);
    const Bytes box = seal_box(head_key(content_key, ephemeral.public_key), plain.view(), fixed);
    put(part, slots_offset + slot_bytes, box);
    stamp_anew(part, 0, second.stamp_key);

    const auto result = open_part(part, second.stamp_key, second.opening(), from.claimed());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::bad_signature);
}

TEST_F(EnvelopeAttack, AWrapOpensForNobodyElseThoughTheSharedSecretsAreEqual) {
    // Two receivers that were given one receiving key and one psk still differ by node id.
    ReceivingParty twin = first;
    twin.node = crypto::random_bytes<16>();
    const Bytes part = sealed({first.recipient()});
    EXPECT_TRUE(open_part(part, first.stamp_key, first.opening(), from.claimed()));
    EXPECT_FALSE(open_part(part, twin.stamp_key, twin.opening(), from.claimed()));
}

TEST_F(EnvelopeAttack, ASecondWrapAddedByARecipientBreaksTheSignatureOfAll) {
    const Bytes part = sealed({first.recipient()});
    const crypto::ExchangeKey ephemeral = crypto::ExchangeKey::generate();
    Bytes more(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(slots_offset + slot_bytes));
    more.resize(more.size() + slot_bytes);
    put(more, slots_offset + slot_bytes + stamp_bytes,
        wrap_for(second, ephemeral, content_key, ByteView{part}.first(fixed_bytes)));
    more.insert(more.end(), part.begin() + static_cast<std::ptrdiff_t>(slots_offset + slot_bytes),
                part.end());
    more[9] = 2;
    stamp_anew(more, 0, first.stamp_key);
    stamp_anew(more, 1, second.stamp_key);
    EXPECT_FALSE(open_part(more, first.stamp_key, first.opening(), from.claimed()));
    EXPECT_FALSE(open_part(more, second.stamp_key, second.opening(), from.claimed()));
}

TEST_F(EnvelopeAttack, TheWrapsAreSignedInTheirOrder) {
    const Bytes part = sealed({first.recipient(), second.recipient()});
    Bytes swapped = part;
    put(swapped, slots_offset, ByteView{part}.subspan(slots_offset + slot_bytes, slot_bytes));
    put(swapped, slots_offset + slot_bytes, ByteView{part}.subspan(slots_offset, slot_bytes));
    const Prologue prologue = *parse_prologue(part);
    const std::size_t slot =
        1 - *find_stamp(prologue, stamp_cover(prologue), first.stamp_key.view());
    stamp_anew(swapped, slot, first.stamp_key);
    const auto result = open_part(swapped, first.stamp_key, first.opening(), from.claimed());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::bad_signature);
}

// The sender itself is dishonest: one part, two content keys, so that the two recipients would see
// different plaintexts under one signature.
TEST_F(EnvelopeAttack, TwoRecipientsCannotBeShownTwoPlaintexts) {
    const ContentKey other_key = ContentKey::random();
    const Bytes honest = sealed({first.recipient()});
    const crypto::ExchangeKey ephemeral = crypto::ExchangeKey::generate();
    Bytes fixed(honest.begin(), honest.begin() + fixed_bytes);
    fixed[9] = 2;
    put(fixed, ephemeral_offset, ephemeral.public_key);
    ByteWriter wraps;
    wraps.raw(wrap_for(first, ephemeral, content_key, fixed));
    wraps.raw(wrap_for(second, ephemeral, other_key, fixed));

    const Bytes fields = unwrap_part(*parse_prologue(honest), 0, first.opening())->head_fields;
    const Bytes covered = signed_bytes(content_key, fixed, wraps.view(), fields);
    ByteWriter plain;
    plain.raw(fields);
    plain.raw(crypto::sign(from.signing_key, signature_digest(from.node, covered)));
    const Bytes box = seal_box(head_key(content_key, ephemeral.public_key), plain.view(), fixed);

    ByteWriter part;
    part.raw(fixed);
    const crypto::Hash cover = cover_hash(fixed, wraps.view(), box);
    part.raw(stamp(first.stamp_key.view(), cover));
    part.raw(wraps.view().first(wrap_bytes));
    part.raw(stamp(second.stamp_key.view(), cover));
    part.raw(wraps.view().last(wrap_bytes));
    part.raw(box);
    part.raw(body);

    EXPECT_TRUE(open_part(part.view(), first.stamp_key, first.opening(), from.claimed()));
    const auto result = open_part(part.view(), second.stamp_key, second.opening(), from.claimed());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::bad_signature);
}

TEST_F(EnvelopeAttack, TheSignatureCommitsToTheContentKey) {
    const Bytes part = sealed({first.recipient()});
    const Prologue prologue = *parse_prologue(part);
    UnverifiedPart opened = *unwrap_part(prologue, 0, first.opening());
    EXPECT_TRUE(verify_part(opened, from.claimed()));
    opened.signed_bytes = signed_bytes(ContentKey::random(), prologue.fixed,
                                       prologue.slots.subspan(stamp_bytes), opened.head_fields);
    EXPECT_EQ(verify_part(opened, from.claimed()).error().code, Errc::bad_signature);
}

TEST_F(EnvelopeAttack, AnotherEnvelopesHeadDoesNotFit) {
    const Bytes part = sealed({first.recipient()});
    head.number = 43;
    const Bytes other = sealed({first.recipient()});
    Bytes mixed = part;
    const std::size_t head_offset = slots_offset + slot_bytes;
    put(mixed, head_offset, ByteView{other}.subspan(head_offset, head_box_bytes));
    stamp_anew(mixed, 0, first.stamp_key);
    const auto result = open_part(mixed, first.stamp_key, first.opening(), from.claimed());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::bad_signature);
}

TEST_F(EnvelopeAttack, ABodyOpensOnlyUnderTheNumberItWasSealedFor) {
    const Bytes part = sealed({first.recipient()});
    const auto opened = open_part(part, first.stamp_key, first.opening(), from.claimed());
    ASSERT_TRUE(opened);
    EXPECT_TRUE(open_body(opened->content_key, {from.node, 7, 5, 42}, opened->body_slice));
    EXPECT_FALSE(open_body(opened->content_key, {from.node, 7, 5, 43}, opened->body_slice));
}

TEST_F(EnvelopeAttack, AnOldMailDoesNotOpenOnceItsReceivingKeyIsDestroyed) {
    const crypto::Ratchet ratchet = crypto::Ratchet::generate();
    first.receiving = *crypto::receiving_key(ratchet, 0);
    const Bytes mail = sealed({first.recipient()});
    const crypto::Ratchet later = *crypto::advance(ratchet, 1);
    const auto opening_from = [this](const crypto::Ratchet &state) {
        Opening opening{first.node, first.psk, {}};
        for (std::uint32_t index = 0; index < 4; ++index) {
            if (const auto key = crypto::receiving_key(state, index)) {
                opening.keys.push_back({false, index, *key});
            }
        }
        return opening;
    };
    EXPECT_TRUE(open_part(mail, first.stamp_key, opening_from(ratchet), from.claimed()));
    const auto result = open_part(mail, first.stamp_key, opening_from(later), from.claimed());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::gap);
}

TEST_F(EnvelopeAttack, AnEphemeralPointOfLowOrderOpensNothing) {
    Bytes part = sealed({first.recipient()});
    put(part, ephemeral_offset, crypto::PublicKey{});
    stamp_anew(part, 0, first.stamp_key);
    EXPECT_EQ(open_part(part, first.stamp_key, first.opening(), from.claimed()).error().code,
              Errc::gap);
}

} // namespace
} // namespace postrider::wire

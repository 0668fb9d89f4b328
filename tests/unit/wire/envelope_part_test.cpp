// Sealing and opening a part: the layout, the limits, damage, and the order of checks.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/envelope_parties.hpp"
#include "tests/support/seeded_random.hpp"

namespace postrider::wire {
namespace {

using test::ReceivingParty;
using test::SendingParty;

struct EnvelopePart : testing::Test {
    test::SeededRandom random{1};
    SendingParty from;
    ReceivingParty to;
    ContentKey content_key = ContentKey::random();
    HeadFields head{EnvelopeKind::batch, 1, 7, 0x0000'0001'dead'beef, 42, {}};
    Bytes body = *seal_body(content_key, {from.node, 7, head.incarnation, 42}, Bytes(256, 9));

    Bytes sealed_for(std::span<const Recipient> recipients) const {
        return *seal_part(from.sender(), recipients, content_key, head, body);
    }

    Bytes sealed() const {
        const Recipient one = to.recipient();
        return sealed_for({&one, 1});
    }

    Result<OpenedPart> open(ByteView part) const {
        return open_part(part, to.stamp_key, to.opening(), from.claimed());
    }

    // The same part with another head, sealed by the same sender.
    Result<OpenedPart> open_with_head(const HeadFields &other) const {
        const Recipient one = to.recipient();
        return open(*seal_part(from.sender(), {&one, 1}, content_key, other, body));
    }
};

TEST_F(EnvelopePart, OpensToWhatWasSealed) {
    const Bytes part = sealed();
    const auto opened = open(part);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_TRUE(opened->content_key == content_key);
    EXPECT_EQ(opened->head, head);
    EXPECT_EQ(opened->receiving_generation, to.generation);
    EXPECT_FALSE(opened->contact);
    EXPECT_TRUE(
        std::equal(opened->body_slice.begin(), opened->body_slice.end(), body.begin(), body.end()));
}

TEST_F(EnvelopePart, CostsTheDocumentedNumberOfBytes) {
    const std::size_t plaintext = 256;
    std::vector<Recipient> recipients(1, to.recipient());
    EXPECT_EQ(sealed_for(recipients).size() - plaintext, 289U);
    recipients.resize(3, ReceivingParty{}.recipient());
    EXPECT_EQ(sealed_for(recipients).size() - plaintext, 417U);
    recipients.resize(50, ReceivingParty{}.recipient());
    EXPECT_EQ(sealed_for(recipients).size() - plaintext, 3425U);
}

TEST_F(EnvelopePart, IsFreshAtEachTransmission) {
    EXPECT_NE(sealed(), sealed());
}

TEST_F(EnvelopePart, OpensForEachOfFiftyRecipients) {
    const std::vector<ReceivingParty> parties(50);
    std::vector<Recipient> recipients;
    for (const ReceivingParty &party : parties) {
        recipients.push_back(party.recipient());
    }
    const Bytes part = sealed_for(recipients);
    for (const ReceivingParty &party : parties) {
        EXPECT_TRUE(open_part(part, party.stamp_key, party.opening(), from.claimed()));
    }
}

TEST_F(EnvelopePart, HasOneToFiftyRecipients) {
    const std::vector<Recipient> recipients(51, to.recipient());
    const std::span<const Recipient> all{recipients};
    EXPECT_TRUE(seal_part(from.sender(), all.first(50), content_key, head, body));
    EXPECT_EQ(seal_part(from.sender(), all, content_key, head, body).error().code, Errc::too_large);
    EXPECT_FALSE(seal_part(from.sender(), {}, content_key, head, body));
    Bytes part = sealed_for(all.first(50));
    part[9] = 51;
    EXPECT_EQ(parse_prologue(part).error().code, Errc::too_large);
    part[9] = 0;
    EXPECT_EQ(parse_prologue(part).error().code, Errc::malformed);
}

TEST_F(EnvelopePart, ShufflesItsRecipients) {
    const std::vector<ReceivingParty> parties(6);
    std::vector<Recipient> recipients;
    for (const ReceivingParty &party : parties) {
        recipients.push_back(party.recipient());
    }
    std::set<std::size_t> slots;
    for (int round = 0; round < 40; ++round) {
        const Bytes part = sealed_for(recipients);
        const Prologue prologue = *parse_prologue(part);
        slots.insert(*find_stamp(prologue, stamp_cover(prologue), parties[0].stamp_key.view()));
    }
    EXPECT_GT(slots.size(), 3U);
}

TEST_F(EnvelopePart, ParsesFromItsPrologueAlone) {
    const Bytes part = sealed();
    const auto prologue = parse_prologue(ByteView{part}.first(part.size() - body.size()));
    ASSERT_TRUE(prologue);
    EXPECT_EQ(prologue->body_bytes, body.size());
    EXPECT_EQ(prologue->prologue_bytes, part.size() - body.size());
    EXPECT_TRUE(find_stamp(*prologue, stamp_cover(*prologue), to.stamp_key.view()));
    EXPECT_FALSE(part_body(*prologue, ByteView{part}.first(part.size() - 1)));
}

TEST_F(EnvelopePart, IgnoresWhatAGatewayAppends) {
    Bytes part = sealed();
    const std::string_view footer = "\r\n-- \r\nscanned by a gateway\r\n";
    part.insert(part.end(), footer.begin(), footer.end());
    EXPECT_TRUE(open(part));
}

TEST_F(EnvelopePart, DoesNotOpenWhenCutAnywhere) {
    const Bytes part = sealed();
    for (std::size_t size = 0; size < part.size(); ++size) {
        const auto opened = open(ByteView{part}.first(size));
        ASSERT_FALSE(opened) << size;
        EXPECT_EQ(opened.error().code, Errc::malformed) << size;
    }
}

TEST_F(EnvelopePart, DoesNotOpenWithAnyBitFlipped) {
    const Bytes part = sealed();
    for (std::size_t bit = 0; bit < part.size() * 8; ++bit) {
        Bytes flipped = part;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_FALSE(open(flipped)) << bit;
    }
}

TEST_F(EnvelopePart, DoesNotOpenWithAnyBitOfTheHeadOrAWrapFlippedThoughItIsStampedAnew) {
    // A recipient's network process has the stamp key; nothing may rest on the stamp.
    const Bytes part = sealed();
    const std::size_t slots = 80;
    for (std::size_t bit = 0; bit < (part.size() - body.size()) * 8; ++bit) {
        const std::size_t byte = bit / 8;
        if (byte >= slots && byte < slots + 16) {
            continue;
        }
        Bytes flipped = part;
        flipped[byte] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        const auto prologue = parse_prologue(flipped);
        if (!prologue) {
            continue;
        }
        const auto stamp =
            crypto::hash<16>("postrider stamp", to.stamp_key.view(), {stamp_cover(*prologue).hash});
        std::copy(stamp.begin(), stamp.end(), flipped.begin() + slots);
        EXPECT_FALSE(open(flipped)) << bit;
    }
}

TEST_F(EnvelopePart, TellsAnotherVersionAndAnotherSuiteFromDamage) {
    const Bytes part = sealed();
    Bytes other = part;
    other[4] = 2;
    EXPECT_EQ(parse_prologue(other).error().code, Errc::unsupported_version);
    other = part;
    other[8] = 2;
    EXPECT_EQ(parse_prologue(other).error().code, Errc::unsupported_version);
    other = part;
    other[5] = 0x0a; // CR LF became LF
    EXPECT_EQ(parse_prologue(other).error().code, Errc::malformed);
    EXPECT_EQ(parse_prologue(Bytes(200, 'x')).error().code, Errc::malformed);
}

TEST_F(EnvelopePart, HoldsThirtyTwoMebibytesOfBodyAndNotOneByteMore) {
    Bytes part = sealed();
    const auto declare = [&part](std::size_t bytes) {
        ByteWriter writer;
        writer.u32(static_cast<std::uint32_t>(bytes));
        std::copy(writer.view().begin(), writer.view().end(), part.begin() + 12);
        return parse_prologue(part);
    };
    EXPECT_TRUE(declare(limits::part_body_bytes_max));
    EXPECT_EQ(declare(limits::part_body_bytes_max + 1).error().code, Errc::too_large);
    EXPECT_EQ(declare(0).error().code, Errc::malformed);
    const Recipient one = to.recipient();
    const Bytes large(limits::part_body_bytes_max + 1);
    EXPECT_TRUE(seal_part(from.sender(), {&one, 1}, content_key, head,
                          ByteView{large}.first(limits::part_body_bytes_max)));
    EXPECT_EQ(seal_part(from.sender(), {&one, 1}, content_key, head, large).error().code,
              Errc::too_large);
    EXPECT_FALSE(seal_part(from.sender(), {&one, 1}, content_key, head, {}));
}

TEST_F(EnvelopePart, CarriesASliceOfALargerBody) {
    head.split = Split{body.size() + 100, 100, body_hash(body)};
    const auto opened = open(sealed());
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->head, head);
}

TEST_F(EnvelopePart, LiesWithinItsBodyOrIsRefused) {
    const Recipient one = to.recipient();
    const auto seal_at = [&](std::uint64_t total, std::uint64_t offset) {
        head.split = Split{total, offset, body_hash(body)};
        return seal_part(from.sender(), {&one, 1}, content_key, head, body);
    };
    EXPECT_TRUE(seal_at(limits::body_bytes_max, limits::body_bytes_max - body.size()));
    EXPECT_FALSE(seal_at(limits::body_bytes_max, limits::body_bytes_max - body.size() + 1));
    EXPECT_FALSE(seal_at(limits::body_bytes_max + 1, 0));
    EXPECT_FALSE(seal_at(body.size() - 1, 0));
    EXPECT_FALSE(seal_at(body.size(), ~std::uint64_t{0}));
}

TEST_F(EnvelopePart, IsUnknownToAPeerWithAnotherStampKey) {
    const Bytes part = sealed();
    const auto opened = open_part(part, crypto::Key::random(), to.opening(), from.claimed());
    EXPECT_EQ(opened.error().code, Errc::unknown_peer);
}

TEST_F(EnvelopePart, DoesNotOpenWithAnotherPskNodeOrKey) {
    const Bytes part = sealed();
    Opening opening = to.opening();
    opening.psk = crypto::Key::random();
    EXPECT_EQ(open_part(part, to.stamp_key, opening, from.claimed()).error().code, Errc::gap);
    opening = to.opening();
    opening.receiver = crypto::random_bytes<16>();
    EXPECT_EQ(open_part(part, to.stamp_key, opening, from.claimed()).error().code, Errc::gap);
    opening = to.opening();
    opening.keys = {{false, 4, crypto::ExchangeKey::generate()}};
    EXPECT_EQ(open_part(part, to.stamp_key, opening, from.claimed()).error().code, Errc::gap);
}

TEST_F(EnvelopePart, OpensWithAnOlderKeyAmongThoseRetained) {
    const Bytes part = sealed();
    Opening opening = to.opening();
    opening.keys.insert(opening.keys.begin(), {false, 4, crypto::ExchangeKey::generate()});
    const auto opened = open_part(part, to.stamp_key, opening, from.claimed());
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->receiving_generation, to.generation);
}

TEST_F(EnvelopePart, IsSignedByTheSenderAndNobodyElse) {
    const Bytes part = sealed();
    ClaimedSender claimed = from.claimed();
    claimed.node = crypto::random_bytes<16>();
    EXPECT_EQ(open_part(part, to.stamp_key, to.opening(), claimed).error().code,
              Errc::bad_signature);
    claimed = from.claimed();
    claimed.signing_key = crypto::SigningKey::generate().public_key;
    EXPECT_EQ(open_part(part, to.stamp_key, to.opening(), claimed).error().code,
              Errc::bad_signature);
    claimed = from.claimed();
    claimed.signing_generation = 2;
    EXPECT_EQ(open_part(part, to.stamp_key, to.opening(), claimed).error().code, Errc::refused);
}

TEST_F(EnvelopePart, OfDataDoesNotOpenWithTheContactKey) {
    for (const EnvelopeKind kind : {EnvelopeKind::batch, EnvelopeKind::report}) {
        head.kind = kind;
        const Recipient contact = to.contact_recipient();
        const auto opened = open(sealed_for({&contact, 1}));
        EXPECT_EQ(opened.error().code, Errc::refused);
        EXPECT_TRUE(open(sealed()));
    }
}

TEST_F(EnvelopePart, OfKeysOpensWithTheContactKeyOnly) {
    for (const EnvelopeKind kind : {EnvelopeKind::key_notice, EnvelopeKind::pairing}) {
        head.kind = kind;
        const Recipient contact = to.contact_recipient();
        EXPECT_TRUE(open(sealed_for({&contact, 1})));
        EXPECT_EQ(open(sealed()).error().code, Errc::refused);
    }
}

TEST_F(EnvelopePart, OfAnUnknownKindIsRefusedAfterItsSignature) {
    head.kind = static_cast<EnvelopeKind>(5);
    EXPECT_EQ(open(sealed()).error().code, Errc::unsupported_version);
    head.kind = static_cast<EnvelopeKind>(0);
    EXPECT_EQ(open(sealed()).error().code, Errc::unsupported_version);
}

TEST_F(EnvelopePart, IsRefusedToARecipientKeyOfLowOrder) {
    Recipient broken = to.recipient();
    broken.key = {};
    EXPECT_FALSE(seal_part(from.sender(), {&broken, 1}, content_key, head, body));
}

TEST_F(EnvelopePart, HasAPrologueThatFitsTheAnnouncedMaximum) {
    const std::vector<Recipient> recipients(50, to.recipient());
    head.split = Split{body.size(), 0, body_hash(body)};
    const Bytes part = sealed_for(recipients);
    EXPECT_EQ(parse_prologue(part)->prologue_bytes, prologue_bytes_max);
}

} // namespace
} // namespace postrider::wire

// Answer, confirm, transcript, words and key notice.
#include <gtest/gtest.h>

#include "common/wire/envelope_body.hpp"

#include "tests/support/pairing_parties.hpp"
#include "tests/support/seeded_random.hpp"

namespace postrider::wire {
namespace {

using test::AcceptingParty;
using test::InvitingParty;

struct PairingMessages : testing::Test {
    test::SeededRandom random{1};
    InvitingParty inviter;
    AcceptingParty accepter;
    KeptInvitation shared = kept(inviter.invitation);
    Answer answer = accepter.answer_to(inviter.invitation);
    Confirm confirm = inviter.confirm();

    Bytes answer_mail() const { return *seal_answer(accepter.self(), shared, answer); }

    Bytes confirm_mail() const { return *seal_confirm(inviter.self(), shared, answer, confirm); }

    Result<OpenedAnswer> opened(ByteView mail) const {
        return open_answer(inviter.self(), shared, mail);
    }

    Result<OpenedConfirm> opened_confirm(ByteView mail) const {
        return open_confirm(accepter.self(), shared, answer, mail);
    }
};

TEST_F(PairingMessages, TellEachSideWhatTheOtherIs) {
    const auto got = opened(answer_mail());
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->signing_generation, 1);
    const crypto::Hash tag{};
    EXPECT_EQ(encode_answer(got->answer, tag), encode_answer(answer, tag));
    const auto back = opened_confirm(confirm_mail());
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->signing_generation, 1);
    EXPECT_EQ(encode_confirm(back->confirm, tag), encode_confirm(confirm, tag));
}

TEST_F(PairingMessages, AreOfOneSizeWhateverTheNames) {
    const std::size_t size = answer_mail().size();
    answer.name = std::string(255, 'n');
    answer.address = std::string(254, 'a');
    EXPECT_EQ(answer_mail().size(), size);
    EXPECT_EQ(confirm_mail().size(), size);
    EXPECT_TRUE(opened(answer_mail()));
    answer.name.push_back('n');
    EXPECT_EQ(seal_answer(accepter.self(), shared, answer).error().code, Errc::too_large);
}

TEST_F(PairingMessages, DoNotOpenWithAnyBitFlipped) {
    const Bytes first = answer_mail();
    const Bytes second = confirm_mail();
    for (std::size_t bit = 0; bit < first.size() * 8; ++bit) {
        Bytes flipped = first;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_FALSE(opened(flipped)) << bit;
        flipped = second;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_FALSE(opened_confirm(flipped)) << bit;
    }
}

TEST_F(PairingMessages, DoNotOpenWhenCutAnywhere) {
    const Bytes mail = answer_mail();
    for (std::size_t size = 0; size < mail.size(); ++size) {
        EXPECT_FALSE(opened(ByteView{mail}.first(size))) << size;
    }
}

TEST_F(PairingMessages, AreUnknownToAnotherInvitation) {
    InvitingParty other = inviter;
    other.invitation.secret = crypto::SecretBytes<16>::random();
    const auto got = open_answer(inviter.self(), kept(other.invitation), answer_mail());
    EXPECT_EQ(got.error().code, Errc::unknown_peer);
}

TEST_F(PairingMessages, OfOneKindDoNotStandForTheOther) {
    answer.stamp_key = pairing_stamp_key(shared.key);
    // The accepter reflects: sends the inviter a confirm of its own making.
    const PairingSelf self = accepter.self();
    Answer reflected = answer;
    reflected.node = inviter.node;
    reflected.contact_key = inviter.contact_key.public_key;
    const auto mail = seal_confirm(self, shared, reflected, confirm);
    ASSERT_TRUE(mail);
    EXPECT_EQ(opened(*mail).error().code, Errc::malformed);
}

// The answer names a signing key that is not the one that signed it.
TEST_F(PairingMessages, AreSignedByTheKeyTheyName) {
    const AcceptingParty other;
    PairingSelf forged{accepter.node, other.signing_key, accepter.contact_key, 1};
    Answer with_own_key = answer;
    with_own_key.signing_key = other.signing_key.public_key;
    const auto mail = seal_answer(forged, shared, with_own_key);
    ASSERT_TRUE(mail);
    EXPECT_TRUE(opened(*mail)); // consistent: an identity of its own
    const AcceptingParty victim;
    Answer naming_victim = answer;
    naming_victim.signing_key = victim.signing_key.public_key;
    const crypto::SigningKey mixed{victim.signing_key.public_key, accepter.signing_key.secret};
    const auto lie =
        seal_answer({accepter.node, mixed, accepter.contact_key, 1}, shared, naming_victim);
    ASSERT_TRUE(lie);
    EXPECT_EQ(opened(*lie).error().code, Errc::bad_signature);
}

TEST_F(PairingMessages, RefuseAConfirmThatDoesNotOpenTheCommitment) {
    confirm.nonce = crypto::random_bytes<32>();
    const auto got = opened_confirm(confirm_mail());
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Errc::bad_signature);
    EXPECT_NE(got.error().message.find("commitment"), std::string::npos);
}

TEST_F(PairingMessages, RefuseAConfirmOfAnAnswerThatWasNotOurs) {
    Answer seen_by_inviter = answer;
    seen_by_inviter.name = "branch8";
    const auto mail = seal_confirm(inviter.self(), shared, seen_by_inviter, confirm);
    ASSERT_TRUE(mail);
    EXPECT_EQ(opened_confirm(*mail).error().code, Errc::bad_signature);
}

TEST_F(PairingMessages, RefuseAnAnswerWhoseTagIsNotOfItsTranscript) {
    const auto seal_with = [this](const crypto::Hash &tag) {
        const ContentKey content_key = ContentKey::random();
        const Bytes body = *seal_body(content_key, {}, encode_answer(answer, tag));
        HeadFields head;
        head.kind = EnvelopeKind::pairing;
        const Recipient to{inviter.node, inviter.contact_key.public_key, shared.key,
                           pairing_stamp_key(shared.key)};
        return *seal_part({accepter.node, accepter.signing_key}, {&to, 1}, content_key, head, body);
    };
    crypto::Hash tag = answer_tag(shared.key, pairing_transcript(shared.public_invitation, answer));
    EXPECT_TRUE(opened(seal_with(tag)));
    tag[0] ^= 1U;
    EXPECT_EQ(opened(seal_with(tag)).error().code, Errc::bad_signature);
}

TEST_F(PairingMessages, RefuseAConfirmFromAnybodyButTheInviter) {
    InvitingParty thief = inviter; // who has read the line, and so knows K
    thief.signing_key = crypto::SigningKey::generate();
    const auto mail = seal_confirm(thief.self(), shared, answer, confirm);
    EXPECT_EQ(opened_confirm(*mail).error().code, Errc::bad_signature);
}

TEST_F(PairingMessages, GiveBothSidesTheSameKeyAndWords) {
    const auto at_inviter = opened(answer_mail())->answer;
    const auto at_accepter = opened_confirm(confirm_mail())->confirm;
    const Transcript left = pairing_transcript(shared.public_invitation, at_inviter);
    const Transcript right = pairing_transcript(shared.public_invitation, answer);
    const PairingNonces left_nonces{inviter.nonce, at_inviter.nonce};
    const PairingNonces right_nonces{at_accepter.nonce, answer.nonce};
    EXPECT_TRUE(pair_key(shared.key, left, left_nonces) ==
                pair_key(shared.key, right, right_nonces));
    EXPECT_EQ(pairing_words(left, left_nonces), pairing_words(right, right_nonces));
}

TEST_F(PairingMessages, OfASecondAnswerGiveOtherWords) {
    const AcceptingParty other;
    const Answer second = other.answer_to(inviter.invitation);
    ASSERT_TRUE(opened(*seal_answer(other.self(), shared, second)));
    EXPECT_NE(pairing_words(pairing_transcript(shared.public_invitation, answer),
                            {inviter.nonce, answer.nonce}),
              pairing_words(pairing_transcript(shared.public_invitation, second),
                            {inviter.nonce, second.nonce}));
}

// Somebody who read the line first sits between: an invitation of its own to the one side, an
// answer of its own to the other. Everything verifies; only the words differ.
TEST_F(PairingMessages, ThroughAManInTheMiddleGiveOtherWords) {
    InvitingParty middle;
    middle.invitation.id = inviter.invitation.id;
    middle.invitation.node = inviter.node;
    middle.invitation.name = inviter.invitation.name;
    middle.invitation.address = inviter.invitation.address;
    middle.invitation.secret = inviter.invitation.secret;
    const KeptInvitation towards_accepter = kept(middle.invitation);
    const Answer real = accepter.answer_to(middle.invitation);
    Answer relayed = real;
    relayed.signing_key = middle.signing_key.public_key;
    relayed.contact_key = middle.contact_key.public_key;
    const PairingSelf as_accepter{relayed.node, middle.signing_key, middle.contact_key, 1};
    ASSERT_TRUE(opened(*seal_answer(as_accepter, shared, relayed)));

    const std::string at_inviter = pairing_words(
        pairing_transcript(shared.public_invitation, relayed), {inviter.nonce, relayed.nonce});
    const std::string at_accepter = pairing_words(
        pairing_transcript(towards_accepter.public_invitation, real), {middle.nonce, real.nonce});
    EXPECT_NE(at_inviter, at_accepter);
    // Not even with the inviter's own nonce, which the middle learns from the confirm.
    EXPECT_NE(at_inviter,
              pairing_words(pairing_transcript(towards_accepter.public_invitation, real),
                            {inviter.nonce, real.nonce}));
}

TEST_F(PairingMessages, HaveAStrictLayout) {
    const crypto::Hash tag{};
    for (const Bytes &good : {encode_answer(answer, tag), encode_confirm(confirm, tag)}) {
        ASSERT_TRUE(parse_pairing_body(good));
        for (std::size_t size = 0; size < good.size(); ++size) {
            EXPECT_FALSE(parse_pairing_body(ByteView{good}.first(size))) << size;
        }
        Bytes dirty = good;
        dirty.back() = 1; // padding
        EXPECT_FALSE(parse_pairing_body(dirty));
        dirty = good;
        dirty.push_back(0);
        EXPECT_FALSE(parse_pairing_body(dirty));
        dirty = good;
        dirty[0] = 9;
        EXPECT_FALSE(parse_pairing_body(dirty));
    }
}

TEST_F(PairingMessages, AreReadTheSameWayTheyAreWrittenWhicheverBitIsFlipped) {
    const crypto::Hash tag{};
    const Bytes good = encode_answer(answer, tag);
    for (std::size_t bit = 8; bit < good.size() * 8; ++bit) {
        Bytes flipped = good;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        const auto parsed = parse_pairing_body(flipped);
        if (parsed) {
            const auto &tagged = std::get<TaggedAnswer>(*parsed);
            EXPECT_EQ(encode_answer(tagged.answer, tagged.tag), flipped) << bit;
        }
    }
}

TEST(KeyNotice, IsReadBackWholeAndStrictly) {
    const KeyNotice notice{7, crypto::random_bytes<32>(), 1};
    const Bytes bytes = encode_key_notice(notice);
    EXPECT_EQ(bytes.size(), 256U);
    EXPECT_EQ(*parse_key_notice(bytes), notice);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(parse_key_notice(ByteView{bytes}.first(size))) << size;
    }
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        Bytes flipped = bytes;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        const auto parsed = parse_key_notice(flipped);
        EXPECT_TRUE(!parsed || encode_key_notice(*parsed) == flipped) << bit;
    }
}

} // namespace
} // namespace postrider::wire

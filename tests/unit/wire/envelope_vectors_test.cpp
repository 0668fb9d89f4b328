// Vectors of envelopes and of a whole pairing, with every key, so that a decoder written from
// docs/protocol.md alone can open them. Both are opened here from the file, and made anew to the
// same bytes.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/envelope_parties.hpp"
#include "tests/support/pairing_parties.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/support/vector_file.hpp"

namespace postrider::wire {
namespace {

constexpr const char *envelope_file = "envelope.txt";
constexpr const char *pairing_file = "pairing.txt";

Bytes big_endian(std::uint64_t value) {
    ByteWriter writer;
    writer.u64(value);
    return std::move(writer).take();
}

struct EnvelopeCase {
    std::string name;
    EnvelopeKind kind;
    std::size_t recipients;
    std::size_t plaintext_bytes;
    bool split; // the vector is then the second half of the body
};

// What is needed to open, then what must come out. The first recipient's secrets are given.
test::VectorSection made(const EnvelopeCase &one) {
    const test::SendingParty from;
    const std::vector<test::ReceivingParty> parties(one.recipients);
    const bool contact = one.kind == EnvelopeKind::key_notice || one.kind == EnvelopeKind::pairing;
    std::vector<Recipient> recipients;
    for (const test::ReceivingParty &party : parties) {
        recipients.push_back(contact ? party.contact_recipient() : party.recipient());
    }
    const crypto::ExchangeKey &opening_key = contact ? parties[0].contact : parties[0].receiving;
    HeadFields head{one.kind, from.signing_generation, 7, 0x0000'0002'89ab'cdef, 42, {}};
    Bytes plaintext(one.plaintext_bytes);
    for (std::size_t index = 0; index < plaintext.size(); ++index) {
        plaintext[index] = static_cast<std::uint8_t>(index);
    }
    const ContentKey content_key = ContentKey::random();
    const Bytes body =
        *seal_body(content_key, {from.node, head.stream, head.incarnation, head.number}, plaintext);
    ByteView slice{body};
    if (one.split) {
        head.split = Split{body.size(), body.size() / 2, body_hash(body)};
        slice = slice.subspan(body.size() / 2);
    }
    test::VectorSection out{one.name, {}};
    out.add("sender_node_id", from.node);
    out.add("sender_sign_seed", from.signing_key.seed().view());
    out.add("sender_sign_pk", from.signing_key.public_key);
    out.add("receiver_node_id", parties[0].node);
    out.add("receiver_secret", opening_key.secret.view());
    out.add("receiver_pk", opening_key.public_key);
    out.add("psk", parties[0].psk.view());
    out.add("stamp_key", parties[0].stamp_key.view());
    out.add("part", *seal_part(from.sender(), recipients, content_key, head, slice));
    out.add("content_key", content_key.view());
    out.add("kind", Bytes{static_cast<std::uint8_t>(head.kind)});
    out.add("signing_generation", ByteView{big_endian(head.signing_generation)}.last(2));
    out.add("stream", ByteView{big_endian(head.stream)}.last(4));
    out.add("incarnation", big_endian(head.incarnation));
    out.add("number", big_endian(head.number));
    if (head.split) {
        out.add("body_total", big_endian(head.split->body_total));
        out.add("offset", big_endian(head.split->offset));
        out.add("body_hash", head.split->body_hash);
    }
    if (head.split) {
        out.add("body", body);
    }
    if (plaintext.size() > 1024) {
        out.add("plaintext_hash", crypto::content_hash(plaintext));
    } else {
        out.add("plaintext", plaintext);
    }
    return out;
}

test::VectorFile envelopes_made_now() {
    const test::SeededRandom random{2026};
    test::VectorFile file;
    for (const EnvelopeCase &one :
         {EnvelopeCase{"batch for one", EnvelopeKind::batch, 1, 256, false},
          EnvelopeCase{"batch for three", EnvelopeKind::batch, 3, 272, false},
          EnvelopeCase{"second half of a body", EnvelopeKind::batch, 2, 512, true},
          EnvelopeCase{"body of two chunks", EnvelopeKind::batch, 1, body_chunk_bytes + 64, false},
          EnvelopeCase{"key notice", EnvelopeKind::key_notice, 1, 256, false},
          EnvelopeCase{"report only", EnvelopeKind::report, 1, 256, false}}) {
        file.push_back(made(one));
    }
    return file;
}

void expect_opens(const test::VectorSection &vector) {
    SCOPED_TRACE(vector.name);
    const bool contact = vector.number("kind") == 2;
    const Opening opening{
        vector.fixed<16>("receiver_node_id"),
        crypto::Key::from(vector.at("psk")),
        {{contact, 0,
          crypto::ExchangeKey::from_secret(crypto::Key::from(vector.at("receiver_secret")))}}};
    const ClaimedSender claimed{vector.fixed<16>("sender_node_id"),
                                vector.fixed<32>("sender_sign_pk"),
                                static_cast<std::uint16_t>(vector.number("signing_generation"))};
    const auto opened =
        open_part(vector.at("part"), crypto::Key::from(vector.at("stamp_key")), opening, claimed);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_TRUE(opened->content_key == crypto::Key::from(vector.at("content_key")));
    EXPECT_EQ(static_cast<std::uint64_t>(opened->head.kind), vector.number("kind"));
    EXPECT_EQ(opened->head.number, vector.number("number"));
    ByteView body = opened->body_slice;
    if (opened->head.split) {
        body = vector.at("body");
        EXPECT_EQ(opened->head.split->body_hash, body_hash(body));
        EXPECT_EQ(opened->head.split->body_total, body.size());
        const ByteView slice = body.subspan(opened->head.split->offset);
        EXPECT_TRUE(std::equal(slice.begin(), slice.end(), opened->body_slice.begin(),
                               opened->body_slice.end()));
    }
    const auto plaintext = open_body(
        opened->content_key,
        {claimed.node, opened->head.stream, opened->head.incarnation, opened->head.number}, body);
    ASSERT_TRUE(plaintext);
    if (plaintext->size() > 1024) {
        EXPECT_EQ(crypto::content_hash(*plaintext), vector.fixed<32>("plaintext_hash"));
    } else {
        EXPECT_EQ(*plaintext, vector.at("plaintext"));
    }
}

TEST(EnvelopeVectors, OpenForEver) {
    if (test::writes_vectors()) {
        test::write_vectors(envelope_file, "# Envelopes (docs/protocol.md, \"Envelope\").\n",
                            envelopes_made_now());
    }
    const test::VectorFile file = test::read_vectors(envelope_file);
    EXPECT_EQ(file.size(), 6U);
    for (const test::VectorSection &vector : file) {
        expect_opens(vector);
    }
}

TEST(EnvelopeVectors, AreWhatIsSealedFromTheirSeed) {
    EXPECT_EQ(test::read_vectors(envelope_file), envelopes_made_now());
}

void add_party(test::VectorSection &out, const std::string &who, const test::PairingParty &party) {
    out.add(who + "_node_id", party.node);
    out.add(who + "_sign_seed", party.signing_key.seed().view());
    out.add(who + "_sign_pk", party.signing_key.public_key);
    out.add(who + "_contact_secret", party.contact_key.secret.view());
    out.add(who + "_contact_pk", party.contact_key.public_key);
}

test::VectorFile pairing_made_now() {
    const test::SeededRandom random{2027};
    const test::InvitingParty inviter;
    const test::AcceptingParty accepter;
    const KeptInvitation shared = kept(inviter.invitation);
    const Answer answer = accepter.answer_to(inviter.invitation);
    const Confirm confirm = inviter.confirm();
    const Transcript transcript = pairing_transcript(shared.public_invitation, answer);
    const PairingNonces nonces{inviter.nonce, answer.nonce};
    test::VectorSection out{"pairing", {}};
    add_party(out, "inviter", inviter);
    add_party(out, "accepter", accepter);
    out.add("line", as_bytes(*invitation_line(inviter.invitation)));
    out.add("public_invitation", shared.public_invitation);
    out.add("secret", inviter.invitation.secret.view());
    out.add("k", shared.key.view());
    out.add("pairing_stamp_key", pairing_stamp_key(shared.key).view());
    out.add("nonce_a", nonces.inviter);
    out.add("nonce_b", nonces.accepter);
    out.add("answer_body", encode_answer(answer, answer_tag(shared.key, transcript)));
    out.add("answer_part", *seal_answer(accepter.self(), shared, answer));
    out.add("t1", transcript);
    out.add("accepters_stamp_key", answer.stamp_key.view());
    out.add("confirm_body", encode_confirm(confirm, confirm_tag(shared.key, transcript, nonces)));
    out.add("confirm_part", *seal_confirm(inviter.self(), shared, answer, confirm));
    out.add("psk_pair", pair_key(shared.key, transcript, nonces).view());
    out.add("words", as_bytes(pairing_words(transcript, nonces)));
    return {out};
}

TEST(PairingVectors, AreOpenedByBothSidesForEver) {
    if (test::writes_vectors()) {
        test::write_vectors(pairing_file,
                            "# A whole pairing (docs/protocol.md, \"Pairing\"). `line` and `words` "
                            "are texts.\n",
                            pairing_made_now());
    }
    const test::VectorSection vector = test::read_vectors(pairing_file).at(0);
    const auto invitation = parse_invitation(as_text(vector.at("line")));
    ASSERT_TRUE(invitation);
    const KeptInvitation shared = kept(*invitation);
    EXPECT_EQ(shared.public_invitation, vector.at("public_invitation"));
    EXPECT_TRUE(shared.key == crypto::Key::from(vector.at("k")));
    const auto party = [&vector](const std::string &who) {
        test::PairingParty out;
        out.node = vector.fixed<16>(who + "_node_id");
        out.signing_key =
            crypto::SigningKey::from_seed(crypto::Key::from(vector.at(who + "_sign_seed")));
        out.contact_key =
            crypto::ExchangeKey::from_secret(crypto::Key::from(vector.at(who + "_contact_secret")));
        return out;
    };
    const test::PairingParty inviter = party("inviter");
    const test::PairingParty accepter = party("accepter");
    const auto answer = open_answer(inviter.self(), shared, vector.at("answer_part"));
    ASSERT_TRUE(answer) << answer.error().message;
    const auto confirm =
        open_confirm(accepter.self(), shared, answer->answer, vector.at("confirm_part"));
    ASSERT_TRUE(confirm) << confirm.error().message;
    const Transcript transcript = pairing_transcript(shared.public_invitation, answer->answer);
    const PairingNonces nonces{confirm->confirm.nonce, answer->answer.nonce};
    EXPECT_TRUE(pair_key(shared.key, transcript, nonces) ==
                crypto::Key::from(vector.at("psk_pair")));
    EXPECT_EQ(pairing_words(transcript, nonces), as_text(vector.at("words")));
}

TEST(PairingVectors, AreWhatIsMadeFromTheirSeed) {
    EXPECT_EQ(test::read_vectors(pairing_file), pairing_made_now());
}

} // namespace
} // namespace postrider::wire

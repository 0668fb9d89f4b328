// Layouts of the kind 3 and kind 2 bodies, and what pairing derives.
#include "common/wire/pairing.hpp"

#include <algorithm>

#include "common/crypto/words.hpp"

namespace postrider::wire {

namespace {

constexpr std::uint8_t answer_type = 1;
constexpr std::uint8_t confirm_type = 2;
constexpr std::uint8_t key_notice_type = 3;
constexpr std::size_t pairing_body_bytes = 1024;
constexpr std::size_t key_notice_bytes = 256;

Bytes padded(ByteWriter writer, std::size_t size) {
    Bytes out = std::move(writer).take();
    ensure(out.size() <= size, "names and addresses are within their limits");
    out.resize(size);
    return out;
}

bool only_zeros(ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

// What remains after the last field is padding and must be zero.
bool ends_in_padding(ByteReader &reader) {
    return reader.ok() && only_zeros(reader.raw(reader.remaining()));
}

void write_text(ByteWriter &writer, std::string_view text) {
    writer.u16(static_cast<std::uint16_t>(text.size()));
    writer.raw(as_bytes(text));
}

std::string read_text(ByteReader &reader) {
    const std::size_t size = reader.u16();
    return std::string{as_text(reader.raw(size))};
}

// type 1 | invitation 8 | node_id 16 | sign_pk 32 | contact_pk 32 | receiving generation 4 |
// receiving_pk 32 | stamp key 32 | nonce_b 32 | suites 4 | name 2+n | address 2+n
Bytes answer_fields(const Answer &answer) {
    ByteWriter writer;
    writer.u8(answer_type);
    writer.raw(answer.invitation);
    writer.raw(answer.node);
    writer.raw(answer.signing_key);
    writer.raw(answer.contact_key);
    writer.u32(answer.receiving_generation);
    writer.raw(answer.receiving_key);
    writer.raw(answer.stamp_key.view());
    writer.raw(answer.nonce);
    writer.u32(answer.suites);
    write_text(writer, answer.name);
    write_text(writer, answer.address);
    return std::move(writer).take();
}

Result<PairingBody> parse_answer(ByteReader reader) {
    TaggedAnswer out;
    Answer &answer = out.answer;
    answer.invitation = reader.fixed<8>();
    answer.node = reader.fixed<16>();
    answer.signing_key = reader.fixed<32>();
    answer.contact_key = reader.fixed<32>();
    answer.receiving_generation = reader.u32();
    answer.receiving_key = reader.fixed<32>();
    answer.stamp_key = crypto::Key{reader.fixed<32>()};
    answer.nonce = reader.fixed<32>();
    answer.suites = reader.u32();
    answer.name = read_text(reader);
    answer.address = read_text(reader);
    out.tag = reader.fixed<32>();
    if (!ends_in_padding(reader)) {
        return Error{Errc::malformed, "pairing answer does not have its layout"};
    }
    if (auto checked = check_self_description(answer.name, answer.address); !checked) {
        return checked.error();
    }
    return PairingBody{std::move(out)};
}

// type 2, read already | invitation 8 | nonce_a 32 | receiving generation 4 | receiving_pk 32 |
// stamp key 32 | tag 32
Result<PairingBody> parse_confirm(ByteReader reader) {
    TaggedConfirm out;
    out.confirm.invitation = reader.fixed<8>();
    out.confirm.nonce = reader.fixed<32>();
    out.confirm.receiving_generation = reader.u32();
    out.confirm.receiving_key = reader.fixed<32>();
    out.confirm.stamp_key = crypto::Key{reader.fixed<32>()};
    out.tag = reader.fixed<32>();
    if (!ends_in_padding(reader)) {
        return Error{Errc::malformed, "pairing confirm does not have its layout"};
    }
    return PairingBody{std::move(out)};
}

} // namespace

crypto::Hash nonce_commitment(const PairingNonce &nonce) {
    return crypto::hash256(crypto::label::nonce, {nonce});
}

crypto::Key pairing_stamp_key(const crypto::Key &invitation_key) {
    return crypto::derive<32>(crypto::label::pairing_stamp, invitation_key.view(), {});
}

Transcript pairing_transcript(ByteView public_invitation, const Answer &answer) {
    return crypto::hash<64>(crypto::label::transcript, {},
                            {public_invitation, answer_fields(answer)});
}

crypto::Key pair_key(const crypto::Key &invitation_key,
                     const Transcript &transcript,
                     const PairingNonces &nonces) {
    return crypto::derive<32>(crypto::label::psk, invitation_key.view(),
                              {transcript, nonces.inviter, nonces.accepter});
}

std::string pairing_words(const Transcript &transcript, const PairingNonces &nonces) {
    return crypto::words_of(
        crypto::hash256(crypto::label::words, {transcript, nonces.inviter, nonces.accepter}));
}

crypto::Hash answer_tag(const crypto::Key &invitation_key, const Transcript &transcript) {
    return crypto::hash<32>(crypto::label::answer, invitation_key.view(), {transcript});
}

crypto::Hash confirm_tag(const crypto::Key &invitation_key,
                         const Transcript &transcript,
                         const PairingNonces &nonces) {
    return crypto::hash<32>(crypto::label::agreed, invitation_key.view(),
                            {transcript, nonces.inviter, nonces.accepter});
}

Bytes encode_answer(const Answer &answer, const crypto::Hash &tag) {
    ByteWriter writer;
    writer.raw(answer_fields(answer));
    writer.raw(tag);
    return padded(std::move(writer), pairing_body_bytes);
}

Bytes encode_confirm(const Confirm &confirm, const crypto::Hash &tag) {
    ByteWriter writer;
    writer.u8(confirm_type);
    writer.raw(confirm.invitation);
    writer.raw(confirm.nonce);
    writer.u32(confirm.receiving_generation);
    writer.raw(confirm.receiving_key);
    writer.raw(confirm.stamp_key.view());
    writer.raw(tag);
    return padded(std::move(writer), pairing_body_bytes);
}

Result<PairingBody> parse_pairing_body(ByteView plaintext) {
    if (plaintext.size() != pairing_body_bytes) {
        return Error{Errc::malformed, "pairing message does not have its size"};
    }
    ByteReader reader{plaintext};
    switch (reader.u8()) {
    case answer_type:
        return parse_answer(reader);
    case confirm_type:
        return parse_confirm(reader);
    default:
        return Error{Errc::malformed, "pairing message is of an unknown type"};
    }
}

// type 3 | receiving generation 4 | receiving_pk 32 | suites 4
Bytes encode_key_notice(const KeyNotice &notice) {
    ByteWriter writer;
    writer.u8(key_notice_type);
    writer.u32(notice.receiving_generation);
    writer.raw(notice.receiving_key);
    writer.u32(notice.suites);
    return padded(std::move(writer), key_notice_bytes);
}

Result<KeyNotice> parse_key_notice(ByteView plaintext) {
    ByteReader reader{plaintext};
    KeyNotice notice;
    const std::uint8_t type = reader.u8();
    notice.receiving_generation = reader.u32();
    notice.receiving_key = reader.fixed<32>();
    notice.suites = reader.u32();
    if (plaintext.size() != key_notice_bytes || type != key_notice_type ||
        !ends_in_padding(reader)) {
        return Error{Errc::malformed, "key notice does not have its layout"};
    }
    return notice;
}

} // namespace postrider::wire

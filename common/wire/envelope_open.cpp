// Opening a part, cheapest check first. Everything before the signature reads a fixed layout only.
#include <algorithm>

#include "common/wire/envelope_layout.hpp"

namespace postrider::wire {

namespace {

using namespace layout;

Error malformed_envelope(std::string message, std::string detail = {}) {
    return Error{Errc::malformed, std::move(message), std::move(detail)};
}

Result<void> check_magic(ByteView bytes) {
    constexpr std::size_t version_offset = 4;
    const ByteView found = bytes.first(magic.size());
    if (std::equal(found.begin(), found.end(), magic.begin())) {
        return {};
    }
    if (!std::equal(found.begin(), found.begin() + version_offset, magic.begin())) {
        return malformed_envelope("not a Postrider envelope");
    }
    if (!std::equal(found.begin() + version_offset + 1, found.end(),
                    magic.begin() + version_offset + 1)) {
        return malformed_envelope("envelope was damaged on its way",
                                  "Its line ends were converted as if it were text.");
    }
    return Error{Errc::unsupported_version, "envelope version " +
                                                std::to_string(found[version_offset]) +
                                                " is not known here"};
}

// The wraps without the stamps between them.
Bytes wraps_of(const Prologue &prologue) {
    ByteWriter wraps;
    for (std::size_t slot = 0; slot < prologue.recipients; ++slot) {
        wraps.raw(prologue.slots.subspan(slot * slot_bytes + stamp_bytes, wrap_bytes));
    }
    return std::move(wraps).take();
}

Result<HeadFields> parse_head(ByteView fields) {
    ByteReader reader{fields};
    HeadFields head;
    const std::uint8_t kind = reader.u8();
    if (kind < static_cast<std::uint8_t>(EnvelopeKind::batch) ||
        kind > static_cast<std::uint8_t>(EnvelopeKind::report)) {
        return Error{Errc::unsupported_version,
                     "envelope kind " + std::to_string(kind) + " is not known here"};
    }
    head.kind = static_cast<EnvelopeKind>(kind);
    const std::uint8_t flags = reader.u8();
    const bool is_split = fields.size() == split_head_fields_bytes;
    if (flags != (is_split ? flag_split : 0)) {
        return malformed_envelope("envelope flags are not those of its head");
    }
    head.signing_generation = reader.u16();
    head.stream = reader.u32();
    head.incarnation = reader.u64();
    head.number = reader.u64();
    if (is_split) {
        head.split = Split{};
        head.split->body_total = reader.u64();
        head.split->offset = reader.u64();
        head.split->body_hash = reader.fixed<32>();
    }
    ensure(reader.at_end(), "the head's two lengths are checked by parse_prologue");
    return head;
}

Result<void> check_ranges(const HeadFields &head, std::size_t body_bytes) {
    if (!head.split) {
        return {};
    }
    const Split &split = *head.split;
    if (split.body_total > limits::body_bytes_max) {
        return Error{Errc::too_large,
                     "body of " + std::to_string(split.body_total) + " bytes exceeds the limit"};
    }
    if (split.offset > split.body_total || body_bytes > split.body_total - split.offset) {
        return malformed_envelope("part lies outside its body");
    }
    return {};
}

bool opens_with_contact_key(EnvelopeKind kind) {
    return kind == EnvelopeKind::key_notice || kind == EnvelopeKind::pairing;
}

std::optional<ContentKey> open_wrap(const Prologue &prologue,
                                    ByteView wrap,
                                    const Opening &opening,
                                    const crypto::ExchangeKey &mine) {
    crypto::PublicKey ephemeral{};
    const ByteView sent = prologue.fixed.subspan(ephemeral_offset, ephemeral.size());
    std::copy(sent.begin(), sent.end(), ephemeral.begin());
    const Result<crypto::Key> shared = crypto::shared_secret(mine.secret, ephemeral);
    if (!shared) {
        return std::nullopt;
    }
    const BoxKey key =
        wrap_key({*shared, opening.psk, ephemeral, mine.public_key, opening.receiver});
    ContentKey content_key;
    if (!open_box(key, wrap, prologue.fixed, {content_key.data(), ContentKey::size})) {
        return std::nullopt;
    }
    return content_key;
}

Result<UnverifiedPart>
open_head(const Prologue &prologue, const ContentKey &content_key, const OpeningKey &with) {
    const ByteView ephemeral = prologue.fixed.subspan(ephemeral_offset, 32);
    Bytes plain(prologue.head_box.size() - tag_bytes);
    if (!open_box(head_key(content_key, ephemeral), prologue.head_box, prologue.fixed, plain)) {
        return Error{Errc::bad_signature, "envelope head was altered"};
    }
    UnverifiedPart part;
    part.content_key = content_key;
    part.contact = with.contact;
    part.receiving_generation = with.generation;
    const auto border = plain.end() - signature_bytes;
    std::copy(border, plain.end(), part.signature.begin());
    part.head_fields.assign(plain.begin(), border);
    part.signed_bytes =
        signed_bytes(content_key, prologue.fixed, wraps_of(prologue), part.head_fields);
    part.body_bytes = prologue.body_bytes;
    return part;
}

} // namespace

FixedBytes<32> Prologue::part_hash() const {
    ByteReader reader{fixed.subspan(part_hash_offset)};
    return reader.fixed<32>();
}

Result<Prologue> parse_prologue(ByteView bytes) {
    if (bytes.size() < fixed_bytes) {
        return malformed_envelope("envelope is cut short");
    }
    if (auto checked = check_magic(bytes); !checked) {
        return checked.error();
    }
    ByteReader reader{bytes.subspan(magic.size())};
    if (const std::uint8_t found = reader.u8(); found != suite) {
        return Error{Errc::unsupported_version,
                     "envelope suite " + std::to_string(found) + " is not known here"};
    }
    Prologue prologue;
    prologue.recipients = reader.u8();
    if (prologue.recipients == 0) {
        return malformed_envelope("envelope has no recipient");
    }
    if (prologue.recipients > limits::envelope_recipients_max) {
        return Error{Errc::too_large,
                     "envelope has " + std::to_string(prologue.recipients) + " recipients"};
    }
    const std::size_t head_bytes = reader.u16();
    if (head_bytes != head_box_bytes && head_bytes != split_head_box_bytes) {
        return malformed_envelope("envelope head has an impossible length");
    }
    prologue.body_bytes = reader.u32();
    if (prologue.body_bytes == 0) {
        return malformed_envelope("envelope has no body");
    }
    if (prologue.body_bytes > limits::part_body_bytes_max) {
        return Error{Errc::too_large,
                     "part of " + std::to_string(prologue.body_bytes) + " bytes exceeds the limit"};
    }
    prologue.prologue_bytes = fixed_bytes + prologue.recipients * slot_bytes + head_bytes;
    if (bytes.size() < prologue.prologue_bytes) {
        return malformed_envelope("envelope is cut short");
    }
    prologue.fixed = bytes.first(fixed_bytes);
    prologue.slots = bytes.subspan(fixed_bytes, prologue.recipients * slot_bytes);
    prologue.head_box = bytes.subspan(prologue.prologue_bytes - head_bytes, head_bytes);
    return prologue;
}

StampCover stamp_cover(const Prologue &prologue) {
    return {cover_hash(prologue.fixed, wraps_of(prologue), prologue.head_box)};
}

std::optional<std::size_t>
find_stamp(const Prologue &prologue, const StampCover &cover, ByteView stamp_key) {
    ensure(stamp_key.size() == crypto::Key::size, "stamp keys have 32 bytes");
    const FixedBytes<stamp_bytes> expected = stamp(stamp_key, cover.hash);
    for (std::size_t slot = 0; slot < prologue.recipients; ++slot) {
        if (sodium_memcmp(expected.data(), prologue.slots.data() + slot * slot_bytes,
                          stamp_bytes) == 0) {
            return slot;
        }
    }
    return std::nullopt;
}

Result<ByteView> part_body(const Prologue &prologue, ByteView part) {
    if (part.size() < prologue.prologue_bytes ||
        part.size() - prologue.prologue_bytes < prologue.body_bytes) {
        return malformed_envelope("envelope is cut short");
    }
    const ByteView body = part.subspan(prologue.prologue_bytes, prologue.body_bytes);
    if (body_hash(body) != prologue.part_hash()) {
        return malformed_envelope("envelope was damaged on its way",
                                  "Its body is not the one it names.");
    }
    return body;
}

Result<UnverifiedPart>
unwrap_part(const Prologue &prologue, std::size_t slot, const Opening &opening) {
    ensure(slot < prologue.recipients, "the slot is one that find_stamp found");
    const ByteView wrap = prologue.slots.subspan(slot * slot_bytes + stamp_bytes, wrap_bytes);
    for (const OpeningKey &candidate : opening.keys) {
        if (auto content_key = open_wrap(prologue, wrap, opening, candidate.key)) {
            return open_head(prologue, *content_key, candidate);
        }
    }
    return Error{Errc::gap, "envelope is sealed to a key that is not here",
                 "The receiving key was destroyed, or the pairing is not the sender's."};
}

std::uint16_t claimed_signing_generation(const UnverifiedPart &part) {
    constexpr std::size_t offset = 2;
    ByteReader reader{ByteView{part.head_fields}.subspan(offset)};
    return reader.u16();
}

Result<OpenedPart> verify_part(const UnverifiedPart &part, const ClaimedSender &sender) {
    const crypto::Digest digest = signature_digest(sender.node, part.signed_bytes);
    if (!crypto::verify(sender.signing_key, digest, part.signature)) {
        return Error{Errc::bad_signature, "envelope is not signed by the peer it claims"};
    }
    const Result<HeadFields> head = parse_head(part.head_fields);
    if (!head) {
        return head.error();
    }
    if (part.contact != opens_with_contact_key(head->kind)) {
        return Error{Errc::refused, "envelope is sealed to a key that does not open its kind"};
    }
    if (head->signing_generation != sender.signing_generation) {
        return Error{Errc::refused, "envelope names signing key " +
                                        std::to_string(head->signing_generation) + ", expected " +
                                        std::to_string(sender.signing_generation)};
    }
    if (auto checked = check_ranges(*head, part.body_bytes); !checked) {
        return checked.error();
    }
    OpenedPart opened;
    opened.content_key = part.content_key;
    opened.head = *head;
    opened.receiving_generation = part.receiving_generation;
    opened.contact = part.contact;
    return opened;
}

Result<OpenedPart> open_part(ByteView part,
                             const crypto::Key &stamp_key,
                             const Opening &opening,
                             const ClaimedSender &sender) {
    const Result<Prologue> prologue = parse_prologue(part);
    if (!prologue) {
        return prologue.error();
    }
    const auto slot = find_stamp(*prologue, stamp_cover(*prologue), stamp_key.view());
    if (!slot) {
        return Error{Errc::unknown_peer, "envelope does not carry this peer's stamp"};
    }
    const Result<ByteView> body = part_body(*prologue, part);
    if (!body) {
        return body.error();
    }
    const Result<UnverifiedPart> unverified = unwrap_part(*prologue, *slot, opening);
    if (!unverified) {
        return unverified.error();
    }
    Result<OpenedPart> opened = verify_part(*unverified, sender);
    if (opened) {
        opened->body_slice = *body;
    }
    return opened;
}

} // namespace postrider::wire

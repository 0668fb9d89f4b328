// XChaCha20-Poly1305 for sealed columns, keyed BLAKE2b for configuration rows.
#include "common/crypto/rest.hpp"

namespace postrider::crypto {

namespace {

constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

// node_id ‖ table ‖ row key ‖ column, each text after its u32 length, so that no two places give
// the same bytes.
Bytes associated_bytes(const ColumnPlace &place) {
    ByteWriter writer;
    writer.raw(place.node);
    for (const std::string_view text : {place.table, place.row_key, place.column}) {
        writer.u32(static_cast<std::uint32_t>(text.size()));
        writer.raw(as_bytes(text));
    }
    return std::move(writer).take();
}

Key rest_key(const Key &master) {
    return derive<32>(label::rest, master.view(), {});
}

} // namespace

Bytes seal_column(const Key &master, const ColumnPlace &place, ByteView plaintext) {
    const Key key = rest_key(master);
    const Bytes associated = associated_bytes(place);
    Bytes out(nonce_bytes + plaintext.size() + tag_bytes);
    randombytes_buf(out.data(), nonce_bytes);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + nonce_bytes, nullptr, plaintext.data(),
                                               plaintext.size(), associated.data(),
                                               associated.size(), nullptr, out.data(), key.data());
    return out;
}

Result<Bytes> open_column(const Key &master, const ColumnPlace &place, ByteView sealed) {
    const auto failed = [&place] {
        return Error{Errc::bad_signature,
                     "could not open sealed column \"" + std::string{place.column} +
                         "\" of table \"" + std::string{place.table} + "\"",
                     "The value was changed, moved, or sealed with another secret file."};
    };
    if (sealed.size() < nonce_bytes + tag_bytes) {
        return failed();
    }
    const Key key = rest_key(master);
    const Bytes associated = associated_bytes(place);
    Bytes out(sealed.size() - nonce_bytes - tag_bytes);
    const ByteView box = sealed.subspan(nonce_bytes);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, box.data(),
                                                   box.size(), associated.data(), associated.size(),
                                                   sealed.data(), key.data()) != 0) {
        return failed();
    }
    return out;
}

Result<Key> open_key_column(const Key &master, const ColumnPlace &place, ByteView sealed) {
    Result<Bytes> bytes = open_column(master, place, sealed);
    if (!bytes) {
        return bytes.error();
    }
    if (bytes->size() != Key::size) {
        return Error{Errc::malformed,
                     "sealed column \"" + std::string{place.column} + "\" does not hold a key"};
    }
    const Key key = Key::from(*bytes);
    sodium_memzero(bytes->data(), bytes->size());
    return key;
}

ConfigurationMac configuration_mac(const Key &master, ByteView canonical_row) {
    return hash<16>(label::configuration, master.view(), {canonical_row});
}

FixedBytes<16> mark_proof(const Key &master, const SaidMark &mark) {
    ByteWriter input;
    input.raw(mark.reader);
    input.u64(mark.incarnation);
    input.u64(mark.counter);
    input.raw(mark.token);
    input.u8(mark.claimed ? 1 : 0);
    return hash<16>(label::seen, master.view(), {input.view()});
}

} // namespace postrider::crypto

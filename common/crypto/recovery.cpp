// argon2id and one secretstream chunk.
#include "common/crypto/recovery.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/base/text_encoding.hpp"

namespace postrider::crypto {

namespace {

constexpr FixedBytes<8> magic{'P', 'R', 'I', 'D', 0x01, 0x0d, 0x0a, 0x00};
constexpr std::size_t salt_bytes = crypto_pwhash_argon2id_SALTBYTES;
constexpr std::size_t header_bytes = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t chunk_extra_bytes = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t before_chunk = magic.size() + salt_bytes + header_bytes;
constexpr std::size_t digits_in_group = 4;

static_assert(Key::size == crypto_secretstream_xchacha20poly1305_KEYBYTES);

Result<Key> key_of(const RecoveryCode &code, ByteView salt) {
    Key key;
    const auto *password = reinterpret_cast<const char *>(code.data()); // NOLINT: libsodium's type
    if (crypto_pwhash_argon2id(key.data(), Key::size, password, RecoveryCode::size, salt.data(),
                               crypto_pwhash_argon2id_OPSLIMIT_MODERATE,
                               crypto_pwhash_argon2id_MEMLIMIT_MODERATE,
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
        return Error{Errc::unavailable,
                     "could not derive the key of a recovery bundle: out of memory",
                     "It takes 256 MiB for a moment."};
    }
    return key;
}

} // namespace

std::string to_text(const RecoveryCode &code) {
    const std::string digits = to_hex(code.view());
    std::string out;
    for (std::size_t index = 0; index < digits.size(); index += digits_in_group) {
        out += (out.empty() ? "" : "-") + digits.substr(index, digits_in_group);
    }
    return out;
}

Result<RecoveryCode> parse_recovery_code(std::string_view text) {
    std::string digits;
    for (const char c : text) {
        if (c >= 'A' && c <= 'F') {
            digits += static_cast<char>(c - 'A' + 'a');
        } else if (c != '-' && c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            digits += c;
        }
    }
    Result<Bytes> bytes = from_hex(digits);
    sodium_memzero(digits.data(), digits.size());
    if (!bytes || bytes->size() != RecoveryCode::size) {
        return Error{Errc::malformed, "this is not a recovery code",
                     "A recovery code is eight groups of four hexadecimal digits."};
    }
    const RecoveryCode code = RecoveryCode::from(*bytes);
    sodium_memzero(bytes->data(), bytes->size());
    return code;
}

Result<Bytes> seal_bundle(const RecoveryCode &code, ByteView content) {
    const auto salt = random_bytes<salt_bytes>();
    const Result<Key> key = key_of(code, salt);
    if (!key) {
        return key.error();
    }
    crypto_secretstream_xchacha20poly1305_state state;
    FixedBytes<header_bytes> header{};
    crypto_secretstream_xchacha20poly1305_init_push(&state, header.data(), key->data());
    ByteWriter writer;
    writer.raw(magic);
    writer.raw(salt);
    writer.raw(header);
    Bytes out = std::move(writer).take();
    const Bytes associated = out;
    out.resize(before_chunk + content.size() + chunk_extra_bytes);
    crypto_secretstream_xchacha20poly1305_push(
        &state, out.data() + before_chunk, nullptr, content.data(), content.size(),
        associated.data(), associated.size(), crypto_secretstream_xchacha20poly1305_TAG_FINAL);
    sodium_memzero(&state, sizeof state);
    return out;
}

Result<Bytes> open_bundle(const RecoveryCode &code, ByteView bundle) {
    if (bundle.size() < before_chunk + chunk_extra_bytes ||
        bundle.size() > limits::secret_file_bytes_max ||
        !std::equal(magic.begin(), magic.end(), bundle.begin())) {
        return Error{Errc::malformed, "this is not a recovery bundle"};
    }
    const Result<Key> key = key_of(code, bundle.subspan(magic.size(), salt_bytes));
    if (!key) {
        return key.error();
    }
    crypto_secretstream_xchacha20poly1305_state state;
    const ByteView header = bundle.subspan(magic.size() + salt_bytes, header_bytes);
    const ByteView chunk = bundle.subspan(before_chunk);
    Bytes out(chunk.size() - chunk_extra_bytes);
    unsigned char tag = 0;
    const bool opened =
        crypto_secretstream_xchacha20poly1305_init_pull(&state, header.data(), key->data()) == 0 &&
        crypto_secretstream_xchacha20poly1305_pull(&state, out.data(), nullptr, &tag, chunk.data(),
                                                   chunk.size(), bundle.data(),
                                                   before_chunk) == 0 &&
        tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    sodium_memzero(&state, sizeof state);
    if (!opened) {
        return Error{Errc::bad_signature, "the recovery code does not open this bundle",
                     "Either it is the code of another bundle, or one of them was mistyped."};
    }
    return out;
}

} // namespace postrider::crypto

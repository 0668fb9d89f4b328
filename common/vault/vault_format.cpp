// Fixed layouts with a checksum: a torn or edited file is told from a good one.
#include "common/vault/vault_format.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/crypto/hash.hpp"

namespace postrider::vault {

namespace {

constexpr FixedBytes<8> secret_magic{'P', 'R', 'S', 'K', 0x01, 0x0d, 0x0a, 0x00};
constexpr FixedBytes<8> state_magic{'P', 'R', 'S', 'T', 0x01, 0x0d, 0x0a, 0x00};
constexpr std::size_t checksum_bytes = 32;
constexpr std::size_t text_bytes_max = 0xffff;

void finish(ByteWriter &writer) {
    writer.raw(crypto::hash256(crypto::label::check, {writer.view()}));
}

// What stands before the checksum, when that fits and the magic is the expected one.
Result<ByteView>
checked_content(ByteView bytes, const FixedBytes<8> &magic, const std::string &what) {
    if (bytes.size() < magic.size() + checksum_bytes ||
        !std::equal(magic.begin(), magic.begin() + 4, bytes.begin())) {
        return Error{Errc::refused, what + " is not a file of Postrider"};
    }
    if (!std::equal(magic.begin(), magic.end(), bytes.begin())) {
        return Error{Errc::unsupported_version, what + " is of another version"};
    }
    const ByteView content = bytes.first(bytes.size() - checksum_bytes);
    const crypto::Hash found = crypto::hash256(crypto::label::check, {content});
    if (!std::equal(found.begin(), found.end(), bytes.last(checksum_bytes).begin())) {
        return Error{Errc::refused, what + " is damaged"};
    }
    return content.subspan(magic.size());
}

Error damaged(const std::string &what) {
    return Error{Errc::refused, what + " is damaged"};
}

} // namespace

Bytes encode_secret(const engine::Secret &secret) {
    ByteWriter writer;
    writer.reserve(limits::secret_file_bytes_max); // never moved, so that no copy stays behind
    writer.raw(secret_magic);
    writer.raw(secret.node);
    writer.raw(secret.master.view());
    writer.u32(secret.ratchet_index);
    writer.raw(secret.ratchet_key.view());
    finish(writer);
    return std::move(writer).take();
}

Result<engine::Secret> parse_secret(ByteView bytes) {
    const Result<ByteView> content = checked_content(bytes, secret_magic, "secret file");
    if (!content) {
        return content.error();
    }
    ByteReader reader{*content};
    engine::Secret secret;
    secret.node = reader.fixed<16>();
    const ByteView master = reader.raw(crypto::Key::size);
    secret.ratchet_index = reader.u32();
    const ByteView ratchet = reader.raw(crypto::Key::size);
    if (!reader.at_end()) {
        return damaged("secret file");
    }
    secret.master = crypto::Key::from(master);
    secret.ratchet_key = crypto::Key::from(ratchet);
    return secret;
}

Result<Bytes> encode_state(const engine::StateFile &state) {
    const Error too_large{Errc::too_large, "state file would exceed its limit"};
    if (state.canonical_path.size() > text_bytes_max) {
        return too_large;
    }
    ByteWriter writer;
    writer.raw(state_magic);
    writer.raw(state.node);
    writer.u64(state.incarnation);
    writer.u64(state.report_counter);
    writer.raw(state.start_token);
    writer.u16(static_cast<std::uint16_t>(state.canonical_path.size()));
    writer.raw(as_bytes(state.canonical_path));
    writer.u64(state.device);
    writer.u64(state.inode);
    writer.u32(static_cast<std::uint32_t>(state.positions.size()));
    for (const auto &[key, position] : state.positions) {
        if (key.size() > text_bytes_max || writer.size() > limits::state_file_bytes_max) {
            return too_large;
        }
        writer.u16(static_cast<std::uint16_t>(key.size()));
        writer.raw(as_bytes(key));
        writer.u64(position);
    }
    if (state.timeline != 0) {
        writer.u64(state.timeline);
    }
    finish(writer);
    if (writer.size() > limits::state_file_bytes_max) {
        return too_large;
    }
    return std::move(writer).take();
}

Result<engine::StateFile> parse_state(ByteView bytes) {
    const Result<ByteView> content = checked_content(bytes, state_magic, "state file");
    if (!content) {
        return content.error();
    }
    ByteReader reader{*content};
    engine::StateFile state;
    state.node = reader.fixed<16>();
    state.incarnation = reader.u64();
    state.report_counter = reader.u64();
    state.start_token = reader.fixed<16>();
    const std::size_t path_bytes = reader.u16();
    state.canonical_path = as_text(reader.raw(path_bytes));
    state.device = reader.u64();
    state.inode = reader.u64();
    const std::uint32_t count = reader.u32();
    for (std::uint32_t index = 0; index < count && reader.ok(); ++index) {
        const std::size_t key_bytes = reader.u16();
        const std::string key{as_text(reader.raw(key_bytes))};
        state.positions[key] = reader.u64();
    }
    if (reader.ok() && !reader.at_end()) {
        state.timeline = reader.u64();
    }
    if (!reader.at_end() || state.positions.size() != count) {
        return damaged("state file");
    }
    return state;
}

} // namespace postrider::vault

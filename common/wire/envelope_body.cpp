// secretstream over 64 KiB chunks: header 24 ‖ { chunk ‖ tag 17 }, FINAL on the last.
#include "common/wire/envelope_body.hpp"

#include <algorithm>
#include <bit>

namespace postrider::wire {

namespace {

constexpr std::size_t header_bytes = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t chunk_tag_bytes = crypto_secretstream_xchacha20poly1305_ABYTES;
static_assert(header_bytes == 24 && chunk_tag_bytes == 17);

constexpr std::uint8_t tag_message = 0; // crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
constexpr std::uint8_t tag_final = 3;   // crypto_secretstream_xchacha20poly1305_TAG_FINAL

crypto::Key stream_key(const ContentKey &content_key) {
    return crypto::derive<32>(crypto::label::body, content_key.view(), {});
}

crypto::Hash context_hash(const BodyContext &context) {
    ByteWriter rest;
    rest.u32(context.stream);
    rest.u64(context.incarnation);
    rest.u64(context.number);
    return crypto::hash256(crypto::label::context, {context.sender, rest.view()});
}

// An empty plaintext still has its final chunk.
std::size_t chunk_count(std::size_t plaintext_bytes) {
    return std::max<std::size_t>(1, (plaintext_bytes + body_chunk_bytes - 1) / body_chunk_bytes);
}

// Wiped when it goes.
struct Stream {
    crypto_secretstream_xchacha20poly1305_state state{};

    Stream() = default;
    Stream(const Stream &) = delete;
    Stream &operator=(const Stream &) = delete;

    ~Stream() { sodium_memzero(&state, sizeof state); }
};

} // namespace

std::size_t sealed_body_bytes(std::size_t plaintext_bytes) {
    return header_bytes + plaintext_bytes + chunk_count(plaintext_bytes) * chunk_tag_bytes;
}

Result<Bytes>
seal_body(const ContentKey &content_key, const BodyContext &context, ByteView plaintext) {
    if (plaintext.size() > limits::body_bytes_max ||
        sealed_body_bytes(plaintext.size()) > limits::body_bytes_max) {
        return Error{Errc::too_large,
                     "body of " + std::to_string(plaintext.size()) + " bytes exceeds the limit"};
    }
    const crypto::Hash associated = context_hash(context);
    Bytes out(sealed_body_bytes(plaintext.size()));
    Stream stream;
    crypto_secretstream_xchacha20poly1305_init_push(&stream.state, out.data(),
                                                    stream_key(content_key).data());
    std::uint8_t *target = out.data() + header_bytes;
    for (std::size_t chunk = 0; chunk < chunk_count(plaintext.size()); ++chunk) {
        const std::size_t begin = chunk * body_chunk_bytes;
        const std::size_t size = std::min(body_chunk_bytes, plaintext.size() - begin);
        const bool is_last = begin + size == plaintext.size();
        crypto_secretstream_xchacha20poly1305_push(
            &stream.state, target, nullptr, plaintext.data() + begin, size, associated.data(),
            associated.size(), is_last ? tag_final : tag_message);
        target += size + chunk_tag_bytes;
    }
    return out;
}

Result<Bytes> open_body(const ContentKey &content_key, const BodyContext &context, ByteView body) {
    if (body.size() > limits::body_bytes_max) {
        return Error{Errc::too_large,
                     "body of " + std::to_string(body.size()) + " bytes exceeds the limit"};
    }
    const Error altered{Errc::bad_signature, "envelope body was altered or cut short"};
    if (body.size() < sealed_body_bytes(0)) {
        return altered;
    }
    const crypto::Hash associated = context_hash(context);
    Stream stream;
    crypto_secretstream_xchacha20poly1305_init_pull(&stream.state, body.data(),
                                                    stream_key(content_key).data());
    Bytes out(body.size());
    std::size_t written = 0;
    for (ByteView rest = body.subspan(header_bytes); !rest.empty();) {
        const ByteView chunk =
            rest.first(std::min(rest.size(), body_chunk_bytes + chunk_tag_bytes));
        rest = rest.subspan(chunk.size());
        // Nothing but an empty plaintext has an empty chunk.
        if (chunk.size() < chunk_tag_bytes || (chunk.size() == chunk_tag_bytes && written > 0)) {
            return altered;
        }
        std::uint8_t tag = 0;
        if (crypto_secretstream_xchacha20poly1305_pull(&stream.state, out.data() + written, nullptr,
                                                       &tag, chunk.data(), chunk.size(),
                                                       associated.data(), associated.size()) != 0 ||
            tag != (rest.empty() ? tag_final : tag_message)) {
            return altered;
        }
        written += chunk.size() - chunk_tag_bytes;
    }
    out.resize(written);
    return out;
}

std::size_t padme(std::size_t bytes) {
    constexpr std::size_t floor_bytes = 256;
    if (bytes <= floor_bytes) {
        return floor_bytes;
    }
    const auto exponent = static_cast<std::size_t>(std::bit_width(bytes)) - 1;
    const auto significant = static_cast<std::size_t>(std::bit_width(exponent));
    const std::size_t mask = (std::size_t{1} << (exponent - significant)) - 1;
    return (bytes + mask) & ~mask;
}

std::size_t padded_to_step(std::size_t bytes) {
    constexpr std::size_t step = 4096;
    return (bytes + step - 1) / step * step;
}

} // namespace postrider::wire

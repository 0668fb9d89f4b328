// Bytes with the layout of an envelope and otherwise without meaning, the same for the same seed:
// the corpus in tests/unit/mail/corpus carries them.
#pragma once

#include "common/base/bytes.hpp"

namespace postrider::testing {

inline constexpr std::size_t pretended_head_bytes = 80 + 64 + 104;

/// One recipient, unsplit, a body of at least 150 bytes that begins with what gateways love to
/// change.
inline Bytes pretended_envelope(std::uint32_t body_bytes, std::uint64_t seed) {
    Bytes envelope(pretended_head_bytes + body_bytes);
    std::uint64_t state = seed;
    for (std::uint8_t &byte : envelope) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        byte = static_cast<std::uint8_t>(state >> 56U);
    }
    const auto put = [&](std::size_t at, std::string_view text) {
        std::copy(text.begin(), text.end(), envelope.begin() + static_cast<std::ptrdiff_t>(at));
    };
    put(0, std::string_view("PRDR\x01\r\n\0\x01\x01\0\x68", 12));
    ByteWriter length;
    length.u32(body_bytes);
    put(12, as_text(length.view()));
    put(pretended_head_bytes + 100, std::string_view("\r\nA\nB\rC\0--x\r\n.\r\nFrom here\r\n", 27));
    return envelope;
}

} // namespace postrider::testing

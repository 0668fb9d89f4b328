// Bytes as printable text and back: hexadecimal, base64 (RFC 4648 section 4), base64url (section 5,
// no padding) and base32 (section 6, lower case, no padding). Decoders are strict: one text for one
// byte string.
#pragma once

#include <string>
#include <string_view>

#include "common/base/bytes.hpp"

namespace postrider {

std::string to_hex(ByteView bytes);
Result<Bytes> from_hex(std::string_view text);

std::string to_base64(ByteView bytes);
/// The same, added to a text.
void append_base64(ByteView bytes, std::string &text);

/// How long that is, padding included.
constexpr std::size_t base64_digits_of(std::size_t bytes) {
    return (bytes + 2) / 3 * 4;
}

/// The same, to where there is room for it; gives where it ends.
char *write_base64(ByteView bytes, char *to);
Result<Bytes> from_base64(std::string_view text);

std::string to_base64url(ByteView bytes);
Result<Bytes> from_base64url(std::string_view text);

std::string to_base32(ByteView bytes);

} // namespace postrider

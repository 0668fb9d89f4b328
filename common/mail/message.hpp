// Writes the mail that carries one part (docs/protocol.md, "Mail container"): multipart/mixed of a
// few lines for humans and a base64 octet-stream. 7-bit, CRLF, no line above 76 columns, no text of
// a peer in any header. Reading is mail/extract.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"

namespace postrider::mail {

/// Stands in From and To on paths that know no mail addresses, such as a shared maildir.
inline constexpr std::string_view neutral_address = "postrider@localhost.invalid";
inline constexpr std::string_view default_subject_prefix = "[postrider]";

/// Fresh for every transmission, a repeated one too: systems on the way drop what they think they
/// have seen by its Message-ID. Shown to the world, so never bytes that anything secret depends on.
using MessageToken = FixedBytes<48>;

struct Message {
    std::string from = std::string(neutral_address);
    std::string to = std::string(neutral_address);
    std::string subject_prefix = std::string(default_subject_prefix);
    Timestamp date{};
    MessageToken token{};
    ByteView envelope; // borrowed during write_message only
};

/// The whole mail as it is put on the wire or into a file. Fails as check_address and
/// check_subject_prefix do, and with `too_large` above `limits::mail_bytes_max`.
Result<std::string> write_message(const Message &message);

/// The size of the mail around `envelope_bytes` bytes, at most: exact but for the lengths of the
/// addresses and the prefix, which are taken at their maxima.
std::size_t message_bytes_max_for(std::size_t envelope_bytes);

/// The largest envelope whose mail is sure to stay within `mail_bytes`; 0 when none does.
std::size_t envelope_bytes_max_for(std::size_t mail_bytes);

} // namespace postrider::mail

// What of the lines of a login tells why it failed: whether it was begun at all, and what the
// server said to it before the refusal.
#pragma once

#include <string_view>

namespace postrider::network {

/// Whether a command of ours (SMTP's AUTH; IMAP's AUTHENTICATE and LOGIN, behind a tag; POP3's
/// AUTH, APOP and USER) begins a login.
bool begins_login(std::string_view command);

/// The base64 of a challenge: behind SMTP's 334 (RFC 4954), and the + of IMAP and POP3. Empty in
/// other lines.
std::string_view challenge_in(std::string_view line);

} // namespace postrider::network

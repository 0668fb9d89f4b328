// Mail addresses and the other texts of ours that stand in mail headers: one strict checker each,
// with reasons. Nothing that was not checked here may be put into a header.
#pragma once

#include <string_view>

#include "common/base/result.hpp"

namespace postrider::mail {

/// Succeeds for `local@domain` with a dot-atom local part (RFC 5321 section 4.1.2, no quoted
/// strings) of at most 64 bytes and a domain of letters, digits and hyphens (RFC 1123), together at
/// most `limits::mail_address_bytes_max` ASCII bytes. The error (`malformed`, `too_large`) quotes
/// the address in printable form.
Result<void> check_address(std::string_view address);

/// What follows the '@' of a checked address.
std::string_view domain_of(std::string_view address);

/// Succeeds for at most `limits::mail_subject_prefix_bytes_max` printable ASCII characters that
/// neither begin nor end with a blank. Empty is allowed: no prefix.
Result<void> check_subject_prefix(std::string_view prefix);

} // namespace postrider::mail

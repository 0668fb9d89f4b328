// Why a mail came back, told from an enhanced status code (RFC 3463) and from what servers write.
#pragma once

#include <string>
#include <string_view>

#include "common/mail/bounce.hpp"

namespace postrider::mail {

/// The first enhanced status code in a text: class 2, 4 or 5, two numbers of at most 3 digits.
/// Empty when there is none.
std::string status_in(std::string_view text);

/// A status that says something goes before words: 5.0.0 and the like do not.
BounceReason bounce_reason(std::string_view status, std::string_view text);

} // namespace postrider::mail

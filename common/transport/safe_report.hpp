// Texts of the network process as they may be stored and shown: cut, and without control
// characters.
#pragma once

#include "common/base/result.hpp"
#include "common/mail/bounce.hpp"
#include "common/transport/network_messages.hpp"

namespace postrider::transport {

inline constexpr std::size_t safe_text_bytes_max = 1000;

Error made_safe(const Error &error);
/// No more of names and recipients than limits::bounce_names_max and bounce_recipients_max.
mail::Bounce made_safe(const BounceArrived &said);

} // namespace postrider::transport

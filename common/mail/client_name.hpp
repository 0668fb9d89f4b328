// What a machine may call itself in EHLO: RFC 5321 section 4.1.1.1.
#pragma once

#include <string_view>

namespace postrider::mail {

/// With a domain, as others know the machine. "localhost.localdomain" is everybody's.
bool is_full_domain_name(std::string_view name);

/// "[192.0.2.7]" or "[IPv6:2001:db8::7]" (section 4.1.3).
bool is_address_literal(std::string_view name);

} // namespace postrider::mail

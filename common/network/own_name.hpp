// What this machine calls itself in EHLO: its full name where it has one, else the address of its
// own end as RFC 5321 section 4.1.3 writes it.
#pragma once

#include <string>

namespace postrider::network {

/// The name of the host where it is fully qualified; else empty.
std::string own_full_name();

/// "[192.0.2.7]" or "[IPv6:2001:db8::7]": the own end of a socket. "[127.0.0.1]" where the socket
/// has no address.
std::string address_literal(int socket);

/// The address from which the machine sends to others. For the EHLO that libcurl says: of its
/// connection nothing is known before.
std::string outward_address_literal();

} // namespace postrider::network

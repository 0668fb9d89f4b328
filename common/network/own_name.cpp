// gethostname(2) and getsockname(2): nothing here asks a resolver, which could take long.
#include "common/network/own_name.hpp"

#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mail/client_name.hpp"

namespace postrider::network {

namespace {

constexpr const char *loopback = "[127.0.0.1]";

std::string literal_of(const sockaddr_storage &address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET) {
        sockaddr_in four{};
        std::memcpy(&four, &address, sizeof four);
        ::inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
        return "[" + std::string{text.data()} + "]";
    }
    if (address.ss_family != AF_INET6) {
        return loopback;
    }
    sockaddr_in6 six{};
    std::memcpy(&six, &address, sizeof six);
    if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
        ::inet_ntop(AF_INET, &six.sin6_addr.s6_addr[12], text.data(), text.size());
        return "[" + std::string{text.data()} + "]";
    }
    ::inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
    return "[IPv6:" + std::string{text.data()} + "]";
}

/// From where a datagram to this address would leave; none is sent.
std::string literal_towards(const sockaddr *there, socklen_t size) {
    const int socket = ::socket(there->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) {
        return {};
    }
    const bool has_route = ::connect(socket, there, size) == 0;
    std::string literal = has_route ? address_literal(socket) : std::string{};
    ::close(socket);
    return literal;
}

} // namespace

std::string own_full_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) {
        return {};
    }
    std::string text{name.data()};
    return mail::is_full_domain_name(text) ? text : std::string{};
}

std::string address_literal(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as the call wants it
    const bool is_known = ::getsockname(socket, reinterpret_cast<sockaddr *>(&address), &size) == 0;
    return is_known ? literal_of(address) : loopback;
}

std::string outward_address_literal() {
    // Addresses of RFC 5737 and RFC 3849, which are nobody's: the usual route leads there.
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(25);
    ::inet_pton(AF_INET, "192.0.2.1", &four.sin_addr);
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(25);
    ::inet_pton(AF_INET6, "2001:db8::1", &six.sin6_addr);
    // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): as the call wants it
    std::string literal = literal_towards(reinterpret_cast<const sockaddr *>(&four), sizeof four);
    if (literal.empty()) {
        literal = literal_towards(reinterpret_cast<const sockaddr *>(&six), sizeof six);
    }
    // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
    return literal.empty() ? loopback : literal;
}

} // namespace postrider::network

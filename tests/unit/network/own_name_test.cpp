// What EHLO says of a machine.
#include <cstring>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mail/client_name.hpp"
#include "common/network/own_name.hpp"
#include "common/transport/smtp_dialogue.hpp"

namespace postrider::network {
namespace {

std::string literal_of_socket_at(const char *address) {
    sockaddr_in6 six{};
    sockaddr_in four{};
    const bool is_ipv6 = ::inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
    ::inet_pton(AF_INET, address, &four.sin_addr);
    six.sin6_family = AF_INET6;
    four.sin_family = AF_INET;
    sockaddr_storage own{};
    std::memcpy(&own, is_ipv6 ? static_cast<void *>(&six) : &four,
                is_ipv6 ? sizeof six : sizeof four);
    const int socket = ::socket(own.ss_family, SOCK_STREAM, 0);
    const int bound = ::bind(socket, reinterpret_cast<const sockaddr *>(&own),
                             is_ipv6 ? sizeof six : sizeof four);
    std::string literal = bound == 0 ? address_literal(socket) : "cannot be bound";
    ::close(socket);
    return literal;
}

TEST(OwnName, IsTheAddressOfTheOwnEndOfASocket) {
    EXPECT_EQ(literal_of_socket_at("127.0.0.2"), "[127.0.0.2]");
    EXPECT_EQ(literal_of_socket_at("::ffff:127.0.0.2"), "[127.0.0.2]");
    if (const std::string six = literal_of_socket_at("::1"); six != "cannot be bound") {
        EXPECT_EQ(six, "[IPv6:::1]");
    }
}

TEST(OwnName, IsThatOfThisMachineWhereASocketHasNoAddress) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(address_literal(socket), "[127.0.0.1]");
    ::close(socket);
    EXPECT_EQ(address_literal(-1), "[127.0.0.1]");
}

TEST(OwnName, OfNoConnectionIsAnAddressThatEhloMaySay) {
    const std::string outward = outward_address_literal();
    transport::SmtpDialogue dialogue(outward);
    EXPECT_EQ(as_text(dialogue.output(1000)), "EHLO " + outward + "\r\n");
}

TEST(OwnName, IsEmptyOrFull) {
    const std::string name = own_full_name();
    EXPECT_TRUE(name.empty() || mail::is_full_domain_name(name)) << name;
}

} // namespace
} // namespace postrider::network

// Letters, digits and hyphens (RFC 5321 section 4.1.2), and addresses as inet_pton(3) reads them.
#include "common/mail/client_name.hpp"

#include <array>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace postrider::mail {

bool is_full_domain_name(std::string_view name) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    if (name.size() > 253 || name.starts_with("localhost.")) {
        return false;
    }
    std::size_t labels = 0;
    std::string_view last;
    for (std::string_view rest = name; ++labels; rest.remove_prefix(last.size() + 1)) {
        last = rest.substr(0, rest.find('.'));
        if (last.empty() || last.size() > 63 || last.front() == '-' || last.back() == '-' ||
            last.find_first_not_of(letters) != std::string_view::npos) {
            return false;
        }
        if (last.size() == rest.size()) {
            break;
        }
    }
    // A last label of digits is that of an address.
    return labels > 1 && last.find_first_not_of("0123456789") != std::string_view::npos;
}

bool is_address_literal(std::string_view name) {
    constexpr std::string_view ipv6_tag = "IPv6:";
    if (name.size() > 64 || !name.starts_with('[') || !name.ends_with(']')) {
        return false;
    }
    name = name.substr(1, name.size() - 2);
    const bool is_ipv6 = name.starts_with(ipv6_tag);
    name.remove_prefix(is_ipv6 ? ipv6_tag.size() : 0);
    if (name.find('\0') != std::string_view::npos) {
        return false;
    }
    std::array<std::uint8_t, sizeof(in6_addr)> address{};
    return ::inet_pton(is_ipv6 ? AF_INET6 : AF_INET, std::string{name}.c_str(), address.data()) ==
           1;
}

} // namespace postrider::mail

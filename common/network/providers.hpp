// Mail providers whose servers are known beforehand, and the rule which servers may be used that
// were found: those within the mail domain, and those of these providers.
#pragma once

#include <optional>
#include <string_view>

namespace postrider::network {

/// As a task text names them.
struct ProviderServers {
    std::string_view receive;
    std::string_view send;
};

/// Of mailboxes at this domain, in lower case.
std::optional<ProviderServers> provider_servers(std::string_view domain);

/// What DNS and autoconfig say is not authenticated (RFC 6186 section 6), and what they name gets
/// the password: a server elsewhere is for people to write down. All in lower case.
bool may_be_found(std::string_view host, std::string_view domain);

} // namespace postrider::network

// As their help pages say in 2026.
#include "common/network/providers.hpp"

#include <algorithm>
#include <array>

#include "common/mail/server_url.hpp"

namespace postrider::network {

namespace {

struct Provider {
    std::string_view domains; // divided by blanks
    ProviderServers servers;
};

constexpr std::array<Provider, 12> providers{{
    {"gmail.com googlemail.com", {"imaps://imap.gmail.com", "smtps://smtp.gmail.com"}},
    {"fastmail.com fastmail.fm", {"imaps://imap.fastmail.com", "smtps://smtp.fastmail.com"}},
    {"gmx.net gmx.de gmx.at gmx.ch", {"imaps://imap.gmx.net", "smtps://mail.gmx.net"}},
    {"gmx.com", {"imaps://imap.gmx.com", "smtps://mail.gmx.com"}},
    {"web.de", {"imaps://imap.web.de", "smtps://smtp.web.de"}},
    {"posteo.de posteo.net", {"imaps://posteo.de", "smtps://posteo.de"}},
    {"mailbox.org", {"imaps://imap.mailbox.org", "smtps://smtp.mailbox.org"}},
    {"outlook.com hotmail.com live.com msn.com",
     {"imaps://outlook.office365.com", "smtp://smtp-mail.outlook.com"}},
    {"onmicrosoft.com", {"imaps://outlook.office365.com", "smtp://smtp.office365.com"}},
    {"icloud.com me.com mac.com", {"imaps://imap.mail.me.com", "smtp://smtp.mail.me.com"}},
    {"yahoo.com ymail.com", {"imaps://imap.mail.yahoo.com", "smtps://smtp.mail.yahoo.com"}},
    {"aol.com", {"imaps://imap.aol.com", "smtps://smtp.aol.com"}},
}};

bool has_word(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        if (words.substr(0, end) == word) {
            return true;
        }
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

bool is_host_of(std::string_view url, std::string_view host) {
    const Result<mail::ServerUrl> parsed = mail::parse_server_url(url);
    return parsed && parsed->host == host;
}

} // namespace

std::optional<ProviderServers> provider_servers(std::string_view domain) {
    for (const Provider &provider : providers) {
        if (has_word(provider.domains, domain)) {
            return provider.servers;
        }
    }
    return std::nullopt;
}

bool may_be_found(std::string_view host, std::string_view domain) {
    const bool is_within = host.size() > domain.size() && host.ends_with(domain) &&
                           host[host.size() - domain.size() - 1] == '.';
    return host == domain || is_within ||
           std::any_of(providers.begin(), providers.end(), [&](const Provider &provider) {
               return is_host_of(provider.servers.receive, host) ||
                      is_host_of(provider.servers.send, host);
           });
}

} // namespace postrider::network

// Which servers may be used that were found.
#include <gtest/gtest.h>

#include "common/mail/server_url.hpp"
#include "common/network/providers.hpp"

namespace postrider::network {
namespace {

TEST(Providers, AreKnownByTheirDomains) {
    ASSERT_TRUE(provider_servers("googlemail.com"));
    EXPECT_EQ(provider_servers("googlemail.com")->receive, "imaps://imap.gmail.com");
    EXPECT_FALSE(provider_servers("mail.com"));
    EXPECT_FALSE(provider_servers(""));
    for (const char *domain :
         {"gmail.com", "fastmail.com", "gmx.net", "gmx.com", "web.de", "posteo.de", "mailbox.org",
          "outlook.com", "onmicrosoft.com", "icloud.com", "yahoo.com", "aol.com"}) {
        const auto servers = provider_servers(domain);
        ASSERT_TRUE(servers) << domain;
        EXPECT_TRUE(mail::parse_server_url(servers->receive)) << domain;
        EXPECT_TRUE(mail::parse_server_url(servers->send)) << domain;
    }
}

TEST(Providers, OnlyTheDomainAndTheirServersMayBeFound) {
    for (const char *host : {"example.org", "mail.example.org", "a.b.example.org", "imap.gmail.com",
                             "smtp.office365.com"}) {
        EXPECT_TRUE(may_be_found(host, "example.org")) << host;
    }
    for (const char *host : {"", "org", "notexample.org", "example.org.evil.example", "gmail.com",
                             "evil.imap.gmail.com", "mail.example.com"}) {
        EXPECT_FALSE(may_be_found(host, "example.org")) << host;
    }
}

} // namespace
} // namespace postrider::network

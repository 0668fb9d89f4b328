// Addresses of mail servers: what they say, and what is refused.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/mail/server_url.hpp"

namespace postrider::mail {
namespace {

ServerUrl read(std::string_view url) {
    const Result<ServerUrl> parsed = parse_server_url(url);
    EXPECT_TRUE(parsed.has_value()) << url << ": " << (parsed ? "" : parsed.error().message);
    return parsed ? *parsed : ServerUrl{};
}

std::string complaint(std::string_view url) {
    const Result<ServerUrl> parsed = parse_server_url(url);
    return parsed ? "none" : parsed.error().message;
}

TEST(ServerUrl, SaysProtocolEncryptionAndPort) {
    EXPECT_EQ(read("imaps://mail.example"),
              (ServerUrl{Protocol::imap, Encryption::tls, "mail.example", 993, ""}));
    EXPECT_EQ(read("smtps://mail.example"),
              (ServerUrl{Protocol::smtp, Encryption::tls, "mail.example", 465, ""}));
    EXPECT_EQ(read("pop3s://mail.example/"),
              (ServerUrl{Protocol::pop3, Encryption::tls, "mail.example", 995, ""}));
    EXPECT_EQ(read("SMTP://Mail.Example:2525"),
              (ServerUrl{Protocol::smtp, Encryption::starttls, "mail.example", 2525, ""}));
    EXPECT_EQ(read("imap://192.0.2.1"),
              (ServerUrl{Protocol::imap, Encryption::starttls, "192.0.2.1", 143, ""}));
    EXPECT_EQ(read("pop3://[2001:DB8::25]:1110"),
              (ServerUrl{Protocol::pop3, Encryption::starttls, "2001:db8::25", 1110, ""}));
}

TEST(ServerUrl, IsInClearOnlyInSoManyWords) {
    EXPECT_EQ(read("smtp://localhost:25?encryption=none").encryption, Encryption::none);
    EXPECT_NE(complaint("smtps://localhost?encryption=none"), "none");
    EXPECT_NE(complaint("smtp://localhost?encryption=no"), "none");
    EXPECT_NE(complaint("smtp://localhost?"), "none");
}

TEST(ServerUrl, MayGoThroughAProxy) {
    ServerUrl url = read("imaps://mail.example/box?proxy=socks5h://Proxy.example");
    EXPECT_EQ(url.folder, "box");
    EXPECT_EQ(url.proxy, (Proxy{Proxy::Kind::socks5, "proxy.example", 1080}));
    url = read("smtp://mail.example?proxy=http://[2001:db8::1]:8080&encryption=none");
    EXPECT_EQ(url.proxy, (Proxy{Proxy::Kind::http, "2001:db8::1", 8080}));
    EXPECT_EQ(url.encryption, Encryption::none);
    EXPECT_EQ(read("imaps://mail.example?proxy=HTTP://p").proxy->port, 3128);
    for (const std::string_view proxy :
         {"", "p", "p:1080", "socks5h://", "socks5h://:1080", "socks5h://p:0", "socks5h://p/",
          "socks5://p", "socks4a://p", "https://p", "socks5h://p&", "socks5h://p&proxy=http://p"}) {
        EXPECT_NE(complaint("imaps://mail.example?proxy=" + std::string{proxy}), "none") << proxy;
    }
}

TEST(ServerUrl, NamesTheUserOfAProxyAndTheFileOfItsPassword) {
    const ServerUrl url =
        read("imaps://mail.example?proxy=socks5h://an%40na%3A@p&proxy_password=p.password");
    EXPECT_EQ(url.proxy, (Proxy{Proxy::Kind::socks5, "p", 1080, "an@na:"}));
    EXPECT_EQ(url.proxy_password, "p.password");
    EXPECT_EQ(to_text(url), "imaps://mail.example:993?proxy=socks5h://p:1080");
    EXPECT_EQ(read("smtp://m?proxy_password=a&proxy=http://u@[::1]:8080").proxy,
              (Proxy{Proxy::Kind::http, "::1", 8080, "u"}));
    for (const std::string_view query :
         {"proxy=http://u@p", "proxy=http://p&proxy_password=a", "proxy_password=a",
          "proxy=http://@p&proxy_password=a", "proxy=http://%0a@p&proxy_password=a",
          "proxy=http://u@&proxy_password=a", "proxy=http://u@p&proxy_password=a/b"}) {
        EXPECT_NE(complaint("imaps://mail.example?" + std::string{query}), "none") << query;
    }
    const std::string longest(255, 'u');
    const auto with = [](const std::string &user) {
        return "imaps://mail.example?proxy=http://" + user + "@p&proxy_password=a";
    };
    EXPECT_EQ(complaint(with(longest)), "none");
    EXPECT_NE(complaint(with(longest + "u")), "none");
}

TEST(ServerUrl, RefusesThePasswordOfAProxy) {
    for (const std::string_view login : {"anna:geheim", "anna:ge@heim", "anna:", "anna@x"}) {
        const Result<ServerUrl> parsed =
            parse_server_url("imaps://mail.example?proxy=http://" + std::string{login} + "@p:3128");
        ASSERT_FALSE(parsed.has_value());
        EXPECT_EQ(parsed.error().code, Errc::refused);
        EXPECT_EQ(parsed.error().message, "the address of a proxy holds a password");
        EXPECT_NE(parsed.error().hint.find("proxy_password=FILE"), std::string::npos);
    }
}

TEST(ServerUrl, NamesTheFilesOfACertificate) {
    ServerUrl url = read("imaps://mail.example/box?certificate=main.pem");
    EXPECT_EQ(url.certificate, "main.pem");
    EXPECT_EQ(url.key, "");
    url = read("smtp://mail.example?key=a%20b.key&proxy=http://p&certificate=a%20b.pem");
    EXPECT_EQ(url.certificate, "a b.pem");
    EXPECT_EQ(url.key, "a b.key");
    EXPECT_EQ(to_text(url), "smtp://mail.example:587?proxy=http://p:3128");
    for (const std::string_view query :
         {"certificate=", "certificate=.", "certificate=..", "certificate=a/b",
          "certificate=/etc/a.pem", "certificate=a%2fb", "certificate=%0a", "certificate=%f",
          "certificate=a&certificate=b", "certificate=a&key=", "certificate=a&key=b&key=c",
          "certificate", "Certificate=a"}) {
        EXPECT_NE(complaint("imaps://mail.example?" + std::string{query}), "none") << query;
    }
    EXPECT_NE(complaint("imaps://mail.example?key=a").find("a key without a certificate"),
              std::string::npos);
    EXPECT_NE(complaint("imap://mail.example?encryption=none&certificate=a").find("within TLS"),
              std::string::npos);
    const std::string longest(limits::name_bytes_max, 'a');
    EXPECT_EQ(complaint("imaps://mail.example?certificate=" + longest), "none");
    EXPECT_NE(complaint("imaps://mail.example?certificate=" + longest + "a"), "none");
}

TEST(ServerUrl, SaysANameInTheGreetingOfSmtp) {
    for (const std::string_view name :
         {"till7.shop.example", "[192.0.2.7]", "[IPv6:2001:db8::7]", "[IPv6:::1]"}) {
        EXPECT_EQ(read("smtps://mail.example?greeting=" + std::string{name}).greeting, name);
    }
    EXPECT_EQ(to_text(read("smtp://mail.example?greeting=a.b&proxy=http://p")),
              "smtp://mail.example:587?proxy=http://p:3128");
    for (const std::string_view name :
         {"", "till7", "localhost.localdomain", "a..b", "-a.b", "a.b.", "a b.c", "a.b%0d",
          "192.0.2.7", "[192.0.2]", "[192.0.2.256]", "[2001:db8::7]", "[IPv6:192.0.2.7]",
          "[IPv6:2001::db8::7]", "[]", "[192.0.2.7", "a.b&greeting=c.d"}) {
        EXPECT_NE(complaint("smtps://mail.example?greeting=" + std::string{name}), "none") << name;
    }
    EXPECT_NE(complaint("imaps://mail.example?greeting=a.b").find("only SMTP"), std::string::npos);
    const std::string label(61, 'a');
    const std::string longest =
        label + "." + label + "." + label + "." + label + ".aaa.a"; // 253 letters
    EXPECT_EQ(complaint("smtps://mail.example?greeting=" + longest), "none");
    EXPECT_NE(complaint("smtps://mail.example?greeting=" + longest + "a"), "none");
}

TEST(ServerUrl, NamesAFolderOfImap) {
    EXPECT_EQ(read("imaps://mail.example/Sync%20%C3%BC").folder, "Sync ü");
    EXPECT_EQ(read("imaps://mail.example/a/b").folder, "a/b");
    EXPECT_NE(complaint("imaps://mail.example/%0d"), "none");
    EXPECT_NE(complaint("imaps://mail.example/%f"), "none");
    EXPECT_NE(complaint("imaps://mail.example/%ff"), "none");
    EXPECT_NE(complaint("pop3s://mail.example/x"), "none");
}

TEST(ServerUrl, RefusesUsersAndPasswords) {
    const Result<ServerUrl> parsed = parse_server_url("imaps://anna:geheim@mail.example");
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().code, Errc::refused);
    EXPECT_EQ(parsed.error().message.find("geheim"), std::string::npos);
}

TEST(ServerUrl, RefusesWhatNobodyCanConnectTo) {
    for (const std::string_view url :
         {"", "mail.example", "http://mail.example", "imaps:/mail.example", "imaps://",
          "imaps://:993", "imaps://mail.example:0", "imaps://mail.example:65536",
          "imaps://mail.example:", "imaps://mail.example:9x", "imaps://-mail.example",
          "imaps://.mail.example", "imaps://mail..example", "imaps://mail example",
          "imaps://m\xc3\xa4il.example", "imaps://[::1", "imaps://[]", "imaps://[::1]993",
          "imaps://[mail.example]"}) {
        EXPECT_NE(complaint(url), "none") << url;
    }
    EXPECT_NE(complaint("imaps://" + std::string(1000, 'a')), "none");
}

TEST(ServerUrl, IsWrittenAsItIsRead) {
    for (const std::string_view url :
         {"imaps://mail.example:993", "smtp://mail.example:587", "pop3://[::1]:110",
          "smtp://localhost:2525?encryption=none", "imaps://[::1]:993?proxy=http://[::2]:3128",
          "smtp://m.example:25?encryption=none&proxy=socks5h://p.example:1080"}) {
        EXPECT_EQ(to_text(read(url)), url);
    }
}

} // namespace
} // namespace postrider::mail

// What is understood of autoconfig files.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/network/autoconfig.hpp"

namespace postrider::network {
namespace {

std::string names(const std::string &text) {
    const AutoconfigServers servers = read_autoconfig(text, "example.org");
    std::string out;
    for (const mail::ServerUrl &url : servers.receive) {
        out += mail::to_text(url) + " ";
    }
    out += "|";
    for (const mail::ServerUrl &url : servers.send) {
        out += " " + mail::to_text(url);
    }
    return out;
}

std::string server(const std::string &element,
                   const std::string &type,
                   const std::string &host,
                   const std::string &port,
                   const std::string &socket) {
    return "<" + element + " type=\"" + type + "\">\n <hostname>" + host + "</hostname>\n <port>" +
           port + "</port>\n <socketType>" + socket + "</socketType>\n</" + element + ">\n";
}

TEST(Autoconfig, NamesServersInTheOrderOfTheFile) {
    EXPECT_EQ(names("<?xml version=\"1.0\"?><clientConfig version='1.1'><emailProvider id='x'>" +
                    server("incomingServer", "imap", "Imap.example.org", "993", "SSL") +
                    server("incomingServer", "pop3", " pop.example.org ", "110", "STARTTLS") +
                    server("outgoingServer", "smtp", "smtp.%EMAILDOMAIN%", "587", "STARTTLS") +
                    "</emailProvider></clientConfig>"),
              "imaps://imap.example.org:993 pop3://pop.example.org:110 "
              "| smtp://smtp.example.org:587");
}

TEST(Autoconfig, LeavesOutWhatHasNoTlsOrIsNoServer) {
    EXPECT_EQ(names(server("incomingServer", "imap", "a.example.org", "143", "plain") +
                    server("incomingServer", "exchange", "a.example.org", "443", "SSL") +
                    server("incomingServer", "smtp", "a.example.org", "465", "SSL") +
                    server("outgoingServer", "imap", "a.example.org", "993", "SSL") +
                    server("outgoingServer", "smtp", "a.example.org", "0", "SSL") +
                    server("outgoingServer", "smtp", "u@a.example.org", "465", "SSL") +
                    server("outgoingServer", "smtp", "a.example.org/x?encryption=none", "465",
                           "STARTTLS") +
                    server("outgoingServers", "smtp", "a.example.org", "465", "SSL") + "<!--" +
                    server("outgoingServer", "smtp", "a.example.org", "465", "SSL") + "-->"),
              "|");
}

TEST(Autoconfig, GivesNothingForOtherTexts) {
    const std::string whole = server("incomingServer", "imap", "a.example.org", "993", "SSL");
    for (std::size_t size = 0; size + 16 < whole.size(); ++size) {
        EXPECT_EQ(names(whole.substr(0, size)), "|") << size;
    }
    for (const char *text : {"", "<html><body>404</body></html>", "<incomingServer>", "<!--",
                             "<incomingServer type=imap></incomingServer>"}) {
        EXPECT_EQ(names(text), "|") << text;
    }
}

TEST(Autoconfig, NamesNoMoreServersThanTheLimit) {
    std::string text;
    for (std::size_t count = 0; count < limits::found_servers_max + 1; ++count) {
        text += server("incomingServer", "imap", "a.example.org", "993", "SSL");
    }
    EXPECT_EQ(read_autoconfig(text, "example.org").receive.size(), limits::found_servers_max);
}

} // namespace
} // namespace postrider::network

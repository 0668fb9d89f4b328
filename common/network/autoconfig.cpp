//   <incomingServer type="imap">                    or pop3; <outgoingServer type="smtp">
//     <hostname>mail.example</hostname>
//     <port>993</port>
//     <socketType>SSL</socketType>                  or STARTTLS
//     …
//   </incomingServer>
#include "common/network/autoconfig.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "common/base/limits.hpp"

namespace postrider::network {

namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string without_comments(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t begin = std::min(text.find("<!--"), text.size());
        out += text.substr(0, begin);
        text.remove_prefix(begin);
        const std::size_t end = text.find("-->");
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 3);
    }
    return out;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(blanks);
    return begin == std::string_view::npos
               ? std::string_view{}
               : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

struct Element {
    std::string_view attributes;
    std::string_view content;
};

/// The next one of that name; `rest` goes on behind it.
std::optional<Element> take_element(std::string_view &rest, const std::string &name) {
    const std::string open = "<" + name;
    const std::string close = "</" + name;
    for (std::size_t begin = rest.find(open); begin != std::string_view::npos;
         begin = rest.find(open)) {
        rest.remove_prefix(begin + open.size());
        if (rest.empty() || (rest.front() != '>' && blanks.find(rest.front()) == rest.npos)) {
            continue; // a longer name
        }
        const std::size_t tag_end = rest.find('>');
        const std::size_t end = tag_end == rest.npos ? rest.npos : rest.find(close, tag_end);
        if (end == rest.npos) {
            break;
        }
        const Element element{rest.substr(0, tag_end), rest.substr(tag_end + 1, end - tag_end - 1)};
        rest.remove_prefix(end + close.size());
        return element;
    }
    return std::nullopt;
}

std::string_view value_of(std::string_view content, const std::string &name) {
    const auto element = take_element(content, name);
    return element ? trimmed(element->content) : std::string_view{};
}

bool is_of_type(std::string_view attributes, std::string_view type) {
    for (const char *quote : {"\"", "'"}) {
        const std::string said = std::string{"type="} + quote + std::string{type} + quote;
        if (attributes.find(said) != std::string_view::npos) {
            return true;
        }
    }
    return false;
}

std::optional<mail::ServerUrl>
server_of(const Element &element, std::string_view type, std::string_view domain) {
    constexpr std::string_view placeholder = "%EMAILDOMAIN%";
    std::string host{value_of(element.content, "hostname")};
    if (const std::size_t place = host.find(placeholder); place != std::string::npos) {
        host.replace(place, placeholder.size(), domain);
    }
    const std::string_view socket = value_of(element.content, "socketType");
    if (host.find_first_of("/?@") != std::string::npos ||
        (socket != "SSL" && socket != "STARTTLS")) {
        return std::nullopt;
    }
    const Result<mail::ServerUrl> url =
        mail::parse_server_url(std::string{type} + (socket == "SSL" ? "s" : "") + "://" + host +
                               ":" + std::string{value_of(element.content, "port")});
    return url ? std::optional{*url} : std::nullopt;
}

void add_servers(std::string_view text,
                 const std::string &name,
                 std::string_view domain,
                 std::vector<mail::ServerUrl> &out) {
    while (out.size() < limits::found_servers_max) {
        const auto element = take_element(text, name);
        if (!element) {
            return;
        }
        for (const char *type : {"imap", "pop3", "smtp"}) {
            const auto server = is_of_type(element->attributes, type)
                                    ? server_of(*element, type, domain)
                                    : std::nullopt;
            if (server) {
                out.push_back(*server);
            }
        }
    }
}

} // namespace

AutoconfigServers read_autoconfig(std::string_view text, std::string_view domain) {
    const std::string plain = without_comments(text);
    AutoconfigServers servers;
    add_servers(plain, "incomingServer", domain, servers.receive);
    add_servers(plain, "outgoingServer", domain, servers.send);
    std::erase_if(servers.receive,
                  [](const mail::ServerUrl &url) { return url.protocol == mail::Protocol::smtp; });
    std::erase_if(servers.send,
                  [](const mail::ServerUrl &url) { return url.protocol != mail::Protocol::smtp; });
    return servers;
}

} // namespace postrider::network

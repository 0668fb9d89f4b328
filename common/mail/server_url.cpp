// Reads the parts from left to right (RFC 3986), each with its own complaint.
#include "common/mail/server_url.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/mail/client_name.hpp"

namespace postrider::mail {

namespace {

struct Scheme {
    std::string_view name;
    Protocol protocol;
    Encryption encryption;
    std::uint16_t port;
};

constexpr std::array<Scheme, 6> schemes{{
    {"smtps", Protocol::smtp, Encryption::tls, 465},
    {"smtp", Protocol::smtp, Encryption::starttls, 587},
    {"imaps", Protocol::imap, Encryption::tls, 993},
    {"imap", Protocol::imap, Encryption::starttls, 143},
    {"pop3s", Protocol::pop3, Encryption::tls, 995},
    {"pop3", Protocol::pop3, Encryption::starttls, 110},
}};

struct ProxyScheme {
    std::string_view name;
    Proxy::Kind kind;
    std::uint16_t port;
};

constexpr std::array<ProxyScheme, 2> proxy_schemes{{
    {"socks5h", Proxy::Kind::socks5, 1080},
    {"http", Proxy::Kind::http, 3128},
}};

constexpr std::string_view in_clear = "encryption=none";
constexpr std::string_view by_proxy = "proxy=";
constexpr std::string_view with_greeting = "greeting=";

struct FileParameter {
    std::string_view name;
    std::string ServerUrl::*file;
};

constexpr std::array<FileParameter, 3> file_parameters{{
    {"certificate=", &ServerUrl::certificate},
    {"key=", &ServerUrl::key},
    {"proxy_password=", &ServerUrl::proxy_password},
}};

constexpr std::size_t host_bytes_max = 253; // RFC 1035 section 2.3.4
constexpr std::size_t url_bytes_max = 1000;
constexpr std::size_t proxy_user_bytes_max = 255; // RFC 1929 section 2

Error wrong(std::string_view url, const std::string &what, std::string hint) {
    return Error{
        Errc::malformed, "mail server \"" + printable(url) + "\" " + what, {}, std::move(hint)};
}

std::string lower_case(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

bool is_decimal_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hexadecimal_digit(char c) {
    return is_decimal_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_host_name(std::string_view host) {
    const auto plain = [](char c) {
        return is_decimal_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
    };
    return !host.empty() && host.size() <= host_bytes_max &&
           std::all_of(host.begin(), host.end(), plain) && host.front() != '.' &&
           host.front() != '-' && host.find("..") == std::string_view::npos;
}

bool is_ipv6(std::string_view host) {
    return host.find(':') != std::string_view::npos && host.size() <= 45 &&
           std::all_of(host.begin(), host.end(),
                       [](char c) { return is_hexadecimal_digit(c) || c == ':' || c == '.'; });
}

std::optional<std::uint16_t> port_of(std::string_view text) {
    std::uint32_t port = 0;
    if (text.empty() || text.size() > 5 ||
        !std::all_of(text.begin(), text.end(), is_decimal_digit)) {
        return std::nullopt;
    }
    for (const char c : text) {
        port = port * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return port == 0 || port > 65'535 ? std::nullopt
                                      : std::optional{static_cast<std::uint16_t>(port)};
}

int value_of_digit(char c) {
    return is_decimal_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/// Percent-percent_decoded (RFC 3986 section 2.1); empty where it holds control characters or bad
/// escapes.
std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t index = 0; index < text.size(); ++index) {
        char c = text[index];
        if (c == '%') {
            if (text.size() - index < 3 || !is_hexadecimal_digit(text[index + 1]) ||
                !is_hexadecimal_digit(text[index + 2])) {
                return std::nullopt;
            }
            c = static_cast<char>(value_of_digit(text[index + 1]) * 16 +
                                  value_of_digit(text[index + 2]));
            index += 2;
        }
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            return std::nullopt;
        }
        out += c;
    }
    return is_utf8(out) ? std::optional{out} : std::nullopt;
}

struct Place {
    std::string host;
    std::uint16_t port = 0;
};

/// `url` is all that was written, for messages.
Result<Place>
read_place(std::string_view url, std::string_view authority, std::uint16_t usual_port) {
    std::string_view port;
    std::string host;
    if (authority.starts_with('[')) {
        const std::size_t end = authority.find(']');
        host = lower_case(authority.substr(1, end == std::string_view::npos ? end : end - 1));
        const std::string_view rest =
            end == std::string_view::npos ? std::string_view{} : authority.substr(end + 1);
        if (end == std::string_view::npos || !is_ipv6(host) ||
            (!rest.empty() && rest.front() != ':')) {
            return wrong(url, "has no IPv6 address between its brackets",
                         "Write it like 'imaps://[2001:db8::25]'.");
        }
        port = rest;
    } else {
        const std::size_t colon = authority.find(':');
        host = lower_case(authority.substr(0, colon));
        port = colon == std::string_view::npos ? std::string_view{} : authority.substr(colon);
        if (!is_host_name(host)) {
            return wrong(url, "has no host name that can be looked up",
                         "Write it like 'imaps://mail.example'; a name with other letters in its "
                         "form that begins with xn--.");
        }
    }
    if (port.empty()) {
        return Place{std::move(host), usual_port};
    }
    const auto number = port_of(port.substr(1));
    if (!number) {
        return wrong(url, "has no port from 1 to 65535 behind its colon",
                     "Leave the port out to take the usual one.");
    }
    return Place{std::move(host), *number};
}

/// Says nothing of what it is given but that: there may be a password in it.
Error holds_proxy_password() {
    return {Errc::refused, "the address of a proxy holds a password",
            "Texts are shown and mailed, and passwords stay out of them.",
            "Write ?proxy=socks5h://USER@host:1080&proxy_password=FILE, a file of the secret "
            "directory; a colon in the user as %3A."};
}

Result<std::string> read_proxy_user(std::string_view url, std::string_view text) {
    if (text.find_first_of(":@") != std::string_view::npos) {
        return holds_proxy_password();
    }
    const auto user = percent_decoded(text);
    if (!user || user->empty() || user->size() > proxy_user_bytes_max) {
        return wrong(url, "has no user that can be read before the @ of its proxy",
                     "Write ?proxy=socks5h://USER@host:1080, and %40 for an @ in USER.");
    }
    return *user;
}

Result<Proxy> read_proxy(std::string_view url, std::string_view text) {
    const std::size_t end_of_scheme = std::min(text.find("://"), text.size());
    const auto *const scheme =
        std::find_if(proxy_schemes.begin(), proxy_schemes.end(), [&](const ProxyScheme &candidate) {
            return candidate.name == lower_case(text.substr(0, end_of_scheme));
        });
    if (scheme == proxy_schemes.end() || end_of_scheme == text.size()) {
        return wrong(url, "has no proxy behind proxy=",
                     "Write ?proxy=socks5h://host:1080, or ?proxy=http://host:3128 for a proxy that"
                     " knows CONNECT.");
    }
    std::string_view authority = text.substr(end_of_scheme + 3);
    std::string user;
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        Result<std::string> read = read_proxy_user(url, authority.substr(0, at));
        if (!read) {
            return read.error();
        }
        user = *std::move(read);
        authority.remove_prefix(at + 1);
    }
    Result<Place> place = read_place(url, authority, scheme->port);
    if (!place) {
        return place.error();
    }
    return Proxy{scheme->kind, std::move(place->host), place->port, std::move(user)};
}

Result<void> read_file_name(std::string_view url, std::string_view text, std::string &file) {
    const auto name = percent_decoded(text);
    if (!name || !is_plain_file_name(*name)) {
        return wrong(url, "names no file of the secret directory behind its question mark",
                     "Write the name alone, as certificate=main.pem: such files lie in the secret "
                     "directory, where the passwords are.");
    }
    file = *name;
    return {};
}

/// What several parameters say together.
Result<void> check_together(std::string_view url, const ServerUrl &out) {
    if (!out.key.empty() && out.certificate.empty()) {
        return wrong(url, "names a key without a certificate",
                     "Write ?certificate=FILE&key=FILE, or the certificate alone where its file "
                     "holds the key too.");
    }
    const bool has_proxy_user = out.proxy && !out.proxy->user.empty();
    if (has_proxy_user != !out.proxy_password.empty()) {
        return wrong(url,
                     has_proxy_user ? "names a user of its proxy and no password"
                                    : "names a password for a proxy and no user of it",
                     "Write ?proxy=socks5h://USER@host:1080&proxy_password=FILE, a file of the "
                     "secret directory.");
    }
    if (!out.certificate.empty() && out.encryption == Encryption::none) {
        return wrong(url, "contradicts itself: a certificate is shown within TLS",
                     "Leave ?encryption=none out, or the certificate.");
    }
    return {};
}

Result<void> read_greeting(std::string_view url, std::string_view name, ServerUrl &out) {
    if (out.protocol != Protocol::smtp) {
        return wrong(url, "says a name in its greeting, which only SMTP has",
                     "Leave out greeting=, or put it behind the server of SEND.");
    }
    if (!is_full_domain_name(name) && !is_address_literal(name)) {
        return wrong(url, "has no name behind greeting= that a mail server takes",
                     "Write a full domain name, as greeting=till7.shop.example, or an address, as "
                     "greeting=[192.0.2.7] or greeting=[IPv6:2001:db8::7].");
    }
    out.greeting = name;
    return {};
}

Result<void> read_parameter(std::string_view url, std::string_view parameter, ServerUrl &out) {
    for (const FileParameter &each : file_parameters) {
        if (parameter.starts_with(each.name) && (out.*each.file).empty()) {
            return read_file_name(url, parameter.substr(each.name.size()), out.*each.file);
        }
    }
    if (parameter.starts_with(with_greeting) && out.greeting.empty()) {
        return read_greeting(url, parameter.substr(with_greeting.size()), out);
    }
    if (parameter.starts_with(by_proxy) && !out.proxy) {
        Result<Proxy> proxy = read_proxy(url, parameter.substr(by_proxy.size()));
        if (!proxy) {
            return proxy.error();
        }
        out.proxy = *std::move(proxy);
        return {};
    }
    if (parameter != in_clear) {
        return wrong(url, "says something unknown behind its question mark",
                     "Known are ?encryption=none, which sends everything in clear, the password "
                     "too, proxy=socks5h://host:1080, proxy_password=FILE, certificate=FILE, "
                     "key=FILE and greeting=NAME, each once and joined by &.");
    }
    if (out.encryption != Encryption::starttls) {
        return wrong(url, "contradicts itself: its protocol is encrypted from the first byte",
                     "Leave ?encryption=none out, or the s of the protocol.");
    }
    out.encryption = Encryption::none;
    return {};
}

Result<void> read_query(std::string_view url, std::string_view query, ServerUrl &out) {
    while (true) {
        const std::size_t end = std::min(query.find('&'), query.size());
        if (Result<void> read = read_parameter(url, query.substr(0, end), out); !read) {
            return read;
        }
        if (end == query.size()) {
            return check_together(url, out);
        }
        query.remove_prefix(end + 1);
    }
}

std::string place_text(const std::string &host, std::uint16_t port) {
    const bool is_ipv6_address = host.find(':') != std::string::npos;
    return (is_ipv6_address ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

} // namespace

bool is_plain_file_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= limits::name_bytes_max &&
           name == printable(name, name.size()) && name.find('/') == std::string_view::npos;
}

Result<ServerUrl> parse_server_url(std::string_view url) {
    if (url.size() > url_bytes_max) {
        return Error{Errc::too_large, "the address of a mail server is longer than " +
                                          std::to_string(url_bytes_max) + " bytes"};
    }
    const std::size_t end_of_scheme = url.find("://");
    const auto *const scheme =
        std::find_if(schemes.begin(), schemes.end(), [&](const Scheme &candidate) {
            return end_of_scheme != std::string_view::npos &&
                   candidate.name == lower_case(url.substr(0, end_of_scheme));
        });
    if (scheme == schemes.end()) {
        return wrong(url, "does not begin with a mail protocol",
                     "Write smtps://, imaps:// or pop3s:// and the server's name; without the s "
                     "where the server asks for STARTTLS.");
    }
    ServerUrl out{scheme->protocol, scheme->encryption, {}, scheme->port};
    std::string_view rest = url.substr(end_of_scheme + 3);
    const std::size_t query = rest.find('?');
    if (query != std::string_view::npos) {
        if (Result<void> read = read_query(url, rest.substr(query + 1), out); !read) {
            return read.error();
        }
        rest = rest.substr(0, query);
    }
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view authority = rest.substr(0, slash);
    if (authority.find('@') != std::string_view::npos) {
        return Error{Errc::refused,
                     "the address of a mail server holds a user",
                     {},
                     "Give it by USER '…' and PASSWORD FILE '…', which keep it out of all texts."};
    }
    Result<Place> place = read_place(url, authority, out.port);
    if (!place) {
        return place.error();
    }
    out.host = std::move(place->host);
    out.port = place->port;
    const auto folder = percent_decoded(rest.substr(std::min(slash + 1, rest.size())));
    if (!folder || folder->size() > limits::name_bytes_max) {
        return wrong(url, "has a folder that cannot be read",
                     "Write its name as UTF-8, and as %25 where it has a percent sign.");
    }
    if (!folder->empty() && out.protocol != Protocol::imap) {
        return wrong(url, "names a folder, which only IMAP has",
                     "Leave out what follows the host.");
    }
    out.folder = *folder;
    return out;
}

std::string to_text(const ServerUrl &url) {
    const auto *const scheme =
        std::find_if(schemes.begin(), schemes.end(), [&](const Scheme &candidate) {
            return candidate.protocol == url.protocol &&
                   (candidate.encryption == Encryption::tls) == (url.encryption == Encryption::tls);
        });
    std::string query;
    if (url.encryption == Encryption::none) {
        query += "?" + std::string{in_clear};
    }
    if (url.proxy) {
        query += (query.empty() ? "?" : "&") + std::string{by_proxy} + to_text(*url.proxy);
    }
    return std::string{scheme->name} + "://" + place_text(url.host, url.port) + query;
}

std::string to_text(const Proxy &proxy) {
    const auto *const scheme =
        std::find_if(proxy_schemes.begin(), proxy_schemes.end(),
                     [&](const ProxyScheme &candidate) { return candidate.kind == proxy.kind; });
    return std::string{scheme->name} + "://" + place_text(proxy.host, proxy.port);
}

} // namespace postrider::mail

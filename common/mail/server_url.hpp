// The address of a mail server as a task text writes it: 'imaps://mail.example',
// 'smtp://mail.example:587'. Says how the connection is encrypted; nothing is tried in clear unless
// the text says `?encryption=none` in so many words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace postrider::mail {

enum class Protocol { smtp, imap, pop3 };

enum class Encryption {
    tls,      // from the first byte (RFC 8314)
    starttls, // asked for before anything else is said, and required
    none,
};

/// Through which all of a connection goes; it looks up the server's name.
struct Proxy {
    enum class Kind { socks5, http }; // RFC 1928; CONNECT, RFC 9110 section 9.3.6

    Kind kind = Kind::socks5;
    std::string host; // as in ServerUrl
    std::uint16_t port = 0;
    std::string user = {}; // empty: it is not logged in to

    friend bool operator==(const Proxy &, const Proxy &) = default;
};

struct ServerUrl {
    Protocol protocol = Protocol::smtp;
    Encryption encryption = Encryption::tls;
    std::string host; // a name in lower case, an IPv4 address, or an IPv6 address without brackets
    std::uint16_t port = 0;
    std::string folder = {}; // of IMAP, decoded; empty: the inbox
    std::optional<Proxy> proxy = {};
    std::string greeting = {}; // of SMTP, what EHLO says; empty: the machine's own name or address
    /// Of ours, that the server is shown: files of the secret directory.
    std::string certificate = {};
    std::string key = {}; // empty: it stands in the file of the certificate
    /// For the user of the proxy, another such file; where there is one there is the other.
    std::string proxy_password = {};

    friend bool operator==(const ServerUrl &, const ServerUrl &) = default;
};

/// Schemes: smtps, imaps, pop3s (ports 465, 993, 995: TLS at once, RFC 8314) and smtp, imap, pop3
/// (587, 143, 110: STARTTLS, required). Behind a question mark, joined by &: encryption=none,
/// proxy=socks5h://host:1080 or proxy=http://host:3128 (these ports where none is named), with
/// proxy_password=FILE where it is user@host, and certificate=FILE with key=FILE where the key is
/// not in the same file, and with SMTP greeting=NAME, a full domain name or an address literal.
/// `malformed` with a hint for everything else; `refused` for a user or password in it, which
/// belong into USER and PASSWORD FILE.
Result<ServerUrl> parse_server_url(std::string_view url);

/// "imaps://mail.example:993": for messages and for whoever connects. Without the folder, and
/// without what concerns nobody but ourselves: files, the greeting.
std::string to_text(const ServerUrl &url);

/// Of a file in the secret directory, named without it: not empty, no '/', nothing unprintable.
bool is_plain_file_name(std::string_view name);

/// "socks5h://proxy.example:1080". Without the user.
std::string to_text(const Proxy &proxy);

} // namespace postrider::mail

// One sentence for each way to fail; the server's own words stand in the detail.
#include "common/network/connect_error.hpp"

#include <optional>

#include <curl/curl.h>

#include "common/base/text_encoding.hpp"
#include "common/base/utf8.hpp"

namespace postrider::network {

namespace {

struct Meaning {
    Errc code;
    const char *what;
    const char *hint;
};

Meaning meaning_of_denial(const ConnectProblem &problem) {
    const bool is_token = problem.login == transport::LoginKind::token;
    if (problem.login == transport::LoginKind::certificate) {
        return problem.has_begun_login
                   ? Meaning{Errc::refused, "it does not let in whom the certificate names",
                             "It knows the certificate, or does not say, and lets nobody in by it"
                             " (EXTERNAL). Ask its administrator which mailbox the certificate"
                             " stands for, or give a password with PASSWORD FILE '…' beside it."}
                   : Meaning{Errc::refused, "it takes no logins by certificate",
                             "It does not offer EXTERNAL. Give the password beside the certificate,"
                             " with PASSWORD FILE '…'."};
    }
    if (!problem.has_begun_login) {
        return is_token
                   ? Meaning{Errc::refused, "it takes no tokens of OAuth 2",
                             "It offers neither OAUTHBEARER nor XOAUTH2, and nothing was sent. Use"
                             " PASSWORD FILE, or the server that your provider names for OAuth."}
                   : Meaning{Errc::refused, "it takes no passwords",
                             "It offers no way to log in with one, and nothing was sent. Where your"
                             " provider wants OAuth, use TOKEN COMMAND '…'."};
    }
    if (is_token) {
        return {Errc::refused, "it does not accept the token",
                "A token is good for one user and one service, usually for an hour. TOKEN COMMAND"
                " is asked anew at each login: let it print one that is good now. One in a file"
                " has to be renewed there by whoever gets it. Compare its scope with what your"
                " provider wants for this protocol, and USER with whom it was given to."};
    }
    return {Errc::refused, "it does not accept user and password",
            "Many providers want an app password in place of the password of"
            " their web page. Write it into the file that PASSWORD FILE names."};
}

bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// What TLS, or the server in its own words, says of our certificate, or of there being none.
/// TLS 1.3 tells of a refusal only with the first bytes that are read; its words are OpenSSL's
/// names of the alerts of RFC 8446 section 6.2.
bool speaks_of_our_certificate(CURLcode code, const ConnectProblem &problem) {
    switch (code) {
    case CURLE_LOGIN_DENIED:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_REMOTE_ACCESS_DENIED:
    case CURLE_GOT_NOTHING:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return holds(problem.last_line, "certificate") ||
               (holds(problem.words, "alert") &&
                (holds(problem.words, "certificate") || holds(problem.words, "unknown ca") ||
                 holds(problem.words, "access denied")));
    default:
        return false;
    }
}

std::optional<Meaning> meaning_of_certificate(CURLcode code, const ConnectProblem &problem) {
    if (code == CURLE_SSL_CERTPROBLEM && holds(problem.words, "private key")) {
        return Meaning{
            Errc::refused, "our key does not belong to our certificate, or is damaged",
            "openssl x509 -noout -pubkey -in CERTIFICATE and openssl pkey -pubout -in KEY"
            " must print the same. In its file our own certificate comes first, those"
            " that sign it behind it."};
    }
    if (code == CURLE_SSL_CERTPROBLEM) {
        return Meaning{Errc::refused, "our certificate cannot be used",
                       "The detail says why. Look at it: openssl x509 -noout -text -in"
                       " CERTIFICATE."};
    }
    if (!speaks_of_our_certificate(code, problem)) {
        return std::nullopt;
    }
    return problem.has_certificate
               ? Meaning{Errc::refused, "it does not accept our certificate",
                         "It may have expired, be signed by nobody that the server trusts, or stand"
                         " for another user. Its file holds the certificate first and then those"
                         " that sign it."}
               : Meaning{Errc::refused, "it wants a certificate of ours",
                         "Put it and its key into the secret directory and name them behind the"
                         " server: ?certificate=FILE&key=FILE."};
}

constexpr long http_refusals_from = 300;      // RFC 9110 section 9.3.6: 2xx is success
constexpr long http_proxy_login_wanted = 407; // section 15.5.8

/// The words are libcurl's for RFC 1928's method 0xFF and for a status of RFC 1929.
bool is_about_proxy_login(const ConnectProblem &problem) {
    return problem.proxy_answer == http_proxy_login_wanted ||
           holds(problem.words, "No authentication method was acceptable") ||
           holds(problem.words, "User was rejected by the SOCKS5 server");
}

/// Nothing where it is about the server, as without a proxy.
std::optional<Meaning> meaning_with_proxy(CURLcode code, const ConnectProblem &problem) {
    const bool is_refused = code == CURLE_PROXY || problem.proxy_answer >= http_refusals_from;
    if (is_refused && is_about_proxy_login(problem)) {
        return problem.has_proxy_login
                   ? Meaning{Errc::refused, "its proxy does not accept our user and password",
                             "Compare the user before the @ behind proxy= with what your network"
                             " says, and write the password anew into the file that proxy_password="
                             " names."}
                   : Meaning{Errc::refused, "its proxy wants a login",
                             "Write ?proxy=…://USER@host:port&proxy_password=FILE, and the password"
                             " into that file of the secret directory."};
    }
    if (is_refused) {
        return Meaning{Errc::unavailable, "its proxy does not connect us to it",
                       "The detail has the proxy's words: it forbids this host or port, or does not"
                       " reach the server itself. It is tried again."};
    }
    if (code == CURLE_COULDNT_CONNECT) {
        return Meaning{Errc::unavailable, "nobody answers at its proxy",
                       "Compare host and port behind proxy= with what your network says. It is"
                       " tried again."};
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return Meaning{Errc::timed_out, "it, or its proxy, did not answer in time",
                       "It is tried again."};
    }
    return std::nullopt;
}

Meaning meaning_of(CURLcode code) {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return {Errc::unavailable, "its name cannot be looked up",
                "Compare the name with what your mail provider says. Where there is no network at"
                " the moment, it is tried again."};
    case CURLE_COULDNT_RESOLVE_PROXY:
        return {Errc::unavailable, "the name of its proxy cannot be looked up",
                "Compare the name behind proxy= with what your network says. It is tried again."};
    case CURLE_COULDNT_CONNECT:
        return {Errc::unavailable, "nobody answers there",
                "Compare host and port with what your mail provider says. It is tried again."};
    case CURLE_OPERATION_TIMEDOUT:
        return {Errc::timed_out, "it did not answer in time", "It is tried again."};
    case CURLE_USE_SSL_FAILED:
        return {Errc::refused, "it does not offer STARTTLS",
                "Nothing was said in clear, no password either. Write the protocol with an s"
                " (imaps://, smtps://) where the server wants TLS at once, or ask your provider."};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return {Errc::refused, "its certificate is not accepted",
                "The detail says why: another host name, expired, or signed by nobody that this"
                " machine trusts. Nothing was sent. Use the name that the certificate has, or have"
                " it renewed; a clock that is wrong makes good ones look expired."};
    case CURLE_SSL_CONNECT_ERROR:
        return {Errc::unavailable, "no encrypted connection comes about",
                "Perhaps the port wants STARTTLS: write the protocol without the s then."};
    case CURLE_SSL_CACERT_BADFILE:
        return {Errc::refused, "the file of trusted certificates cannot be read", ""};
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
        return {Errc::unavailable, "it closed the connection before anybody was logged in",
                "It is tried again."};
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_REMOTE_ACCESS_DENIED:
        return {Errc::unavailable, "it does not let us in, or does not speak this protocol",
                "The detail has its words. Compare protocol and port with what your mail provider"
                " says. It is tried again."};
    default:
        return {Errc::unavailable, "something went wrong", "It is tried again."};
    }
}

std::string detail_of(const ConnectProblem &problem) {
    std::string detail = printable(problem.words);
    if (const Result<Bytes> challenge = from_base64(problem.challenge);
        challenge && !challenge->empty()) {
        detail +=
            std::string{detail.empty() ? "" : "; "} + "it said: " + printable(as_text(*challenge));
    }
    if (!problem.last_line.empty()) {
        std::string line = problem.last_line;
        while (line.ends_with('\r') || line.ends_with('\n')) {
            line.pop_back();
        }
        detail += std::string{detail.empty() ? "" : "; "} + "its last words: " + printable(line);
    }
    return detail;
}

} // namespace

Error connect_error(int code, const ConnectProblem &problem) {
    const auto curl_code = static_cast<CURLcode>(code);
    const std::optional<Meaning> with_proxy =
        problem.has_proxy ? meaning_with_proxy(curl_code, problem) : std::nullopt;
    const std::optional<Meaning> of_certificate = meaning_of_certificate(curl_code, problem);
    const Meaning meaning = of_certificate                    ? *of_certificate
                            : with_proxy                      ? *with_proxy
                            : curl_code == CURLE_LOGIN_DENIED ? meaning_of_denial(problem)
                                                              : meaning_of(curl_code);
    return {meaning.code, "could not connect to " + problem.server + ": " + meaning.what,
            detail_of(problem), meaning.hint};
}

Error connection_lost(const std::string &server) {
    return {Errc::unavailable, "connection to " + server + " was closed", {}, "It is tried again."};
}

} // namespace postrider::network

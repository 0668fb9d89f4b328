// libcurl's multi interface around handles that only connect.
#include "common/network/connection.hpp"

#include <algorithm>
#include <utility>

#include <curl/curl.h>
#include <sodium.h>

#include "common/base/utf8.hpp"
#include "common/network/connect_error.hpp"
#include "common/network/curl_task.hpp"
#include "common/network/login_lines.hpp"
#include "common/network/own_name.hpp"
#include "common/network/page.hpp"
#include "common/network/service_lookup.hpp"

namespace postrider::network {

namespace {

constexpr long connect_timeout_ms = 30'000;
constexpr long reply_timeout_s = 60; // until the login is done
constexpr std::size_t server_line_bytes_max = 400;

const char *scheme_of(const mail::ServerUrl &url) {
    const bool tls = url.encryption == mail::Encryption::tls;
    switch (url.protocol) {
    case mail::Protocol::smtp:
        return tls ? "smtps" : "smtp";
    case mail::Protocol::imap:
        return tls ? "imaps" : "imap";
    case mail::Protocol::pop3:
        break;
    }
    return tls ? "pop3s" : "pop3";
}

/// The path of a URL of SMTP is the name that EHLO says, here with the signs of an address literal
/// as a URL writes them.
std::string ehlo_path(const Endpoint &endpoint) {
    if (endpoint.url.protocol != mail::Protocol::smtp) {
        return {};
    }
    std::string path;
    for (const char letter :
         endpoint.client_name.empty() ? outward_address_literal() : endpoint.client_name) {
        path += letter == '['   ? "%5B"
                : letter == ']' ? "%5D"
                : letter == ':' ? "%3A"
                                : std::string(1, letter);
    }
    return path;
}

std::string curl_url(const Endpoint &endpoint) {
    const bool is_ipv6 = endpoint.url.host.find(':') != std::string::npos;
    return std::string{scheme_of(endpoint.url)} + "://" +
           (is_ipv6 ? "[" + endpoint.url.host + "]" : endpoint.url.host) + ":" +
           std::to_string(endpoint.url.port) + "/" + ehlo_path(endpoint);
}

class CurlConnection final : public Connection, public CurlTask {
  public:
    CurlConnection(CURLM *multi,
                   const Endpoint &endpoint,
                   transport::LoginSecrets secrets,
                   curl_slist *instead)
        : multi_(multi),
          handle_(curl_easy_init()),
          server_(mail::to_text(endpoint.url)),
          login_(endpoint.login),
          protocol_(endpoint.url.protocol),
          has_proxy_(endpoint.url.proxy.has_value()),
          has_proxy_login_(!secrets.proxy_password.empty()),
          has_certificate_(!secrets.certificate.empty()),
          secrets_(std::move(secrets)) {
        if (handle_ == nullptr) {
            throw std::bad_alloc();
        }
        configure(endpoint);
        if (instead != nullptr) {
            set_option(handle_, CURLOPT_CONNECT_TO, instead);
        }
        if (curl_multi_add_handle(multi_, handle_) != CURLM_OK) {
            curl_easy_cleanup(handle_);
            throw std::bad_alloc();
        }
    }

    CurlConnection(const CurlConnection &) = delete;
    CurlConnection &operator=(const CurlConnection &) = delete;

    ~CurlConnection() override {
        curl_multi_remove_handle(multi_, handle_);
        curl_easy_cleanup(handle_); // before the secrets go, to which it points
    }

    [[nodiscard]] State state() const override { return state_; }

    [[nodiscard]] const Error &error() const override { return error_; }

    [[nodiscard]] int descriptor() const override { return descriptor_; }

    Result<std::size_t> read(std::span<std::uint8_t> into) override {
        std::size_t count = 0;
        const CURLcode code = curl_easy_recv(handle_, into.data(), into.size(), &count);
        if (code == CURLE_AGAIN) {
            return std::size_t{0};
        }
        if (code != CURLE_OK || count == 0) {
            return connection_lost(server_);
        }
        return count;
    }

    Result<std::size_t> write(ByteView bytes) override {
        std::size_t count = 0;
        const CURLcode code = curl_easy_send(handle_, bytes.data(), bytes.size(), &count);
        if (code == CURLE_AGAIN) {
            return std::size_t{0};
        }
        if (code != CURLE_OK) {
            return connection_lost(server_);
        }
        return count;
    }

    void on_done(CURLcode code) override {
        forget_secrets();
        curl_socket_t descriptor = CURL_SOCKET_BAD;
        if (code == CURLE_OK) {
            curl_easy_getinfo(handle_, CURLINFO_ACTIVESOCKET, &descriptor);
        }
        if (code == CURLE_OK && lacks_login()) {
            code = CURLE_LOGIN_DENIED;
        }
        if (descriptor == CURL_SOCKET_BAD || code != CURLE_OK) {
            state_ = State::failed;
            long connect_answer = 0; // of CONNECT
            curl_easy_getinfo(handle_, CURLINFO_HTTP_CONNECTCODE, &connect_answer);
            error_ =
                connect_error(static_cast<int>(code),
                              {.server = server_,
                               .words = std::string{static_cast<const char *>(problem_.data())},
                               .last_line = last_line_,
                               .login = login_,
                               .has_begun_login = has_begun_login_,
                               .has_certificate = has_certificate_,
                               .has_proxy = has_proxy_,
                               .has_proxy_login = has_proxy_login_,
                               .proxy_answer = connect_answer,
                               .challenge = challenge_});
            return;
        }
        descriptor_ = descriptor;
        state_ = State::open;
    }

  private:
    void configure(const Endpoint &endpoint) {
        set_option(handle_, CURLOPT_PRIVATE, static_cast<void *>(static_cast<CurlTask *>(this)));
        set_option(handle_, CURLOPT_ERRORBUFFER, problem_.data());
        set_option(handle_, CURLOPT_NOSIGNAL, 1L);
        set_option(handle_, CURLOPT_CONNECT_ONLY, 1L);
        set_option(handle_, CURLOPT_PROTOCOLS_STR, "smtp,smtps,imap,imaps,pop3,pop3s");
        set_option(handle_, CURLOPT_URL, curl_url(endpoint).c_str());
        set_option(handle_, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
        set_option(handle_, CURLOPT_SERVER_RESPONSE_TIMEOUT, reply_timeout_s);
        set_option(handle_, CURLOPT_TCP_KEEPALIVE, 1L);
        // Never CURLUSESSL_TRY: where the server has no STARTTLS it would say the password in
        // clear.
        set_option(handle_, CURLOPT_USE_SSL,
                   endpoint.url.encryption == mail::Encryption::none ? CURLUSESSL_NONE
                                                                     : CURLUSESSL_ALL);
        set_option(handle_, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
        // Without one, what the environment says of proxies does not count.
        set_option(handle_, CURLOPT_PROXY,
                   endpoint.url.proxy ? mail::to_text(*endpoint.url.proxy).c_str() : "");
        set_option(handle_, CURLOPT_HTTPPROXYTUNNEL, 1L);
        configure_proxy_login(endpoint.url);
        if (!endpoint.ca_file.empty()) {
            set_option(handle_, CURLOPT_CAINFO, endpoint.ca_file.c_str());
            set_option(handle_, CURLOPT_CAPATH, nullptr);
        }
        set_option(handle_, CURLOPT_VERBOSE, 1L); // into `note_line`, for what the server says
        set_option(handle_, CURLOPT_DEBUGFUNCTION, &CurlConnection::note_line);
        set_option(handle_, CURLOPT_DEBUGDATA, static_cast<void *>(this));
        configure_certificate();
        configure_login(endpoint);
    }

    /// RFC 1929 with SOCKS5, Basic (RFC 7617) with CONNECT.
    void configure_proxy_login(const mail::ServerUrl &url) {
        if (secrets_.proxy_password.empty()) {
            return;
        }
        set_option(handle_, CURLOPT_PROXYAUTH, CURLAUTH_BASIC);
        set_option(handle_, CURLOPT_PROXYUSERNAME, url.proxy->user.c_str());
        set_text(CURLOPT_PROXYPASSWORD, secrets_.proxy_password);
    }

    /// libcurl takes a copy, which it keeps as long as the connection.
    void set_text(CURLoption option, const crypto::SecretBuffer &secret) {
        std::string text{as_text(secret.view())};
        set_option(handle_, option, text.c_str());
        sodium_memzero(text.data(), text.size());
    }

    void configure_certificate() {
        if (secrets_.certificate.empty()) {
            return;
        }
        set_blob(CURLOPT_SSLCERT_BLOB, secrets_.certificate);
        set_blob(CURLOPT_SSLKEY_BLOB, secrets_.key);
        // Without one OpenSSL would ask a terminal for the passphrase of a key that has one.
        set_option(handle_, CURLOPT_KEYPASSWD, "");
    }

    /// Not copied: nobody would wipe the copy.
    void set_blob(CURLoption option, const crypto::SecretBuffer &text) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): libcurl's struct; it only reads
        curl_blob blob{const_cast<std::uint8_t *>(text.view().data()), text.size(),
                       CURL_BLOB_NOCOPY};
        set_option(handle_, option, &blob);
    }

    /// The handle connects once. OpenSSL has the key for as long as the connection lasts.
    void forget_secrets() {
        set_option(handle_, CURLOPT_SSLCERT_BLOB, nullptr);
        set_option(handle_, CURLOPT_SSLKEY_BLOB, nullptr);
        secrets_ = {};
    }

    void configure_login(const Endpoint &endpoint) {
        if (endpoint.login == transport::LoginKind::none) {
            return;
        }
        set_option(handle_, CURLOPT_SASL_IR, 1L);
        if (!endpoint.user.empty()) {
            set_option(handle_, CURLOPT_USERNAME, endpoint.user.c_str());
        }
        if (endpoint.login == transport::LoginKind::certificate) {
            set_option(handle_, CURLOPT_LOGIN_OPTIONS, "AUTH=EXTERNAL"); // RFC 4422 appendix A
            return;
        }
        if (endpoint.login == transport::LoginKind::token) {
            set_text(CURLOPT_XOAUTH2_BEARER, secrets_.password);
            // RFC 7628 and Google's. Without this libcurl would try PLAIN with an empty password
            // where the server offers neither.
            set_option(handle_, CURLOPT_LOGIN_OPTIONS, "AUTH=OAUTHBEARER;AUTH=XOAUTH2");
        } else {
            set_text(CURLOPT_PASSWORD, secrets_.password);
        }
    }

    /// libcurl goes on without a login where EXTERNAL is not offered. A server to which mails are
    /// sent may know us by the certificate all the same; the others have nothing for strangers.
    [[nodiscard]] bool lacks_login() const {
        return login_ == transport::LoginKind::certificate && !has_begun_login_ &&
               protocol_ != mail::Protocol::smtp;
    }

    /// Keeps the last line that the server said before the connection was ours, and its last
    /// challenge. Of what is said to it only the command is looked at.
    static int
    note_line(CURL * /*handle*/, curl_infotype type, char *text, std::size_t size, void *self) {
        auto &connection = *static_cast<CurlConnection *>(self);
        const std::string_view line{text, std::min(size, server_line_bytes_max)};
        if (type == CURLINFO_HEADER_IN && !line.empty()) {
            connection.last_line_ = line;
            if (const std::string_view challenge = challenge_in(line); !challenge.empty()) {
                connection.challenge_ = challenge;
            }
        } else if (type == CURLINFO_HEADER_OUT) {
            connection.has_begun_login_ = connection.has_begun_login_ || begins_login(line);
        }
        return 0;
    }

    CURLM *multi_;
    CURL *handle_;
    std::string server_;
    transport::LoginKind login_;
    mail::Protocol protocol_;
    bool has_proxy_;
    bool has_proxy_login_;
    bool has_certificate_;
    transport::LoginSecrets secrets_;
    std::array<char, CURL_ERROR_SIZE> problem_{};
    std::string last_line_;
    std::string challenge_;
    bool has_begun_login_ = false;
    State state_ = State::connecting;
    Error error_;
    int descriptor_ = -1;
};

} // namespace

class Connector::Impl {
  public:
    explicit Impl(std::string_view connect_to) : multi(curl_multi_init()) {
        if (multi == nullptr) {
            throw std::bad_alloc();
        }
        while (!connect_to.empty()) {
            const std::string one{connect_to.substr(0, connect_to.find(','))};
            connect_to.remove_prefix(std::min(one.size() + 1, connect_to.size()));
            instead = curl_slist_append(instead, one.c_str());
        }
    }

    Impl(const Impl &) = delete;
    Impl &operator=(const Impl &) = delete;

    ~Impl() {
        curl_multi_cleanup(multi);
        curl_slist_free_all(instead);
    }

    CURLM *multi;
    curl_slist *instead = nullptr; // of CURLOPT_CONNECT_TO
};

Connector::Connector(std::string ca_file, TestAddresses addresses)
    : impl_(std::make_unique<Impl>(addresses.connect_to)),
      ca_file_(std::move(ca_file)),
      addresses_(std::move(addresses)) {}

Connector::~Connector() = default;

std::unique_ptr<Connection> Connector::connect(const Endpoint &endpoint,
                                               transport::LoginSecrets secrets) {
    return std::make_unique<CurlConnection>(impl_->multi, endpoint, std::move(secrets),
                                            impl_->instead);
}

std::unique_ptr<Pending<std::vector<Bytes>>> Connector::services(std::vector<std::string> names) {
    return ask_for_services(std::move(names), addresses_.resolver);
}

std::unique_ptr<Pending<Bytes>> Connector::page(const std::string &url) {
    return fetch_page(impl_->multi, {url, ca_file_, impl_->instead});
}

void Connector::wait(std::span<const Watched> watched, Duration longest) {
    std::vector<curl_waitfd> descriptors;
    descriptors.reserve(watched.size());
    for (const Watched &each : watched) {
        const int events = CURL_WAIT_POLLIN | (each.for_writing ? CURL_WAIT_POLLOUT : 0);
        descriptors.push_back({each.descriptor, static_cast<short>(events), 0});
    }
    const auto most = std::clamp<std::int64_t>(longest.count(), 0, 3'600'000);
    curl_multi_poll(impl_->multi, descriptors.data(), static_cast<unsigned>(descriptors.size()),
                    static_cast<int>(most), nullptr);
    int running = 0;
    curl_multi_perform(impl_->multi, &running);
    int left = 0;
    while (const CURLMsg *message = curl_multi_info_read(impl_->multi, &left)) {
        if (message->msg == CURLMSG_DONE) {
            void *task = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &task);
            static_cast<CurlTask *>(task)->on_done(message->data.result);
        }
    }
}

} // namespace postrider::network

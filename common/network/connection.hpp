// Connections to mail servers, by libcurl: names, proxies, TLS, STARTTLS and login are its work
// (CURLOPT_CONNECT_ONLY); what is said from then on is a dialogue's. Nothing here waits but
// `Connector::wait`.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/mail/server_url.hpp"
#include "common/network/lookups.hpp"
#include "common/transport/network_messages.hpp"

namespace postrider::network {

struct Endpoint {
    mail::ServerUrl url;
    /// As whom; empty where there is no login, and where the certificate says it.
    std::string user;
    transport::LoginKind login = transport::LoginKind::none;
    std::string ca_file;     // certificates that are trusted; empty: the system's
    std::string client_name; // said in EHLO; empty: an address of this machine
};

/// One connection, from its first packet on. Closed when destroyed.
class Connection {
  public:
    enum class State { connecting, open, failed };

    Connection() = default;
    Connection(const Connection &) = delete;
    Connection &operator=(const Connection &) = delete;
    virtual ~Connection() = default;

    [[nodiscard]] virtual State state() const = 0;
    /// Why it failed. `refused`: the login, or what the server presents of itself, is not accepted,
    /// and will not be until somebody changes something; `unavailable`, `timed_out`: later.
    [[nodiscard]] virtual const Error &error() const = 0;
    /// What to wait for when it is open; -1 before.
    [[nodiscard]] virtual int descriptor() const = 0;
    /// How much was read; 0: nothing is there now. An error when the server has closed.
    virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
    /// How much was written; 0: not now. The same bytes must be given again then, from the same
    /// place (TLS has begun with them).
    virtual Result<std::size_t> write(ByteView bytes) = 0;
};

/// A descriptor to wait for, beside those of libcurl.
struct Watched {
    int descriptor = -1;
    bool for_writing = false; // as well as for reading
};

/// Where connections come from.
class Connections {
  public:
    Connections() = default;
    Connections(const Connections &) = delete;
    Connections &operator=(const Connections &) = delete;
    virtual ~Connections() = default;

    /// `secrets` are wiped when it is open or has failed.
    virtual std::unique_ptr<Connection> connect(const Endpoint &endpoint,
                                                transport::LoginSecrets secrets) = 0;
};

/// For tests of the search for servers alone; empty otherwise.
struct TestAddresses {
    std::string resolver;   // instead of those of /etc/resolv.conf: "127.0.0.1:5353"
    std::string connect_to; // CURLOPT_CONNECT_TO: "HOST:PORT:ADDRESS:PORT", joined by ,
};

/// Makes connections and moves those that are not open yet; asks DNS and fetches pages.
class Connector final : public Connections, public Lookups {
  public:
    Connector(std::string ca_file, TestAddresses addresses);
    Connector(const Connector &) = delete;
    Connector &operator=(const Connector &) = delete;
    ~Connector() override;

    std::unique_ptr<Connection> connect(const Endpoint &endpoint,
                                        transport::LoginSecrets secrets) override;
    std::unique_ptr<Pending<std::vector<Bytes>>> services(std::vector<std::string> names) override;
    std::unique_ptr<Pending<Bytes>> page(const std::string &url) override;
    /// Waits until there is something to do for a watched descriptor or for a connection that is
    /// not open yet, at most so long; then moves the latter.
    void wait(std::span<const Watched> watched, Duration longest);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
    std::string ca_file_; // of pages
    TestAddresses addresses_;
};

} // namespace postrider::network

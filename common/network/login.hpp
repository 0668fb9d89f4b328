// From an account to an open connection: asks the host for the secret, connects, logs in. One try;
// when to try again is the owner's.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/network/connection.hpp"
#include "common/network/host.hpp"
#include "common/network/surroundings.hpp"

namespace postrider::network {

/// How one of the servers of a mailbox is reached and logged in to.
Endpoint endpoint_of(const transport::MailAccount &account,
                     const mail::ServerUrl &url,
                     const Surroundings &around);

/// What EHLO says to the server of `send` over a connection that is open.
std::string greeting_of(const transport::MailAccount &account,
                        const Surroundings &around,
                        const Connection &connection);

class Login {
  public:
    Login(Host &host, Connections &connections) : host_(host), connections_(connections) {}

    void begin(const transport::MailAccount &account, const Endpoint &endpoint);
    /// Was one of ours if it gives true.
    bool on_secret(const transport::Secret &secret);
    /// The connection or why there is none; nothing while it is under way.
    std::optional<Result<std::unique_ptr<Connection>>> take();

    void give_up();

    /// How often in a row no connection came about.
    [[nodiscard]] unsigned failures() const { return failures_; }

    [[nodiscard]] bool is_under_way() const { return question_ || connection_ || problem_; }

  private:
    Host &host_;
    Connections &connections_;
    Endpoint endpoint_;
    std::optional<std::uint64_t> question_;
    std::unique_ptr<Connection> connection_;
    std::optional<Error> problem_;
    unsigned failures_ = 0;
};

} // namespace postrider::network

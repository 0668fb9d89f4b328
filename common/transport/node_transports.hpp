// The ways for envelopes that a node has: maildirs, and mailboxes by the network process.
#pragma once

#include <string>

#include "common/transport/mailbox_secrets.hpp"
#include "common/transport/maildir.hpp"
#include "common/transport/network_child.hpp"
#include "common/transport/network_transport.hpp"
#include "common/transport/steady_clock.hpp"
#include "common/transport/transports.hpp"

namespace postrider::transport {

struct NodeTransportsSettings {
    std::string network_program; // its absolute path
    std::string version;         // ours
    MailboxSecretsSettings secrets;
};

/// One for each engine. Its parts know each other by address.
class NodeTransports {
  public:
    explicit NodeTransports(const NodeTransportsSettings &settings)
        : secrets_(settings.secrets),
          program_(settings.network_program),
          network_({program_, secrets_, steady_clock_}, {.version = settings.version}) {
        all_.add("maildir", maildir_);
        all_.add("mail", network_);
    }

    NodeTransports(const NodeTransports &) = delete;
    NodeTransports &operator=(const NodeTransports &) = delete;
    ~NodeTransports() = default;

    [[nodiscard]] engine::Transport &all() { return all_; }

    [[nodiscard]] const engine::Transport &all() const { return all_; }

    /// What the connections to mail servers do now; empty where there are none.
    [[nodiscard]] std::string doing() const { return network_.doing(); }

  private:
    SteadyClock steady_clock_;
    MailboxSecrets secrets_;
    NetworkProgram program_;
    Maildir maildir_;
    NetworkTransport network_;
    Transports all_;
};

} // namespace postrider::transport

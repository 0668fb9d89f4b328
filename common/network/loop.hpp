// The one loop of the network process: what the host asks for, and all connections. Nothing in it
// waits for one of them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/network/host_socket.hpp"
#include "common/network/mailbox_check.hpp"
#include "common/network/receiver.hpp"
#include "common/network/sender.hpp"
#include "common/network/server_search.hpp"
#include "common/network/surroundings.hpp"

namespace postrider::network {

struct LoopSettings {
    std::string own_name;    // said in EHLO; empty: the address of the own end
    std::string ca_file;     // certificates that are trusted; empty: the system's
    std::string confinement; // what of it the system does not have, for the host
    std::string version;
    TestAddresses test_addresses = {};
};

class Loop {
  public:
    Loop(int host_descriptor, const Clock &clock, LoopSettings settings);

    /// Returns when the host has closed its end.
    void run();

  private:
    struct Served {
        transport::MailAccount account;
        std::unique_ptr<Sender> sender;
        std::unique_ptr<Receiver> receiver; // none where nothing is received
        std::unique_ptr<ServerSearch> search;
    };

    void take(transport::NetworkRequest &request, Timestamp now);
    void configure(const transport::Configure &configure);
    std::unique_ptr<Receiver> receiver_for(const transport::MailAccount &account);
    static void step(Served &served, Timestamp now);
    void submit(transport::Submit submit);
    void wait(Timestamp now);

    LoopSettings settings_;
    HostSocket host_;
    Connector connector_;
    Surroundings around_;
    std::map<std::string, Served> accounts_; // by name
    std::unique_ptr<MailboxCheck> check_;    // that is under way
};

} // namespace postrider::network

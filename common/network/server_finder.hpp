// Finds the servers of a mail address (RFC 6186, RFC 8314, autoconfig, known providers, usual
// names). What is named somewhere is tried: a server is found when a connection to it comes about
// with TLS and a certificate for its name. Nobody logs in, and no password is asked for. One
// search; when to search again is the owner's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/network/connection.hpp"
#include "common/network/lookups.hpp"

namespace postrider::network {

/// So often a search is to be moved: the thread that asks DNS wakes nobody.
inline constexpr Duration search_looks_every = std::chrono::milliseconds{50};

/// As a task text would name them; empty: not looked for.
struct FoundServers {
    std::string receive;
    std::string send;
    std::string how;                   // for people
    std::optional<Error> missing = {}; // where one of two was not found: why, and what to write
};

struct WantedServers {
    std::string address; // checked
    bool receive = false;
    bool send = false;
    std::string ca_file;
    std::string own_name;
};

class ServerFinder {
  public:
    ServerFinder(Connections &connections, Lookups &lookups, WantedServers wanted);

    /// Does what can be done without waiting.
    void step();
    /// What was found of what was wanted; where that is nothing, what was tried and what to write.
    /// Nothing while it is under way.
    [[nodiscard]] std::optional<Result<FoundServers>> take();

  private:
    enum class Stage { services, pages, provider, names, end };

    struct Candidate {
        mail::ServerUrl url;
        std::unique_ptr<Connection> probe;
    };

    struct Part {
        bool is_wanted = false;
        std::vector<Candidate> candidates; // in the order of preference
        std::string found;
        std::string how;
    };

    bool gather();
    bool gather_services();
    bool gather_pages();
    void gather_provider();
    void gather_names();
    void consider(Part &part, const std::string &source, const mail::ServerUrl &url);
    static void consider_text(Part &part, const std::string &url);
    void begin_probes();
    void settle(Part &part);
    [[nodiscard]] Error nothing_found() const;

    Connections &connections_;
    Lookups &lookups_;
    WantedServers wanted_;
    std::string domain_;
    Stage stage_ = Stage::services;
    bool is_gathered_ = false;
    std::unique_ptr<Pending<std::vector<Bytes>>> services_;
    std::vector<std::unique_ptr<Pending<Bytes>>> pages_;
    std::vector<std::optional<Result<Bytes>>> page_texts_;
    Part receive_;
    Part send_;
    std::vector<std::string> tried_; // in words, with what became of it
    std::string outside_;            // one that was named and may not be used
};

} // namespace postrider::network

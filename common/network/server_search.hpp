// When the servers of an account are searched for: where the text names none and none is known
// yet, and again when one that was found cannot be reached any more.
#pragma once

#include <optional>

#include "common/network/server_finder.hpp"
#include "common/network/surroundings.hpp"

namespace postrider::network {

class ServerSearch {
  public:
    ServerSearch(Surroundings surroundings, Lookups &lookups)
        : around_(std::move(surroundings)), lookups_(lookups) {}

    /// The same account, perhaps with servers that were found.
    void configure(const transport::MailAccount &account);

    /// Searches now for what is missing, whatever was planned.
    void look_now() { again_at_.reset(); }

    /// `receive_failures`, `send_failures`: how often each server could not be reached in a row.
    void step(Timestamp now, unsigned receive_failures, unsigned send_failures);

    /// Why nothing was found for what is missing; nothing while a search is under way.
    [[nodiscard]] const std::optional<Error> &problem() const { return problem_; }

    [[nodiscard]] std::optional<Timestamp> next_at() const;

  private:
    void begin(bool receive, bool send);
    void end(const Result<FoundServers> &found);
    [[nodiscard]] bool misses_receive() const;
    [[nodiscard]] bool misses_send() const;

    Surroundings around_;
    Lookups &lookups_;
    transport::MailAccount account_;
    std::optional<ServerFinder> finder_;
    std::optional<Timestamp> again_at_; // not before
    std::optional<Error> problem_;
    unsigned failures_ = 0;
    Timestamp now_{};
};

} // namespace postrider::network

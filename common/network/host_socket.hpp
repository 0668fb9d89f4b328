// The socket to the host: frames in, frames out, without waiting.
#pragma once

#include <deque>
#include <optional>

#include "common/network/connection.hpp"
#include "common/network/host.hpp"

namespace postrider::network {

class HostSocket final : public Host {
  public:
    /// `descriptor` stays the caller's; it is made non-blocking.
    explicit HostSocket(int descriptor);

    void tell(const transport::NetworkReport &report) override;
    [[nodiscard]] bool is_busy() const override;

    /// Reads and writes what goes without waiting.
    void move();
    /// The next message of the host; nothing until it has said more.
    std::optional<transport::NetworkRequest> next();

    /// The host has gone, or says what no host says: nothing is left to do for this process.
    [[nodiscard]] bool is_over() const { return is_over_; }

    [[nodiscard]] Watched watched() const { return {descriptor_, !unsent_.empty()}; }

  private:
    void read();
    void write();

    int descriptor_;
    transport::FrameReader reader_;
    std::deque<Bytes> unsent_;
    std::size_t unsent_bytes_ = 0;
    std::size_t written_ = 0; // of the first
    bool is_over_ = false;
};

} // namespace postrider::network

// The host's end of the socket pair: messages to the network process, frames from it, and never a
// wait. Reads no further than it is asked for, so that what is not wanted yet stays in the kernel.
#pragma once

#include <deque>
#include <optional>

#include "common/transport/network_messages.hpp"

namespace postrider::transport {

/// Lets more bytes wait in the socket than systems do by themselves, up to what they allow: each
/// end is woken less often for a mail. What is not allowed is done without.
void let_hold_much(int descriptor);

class NetworkLink {
  public:
    /// `descriptor` stays the caller's, and does not block.
    explicit NetworkLink(int descriptor) : descriptor_(descriptor) {}

    NetworkLink(const NetworkLink &) = delete;
    NetworkLink &operator=(const NetworkLink &) = delete;
    /// Wipes what was not sent.
    ~NetworkLink();

    void tell(const NetworkRequest &request);
    /// As much as goes now.
    void write();
    /// The next frame, nothing where the rest of it is not there yet. An error where the stream is
    /// of no more use.
    Result<std::optional<Frame>> next();

    /// The process has closed its end, and all that it had said was given.
    [[nodiscard]] bool is_over() const { return is_over_; }

    [[nodiscard]] std::size_t unsent_bytes() const { return unsent_bytes_; }

    /// Bytes since the start, by which progress is seen.
    [[nodiscard]] std::uint64_t written_bytes() const { return written_bytes_; }

    [[nodiscard]] std::uint64_t read_bytes() const { return read_bytes_; }

  private:
    bool read();

    int descriptor_;
    FrameReader reader_;
    std::deque<Bytes> unsent_;
    std::size_t written_of_first_ = 0;
    std::size_t unsent_bytes_ = 0;
    std::uint64_t written_bytes_ = 0;
    std::uint64_t read_bytes_ = 0;
    bool is_over_ = false;
};

} // namespace postrider::transport

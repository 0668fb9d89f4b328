// How messages between the network process and its host are told apart on their socket pair:
//   4  length of what follows, big-endian, 1 to limits::network_frame_bytes_max
//   1  kind (transport/network_messages.hpp)
//   n  content
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"

namespace postrider::transport {

struct Frame {
    std::uint8_t kind = 0;
    Bytes content;
};

/// `content` fits into a frame.
Bytes to_bytes(const Frame &frame);

/// Cuts a stream of bytes into frames. Keeps at most one frame and what was read along with it.
class FrameReader {
  public:
    void add(ByteView bytes);
    /// The next whole frame; nothing until more has been added. `too_large` or `malformed` for a
    /// length that no frame has: the stream is of no more use then.
    Result<std::optional<Frame>> next();

  private:
    Bytes buffer_;
    std::size_t read_ = 0; // bytes at its beginning that were given already
};

} // namespace postrider::transport

// A conversation with a mail server without its connection: bytes in, bytes out. It begins where
// the connection is encrypted and the user known (libcurl sees to that), opens no socket, asks no
// clock, and can be tested and fuzzed byte by byte. Who owns the connection moves the bytes and
// counts the time (common/network).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"

namespace postrider::transport {

class Dialogue {
  public:
    Dialogue() = default;
    Dialogue(const Dialogue &) = delete;
    Dialogue &operator=(const Dialogue &) = delete;
    virtual ~Dialogue() = default;

    /// Takes bytes of the server, in pieces of any size. After an error the connection is of no
    /// more use; the owner closes it and calls `lost` with the error.
    virtual Result<void> receive(ByteView bytes) = 0;
    /// Gives up to about `bytes_max` bytes to write now; none when it is the server's turn.
    virtual Bytes output(std::size_t bytes_max) = 0;
    /// The connection is gone, whoever ended it. What was under way gets its outcome: whether a
    /// message that was written to its last byte has been accepted is unknown then.
    virtual void lost(const Error &reason) = 0;
    /// How long the server may stay silent now before the connection is given up; nothing where
    /// nothing is expected of it.
    [[nodiscard]] virtual std::optional<Duration> patience() const = 0;
    /// Nothing more will be said by either side: the connection can be closed.
    [[nodiscard]] virtual bool is_over() const = 0;
};

/// The text of a mail, read once from its beginning to its end.
class ContentSource {
  public:
    ContentSource() = default;
    ContentSource(const ContentSource &) = delete;
    ContentSource &operator=(const ContentSource &) = delete;
    virtual ~ContentSource() = default;
    /// Fills the beginning of `into` and gives how much; 0 at the end, and where it `is_waiting`.
    /// An error ends the mail.
    virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;

    /// The last `read` gave nothing because what comes next is not here yet.
    [[nodiscard]] virtual bool is_waiting() const { return false; }
};

} // namespace postrider::transport

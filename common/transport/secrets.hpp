// The port to passwords and tokens of mailboxes. A transport asks when a connection is opened and
// keeps none of them.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/engine/transport.hpp"

namespace postrider::transport {

struct SecretAnswer {
    std::uint64_t question = 0;
    Result<Bytes> secret; // whoever takes it wipes it
};

class Secrets {
  public:
    Secrets() = default;
    Secrets(const Secrets &) = delete;
    Secrets &operator=(const Secrets &) = delete;
    virtual ~Secrets() = default;

    /// Begins to find out. Does not wait.
    virtual void ask(std::uint64_t question, const engine::Mailbox &mailbox) = 0;
    /// An answer that is there. Never waits; `now` is a steady time.
    virtual std::optional<SecretAnswer> take(Timestamp now) = 0;
    /// Nobody wants the answers any more.
    virtual void forget() = 0;
    /// Questions without an answer.
    [[nodiscard]] virtual std::size_t open_questions() const = 0;
};

} // namespace postrider::transport

// The port to passwords, tokens and certificates of mailboxes. A transport asks when a connection
// is opened and keeps none of them.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/engine/transport.hpp"
#include "common/transport/login_secrets.hpp"

namespace postrider::transport {

/// What a problem is about.
enum class SecretPart { password, certificate, proxy };

struct SecretAnswer {
    std::uint64_t question = 0;
    Result<LoginSecrets> secrets;
    SecretPart part = SecretPart::password; // of the error
};

class Secrets {
  public:
    Secrets() = default;
    Secrets(const Secrets &) = delete;
    Secrets &operator=(const Secrets &) = delete;
    virtual ~Secrets() = default;

    /// Begins to find out what a connection to the server takes from which mails are received, or
    /// to which they are sent. Does not wait.
    virtual void ask(std::uint64_t question, const engine::Mailbox &mailbox, bool for_sending) = 0;
    /// An answer that is there. Never waits; `now` is a steady time.
    virtual std::optional<SecretAnswer> take(Timestamp now) = 0;
    /// Nobody wants the answers any more.
    virtual void forget() = 0;
    /// Questions without an answer.
    [[nodiscard]] virtual std::size_t open_questions() const = 0;
};

} // namespace postrider::transport

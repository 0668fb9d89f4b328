// What the loop asks of whoever receives the mails of an account, by IMAP or POP3.
#pragma once

#include <optional>

#include "common/network/connection.hpp"
#include "common/network/surroundings.hpp"
#include "common/transport/judged_mail.hpp"

namespace postrider::network {

class Receiver {
  public:
    Receiver() = default;
    Receiver(const Receiver &) = delete;
    Receiver &operator=(const Receiver &) = delete;
    virtual ~Receiver() = default;

    /// Other keys or settings of the same account and the same server.
    virtual void configure(transport::MailAccount account) = 0;
    virtual void settle(const transport::Settle &settle, Timestamp now) = 0;
    /// Looks as soon as it can, and tells the host once it has.
    virtual void look_now() = 0;
    /// True when it was the answer to a question of its own.
    virtual bool on_secret(const transport::Secret &secret) = 0;
    /// Does what can be done without waiting. `now` never goes back.
    virtual void step(Timestamp now) = 0;
    /// How often in a row the server could not be connected to.
    [[nodiscard]] virtual unsigned failed_connections() const = 0;
    [[nodiscard]] virtual std::optional<Watched> watched() const = 0;
    [[nodiscard]] virtual std::optional<Timestamp> next_at() const = 0;
};

/// Tells the host of a mail that is ours.
void hand_over(Host &host,
               const std::string &account,
               const std::string &receipt,
               transport::JudgedMail judged);

/// Tells the host of a bounce, as far as its beginning says; false where the mail is none that
/// could be about a mail of ours.
bool hand_over_bounce(Host &host,
                      const std::string &account,
                      const std::string &receipt,
                      ByteView mail);

/// How long a mailbox is left alone that could not be looked into so many times in a row: 5 s,
/// 10 s, 20 s … 10 min.
Duration pause_after(unsigned failures);

} // namespace postrider::network

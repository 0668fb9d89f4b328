// Sends the mails of one account over one SMTP connection, one after another. What cannot be sent
// has its outcome at once: when to try again is the host's to decide.
#pragma once

#include <deque>
#include <optional>

#include "common/network/conversation.hpp"
#include "common/network/login.hpp"
#include "common/network/outgoing_mail.hpp"
#include "common/network/surroundings.hpp"
#include "common/transport/smtp_dialogue.hpp"

namespace postrider::network {

class Sender {
  public:
    Sender(Surroundings surroundings, transport::MailAccount account);

    /// Other settings of the same account; what is under way ends with the old ones.
    void configure(transport::MailAccount account);
    void submit(transport::Submit submit);
    /// Takes what it has asked for. True when it was for a mail of its own.
    bool on_piece(transport::EnvelopePiece &piece);
    /// Nothing more is sent; what was submitted has its outcome.
    void give_up(const Error &reason);

    bool on_secret(const transport::Secret &secret) { return login_.on_secret(secret); }

    /// Does what can be done without waiting. `now` never goes back.
    void step(Timestamp now);

    /// How often in a row the server could not be connected to.
    [[nodiscard]] unsigned failed_connections() const { return login_.failures(); }

    /// What to wait for, beside connections that are not open yet.
    [[nodiscard]] std::optional<Watched> watched() const;
    [[nodiscard]] std::optional<Timestamp> next_at() const;

  private:
    void open(Timestamp now);
    [[nodiscard]] bool nears_its_end() const;
    void ask_ahead();
    void connect();
    void talk(Timestamp now);
    void send_next();
    void on_outcome(const transport::SmtpOutcome &outcome);
    void fail(const transport::Submit &submit, const Error &reason);
    void disconnect();
    void do_now(std::string words);

    Surroundings around_;
    transport::MailAccount account_;
    std::deque<std::shared_ptr<OutgoingMail>> queue_; // the first is under way when `is_sending_`
    Login login_;
    std::optional<transport::SmtpDialogue> dialogue_;
    std::optional<Conversation> conversation_;
    std::optional<Timestamp> quiet_since_; // nothing was left to send
    std::size_t sent_here_ = 0;            // over this connection
    std::string message_name_;             // of the mail that is being sent
    bool is_sending_ = false;
    bool is_ahead_ = false; // the login is for the connection after the one that there is
    std::string doing_;
};

} // namespace postrider::network

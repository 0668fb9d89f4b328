// One SMTP connection of an account: its login, the mails that go over it one after another, its
// goodbye. Which mails those are, and what a failure means for others, is its owner's to say.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/network/conversation.hpp"
#include "common/network/login.hpp"
#include "common/network/outgoing_mail.hpp"
#include "common/network/surroundings.hpp"
#include "common/transport/smtp_dialogue.hpp"

namespace postrider::network {

class SendingConnection {
  public:
    /// What became of a mail that was given.
    struct Sent {
        std::shared_ptr<OutgoingMail> mail;
        transport::SmtpOutcome outcome;
        std::string message_name;
        bool had_proved_itself = false; // the server had taken others over this connection
    };

    /// There is no connection any more.
    struct Ended {
        bool was_open = false; // else none came about
        bool had_proved_itself = false;
        std::optional<Error> problem; // nothing where the two sides had said goodbye
    };

    explicit SendingConnection(Surroundings surroundings);

    void connect(const transport::MailAccount &account, const mail::ServerUrl &url);

    bool on_secret(const transport::Secret &secret) { return login_.on_secret(secret); }

    /// Does what can be done without waiting. What it gave is to be taken afterwards.
    void step(Timestamp now);
    std::optional<Sent> take_sent();
    std::optional<Ended> take_end();

    /// A mail can be given now.
    [[nodiscard]] bool may_send() const;
    /// Fails where the mail cannot be sent over any connection; nothing is under way then.
    Result<void> send(const transport::MailAccount &account, std::shared_ptr<OutgoingMail> mail);
    /// Says goodbye behind the mail that is under way.
    void quit();
    /// There is nothing that it could send now: it is kept a while.
    void rest(Timestamp now);
    /// Closes it at once, and gives back what was under way, whose outcome nobody will learn.
    std::shared_ptr<OutgoingMail> drop();

    [[nodiscard]] bool is_connecting() const { return login_.is_under_way(); }

    [[nodiscard]] bool is_open() const { return conversation_.has_value(); }

    /// Open, and not about to end.
    [[nodiscard]] bool is_usable() const { return is_open() && !is_quitting_; }

    /// The server has taken a mail over it.
    [[nodiscard]] bool has_proved_itself() const { return is_usable() && has_accepted_; }

    [[nodiscard]] bool is_quiet() const { return quiet_since_.has_value(); }

    /// What is under way, or nothing.
    [[nodiscard]] const std::shared_ptr<OutgoingMail> &mail() const { return mail_; }

    /// How often in a row the server could not be connected to.
    [[nodiscard]] unsigned failed_connections() const { return login_.failures(); }

    [[nodiscard]] std::optional<Watched> watched() const;
    [[nodiscard]] std::optional<Timestamp> next_at() const;

  private:
    void open(Timestamp now);

    Surroundings around_;
    transport::MailAccount account_; // as it was connected with
    Login login_;
    std::optional<transport::SmtpDialogue> dialogue_;
    std::optional<Conversation> conversation_;
    std::shared_ptr<OutgoingMail> mail_;
    std::string message_name_; // of `mail_`
    std::optional<Sent> sent_;
    std::optional<Ended> end_;
    std::optional<Timestamp> quiet_since_;
    std::size_t given_ = 0; // mails
    bool has_accepted_ = false;
    bool is_quitting_ = false;
};

} // namespace postrider::network

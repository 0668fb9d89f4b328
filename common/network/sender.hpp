// Sends the mails of one account: over one SMTP connection, one after another, and over a second
// one while many wait. What cannot be sent has its outcome at once: when to try again is the host's
// to decide.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "common/network/sending_connection.hpp"

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

    bool on_secret(const transport::Secret &secret);

    /// Does what can be done without waiting. `now` never goes back.
    void step(Timestamp now);

    /// How often in a row the server could not be connected to.
    [[nodiscard]] unsigned failed_connections() const;

    /// What to wait for, beside connections that are not open yet.
    [[nodiscard]] std::vector<Watched> watched() const;
    [[nodiscard]] std::optional<Timestamp> next_at() const;

  private:
    bool attend(SendingConnection &connection, Timestamp now);
    void on_sent(SendingConnection &connection, SendingConnection::Sent sent, Timestamp now);
    void on_end(const SendingConnection::Ended &end, Timestamp now);
    bool give_next(SendingConnection &connection);
    void connect_where_needed(Timestamp now);
    void connect(SendingConnection &connection);
    [[nodiscard]] bool has_another(const SendingConnection &connection) const;
    [[nodiscard]] bool is_worth_another() const;
    void ask_ahead();
    void give_up_waiting(const Error &reason);
    void fail(const transport::Submit &submit, const Error &reason);
    void do_now(std::string words);

    Surroundings around_;
    transport::MailAccount account_;
    std::deque<std::shared_ptr<OutgoingMail>> waiting_;
    std::array<SendingConnection, 2> connections_; // the second one while many wait
    Timestamp alone_until_{};                      // the server may not have liked two at once
    std::string doing_;
};

} // namespace postrider::network

// Tries a mailbox as its owner would: logs in to receive, logs in to send, sends mails to itself,
// finds them again and removes them. Says each thing that it finds out, and ends in time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/network/conversation.hpp"
#include "common/network/inbox_check.hpp"
#include "common/network/login.hpp"
#include "common/network/server_finder.hpp"
#include "common/transport/smtp_dialogue.hpp"

namespace postrider::network {

class MailboxCheck {
  public:
    /// `around` and `lookups` have to outlive it.
    MailboxCheck(const Surroundings &around,
                 Lookups &lookups,
                 transport::CheckMailbox request,
                 Timestamp now);

    bool on_secret(const transport::Secret &secret);
    void step(Timestamp now);

    /// The host has been told everything.
    [[nodiscard]] bool is_done() const { return is_done_; }

    [[nodiscard]] std::vector<Watched> watched() const;
    [[nodiscard]] Timestamp next_at() const;

  private:
    enum class Sending { not_begun, login, talking, over };

    void tell(const std::string &subject, const Result<std::string> &found);
    void search(Lookups &lookups);
    void step_search(Timestamp now);
    void open_inbox();
    void step_sending(Timestamp now);
    void begin_sending();
    void talk(Timestamp now);
    void on_ready(const transport::SmtpReady &ready);
    void send_next();
    void on_outcome(const transport::SmtpOutcome &outcome, Timestamp now);
    void end_sending(const std::optional<Error> &problem);
    [[nodiscard]] bool may_send_tests() const;
    [[nodiscard]] bool is_through() const;
    void finish(bool is_late);
    void tell_of(const TestMail &test, bool is_late);

    const Surroundings &around_;
    transport::MailAccount account_;
    Duration at_most_;
    Timestamp ends_at_;
    std::optional<ServerFinder> finder_; // of servers that the text leaves to be found
    Timestamp searched_at_{};            // it was looked how far it is
    std::unique_ptr<InboxCheck> inbox_;  // none where nothing is received over a connection
    Sending sending_ = Sending::not_begun;
    Login login_;
    std::optional<transport::SmtpDialogue> dialogue_;
    std::optional<Conversation> conversation_;
    bool can_send_ = false; // the server has let us in
    std::vector<TestMail> tests_;
    std::size_t next_test_ = 0; // to be sent
    bool is_done_ = false;
};

} // namespace postrider::network

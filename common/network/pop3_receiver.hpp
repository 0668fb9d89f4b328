// Receives the mails of one account by POP3: a short session at a time, since nobody else gets at
// the mailbox meanwhile. Looks at the header of what is new, fetches what may be ours, gives it to
// the host, and deletes it in the session after the host has said so.
//
// Nothing is remembered beyond the process: after a crash every header is looked at again. There
// are no folders, so what is to be set aside stays where it lies.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/mail/recognise.hpp"
#include "common/network/conversation.hpp"
#include "common/network/incoming_mail.hpp"
#include "common/network/login.hpp"
#include "common/network/receiver.hpp"
#include "common/network/receiving_health.hpp"
#include "common/transport/judged_mail.hpp"
#include "common/transport/pop3_dialogue.hpp"

namespace postrider::network {

class Pop3Receiver final : public Receiver {
  public:
    Pop3Receiver(Surroundings surroundings, transport::MailAccount account);

    void configure(transport::MailAccount account) override;
    void settle(const transport::Settle &settle, Timestamp now) override;

    void look_now() override;

    bool on_secret(const transport::Secret &secret) override { return login_.on_secret(secret); }

    void step(Timestamp now) override;

    [[nodiscard]] unsigned failed_connections() const override { return login_.failures(); }

    [[nodiscard]] std::optional<Watched> watched() const override;
    [[nodiscard]] std::optional<Timestamp> next_at() const override;

  private:
    /// RETR makes many servers take a message for read, so it is said only of what is ours.
    /// `gathered`: whole, once more, since it could not be used while it came.
    enum class Look { header, beginning, whole, gathered };

    /// A message of this session that has to be looked at, or to be removed.
    struct Task {
        std::uint64_t number = 0;
        std::string unique_id;
        std::uint64_t bytes = 0; // as it is listed
        Look look = Look::header;
        bool is_removal = false;
    };

    void connect(Timestamp now);
    void talk(Timestamp now);
    bool go_on(Timestamp now);
    void ask(std::deque<Task> &tasks);
    void look_again(Task task, Look look);
    [[nodiscard]] bool is_retrieved(const Task &task) const;
    [[nodiscard]] bool has_asked_enough() const;
    void expect_next();
    void take(const transport::Pop3Event &event, Timestamp now);
    void on_ready(const transport::Pop3Ready &ready, Timestamp now);
    void on_done(const transport::Pop3Done &done);
    void on_ended(const transport::Pop3Ended &ended);
    [[nodiscard]] bool is_worth_more(Look look) const;
    bool end_stream(const std::string &unique_id);
    [[nodiscard]] mail::MailKind kind() const;
    void judge_bounce(const std::string &unique_id);
    void judge(const std::string &unique_id);
    void end_session(Timestamp now, const std::optional<Error> &problem);
    void want_session();
    void tell_looked(bool reached);
    [[nodiscard]] bool is_through() const;
    void tell(const Error &what, std::uint64_t count = 1);
    void do_now(std::string words);

    struct Held {
        transport::HeldMail mail;
        Timestamp settled_at{};
    };

    Surroundings around_;
    transport::MailAccount account_;
    Login login_;
    ReceivingHealth health_;
    std::optional<transport::Pop3Dialogue> dialogue_;
    std::optional<Conversation> conversation_;

    std::map<std::string, Held> held_; // by unique id
    std::set<std::string> others_;     // unique ids of what is not for us
    std::deque<Task> to_look_;         // what is to be looked at again before the others
    std::deque<Task> to_remove_;       // before those
    std::deque<Task> asked_;           // the answers come in this order
    std::vector<std::string> removed_; // in this session, once it has ended well
    bool somebody_waits_ = true;       // for the end of a session in which all was done
    bool is_listed_ = false;           // in this session: what comes now is seen by the next one
    bool is_wanted_again_ = false;     // after that somebody has asked, or other keys have come
    bool has_top_ = false;
    bool is_quitting_ = false;
    std::optional<Timestamp> busy_since_; // the host, while there is something to fetch
    IncomingMail incoming_;
    std::uint64_t strangers_ = 0;
    std::optional<Timestamp> look_at_; // the next session; empty: at once
    unsigned failures_ = 0;
    std::string told_; // the last error, so that it is told once
    std::string doing_;
};

} // namespace postrider::network

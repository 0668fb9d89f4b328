// Sends mails over a connection on which a user is logged in: RFC 5321 with SIZE and PIPELINING
// (RFC 1870, RFC 2920). Numbers, schedules and what is resent are the owner's; see dialogue.hpp for
// who moves the bytes.
//
// The owner calls take_event until it gives nothing, after each receive, send, output and lost.
//   SmtpReady    once, when the server has said what it can do: now mails may be sent.
//   SmtpOutcome  once for each mail that `send` took, whatever happens: one line per recipient, in
//                the order given. After it the next mail may be sent, unless the dialogue is over.
// After any error, a 421 and an unusable content too, the dialogue is over: the owner closes the
// connection, and what was under way has had its outcome.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/transport/dialogue.hpp"
#include "common/transport/dot_stuffing.hpp"
#include "common/transport/smtp_capabilities.hpp"
#include "common/transport/smtp_verdict.hpp"

namespace postrider::transport {

struct SmtpMail {
    std::uint64_t ticket = 0; // comes back in the outcome
    std::string sender;       // of the envelope: bounces go there
    std::vector<std::string> recipients;
    /// Of the content: 7-bit text with CR LF, before dots are doubled, without the final dot. A
    /// content of any other size is given up before its end.
    std::uint64_t bytes = 0;
    std::unique_ptr<ContentSource> content;
};

struct SmtpReady {
    SmtpCapabilities capabilities;
};

struct SmtpRecipientOutcome {
    std::string address;
    SmtpVerdict verdict = SmtpVerdict::not_sent;
    std::optional<SmtpReply> reply; // what decided it, where a reply did; without `lines`
    std::optional<Error> error;     // for the operator; unless accepted
    /// `refused_policy` in answer to the mail itself: its addresses were good enough.
    bool is_about_content = false;
};

struct SmtpOutcome {
    std::uint64_t ticket = 0;
    std::vector<SmtpRecipientOutcome> recipients;
};

using SmtpEvent = std::variant<SmtpReady, SmtpOutcome>;

class SmtpDialogue final : public Dialogue {
  public:
    /// `own_name` is told the server with EHLO; what is neither a full domain name nor an address
    /// literal is replaced by one, as RFC 5321 section 4.1.1.1 wants it.
    explicit SmtpDialogue(std::string_view own_name);

    /// Only while `may_send`. Fails when the mail cannot be sent to any server (addresses, their
    /// number, size); it is not taken then, and no event comes of it. One that is above this
    /// server's size gets its outcome without a word to the server.
    Result<void> send(SmtpMail mail);
    [[nodiscard]] bool may_send() const;
    /// Says goodbye, after the mail that is under way.
    void quit();
    std::optional<SmtpEvent> take_event();

    Result<void> receive(ByteView bytes) override;
    /// Doubled dots and the end of the content may make it a little more than `bytes_max`.
    Bytes output(std::size_t bytes_max) override;
    void lost(const Error &reason) override;
    /// 5 minutes for a reply, 10 for the one to the final dot, 2 in which a mail has to get on when
    /// it is written (RFC 5321 section 4.5.3.2): counted from when bytes last moved.
    [[nodiscard]] std::optional<Duration> patience() const override;

    [[nodiscard]] bool is_over() const override { return phase_ == Phase::over; }

  private:
    enum class Phase { hello, idle, envelope, data, body, content, reset, quitting, over };
    /// What a reply that is awaited is the reply to.
    enum class Question { ehlo, helo, sender, recipient, data, content, reset, quit };

    struct Command {
        Question question;
        std::string line;
    };

    /// The mail under way.
    struct Work {
        explicit Work(SmtpMail taken);

        SmtpMail mail;
        std::vector<SmtpRecipientOutcome> outcomes;
        std::vector<bool> decided; // by recipient
        std::size_t asked = 0;     // recipients whose command has been queued
        std::size_t answered = 0;  // recipients whose reply has come
        std::size_t accepted = 0;  // recipients that are to get the content
        bool sender_accepted = false;
        bool data_asked = false;
        DotStuffer stuffer;
        std::uint64_t bytes_read = 0;
    };

    void say(Question question, std::string line);
    void ask_recipient();
    void ask_to_write();
    void write_commands(Bytes &out, std::size_t bytes_max);
    Result<void> write_body(Bytes &out, std::size_t bytes_max);

    Result<void> on_reply(SmtpReply reply);
    Result<void> on_hello(Question question, const SmtpReply &reply);
    void on_sender(const SmtpReply &reply);
    void on_recipient(const SmtpReply &reply);
    Result<void> on_data(const SmtpReply &reply);
    void on_content(const SmtpReply &reply);
    Result<void> on_reset(const SmtpReply &reply);
    Error on_unasked(const SmtpReply &reply);

    void end_of_envelope();
    void decide(std::size_t recipient, const SmtpReply &reply, SmtpStage stage);
    void decide_rest(const SmtpReply &reply, SmtpStage stage);
    void finish_mail();
    void become_idle();
    /// The dialogue is over; what is undecided gets `not_sent` or `unknown`.
    void end(const Error &reason);

    std::string own_name_;
    SmtpReplyReader reader_;
    Phase phase_ = Phase::hello;
    SmtpCapabilities capabilities_;
    std::deque<Command> to_say_;   // not yet given by output
    std::deque<Question> awaited_; // given by output
    std::optional<Work> work_;
    std::deque<SmtpEvent> events_;
    bool quit_asked_ = false;
};

} // namespace postrider::transport

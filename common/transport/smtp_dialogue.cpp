// The phases of a dialogue: hello, then for each mail envelope, data, body and content (or reset),
// then goodbye.
#include "common/transport/smtp_dialogue.hpp"

#include <algorithm>
#include <utility>

#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"
#include "common/mail/address.hpp"
#include "common/mail/client_name.hpp"

namespace postrider::transport {

namespace {

constexpr std::size_t content_piece_bytes = 16 * limits::kib;
constexpr Duration reply_patience = std::chrono::minutes{5};
constexpr Duration content_reply_patience = std::chrono::minutes{10};
constexpr Duration body_patience = std::chrono::minutes{2};

SmtpStage recipient_stage(std::size_t accepted) {
    return accepted == 0 ? SmtpStage::first_recipient : SmtpStage::later_recipient;
}

Result<void> check_mail(const SmtpMail &mail) {
    if (mail.recipients.empty() || mail.recipients.size() > limits::smtp_recipients_max) {
        return Error{Errc::too_large, "mail has " + std::to_string(mail.recipients.size()) +
                                          " recipients, not 1 to " +
                                          std::to_string(limits::smtp_recipients_max)};
    }
    if (mail.bytes > limits::mail_bytes_max) {
        return Error{Errc::too_large, "mail has " + std::to_string(mail.bytes) +
                                          " bytes, more than " +
                                          std::to_string(limits::mail_bytes_max)};
    }
    // Nothing that was not checked stands in a command.
    if (Result<void> sender = mail::check_address(mail.sender); !sender) {
        return sender;
    }
    for (const std::string &recipient : mail.recipients) {
        if (Result<void> checked = mail::check_address(recipient); !checked) {
            return checked;
        }
    }
    return {};
}

} // namespace

SmtpDialogue::Work::Work(SmtpMail taken) : mail(std::move(taken)), decided(mail.recipients.size()) {
    for (const std::string &recipient : mail.recipients) {
        outcomes.push_back({recipient, SmtpVerdict::not_sent, {}, {}});
    }
}

SmtpDialogue::SmtpDialogue(std::string_view own_name)
    : own_name_(mail::is_full_domain_name(own_name) || mail::is_address_literal(own_name)
                    ? own_name
                    : "[127.0.0.1]") {
    say(Question::ehlo, "EHLO " + own_name_ + "\r\n");
}

bool SmtpDialogue::may_send() const {
    return phase_ == Phase::idle && !quit_asked_;
}

Result<void> SmtpDialogue::send(SmtpMail mail) {
    ensure(may_send(), "mails are sent one after another");
    ensure(mail.content != nullptr, "a mail has a content");
    if (Result<void> checked = check_mail(mail); !checked) {
        return checked;
    }
    work_.emplace(std::move(mail));
    const SmtpMail &taken = work_->mail;
    if (capabilities_.size_max && taken.bytes > *capabilities_.size_max) {
        const Error reason{Errc::too_large,
                           "mail has " + std::to_string(taken.bytes) +
                               " bytes, and the server takes up to " +
                               std::to_string(*capabilities_.size_max),
                           {},
                           "It is divided into smaller mails by itself."};
        for (SmtpRecipientOutcome &outcome : work_->outcomes) {
            outcome.verdict = SmtpVerdict::too_large;
            outcome.error = reason;
        }
        finish_mail();
        return {};
    }
    phase_ = Phase::envelope;
    // RFC 1870 section 3: the size makes the server refuse before the content is sent.
    const std::string size = capabilities_.size ? " SIZE=" + std::to_string(taken.bytes) : "";
    say(Question::sender, "MAIL FROM:<" + taken.sender + ">" + size + "\r\n");
    while (capabilities_.pipelining && work_->asked < taken.recipients.size()) {
        ask_recipient();
    }
    // RFC 2920 section 3.1: DATA may end a group. Where several are asked, how many are taken is
    // heard first.
    if (capabilities_.pipelining && taken.recipients.size() == 1) {
        ask_to_write();
    }
    return {};
}

void SmtpDialogue::quit() {
    quit_asked_ = true;
    if (phase_ == Phase::idle) {
        become_idle();
    }
}

std::optional<SmtpEvent> SmtpDialogue::take_event() {
    if (events_.empty()) {
        return std::nullopt;
    }
    SmtpEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

// --- what is written

void SmtpDialogue::say(Question question, std::string line) {
    to_say_.push_back({question, std::move(line)});
}

void SmtpDialogue::ask_recipient() {
    say(Question::recipient, "RCPT TO:<" + work_->mail.recipients[work_->asked] + ">\r\n");
    ++work_->asked;
}

void SmtpDialogue::ask_to_write() {
    say(Question::data, "DATA\r\n");
    work_->data_asked = true;
}

Bytes SmtpDialogue::output(std::size_t bytes_max) {
    Bytes out;
    write_commands(out, bytes_max);
    if (phase_ == Phase::body) {
        if (const Result<void> written = write_body(out, bytes_max); !written) {
            end(written.error());
            return {};
        }
    }
    return out;
}

void SmtpDialogue::write_commands(Bytes &out, std::size_t bytes_max) {
    while (!to_say_.empty() && out.size() < bytes_max) {
        const ByteView line = as_bytes(to_say_.front().line);
        out.insert(out.end(), line.begin(), line.end());
        awaited_.push_back(to_say_.front().question);
        to_say_.pop_front();
    }
}

Result<void> SmtpDialogue::write_body(Bytes &out, std::size_t bytes_max) {
    Bytes piece(std::min(bytes_max, content_piece_bytes));
    while (out.size() < bytes_max) {
        const std::size_t wanted = std::min(piece.size(), bytes_max - out.size());
        Result<std::size_t> read = work_->mail.content->read(std::span(piece).first(wanted));
        if (!read) {
            return std::move(read.error());
        }
        ensure(*read <= wanted, "a content is read into the room there is");
        if (*read > work_->mail.bytes - work_->bytes_read) {
            return Error{Errc::internal, "mail to be sent is longer than was said"};
        }
        if (*read == 0 && work_->mail.content->is_waiting()) {
            return {};
        }
        if (*read == 0 && work_->bytes_read < work_->mail.bytes) {
            return Error{Errc::internal, "mail to be sent is shorter than was said"};
        }
        if (*read == 0) {
            if (Result<void> finished = work_->stuffer.finish(out); !finished) {
                return finished;
            }
            awaited_.push_back(Question::content);
            phase_ = Phase::content;
            return {};
        }
        work_->bytes_read += *read;
        if (Result<void> stuffed = work_->stuffer.write(ByteView(piece).first(*read), out);
            !stuffed) {
            return stuffed;
        }
    }
    return {};
}

// --- what is read

Result<void> SmtpDialogue::receive(ByteView bytes) {
    while (phase_ != Phase::over) {
        Result<std::optional<SmtpReply>> reply = reader_.next(bytes);
        if (!reply) {
            end(reply.error());
            return std::move(reply.error());
        }
        if (!*reply) {
            return {};
        }
        if (Result<void> understood = on_reply(std::move(**reply)); !understood) {
            end(understood.error());
            return understood;
        }
    }
    return {};
}

Result<void> SmtpDialogue::on_reply(SmtpReply reply) {
    const bool closes = reply.code == 421;
    if (closes && !(awaited_.size() == 1 && awaited_.front() == Question::quit)) {
        decide_rest(reply, SmtpStage::data);
        return Error{Errc::unavailable,
                     "mail server closed the connection: " + reply.shown(),
                     {},
                     "It is tried again by itself."};
    }
    if (awaited_.empty()) {
        return on_unasked(reply);
    }
    const Question question = awaited_.front();
    awaited_.pop_front();
    if (question == Question::ehlo || question == Question::helo) {
        return on_hello(question, reply);
    }
    reply.lines.clear();
    if (reply.code_class() == 3 && question != Question::data) {
        return nonsense("SMTP", "asks to go on where nothing is left to say: " + reply.shown());
    }
    switch (question) {
    case Question::sender:
        on_sender(reply);
        return {};
    case Question::recipient:
        on_recipient(reply);
        return {};
    case Question::data:
        return on_data(reply);
    case Question::content:
        on_content(reply);
        return {};
    case Question::reset:
        return on_reset(reply);
    case Question::quit:
        phase_ = Phase::over; // whatever the reply
        return {};
    case Question::ehlo:
    case Question::helo:
        break;
    }
    return {};
}

Result<void> SmtpDialogue::on_hello(Question question, const SmtpReply &reply) {
    // RFC 5321 section 3.2: a server that does not know EHLO is greeted as of old.
    if (question == Question::ehlo && reply.code_class() == 5) {
        say(Question::helo, "HELO " + own_name_ + "\r\n");
        return {};
    }
    if (reply.code_class() != 2) {
        return Error{reply.code_class() == 4 ? Errc::unavailable : Errc::refused,
                     "mail server does not want to talk to \"" + own_name_ + "\": " + reply.shown(),
                     {},
                     "Some refuse computers without a full name: give this one a name that DNS "
                     "knows, or send by port 587 or 465; else ask who looks after the server."};
    }
    if (question == Question::ehlo) {
        capabilities_ = smtp_capabilities(reply);
    }
    events_.emplace_back(SmtpReady{capabilities_});
    become_idle();
    return {};
}

void SmtpDialogue::on_sender(const SmtpReply &reply) {
    work_->sender_accepted = reply.code_class() == 2;
    if (!work_->sender_accepted) {
        decide_rest(reply, SmtpStage::sender);
    }
    if (capabilities_.pipelining) {
        return; // replies to the recipients follow
    }
    if (work_->sender_accepted) {
        ask_recipient();
    } else {
        finish_mail();
    }
}

void SmtpDialogue::on_recipient(const SmtpReply &reply) {
    const std::size_t recipient = work_->answered++;
    if (work_->sender_accepted && reply.code_class() == 2) {
        ++work_->accepted;
    } else {
        decide(recipient, reply, recipient_stage(work_->accepted));
    }
    if (work_->answered < work_->asked) {
        return;
    }
    const bool is_full = work_->outcomes[recipient].verdict == SmtpVerdict::too_many_recipients;
    if (is_full) {
        // Asked no more: some servers hang up on those who go on.
        for (std::size_t rest = work_->asked; rest < work_->outcomes.size(); ++rest) {
            decide(rest, reply, SmtpStage::later_recipient);
        }
    } else if (work_->asked < work_->outcomes.size()) {
        ask_recipient();
        return;
    }
    end_of_envelope();
}

void SmtpDialogue::end_of_envelope() {
    if (work_->accepted != 0 && !work_->data_asked) {
        ask_to_write();
    }
    if (work_->data_asked) {
        phase_ = Phase::data;
        return;
    }
    say(Question::reset, "RSET\r\n");
    phase_ = Phase::reset;
}

Result<void> SmtpDialogue::on_data(const SmtpReply &reply) {
    if (reply.code == 354 && work_->accepted != 0) {
        phase_ = Phase::body;
        return {};
    }
    if (reply.code == 354) { // for nobody: RFC 2920 section 3.1 wants an end without a content
        say(Question::content, ".\r\n");
        phase_ = Phase::content;
        return {};
    }
    if (reply.code_class() < 4) {
        return nonsense("SMTP", "replied to DATA: " + reply.shown());
    }
    decide_rest(reply, SmtpStage::data);
    say(Question::reset, "RSET\r\n");
    phase_ = Phase::reset;
    return {};
}

void SmtpDialogue::on_content(const SmtpReply &reply) {
    decide_rest(reply, SmtpStage::content);
    finish_mail();
}

Result<void> SmtpDialogue::on_reset(const SmtpReply &reply) {
    if (reply.code_class() != 2) {
        return nonsense("SMTP", "replied to RSET: " + reply.shown());
    }
    finish_mail();
    return {};
}

/// A reply to nothing. Some servers refuse a mail before it is written whole: what they say of it
/// then is its outcome, since nothing is accepted without the final dot.
Error SmtpDialogue::on_unasked(const SmtpReply &reply) {
    if (phase_ == Phase::body && reply.code_class() >= 4) {
        decide_rest(reply, SmtpStage::content);
    }
    return nonsense("SMTP", "said without being asked: " + reply.shown());
}

// --- outcomes

void SmtpDialogue::decide(std::size_t recipient, const SmtpReply &reply, SmtpStage stage) {
    if (work_->decided[recipient]) {
        return;
    }
    work_->decided[recipient] = true;
    SmtpRecipientOutcome &outcome = work_->outcomes[recipient];
    outcome.verdict = judge_reply(reply, stage);
    outcome.is_about_content =
        outcome.verdict == SmtpVerdict::refused_policy && stage == SmtpStage::content;
    outcome.reply = reply;
    outcome.reply->lines.clear();
    if (outcome.verdict != SmtpVerdict::accepted) {
        outcome.error = reply_error(reply, stage, {work_->mail.sender, outcome.address});
    }
}

void SmtpDialogue::decide_rest(const SmtpReply &reply, SmtpStage stage) {
    for (std::size_t recipient = 0; work_ && recipient < work_->outcomes.size(); ++recipient) {
        decide(recipient, reply, stage);
    }
}

void SmtpDialogue::finish_mail() {
    events_.emplace_back(SmtpOutcome{work_->mail.ticket, std::move(work_->outcomes)});
    work_.reset();
    become_idle();
}

void SmtpDialogue::become_idle() {
    phase_ = quit_asked_ ? Phase::quitting : Phase::idle;
    if (quit_asked_) {
        say(Question::quit, "QUIT\r\n");
    }
}

void SmtpDialogue::end(const Error &reason) {
    if (work_) {
        // What output has given may have been read by the server, whether it was written or not.
        const SmtpVerdict verdict =
            phase_ == Phase::content ? SmtpVerdict::unknown : SmtpVerdict::not_sent;
        for (std::size_t recipient = 0; recipient < work_->outcomes.size(); ++recipient) {
            if (!work_->decided[recipient]) {
                SmtpRecipientOutcome &outcome = work_->outcomes[recipient];
                outcome.verdict = verdict;
                outcome.error = lost_error(verdict, reason, outcome.address);
            }
        }
        finish_mail();
    }
    phase_ = Phase::over;
    to_say_.clear();
    awaited_.clear();
}

void SmtpDialogue::lost(const Error &reason) {
    if (phase_ != Phase::over) {
        end(reason);
    }
}

std::optional<Duration> SmtpDialogue::patience() const {
    if (phase_ == Phase::over || phase_ == Phase::idle) {
        return std::nullopt;
    }
    if (phase_ == Phase::body && work_->mail.content->is_waiting()) {
        return std::nullopt; // the server waits for us
    }
    if (phase_ == Phase::body) {
        return body_patience;
    }
    return phase_ == Phase::content ? content_reply_patience : reply_patience;
}

} // namespace postrider::transport

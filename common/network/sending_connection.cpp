// It is kept a while, since the next mail is often not far, and not for ever, since some servers
// count the mails of one.
#include "common/network/sending_connection.hpp"

#include <algorithm>
#include <utility>

#include <sodium.h>

#include "common/mail/message.hpp"

namespace postrider::network {

namespace {

constexpr Duration keep_open = std::chrono::seconds{30};
constexpr std::size_t mails_per_connection_max = 100;

} // namespace

SendingConnection::SendingConnection(Surroundings surroundings)
    : around_(std::move(surroundings)), login_(around_.host, around_.connections) {}

void SendingConnection::connect(const transport::MailAccount &account, const mail::ServerUrl &url) {
    account_ = account;
    login_.begin(account_, endpoint_of(account_, url, around_));
}

/// Takes the connection that was asked for, once it is there.
void SendingConnection::open(Timestamp now) {
    auto opened = login_.take();
    if (!opened) {
        return;
    }
    if (!*opened) {
        end_ = Ended{false, false, opened->error()};
        return;
    }
    dialogue_.emplace(greeting_of(account_, around_, ***opened));
    conversation_.emplace(*std::move(*opened), *dialogue_, account_.send, now);
    quiet_since_.reset();
    given_ = 0;
    has_accepted_ = is_quitting_ = false;
}

void SendingConnection::step(Timestamp now) {
    if (!conversation_) {
        open(now);
    }
    if (!conversation_) {
        return;
    }
    if (given_ >= mails_per_connection_max && !mail_) {
        quit();
    }
    conversation_->move(now);
    while (auto event = dialogue_->take_event()) {
        if (auto *outcome = std::get_if<transport::SmtpOutcome>(&*event)) {
            const bool is_accepted =
                std::any_of(outcome->recipients.begin(), outcome->recipients.end(),
                            [](const transport::SmtpRecipientOutcome &each) {
                                return each.verdict == transport::SmtpVerdict::accepted;
                            });
            sent_ = Sent{std::exchange(mail_, nullptr), std::move(*outcome),
                         std::exchange(message_name_, {}), has_accepted_};
            has_accepted_ = has_accepted_ || is_accepted;
        }
    }
    if (conversation_->is_closed()) {
        end_ = Ended{true, has_accepted_, conversation_->problem()};
        conversation_.reset();
        dialogue_.reset();
        quiet_since_.reset();
    }
}

std::optional<SendingConnection::Sent> SendingConnection::take_sent() {
    return std::exchange(sent_, std::nullopt);
}

std::optional<SendingConnection::Ended> SendingConnection::take_end() {
    return std::exchange(end_, std::nullopt);
}

bool SendingConnection::may_send() const {
    return is_usable() && !mail_ && given_ < mails_per_connection_max && dialogue_->may_send();
}

Result<void> SendingConnection::send(const transport::MailAccount &account,
                                     std::shared_ptr<OutgoingMail> mail) {
    const transport::Submit &submit = mail->submit();
    mail::Message message;
    message.from = account.address;
    message.to = account.address; // who gets it stands in the envelope alone
    message.container = submit.container;
    if (!submit.subject.empty()) {
        message.container = mail::Container::letter;
        message.to = submit.recipients.front();
        message.subject = submit.subject;
    }
    message.subject_prefix = account.subject_prefix;
    message.date = around_.clock.now();
    randombytes_buf(message.token.data(), message.token.size());
    Result<std::unique_ptr<MailSource>> source = MailSource::create(message, mail);
    if (!source) {
        return source.error();
    }
    const std::uint64_t bytes = (*source)->size();
    Result<void> taken = dialogue_->send(
        {submit.ticket, account.address, submit.recipients, bytes, *std::move(source)});
    if (taken) {
        mail_ = std::move(mail);
        message_name_ = mail::message_name(message.token);
        quiet_since_.reset();
        ++given_;
    }
    return taken;
}

void SendingConnection::quit() {
    if (is_open() && !is_quitting_) {
        is_quitting_ = true;
        dialogue_->quit();
    }
}

void SendingConnection::rest(Timestamp now) {
    if (!may_send()) {
        quiet_since_.reset();
    } else if (!quiet_since_) {
        quiet_since_ = now;
    } else if (now - *quiet_since_ >= keep_open) {
        quit();
        conversation_->move(now);
    }
}

std::shared_ptr<OutgoingMail> SendingConnection::drop() {
    login_.give_up();
    conversation_.reset();
    dialogue_.reset();
    quiet_since_.reset();
    sent_.reset();
    end_.reset();
    return std::exchange(mail_, nullptr);
}

std::optional<Watched> SendingConnection::watched() const {
    return conversation_ ? std::optional{conversation_->watched()} : std::nullopt;
}

std::optional<Timestamp> SendingConnection::next_at() const {
    std::optional<Timestamp> next = conversation_ ? conversation_->deadline() : std::nullopt;
    if (quiet_since_ && (!next || *quiet_since_ + keep_open < *next)) {
        next = *quiet_since_ + keep_open;
    }
    return next;
}

} // namespace postrider::network

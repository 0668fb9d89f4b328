// A connection is kept a while, since the next mail is often not far, and not for ever, since some
// servers count the mails of one.
#include "common/network/sender.hpp"

#include <algorithm>
#include <utility>

#include <sodium.h>

#include "common/base/limits.hpp"
#include "common/mail/message.hpp"
#include "common/network/own_name.hpp"

namespace postrider::network {

namespace {

constexpr Duration keep_open = std::chrono::seconds{30};
constexpr std::size_t mails_per_connection_max = 50;
/// Behind so many the next connection is opened, where the rest of them is no more than so large: a
/// server does not wait for ever for a client that is greeted and silent.
constexpr std::size_t connects_ahead_after = mails_per_connection_max - 3;
constexpr std::uint64_t connects_ahead_bytes_max = 2 * limits::mib;

/// How long the host should leave the path alone; 0: its own schedule.
std::uint64_t wait_seconds(transport::SmtpVerdict verdict) {
    constexpr std::uint64_t greylisting_seconds = 330; // five minutes are what most want
    constexpr std::uint64_t slow_down_seconds = 600;
    switch (verdict) {
    case transport::SmtpVerdict::greylisted:
        return greylisting_seconds;
    case transport::SmtpVerdict::slow_down:
        return slow_down_seconds;
    default:
        return 0;
    }
}

/// Nothing is to be done about it now: it was accepted, or may have been, and then the missing
/// acknowledgement brings it again.
bool counts_as_sent(transport::SmtpVerdict verdict) {
    return verdict == transport::SmtpVerdict::accepted ||
           verdict == transport::SmtpVerdict::unknown;
}

} // namespace

Sender::Sender(Surroundings surroundings, transport::MailAccount account)
    : around_(std::move(surroundings)),
      account_(std::move(account)),
      login_(around_.host, around_.connections) {}

void Sender::configure(transport::MailAccount account) {
    account_ = std::move(account);
}

void Sender::submit(transport::Submit submit) {
    const auto end = queue_.end();
    const auto place = submit.urgent
                           ? std::find_if(queue_.begin() + (is_sending_ ? 1 : 0), end,
                                          [](const auto &mail) { return !mail->submit().urgent; })
                           : end;
    queue_.insert(place, std::make_shared<OutgoingMail>(std::move(submit)));
}

bool Sender::on_piece(transport::EnvelopePiece &piece) {
    const auto mail = std::find_if(queue_.begin(), queue_.end(), [&](const auto &each) {
        return each->submit().ticket == piece.ticket;
    });
    if (mail == queue_.end()) {
        return false;
    }
    (*mail)->take(std::move(piece));
    return true;
}

/// The next mails are brought here while one is sent, and while its server thinks.
void Sender::ask_ahead() {
    std::uint64_t ahead = 0;
    for (const std::shared_ptr<OutgoingMail> &mail : queue_) {
        if (ahead >= limits::network_ahead_bytes_max) {
            return;
        }
        if (const auto wanted = mail->ask(limits::network_ahead_bytes_max - ahead)) {
            around_.host.tell(*wanted);
        }
        ahead += mail->ahead();
    }
}

void Sender::step(Timestamp now) {
    // When the talk has ended with mails left, nothing else wakes us for them.
    for (bool is_talking = true; is_talking;) {
        if (!conversation_) {
            open(now);
        }
        is_talking = conversation_.has_value();
        if (is_talking) {
            talk(now);
            is_talking = !conversation_;
        }
    }
    const bool is_searched_for = account_.finds_send && account_.send.empty();
    if (!queue_.empty() && !login_.is_under_way() && !is_searched_for &&
        (!conversation_ || nears_its_end())) {
        is_ahead_ = conversation_.has_value();
        connect();
    }
    ask_ahead();
}

/// Takes the connection that was asked for, once it is there.
void Sender::open(Timestamp now) {
    auto opened = login_.take();
    if (!opened) {
        return;
    }
    const bool was_ahead = std::exchange(is_ahead_, false);
    if (!*opened && was_ahead) {
        return; // the server may not have liked two at once: it is asked again
    }
    if (!*opened) {
        do_now("could not connect");
        return give_up(opened->error());
    }
    dialogue_.emplace(around_.own_name.empty() ? address_literal((**opened)->descriptor())
                                               : around_.own_name);
    conversation_.emplace(*std::move(*opened), *dialogue_, account_.send, now);
    sent_here_ = 0;
    quiet_since_.reset();
}

/// There are more mails than this connection takes, and those that it takes are sent soon.
bool Sender::nears_its_end() const {
    const std::size_t left = mails_per_connection_max - sent_here_ + (is_sending_ ? 1 : 0);
    if (sent_here_ < connects_ahead_after || queue_.size() <= left) {
        return false;
    }
    std::uint64_t bytes = 0;
    for (std::size_t index = 0; index < left; ++index) {
        bytes += queue_[index]->submit().envelope_bytes;
    }
    return bytes <= connects_ahead_bytes_max;
}

void Sender::connect() {
    const Result<mail::ServerUrl> url = mail::parse_server_url(account_.send);
    if (!url || url->protocol != mail::Protocol::smtp) {
        return give_up(url ? Error{Errc::refused,
                                   "mailbox \"" + account_.name + "\" sends by no SMTP server",
                                   {},
                                   "Give it SEND 'smtps://…'."}
                           : url.error());
    }
    if (!is_ahead_) {
        do_now("connects");
    }
    login_.begin(account_,
                 {*url, account_.user, account_.login, around_.ca_file, around_.own_name});
}

void Sender::talk(Timestamp now) {
    while (true) {
        conversation_->move(now);
        bool has_news = false;
        while (auto event = dialogue_->take_event()) {
            has_news = true;
            if (const auto *outcome = std::get_if<transport::SmtpOutcome>(&*event)) {
                on_outcome(*outcome);
            }
        }
        if (conversation_->is_closed()) {
            return disconnect();
        }
        if (!is_sending_ && !queue_.empty() && dialogue_->may_send()) {
            send_next();
            has_news = true;
        }
        if (!has_news) {
            break;
        }
    }
    if (is_sending_ || !queue_.empty() || !dialogue_->may_send()) {
        quiet_since_.reset();
    } else if (!quiet_since_) {
        quiet_since_ = now;
        do_now("has sent everything");
    } else if (now - *quiet_since_ >= keep_open) {
        dialogue_->quit();
        conversation_->move(now);
    }
}

void Sender::send_next() {
    if (sent_here_ >= mails_per_connection_max) {
        return dialogue_->quit();
    }
    while (!is_sending_ && !queue_.empty()) {
        const std::shared_ptr<OutgoingMail> mail = queue_.front();
        const transport::Submit &next = mail->submit();
        mail::Message message;
        message.from = account_.address;
        message.to = account_.address; // who gets it stands in the envelope alone
        message.container = next.container;
        if (!next.subject.empty()) {
            message.container = mail::Container::letter;
            message.to = next.recipients.front();
            message.subject = next.subject;
        }
        message.subject_prefix = account_.subject_prefix;
        message.date = around_.clock.now();
        randombytes_buf(message.token.data(), message.token.size());
        message_name_ = mail::message_name(message.token);
        Result<std::unique_ptr<MailSource>> source = MailSource::create(message, mail);
        Result<void> taken;
        if (source) {
            const std::uint64_t bytes = (*source)->size();
            taken = dialogue_->send(
                {next.ticket, account_.address, next.recipients, bytes, *std::move(source)});
        } else {
            taken = source.error();
        }
        if (taken) {
            is_sending_ = true;
            ++sent_here_;
            do_now("sends");
        } else {
            fail(next, taken.error());
            queue_.pop_front();
        }
    }
}

void Sender::on_outcome(const transport::SmtpOutcome &outcome) {
    const std::shared_ptr<OutgoingMail> mail = std::move(queue_.front());
    queue_.pop_front();
    is_sending_ = false;
    std::vector<std::string> rest;
    for (const transport::SmtpRecipientOutcome &each : outcome.recipients) {
        if (each.verdict == transport::SmtpVerdict::too_many_recipients &&
            outcome.recipients.size() > 1) {
            rest.push_back(each.address);
            continue;
        }
        around_.host.tell(transport::Delivered{
            outcome.ticket, each.address, counts_as_sent(each.verdict),
            each.error.value_or(Error{}), wait_seconds(each.verdict),
            counts_as_sent(each.verdict) ? message_name_ : std::string{}, each.is_about_content});
    }
    if (rest.empty()) {
        return;
    }
    const bool is_progress = rest.size() < outcome.recipients.size();
    mail->begin_again(std::move(rest));
    if (is_progress) {
        queue_.push_front(mail); // a server takes only so many at once
    } else {
        fail(mail->submit(),
             {Errc::unavailable, account_.send + " takes no mail for more than one recipient"});
    }
}

void Sender::fail(const transport::Submit &submit, const Error &reason) {
    for (const std::string &recipient : submit.recipients) {
        around_.host.tell(transport::Delivered{submit.ticket, recipient, false, reason, 0});
    }
}

void Sender::give_up(const Error &reason) {
    for (const std::shared_ptr<OutgoingMail> &mail : queue_) {
        fail(mail->submit(), reason);
    }
    queue_.clear();
}

void Sender::disconnect() {
    const std::optional<Error> problem = conversation_->problem();
    conversation_.reset();
    dialogue_.reset();
    quiet_since_.reset();
    if (problem) {
        give_up(*problem);
    }
    do_now("not connected");
}

void Sender::do_now(std::string words) {
    if (words != doing_) {
        doing_ = std::move(words);
        around_.host.tell(transport::Doing{account_.name, "send", doing_});
    }
}

std::optional<Watched> Sender::watched() const {
    return conversation_ ? std::optional{conversation_->watched()} : std::nullopt;
}

std::optional<Timestamp> Sender::next_at() const {
    std::optional<Timestamp> next = conversation_ ? conversation_->deadline() : std::nullopt;
    if (quiet_since_ && (!next || *quiet_since_ + keep_open < *next)) {
        next = *quiet_since_ + keep_open;
    }
    return next;
}

} // namespace postrider::network

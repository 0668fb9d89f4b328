// A connection is kept a while, since the next mail is often not far, and not for ever, since some
// servers count the mails of one.
#include "common/network/sender.hpp"

#include <algorithm>
#include <utility>

#include <sodium.h>

#include "common/mail/message.hpp"
#include "common/network/own_name.hpp"

namespace postrider::network {

namespace {

constexpr Duration keep_open = std::chrono::seconds{30};
constexpr std::size_t mails_per_connection_max = 50;

/// The mail around an envelope, written while it is read.
class MailSource final : public transport::ContentSource {
  public:
    static Result<std::unique_ptr<MailSource>> create(const mail::Message &message,
                                                      Bytes envelope) {
        auto source = std::make_unique<MailSource>();
        source->envelope_ = std::move(envelope);
        auto text = mail::MessageText::create(
            message, source->envelope_.size(),
            [self = source.get()](std::span<std::uint8_t> into) -> Result<std::size_t> {
                const ByteView left = ByteView{self->envelope_}.subspan(self->read_);
                const std::size_t count = std::min(into.size(), left.size());
                std::copy_n(left.begin(), count, into.begin());
                self->read_ += count;
                return count;
            });
        if (!text) {
            return text.error();
        }
        source->text_ = *std::move(text);
        return source;
    }

    [[nodiscard]] std::size_t size() const { return text_->size(); }

    Result<std::size_t> read(std::span<std::uint8_t> into) override { return text_->read(into); }

  private:
    Bytes envelope_;
    std::size_t read_ = 0;
    std::optional<mail::MessageText> text_;
};

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
    queue_.push_back(std::move(submit));
}

void Sender::step(Timestamp now) {
    if (auto opened = login_.take()) {
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
    if (conversation_) {
        talk(now);
    }
    // Behind the talk: when it has ended with mails left, nothing else wakes us for them.
    const bool is_searched_for = account_.finds_send && account_.send.empty();
    if (!queue_.empty() && !conversation_ && !login_.is_under_way() && !is_searched_for) {
        connect();
    }
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
    do_now("connects");
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
        const transport::Submit &next = queue_.front();
        mail::Message message;
        message.from = account_.address;
        message.to = account_.address; // who gets it stands in the envelope alone
        message.subject_prefix = account_.subject_prefix;
        message.date = around_.clock.now();
        randombytes_buf(message.token.data(), message.token.size());
        Result<std::unique_ptr<MailSource>> source = MailSource::create(message, next.envelope);
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
    transport::Submit rest = std::move(queue_.front());
    queue_.pop_front();
    is_sending_ = false;
    rest.recipients.clear();
    for (const transport::SmtpRecipientOutcome &each : outcome.recipients) {
        if (each.verdict == transport::SmtpVerdict::too_many_recipients &&
            outcome.recipients.size() > 1) {
            rest.recipients.push_back(each.address);
            continue;
        }
        around_.host.tell(
            transport::Delivered{outcome.ticket, each.address, counts_as_sent(each.verdict),
                                 each.error.value_or(Error{}), wait_seconds(each.verdict)});
    }
    if (!rest.recipients.empty() && rest.recipients.size() < outcome.recipients.size()) {
        queue_.push_front(std::move(rest)); // a server takes only so many at once
    } else if (!rest.recipients.empty()) {
        fail(rest,
             {Errc::unavailable, account_.send + " takes no mail for more than one recipient"});
    }
}

void Sender::fail(const transport::Submit &submit, const Error &reason) {
    for (const std::string &recipient : submit.recipients) {
        around_.host.tell(transport::Delivered{submit.ticket, recipient, false, reason, 0});
    }
}

void Sender::give_up(const Error &reason) {
    for (const transport::Submit &submit : queue_) {
        fail(submit, reason);
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

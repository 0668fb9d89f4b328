// A second connection is a gain where the server takes it, and costs nothing where it does not:
// what it could not send goes over the first one.
#include "common/network/sender.hpp"

#include <algorithm>
#include <utility>

#include "common/base/limits.hpp"

namespace postrider::network {

namespace {

/// What has to wait so that another connection is worth its greetings.
constexpr std::size_t another_mails_min = 4;
constexpr std::uint64_t another_bytes_min = limits::mib;
/// How long there is one connection alone after a second one failed.
constexpr Duration alone_for = std::chrono::hours{1};

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

/// What a server says that wants no second connection: nothing at all, or less haste.
bool may_mean_one_at_a_time(const transport::SmtpRecipientOutcome &outcome) {
    return outcome.verdict == transport::SmtpVerdict::not_sent ||
           outcome.verdict == transport::SmtpVerdict::slow_down;
}

/// What a server says that takes only so many mails over one, or for so long.
bool may_mean_another_connection(const transport::SmtpRecipientOutcome &outcome) {
    return outcome.verdict == transport::SmtpVerdict::not_sent ||
           (outcome.reply && outcome.reply->code == 421);
}

} // namespace

Sender::Sender(Surroundings surroundings, transport::MailAccount account)
    : around_(std::move(surroundings)),
      account_(std::move(account)),
      connections_{SendingConnection{around_}, SendingConnection{around_}} {}

void Sender::configure(transport::MailAccount account) {
    account_ = std::move(account);
}

void Sender::submit(transport::Submit submit) {
    const auto end = waiting_.end();
    const auto place = submit.urgent
                           ? std::find_if(waiting_.begin(), end,
                                          [](const auto &mail) { return !mail->submit().urgent; })
                           : end;
    waiting_.insert(place, std::make_shared<OutgoingMail>(std::move(submit)));
}

bool Sender::on_secret(const transport::Secret &secret) {
    return std::any_of(connections_.begin(), connections_.end(),
                       [&](SendingConnection &connection) { return connection.on_secret(secret); });
}

bool Sender::on_piece(transport::EnvelopePiece &piece) {
    const auto is_wanted_by = [&](const std::shared_ptr<OutgoingMail> &mail) {
        return mail && mail->submit().ticket == piece.ticket;
    };
    for (const SendingConnection &connection : connections_) {
        if (is_wanted_by(connection.mail())) {
            connection.mail()->take(std::move(piece));
            return true;
        }
    }
    const auto mail = std::find_if(waiting_.begin(), waiting_.end(), is_wanted_by);
    if (mail == waiting_.end()) {
        return false;
    }
    (*mail)->take(std::move(piece));
    return true;
}

/// The next mails are brought here while others are sent, and while their server thinks.
void Sender::ask_ahead() {
    const auto ask = [&](OutgoingMail &mail, std::uint64_t room) {
        if (const auto wanted = mail.ask(room)) {
            around_.host.tell(*wanted);
        }
        return mail.ahead();
    };
    const auto sending =
        std::count_if(connections_.begin(), connections_.end(),
                      [](const SendingConnection &connection) { return connection.mail(); });
    // A server that takes nothing must not keep the other's mail from coming.
    const std::uint64_t share =
        limits::network_ahead_bytes_max / static_cast<std::uint64_t>(std::max<long>(sending, 1));
    std::uint64_t ahead = 0;
    for (const SendingConnection &connection : connections_) {
        ahead += connection.mail() ? ask(*connection.mail(), share) : 0;
    }
    for (const std::shared_ptr<OutgoingMail> &mail : waiting_) {
        if (ahead >= limits::network_ahead_bytes_max) {
            return;
        }
        ahead += ask(*mail, limits::network_ahead_bytes_max - ahead);
    }
}

void Sender::step(Timestamp now) {
    for (bool goes_on = true; goes_on;) {
        goes_on = false;
        for (SendingConnection &connection : connections_) {
            connection.step(now);
            goes_on = attend(connection, now) || goes_on;
        }
    }
    for (SendingConnection &connection : connections_) {
        connection.rest(now);
    }
    const bool has_sent_everything =
        std::any_of(connections_.begin(), connections_.end(),
                    [](const SendingConnection &connection) { return connection.is_quiet(); }) &&
        std::none_of(connections_.begin(), connections_.end(),
                     [](const SendingConnection &connection) { return connection.mail(); });
    if (has_sent_everything) {
        do_now("has sent everything");
    }
    connect_where_needed(now);
    ask_ahead();
}

/// Takes what a connection has to give, and gives it the next mail. False: nothing has changed.
bool Sender::attend(SendingConnection &connection, Timestamp now) {
    bool has_news = false;
    if (auto sent = connection.take_sent()) {
        on_sent(connection, *std::move(sent), now);
        has_news = true;
    }
    if (const auto end = connection.take_end()) {
        on_end(*end, now);
        has_news = true;
    }
    return give_next(connection) || has_news;
}

bool Sender::give_next(SendingConnection &connection) {
    bool has_given = false;
    while (connection.may_send() && !waiting_.empty()) {
        const std::shared_ptr<OutgoingMail> next = std::move(waiting_.front());
        waiting_.pop_front();
        if (const Result<void> given = connection.send(account_, next); given) {
            do_now("sends");
        } else {
            fail(next->submit(), given.error());
        }
        has_given = true;
    }
    return has_given;
}

bool Sender::has_another(const SendingConnection &connection) const {
    return std::any_of(
        connections_.begin(), connections_.end(),
        [&](const SendingConnection &each) { return &each != &connection && each.is_usable(); });
}

void Sender::on_sent(SendingConnection &connection, SendingConnection::Sent sent, Timestamp now) {
    const std::vector<transport::SmtpRecipientOutcome> &outcomes = sent.outcome.recipients;
    const bool is_one_of_two = has_another(connection);
    std::vector<std::string> rest;
    bool is_progress = false;
    for (const transport::SmtpRecipientOutcome &each : outcomes) {
        const bool is_for_the_other = is_one_of_two && may_mean_one_at_a_time(each);
        if (is_for_the_other) {
            alone_until_ = now + alone_for;
            connection.quit();
        }
        const bool is_for_another =
            is_for_the_other || (sent.had_proved_itself && may_mean_another_connection(each));
        if (is_for_another ||
            (each.verdict == transport::SmtpVerdict::too_many_recipients && outcomes.size() > 1)) {
            rest.push_back(each.address);
            is_progress = is_progress || is_for_another;
            continue;
        }
        is_progress = true; // a server takes only so many at once
        around_.host.tell(
            transport::Delivered{sent.outcome.ticket, each.address, counts_as_sent(each.verdict),
                                 each.error.value_or(Error{}), wait_seconds(each.verdict),
                                 counts_as_sent(each.verdict) ? sent.message_name : std::string{},
                                 each.is_about_content});
    }
    if (rest.empty()) {
        return;
    }
    sent.mail->begin_again(std::move(rest));
    if (is_progress) {
        waiting_.push_front(std::move(sent.mail));
    } else {
        fail(sent.mail->submit(),
             {Errc::unavailable, account_.send + " takes no mail for more than one recipient"});
    }
}

void Sender::on_end(const SendingConnection::Ended &end, Timestamp now) {
    const bool goes_on =
        std::any_of(connections_.begin(), connections_.end(),
                    [](const SendingConnection &connection) { return connection.is_usable(); });
    if (goes_on) {
        alone_until_ = end.problem ? now + alone_for : alone_until_;
        return;
    }
    do_now(end.was_open ? "not connected" : "could not connect");
    if (end.problem &&
        !end.had_proved_itself) { // else the next one shows whether the server is well
        give_up_waiting(*end.problem);
    }
}

/// So much waits that it goes noticeably sooner over two.
bool Sender::is_worth_another() const {
    std::uint64_t bytes = 0;
    for (const std::shared_ptr<OutgoingMail> &mail : waiting_) {
        bytes += mail->submit().envelope_bytes;
    }
    return waiting_.size() >= another_mails_min || bytes >= another_bytes_min;
}

void Sender::connect_where_needed(Timestamp now) {
    const bool is_searched_for = account_.finds_send && account_.send.empty();
    if (waiting_.empty() || is_searched_for) {
        return;
    }
    SendingConnection *free = nullptr;
    bool is_connected = false;
    bool is_proved = false;
    for (SendingConnection &connection : connections_) {
        if (connection.is_connecting()) {
            return;
        }
        is_connected = is_connected || connection.is_usable();
        is_proved = is_proved || connection.has_proved_itself();
        free = free == nullptr && !connection.is_open() ? &connection : free;
    }
    const bool is_wanted =
        !is_connected || (is_proved && now >= alone_until_ && is_worth_another());
    if (free != nullptr && is_wanted) {
        connect(*free);
    }
}

void Sender::connect(SendingConnection &connection) {
    const Result<mail::ServerUrl> url = mail::parse_server_url(account_.send);
    if (!url || url->protocol != mail::Protocol::smtp) {
        return give_up_waiting(
            url ? Error{Errc::refused,
                        "mailbox \"" + account_.name + "\" sends by no SMTP server",
                        {},
                        "Give it SEND 'smtps://…'."}
                : url.error());
    }
    if (!has_another(connection)) {
        do_now("connects");
    }
    connection.connect(account_, *url);
}

void Sender::fail(const transport::Submit &submit, const Error &reason) {
    for (const std::string &recipient : submit.recipients) {
        around_.host.tell(transport::Delivered{submit.ticket, recipient, false, reason, 0});
    }
}

void Sender::give_up_waiting(const Error &reason) {
    for (const std::shared_ptr<OutgoingMail> &mail : waiting_) {
        fail(mail->submit(), reason);
    }
    waiting_.clear();
}

void Sender::give_up(const Error &reason) {
    for (SendingConnection &connection : connections_) {
        if (const std::shared_ptr<OutgoingMail> mail = connection.drop()) {
            fail(mail->submit(), reason);
        }
    }
    give_up_waiting(reason);
}

void Sender::do_now(std::string words) {
    if (words != doing_) {
        doing_ = std::move(words);
        around_.host.tell(transport::Doing{account_.name, "send", doing_});
    }
}

unsigned Sender::failed_connections() const {
    // The first one is what is tried while there is none: a second one that fails is no sign.
    const bool is_connected =
        std::any_of(connections_.begin(), connections_.end(),
                    [](const SendingConnection &connection) { return connection.is_open(); });
    return is_connected ? 0 : connections_.front().failed_connections();
}

std::vector<Watched> Sender::watched() const {
    std::vector<Watched> watched;
    for (const SendingConnection &connection : connections_) {
        if (const auto each = connection.watched()) {
            watched.push_back(*each);
        }
    }
    return watched;
}

std::optional<Timestamp> Sender::next_at() const {
    std::optional<Timestamp> next;
    for (const SendingConnection &connection : connections_) {
        const std::optional<Timestamp> at = connection.next_at();
        next = at && (!next || *at < *next) ? at : next;
    }
    return next;
}

} // namespace postrider::network

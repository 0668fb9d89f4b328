// Receiving is tried first: mails that nobody could find again are not sent.
#include "common/network/mailbox_check.hpp"

#include <algorithm>
#include <utility>

namespace postrider::network {

namespace {

class TextSource final : public transport::ContentSource {
  public:
    explicit TextSource(std::string text) : text_(std::move(text)) {}

    Result<std::size_t> read(std::span<std::uint8_t> into) override {
        const ByteView rest = as_bytes(text_).subspan(read_);
        const std::size_t count = std::min(into.size(), rest.size());
        std::copy_n(rest.begin(), count, into.begin());
        read_ += count;
        return count;
    }

  private:
    std::string text_;
    std::size_t read_ = 0;
};

std::string clause_of(const char *keyword, const std::string &url) {
    return url.empty() ? "" : " " + std::string{keyword} + " '" + url + "'";
}

std::string seconds_text(Duration duration) {
    constexpr long long tenth_ms = 100;
    const long long tenths = (duration.count() + tenth_ms - 1) / tenth_ms;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string whole_seconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) +
           " s";
}

} // namespace

MailboxCheck::MailboxCheck(const Surroundings &around,
                           Lookups &lookups,
                           transport::CheckMailbox request,
                           Timestamp now)
    : around_(around),
      account_(std::move(request.account)),
      at_most_(std::chrono::milliseconds{request.at_most_ms}),
      ends_at_(now + at_most_),
      login_(around.host, around.connections),
      tests_(make_test_mails()) {
    search(lookups);
    if (!finder_) {
        open_inbox();
    }
}

void MailboxCheck::search(Lookups &lookups) {
    const bool receive = account_.finds_receive && account_.receive.empty();
    const bool send = account_.finds_send && account_.send.empty();
    if (receive || send) {
        finder_.emplace(
            around_.connections, lookups,
            WantedServers{account_.address, receive, send, around_.ca_file, around_.own_name});
    }
}

void MailboxCheck::step_search(Timestamp now) {
    searched_at_ = now;
    finder_->step();
    const auto found = finder_->take();
    if (!found) {
        return;
    }
    finder_.reset();
    if (!*found) {
        tell("servers", found->error());
    } else {
        account_.receive = (*found)->receive.empty() ? account_.receive : (*found)->receive;
        account_.send = (*found)->send.empty() ? account_.send : (*found)->send;
        tell("servers", "found" + clause_of("RECEIVE", account_.receive) +
                            clause_of("SEND", account_.send) + " (" + (*found)->how + ")");
        if ((*found)->missing) {
            tell("servers", *(*found)->missing);
        }
    }
    open_inbox();
}

void MailboxCheck::open_inbox() {
    if (account_.receive.empty()) {
        return;
    }
    const Result<mail::ServerUrl> url = mail::parse_server_url(account_.receive);
    const auto say = [this](const std::string &subject, const Result<std::string> &found) {
        tell(subject, found);
    };
    inbox_ = url && url->protocol == mail::Protocol::pop3 ? make_pop3_check(around_, account_, say)
                                                          : make_imap_check(around_, account_, say);
    inbox_->look_for(tests_);
}

void MailboxCheck::tell(const std::string &subject, const Result<std::string> &found) {
    transport::CheckStep step{subject, {}, {}};
    if (found) {
        step.words = *found;
    } else {
        step.problem = found.error();
    }
    around_.host.tell(step);
}

bool MailboxCheck::on_secret(const transport::Secret &secret) {
    return login_.on_secret(secret) || (inbox_ && inbox_->on_secret(secret));
}

void MailboxCheck::step(Timestamp now) {
    if (is_done_) {
        return;
    }
    if (finder_) {
        step_search(now);
    }
    if (inbox_) {
        inbox_->step(now);
    }
    if (!finder_) {
        step_sending(now);
    }
    if (is_through() || now >= ends_at_) {
        finish(!is_through());
    }
}

void MailboxCheck::step_sending(Timestamp now) {
    if (sending_ == Sending::not_begun &&
        (!inbox_ || inbox_->state() != InboxCheck::State::opening)) {
        begin_sending();
    }
    if (sending_ == Sending::login) {
        auto opened = login_.take();
        if (opened && !*opened) {
            return end_sending(opened->error());
        }
        if (opened) {
            dialogue_.emplace(greeting_of(account_, around_, ***opened));
            conversation_.emplace(*std::move(*opened), *dialogue_, account_.send, now);
            sending_ = Sending::talking;
        }
    }
    if (sending_ == Sending::talking) {
        talk(now);
    }
}

void MailboxCheck::begin_sending() {
    if (account_.send.empty()) {
        return end_sending({});
    }
    const Result<mail::ServerUrl> url = mail::parse_server_url(account_.send);
    if (!url || url->protocol != mail::Protocol::smtp) {
        return end_sending(url ? Error{Errc::refused, account_.send + " is no SMTP server"}
                               : url.error());
    }
    sending_ = Sending::login;
    login_.begin(account_, endpoint_of(account_, *url, around_));
}

void MailboxCheck::talk(Timestamp now) {
    for (bool has_news = true; has_news && conversation_;) {
        has_news = false;
        conversation_->move(now);
        while (auto event = dialogue_->take_event()) {
            has_news = true;
            if (const auto *ready = std::get_if<transport::SmtpReady>(&*event)) {
                on_ready(*ready);
            } else if (const auto *outcome = std::get_if<transport::SmtpOutcome>(&*event)) {
                on_outcome(*outcome, now);
            }
        }
        if (conversation_->is_closed()) {
            return end_sending(can_send_ ? std::nullopt : conversation_->problem());
        }
        if (dialogue_->may_send()) {
            send_next();
            has_news = true;
        }
    }
}

void MailboxCheck::on_ready(const transport::SmtpReady &ready) {
    can_send_ = true;
    tell("send", words_of_connection(*mail::parse_server_url(account_.send), account_));
    constexpr std::uint64_t kilobyte = 1000;
    const std::optional<std::uint64_t> &size = ready.capabilities.size_max;
    tell("size", size
                     ? "the server takes mails of up to " + std::to_string(*size / kilobyte) + " kB"
                     : std::string{"the server does not say how large a mail may be"});
}

bool MailboxCheck::may_send_tests() const {
    return inbox_ && inbox_->state() == InboxCheck::State::ready;
}

void MailboxCheck::send_next() {
    while (may_send_tests() && next_test_ < tests_.size()) {
        TestMail &test = tests_[next_test_++];
        Result<std::string> text = write_test_mail(test, account_.address, around_.clock.now());
        if (!text) {
            test.problem = text.error();
            continue;
        }
        const std::uint64_t bytes = text->size();
        const Result<void> taken =
            dialogue_->send({next_test_ - 1,
                             account_.address,
                             {account_.address},
                             bytes,
                             std::make_unique<TextSource>(*std::move(text))});
        if (taken) {
            return;
        }
        test.problem = taken.error();
    }
    dialogue_->quit();
}

/// Where it is not known whether it was accepted, it may come.
void MailboxCheck::on_outcome(const transport::SmtpOutcome &outcome, Timestamp now) {
    TestMail &test = tests_[outcome.ticket];
    const transport::SmtpRecipientOutcome &mine = outcome.recipients.front();
    if (mine.verdict == transport::SmtpVerdict::accepted ||
        mine.verdict == transport::SmtpVerdict::unknown) {
        test.sent_at = now;
    } else {
        test.problem = mine.error.value_or(Error{Errc::unavailable, "the server did not take it"});
    }
}

void MailboxCheck::end_sending(const std::optional<Error> &problem) {
    if (problem) {
        tell("send", *problem);
    }
    login_.give_up();
    conversation_.reset();
    dialogue_.reset();
    sending_ = Sending::over;
}

bool MailboxCheck::is_through() const {
    const bool has_inbox = inbox_ && inbox_->state() != InboxCheck::State::failed;
    if (sending_ != Sending::over || (has_inbox && !inbox_->is_tidy())) {
        return false;
    }
    return !has_inbox || std::all_of(tests_.begin(), tests_.end(), [](const TestMail &test) {
        return !test.sent_at || test.seen_at;
    });
}

void MailboxCheck::finish(bool is_late) {
    const Error late{Errc::timed_out,
                     "it was not known within " + whole_seconds(at_most_),
                     {},
                     "Try it again, with more seconds as the second argument."};
    if (finder_) {
        tell("servers", late);
    } else if (inbox_ && inbox_->state() == InboxCheck::State::opening) {
        tell("receive", late);
    } else if (sending_ != Sending::over && !can_send_) {
        tell("send", late);
    }
    for (const TestMail &test : tests_) {
        tell_of(test, is_late);
    }
    around_.host.tell(transport::Checked{});
    is_done_ = true;
}

void MailboxCheck::tell_of(const TestMail &test, bool is_late) {
    if (test.problem && test.seen_at) {
        tell(test.name,
             Error{test.problem->code, test.problem->message, test.problem->detail,
                   "Something on the way changes such mails. Ask for an exception from filters of "
                   "attachments and footers for mails from " +
                       account_.address + "."});
    } else if (test.problem) {
        tell(test.name, *test.problem);
    } else if (test.seen_at && test.sent_at) {
        tell(test.name, "came back byte for byte after " +
                            seconds_text(std::max(*test.seen_at - *test.sent_at, Duration{0})));
    } else if (test.sent_at) {
        tell(test.name,
             Error{Errc::timed_out,
                   is_late ? "it has not come back within " + whole_seconds(at_most_)
                           : std::string{"it is not known whether it came back"},
                   {},
                   "Look for it in the junk folder, for a bounce, and for rules of the server that "
                   "move mails. Its subject begins with " +
                       test.mark + "."});
    } else if (can_send_ && may_send_tests()) {
        tell(test.name, Error{Errc::unavailable,
                              "it was not sent: the connection to " + account_.send + " had ended",
                              {},
                              "Try it again."});
    }
}

std::vector<Watched> MailboxCheck::watched() const {
    std::vector<Watched> watched;
    if (conversation_) {
        watched.push_back(conversation_->watched());
    }
    if (const auto of_inbox = inbox_ ? inbox_->watched() : std::nullopt) {
        watched.push_back(*of_inbox);
    }
    return watched;
}

Timestamp MailboxCheck::next_at() const {
    Timestamp next = finder_ ? std::min(ends_at_, searched_at_ + search_looks_every) : ends_at_;
    if (const auto deadline = conversation_ ? conversation_->deadline() : std::nullopt) {
        next = std::min(next, *deadline);
    }
    if (const auto at = inbox_ ? inbox_->next_at() : std::nullopt) {
        next = std::min(next, *at);
    }
    return next;
}

} // namespace postrider::network

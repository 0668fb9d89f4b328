// POP3 shows a mailbox as it was when the session began: each look is a session of its own.
#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "common/base/limits.hpp"
#include "common/network/conversation.hpp"
#include "common/network/inbox_check.hpp"
#include "common/network/login.hpp"
#include "common/transport/pop3_dialogue.hpp"

namespace postrider::network {

namespace {

/// Servers count logins.
constexpr Duration test_session_every = std::chrono::seconds{3};
/// A test mail is much smaller.
constexpr std::uint64_t looked_at_bytes_max = 256 * limits::kib;

class Pop3Check final : public InboxCheck {
  public:
    Pop3Check(const Surroundings &around, transport::MailAccount account, TellStep tell)
        : around_(around),
          account_(std::move(account)),
          tell_(std::move(tell)),
          login_(around.host, around.connections) {}

    [[nodiscard]] State state() const override { return state_; }

    void look_for(std::vector<TestMail> &tests) override { tests_ = &tests; }

    /// What is deleted goes with the goodbye.
    [[nodiscard]] bool is_tidy() const override {
        return state_ == State::failed || (!conversation_ && !login_.is_under_way());
    }

    bool on_secret(const transport::Secret &secret) override { return login_.on_secret(secret); }

    void step(Timestamp now) override;

    [[nodiscard]] std::optional<Watched> watched() const override {
        return conversation_ ? std::optional{conversation_->watched()} : std::nullopt;
    }

    [[nodiscard]] std::optional<Timestamp> next_at() const override {
        if (conversation_) {
            return conversation_->deadline();
        }
        return login_.is_under_way() ? std::nullopt : look_at_;
    }

  private:
    [[nodiscard]] bool is_to_look() const;
    void connect(Timestamp now);
    void go_on();
    void take(const transport::Pop3Event &event, Timestamp now);
    void on_ready(const transport::Pop3Ready &ready);
    void on_done(const transport::Pop3Done &done, Timestamp now);
    void fail(const Error &reason);
    void end_session();

    const Surroundings &around_;
    transport::MailAccount account_;
    TellStep tell_;
    Login login_;
    std::optional<transport::Pop3Dialogue> dialogue_;
    std::optional<Conversation> conversation_;
    State state_ = State::opening;
    std::vector<TestMail> *tests_ = nullptr;
    std::set<std::string> known_; // unique ids of what was there, or was looked at
    std::deque<transport::Pop3Message> to_look_;
    std::deque<std::uint64_t> to_remove_;
    Bytes text_;
    std::optional<Timestamp> look_at_;
    bool is_asking_ = false;
    bool is_quitting_ = false;
};

bool Pop3Check::is_to_look() const {
    if (state_ == State::opening || tests_ == nullptr) {
        return state_ == State::opening;
    }
    return std::any_of(tests_->begin(), tests_->end(),
                       [](const TestMail &test) { return test.sent_at && !test.seen_at; });
}

void Pop3Check::step(Timestamp now) {
    if (state_ == State::failed) {
        return;
    }
    if (!conversation_ && !login_.is_under_way() && is_to_look() &&
        (!look_at_ || *look_at_ <= now)) {
        connect(now);
    }
    if (auto opened = login_.take()) {
        if (!*opened) {
            return fail(opened->error());
        }
        dialogue_.emplace();
        conversation_.emplace(*std::move(*opened), *dialogue_, account_.receive, now);
    }
    for (bool has_news = conversation_.has_value(); has_news && conversation_;) {
        has_news = false;
        conversation_->move(now);
        while (conversation_) {
            const auto event = dialogue_->take_event();
            if (!event) {
                break;
            }
            has_news = true;
            take(*event, now);
        }
        if (conversation_ && conversation_->is_closed()) {
            const std::optional<Error> problem = conversation_->problem();
            return problem ? fail(*problem) : end_session();
        }
        if (conversation_ && !is_asking_ && !is_quitting_ && dialogue_->may_ask()) {
            go_on();
            has_news = true;
        }
    }
}

void Pop3Check::connect(Timestamp now) {
    const Result<mail::ServerUrl> url = mail::parse_server_url(account_.receive);
    if (!url) {
        return fail(url.error());
    }
    look_at_ = now + test_session_every;
    login_.begin(account_, endpoint_of(account_, *url, around_));
}

void Pop3Check::go_on() {
    if (!to_remove_.empty()) {
        is_asking_ = true;
        return dialogue_->remove(to_remove_.front());
    }
    if (to_look_.empty()) {
        is_quitting_ = true;
        return dialogue_->quit();
    }
    text_.clear();
    is_asking_ = true;
    dialogue_->retrieve(to_look_.front().number);
}

void Pop3Check::take(const transport::Pop3Event &event, Timestamp now) {
    if (const auto *ready = std::get_if<transport::Pop3Ready>(&event)) {
        on_ready(*ready);
    } else if (const auto *piece = std::get_if<transport::Pop3Piece>(&event)) {
        text_.insert(text_.end(), piece->bytes.begin(), piece->bytes.end());
    } else if (const auto *done = std::get_if<transport::Pop3Done>(&event)) {
        on_done(*done, now);
    }
}

void Pop3Check::on_ready(const transport::Pop3Ready &ready) {
    if (ready.no_unique_ids) {
        return fail(*ready.no_unique_ids);
    }
    if (state_ == State::opening) {
        tell_("receive", words_of_connection(*mail::parse_server_url(account_.receive), account_));
        tell_("folder", "the mailbox holds " + std::to_string(ready.messages.size()) + " mails");
        tell_("abilities", std::string{"mails have unique ids (UIDL), "} +
                               (ready.capabilities.top ? "others' are not fetched whole (TOP)"
                                                       : "no TOP, so others' are fetched whole") +
                               ", it is looked once a minute (POP3)");
    }
    for (const transport::Pop3Message &message : ready.messages) {
        const bool is_new = known_.insert(message.unique_id).second;
        if (is_new && state_ == State::ready && message.bytes <= looked_at_bytes_max) {
            to_look_.push_back(message);
        }
    }
    state_ = State::ready;
}

void Pop3Check::on_done(const transport::Pop3Done &done, Timestamp now) {
    is_asking_ = false;
    if (done.request == transport::Pop3Request::remove) {
        to_remove_.pop_front();
        if (done.error) {
            tell_("remove", *done.error);
        }
        return;
    }
    const std::uint64_t number = to_look_.front().number;
    to_look_.pop_front();
    const std::string_view text = as_text(text_);
    TestMail *test = done.error ? nullptr : marked_in(*tests_, text.substr(0, 8 * limits::kib));
    if (test == nullptr || test->seen_at) {
        return;
    }
    test->seen_at = now;
    if (const Result<void> same = check_test_mail(*test, text_); !same) {
        test->problem = same.error();
    }
    to_remove_.push_back(number);
}

void Pop3Check::fail(const Error &reason) {
    tell_(state_ == State::opening ? "receive" : "look into the mailbox", reason);
    login_.give_up();
    end_session();
    state_ = State::failed;
}

void Pop3Check::end_session() {
    conversation_.reset();
    dialogue_.reset();
    to_look_.clear();
    to_remove_.clear();
    is_asking_ = is_quitting_ = false;
}

} // namespace

std::unique_ptr<InboxCheck>
make_pop3_check(const Surroundings &around, transport::MailAccount account, TellStep tell) {
    return std::make_unique<Pop3Check>(around, std::move(account), std::move(tell));
}

} // namespace postrider::network

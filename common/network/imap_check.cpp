// Opens the folder as the receiver does, and lists only what came since then.
#include <algorithm>
#include <map>
#include <utility>

#include "common/base/limits.hpp"
#include "common/network/conversation.hpp"
#include "common/network/inbox_check.hpp"
#include "common/network/login.hpp"
#include "common/transport/imap_dialogue.hpp"

namespace postrider::network {

namespace {

namespace imap = transport::imap;
using transport::imap::Uid;

/// Above this share of its quota a mailbox is about to refuse mails.
constexpr std::uint64_t full_percent = 90;

std::string words_of(const imap::Capabilities &can) {
    std::string words = can.has_idle ? "it says at once when mail comes (IDLE)"
                                     : "it has no IDLE, so it is looked once a minute";
    words += can.has_uidplus ? ", ours are removed alone (UIDPLUS)"
                             : ", it has no UIDPLUS, so what is ours stays there marked as deleted";
    words += can.has_move ? ", mails can be moved (MOVE)" : ", no MOVE: mails are copied instead";
    words += can.has_quota ? ", it tells how full it is (QUOTA)" : ", no QUOTA";
    return words;
}

class ImapCheck final : public InboxCheck {
  public:
    ImapCheck(const Surroundings &around, transport::MailAccount account, TellStep tell)
        : around_(around),
          account_(std::move(account)),
          tell_(std::move(tell)),
          login_(around.host, around.connections) {}

    [[nodiscard]] State state() const override { return state_; }

    void look_for(std::vector<TestMail> &tests) override { tests_ = &tests; }

    [[nodiscard]] bool is_tidy() const override {
        return state_ == State::failed || (to_remove_.empty() && stage_ != Stage::removing);
    }

    bool on_secret(const transport::Secret &secret) override { return login_.on_secret(secret); }

    void step(Timestamp now) override;

    [[nodiscard]] std::optional<Watched> watched() const override {
        return conversation_ ? std::optional{conversation_->watched()} : std::nullopt;
    }

    [[nodiscard]] std::optional<Timestamp> next_at() const override;

  private:
    enum class Stage { closed, login, quota, opening, ready, asking, listing, fetching, removing };

    void connect();
    void go_on(Timestamp now);
    void take(const imap::Event &event, Timestamp now);
    void on_finished(const imap::Finished &finished);
    void on_body(const imap::BodyEnded &ended, Timestamp now);
    void tell_folder();
    void tell_quota();
    void fail(const std::string &subject, const Error &reason);

    const Surroundings &around_;
    transport::MailAccount account_;
    TellStep tell_;
    Login login_;
    std::optional<transport::ImapDialogue> dialogue_;
    std::optional<Conversation> conversation_;
    State state_ = State::opening;
    Stage stage_ = Stage::closed;
    imap::RequestNumber request_ = 0;
    imap::Selected folder_;
    std::vector<imap::Quota> quotas_;
    std::vector<TestMail> *tests_ = nullptr;
    Uid next_ = 1;
    std::map<Uid, TestMail *> to_fetch_;
    std::vector<Uid> to_remove_;
    Bytes body_;
    std::optional<Timestamp> look_at_;
};

void ImapCheck::step(Timestamp now) {
    if (state_ == State::failed) {
        return;
    }
    if (stage_ == Stage::closed) {
        connect();
    }
    if (auto opened = login_.take()) {
        if (!*opened) {
            return fail("receive", opened->error());
        }
        dialogue_.emplace();
        conversation_.emplace(*std::move(*opened), *dialogue_, account_.receive, now);
        stage_ = Stage::quota;
        request_ = dialogue_->ask_quota();
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
            return fail(state_ == State::opening ? "receive" : "look into the mailbox",
                        conversation_->problem().value_or(
                            Error{Errc::unavailable, account_.receive + " has said goodbye"}));
        }
        if (conversation_ && request_ == 0) {
            go_on(now);
            has_news = has_news || request_ != 0;
        }
    }
}

void ImapCheck::connect() {
    const Result<mail::ServerUrl> url = mail::parse_server_url(account_.receive);
    if (!url) {
        return fail("receive", url.error());
    }
    stage_ = Stage::login;
    login_.begin(account_, endpoint_of(account_, *url, around_));
}

void ImapCheck::go_on(Timestamp now) {
    if (tests_ == nullptr || state_ != State::ready) {
        return;
    }
    if (!to_remove_.empty()) {
        stage_ = Stage::removing;
        request_ = dialogue_->remove({folder_.uid_validity, to_remove_});
    } else if (!to_fetch_.empty()) {
        imap::Mails mails{folder_.uid_validity, {}};
        for (const auto &[uid, test] : to_fetch_) {
            mails.uids.push_back(uid);
        }
        stage_ = Stage::fetching;
        request_ = dialogue_->fetch(std::move(mails));
    } else if (stage_ == Stage::asking) {
        stage_ = Stage::listing;
        request_ = dialogue_->list_new(next_);
    } else if (!look_at_ || *look_at_ <= now) {
        look_at_ = now + look_for_test_mails_every;
        stage_ = Stage::asking;
        request_ = dialogue_->noop(); // what has come may be told then
    }
}

void ImapCheck::take(const imap::Event &event, Timestamp now) {
    if (const auto *selected = std::get_if<imap::Selected>(&event)) {
        folder_ = *selected;
        next_ = std::max<Uid>(selected->uid_next, 1);
    } else if (const auto *quota = std::get_if<imap::Quota>(&event)) {
        quotas_.push_back(*quota);
    } else if (const auto *alert = std::get_if<imap::Alert>(&event)) {
        tell_("message of the server", alert->text);
    } else if (const auto *listed = std::get_if<imap::Listed>(&event)) {
        next_ = std::max(next_, listed->uid + 1);
        TestMail *test = marked_in(*tests_, listed->header);
        if (test != nullptr && !test->seen_at) {
            to_fetch_.emplace(listed->uid, test);
        }
    } else if (const auto *piece = std::get_if<imap::BodyPiece>(&event)) {
        body_.insert(body_.end(), piece->bytes.begin(), piece->bytes.end());
    } else if (const auto *ended = std::get_if<imap::BodyEnded>(&event)) {
        on_body(*ended, now);
    } else if (const auto *finished = std::get_if<imap::Finished>(&event)) {
        on_finished(*finished);
    }
}

void ImapCheck::on_body(const imap::BodyEnded &ended, Timestamp now) {
    const Bytes body = std::exchange(body_, {});
    const auto asked = to_fetch_.find(ended.uid);
    if (asked == to_fetch_.end()) {
        return;
    }
    asked->second->seen_at = now;
    if (const Result<void> same = check_test_mail(*asked->second, body); !same) {
        asked->second->problem = same.error();
    }
    to_fetch_.erase(asked);
    to_remove_.push_back(ended.uid);
}

void ImapCheck::on_finished(const imap::Finished &finished) {
    if (finished.request != request_) {
        return;
    }
    request_ = 0;
    if (stage_ == Stage::quota) { // a server that refuses to tell has none
        const Result<mail::ServerUrl> url = mail::parse_server_url(account_.receive);
        tell_("receive", words_of_connection(*url, account_));
        stage_ = Stage::opening;
        const Result<std::string> folder =
            imap::to_folder_name(url->folder.empty() ? "INBOX" : url->folder);
        request_ = dialogue_->select(folder ? *folder : "INBOX");
        return;
    }
    if (stage_ == Stage::removing) {
        to_remove_.clear();
        stage_ = Stage::ready;
        if (!finished.result) {
            tell_("remove", finished.result.error());
        }
        return;
    }
    if (!finished.result) {
        return fail(stage_ == Stage::opening ? "folder" : "look into the mailbox",
                    finished.result.error());
    }
    if (stage_ == Stage::opening) {
        tell_folder();
        tell_("abilities", words_of(dialogue_->capabilities()));
        tell_quota();
        state_ = State::ready;
    }
    if (stage_ == Stage::fetching) {
        to_fetch_.clear(); // of those that somebody removed while they were asked for
    }
    if (stage_ != Stage::asking) {
        stage_ = Stage::ready;
    }
}

void ImapCheck::tell_folder() {
    if (folder_.can_only_be_read) {
        return tell_("folder",
                     Error{Errc::refused,
                           folder_.folder + " can only be read: what is ours cannot be removed",
                           {},
                           "Ask for the right to delete mails there, or name another folder."});
    }
    tell_("folder", folder_.folder + " is open and holds " + std::to_string(folder_.count) +
                        (folder_.count == 1 ? " mail" : " mails"));
}

void ImapCheck::tell_quota() {
    for (const imap::Quota &quota : quotas_) {
        const std::uint64_t percent =
            quota.limit_kib == 0 ? 100 : quota.used_kib * 100 / quota.limit_kib;
        const std::string words = std::to_string(quota.used_kib) + " of " +
                                  std::to_string(quota.limit_kib) + " KiB are used";
        if (percent < full_percent) {
            tell_("room", words);
        } else {
            tell_("room", Error{Errc::refused,
                                words,
                                {},
                                "Make room in the mailbox, or have its quota raised: where it is "
                                "full, mails of peers are refused."});
        }
    }
}

void ImapCheck::fail(const std::string &subject, const Error &reason) {
    tell_(subject, reason);
    login_.give_up();
    conversation_.reset();
    dialogue_.reset();
    request_ = 0;
    state_ = State::failed;
}

std::optional<Timestamp> ImapCheck::next_at() const {
    std::optional<Timestamp> next = conversation_ ? conversation_->deadline() : std::nullopt;
    if (conversation_ && request_ == 0 && tests_ != nullptr && look_at_ &&
        (!next || *look_at_ < *next)) {
        next = look_at_;
    }
    return next;
}

} // namespace

std::unique_ptr<InboxCheck>
make_imap_check(const Surroundings &around, transport::MailAccount account, TellStep tell) {
    return std::make_unique<ImapCheck>(around, std::move(account), std::move(tell));
}

std::string words_of_connection(const mail::ServerUrl &url, const transport::MailAccount &account) {
    std::string words = "connected to " + mail::to_text(url);
    words += url.encryption == mail::Encryption::none       ? ", in clear"
             : url.encryption == mail::Encryption::starttls ? ", encrypted (STARTTLS)"
                                                            : ", encrypted (TLS)";
    switch (transport::login_at(url, account.login)) {
    case transport::LoginKind::none:
        return words + ", without a login";
    case transport::LoginKind::certificate:
        return words + ", with the certificate " + url.certificate;
    default:
        return words + ", logged in as " + account.user;
    }
}

} // namespace postrider::network

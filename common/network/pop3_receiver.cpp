// Some things are asked at once, where the server takes that; deletions before news, so that a full
// mailbox gets room first.
#include "common/network/pop3_receiver.hpp"

#include <algorithm>
#include <utility>

#include "common/base/limits.hpp"
#include "common/mail/recognise.hpp"

namespace postrider::network {

namespace {

constexpr Duration session_every = std::chrono::minutes{1};
/// The host has enough to do, or was asked to be patient.
constexpr Duration look_soon = std::chrono::seconds{5};
/// The same while somebody waits.
constexpr Duration look_very_soon = std::chrono::milliseconds{200};
/// In which an envelope has begun, and its stamp can be looked at; lines of 76 characters.
constexpr unsigned beginning_lines = 400;
/// Of mails that are asked for, beside the one that comes.
constexpr std::uint64_t ahead_bytes_max = limits::mib;
constexpr Duration kept_for = std::chrono::minutes{1};
/// A host that has enough to do is waited for; a server may hang up after 10 minutes without a
/// command (RFC 1939 section 3).
constexpr Duration host_patience = std::chrono::minutes{5};

} // namespace

Pop3Receiver::Pop3Receiver(Surroundings surroundings, transport::MailAccount account)
    : around_(std::move(surroundings)),
      account_(std::move(account)),
      login_(around_.host, around_.connections),
      incoming_(around_.host) {}

void Pop3Receiver::configure(transport::MailAccount account) {
    if (account.stamp_keys != account_.stamp_keys) {
        others_.clear(); // a stamp may be known now
        want_session();
    }
    account_ = std::move(account);
}

void Pop3Receiver::settle(const transport::Settle &settle, Timestamp now) {
    const auto found = held_.find(settle.receipt);
    if (found == held_.end() || found->second.mail.open_events == 0 ||
        !found->second.mail.settle(settle.settlement)) {
        return;
    }
    found->second.settled_at = now;
    if (found->second.mail.settlement == engine::Settlement::remove) {
        look_at_.reset();
    } else if (found->second.mail.settlement != engine::Settlement::keep) {
        others_.insert(settle.receipt);
        held_.erase(found);
    }
}

void Pop3Receiver::look_now() {
    want_session();
    somebody_waits_ = true;
}

void Pop3Receiver::want_session() {
    look_at_.reset();
    is_wanted_again_ = is_listed_;
}

/// Nothing waits for the host or for us, but for what the host wants to see again later.
bool Pop3Receiver::is_through() const {
    return to_look_.empty() && std::all_of(held_.begin(), held_.end(), [](const auto &each) {
               const transport::HeldMail &mail = each.second.mail;
               return mail.open_events == 0 && mail.settlement == engine::Settlement::keep;
           });
}

void Pop3Receiver::step(Timestamp now) {
    if (!conversation_ && !login_.is_under_way() && (!look_at_ || *look_at_ <= now)) {
        connect(now);
    }
    if (auto opened = login_.take()) {
        if (!*opened) {
            return end_session(now, opened->error());
        }
        dialogue_.emplace();
        conversation_.emplace(*std::move(*opened), *dialogue_, account_.receive, now);
    }
    if (conversation_) {
        talk(now);
    }
}

void Pop3Receiver::connect(Timestamp now) {
    const Result<mail::ServerUrl> url = mail::parse_server_url(account_.receive);
    if (!url) {
        return end_session(now, url.error());
    }
    look_at_ = now + session_every;
    do_now("connects");
    login_.begin(account_, endpoint_of(account_, *url, around_));
}

void Pop3Receiver::talk(Timestamp now) {
    for (bool has_news = true; has_news && conversation_;) {
        conversation_->hold(!asked_.empty() && incoming_.is_streamed() && around_.host.is_busy(),
                            now);
        if (conversation_->is_held()) {
            return;
        }
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
            return end_session(now, conversation_->problem());
        }
        while (conversation_ && !is_quitting_ && !has_asked_enough() && go_on(now)) {
            has_news = true;
        }
    }
}

bool Pop3Receiver::is_retrieved(const Task &task) const {
    return !task.is_removal &&
           (!has_top_ || task.look == Look::whole || task.look == Look::gathered);
}

bool Pop3Receiver::has_asked_enough() const {
    std::uint64_t bytes = 0;
    for (const Task &task : asked_) {
        bytes += is_retrieved(task) ? task.bytes : 0;
    }
    return !dialogue_->may_ask() || asked_.size() >= limits::pop3_pipelined_max ||
           bytes > ahead_bytes_max;
}

/// Asks for what comes next; says goodbye when there is nothing, which always ends with news.
bool Pop3Receiver::go_on(Timestamp now) {
    if (!to_remove_.empty()) {
        ask(to_remove_);
        return true;
    }
    if (to_look_.empty() || !around_.host.is_busy()) {
        busy_since_.reset();
    } else if (!busy_since_) {
        busy_since_ = now;
    }
    const bool is_enough = to_look_.empty() || (busy_since_ && *busy_since_ + host_patience <= now);
    if (is_enough && asked_.empty()) {
        is_quitting_ = true;
        dialogue_->quit();
        return true;
    }
    if (is_enough || busy_since_) {
        return false;
    }
    ask(to_look_);
    return true;
}

void Pop3Receiver::ask(std::deque<Task> &tasks) {
    const Task &task = asked_.emplace_back(std::move(tasks.front()));
    tasks.pop_front();
    if (task.is_removal) {
        dialogue_->remove(task.number);
    } else if (is_retrieved(task)) {
        do_now("fetches mails");
        dialogue_->retrieve(task.number);
    } else {
        dialogue_->top(task.number, task.look == Look::header ? 0 : beginning_lines);
    }
    if (asked_.size() == 1) {
        expect_next();
    }
}

/// What comes now belongs to the first that was asked for.
void Pop3Receiver::expect_next() {
    incoming_.gather();
    if (!asked_.empty() && is_retrieved(asked_.front()) && asked_.front().look != Look::gathered &&
        asked_.front().bytes > small_mail_bytes_max) {
        incoming_.stream(account_);
    }
}

/// Before those that were not looked at yet, so that mails are received in about their order.
void Pop3Receiver::look_again(Task task, Look look) {
    task.look = look;
    const auto place = std::find_if(to_look_.begin(), to_look_.end(),
                                    [](const Task &each) { return each.look == Look::header; });
    to_look_.insert(place, std::move(task));
}

void Pop3Receiver::take(const transport::Pop3Event &event, Timestamp now) {
    if (const auto *ready = std::get_if<transport::Pop3Ready>(&event)) {
        on_ready(*ready, now);
    } else if (const auto *piece = std::get_if<transport::Pop3Piece>(&event)) {
        incoming_.add(piece->bytes);
    } else if (const auto *done = std::get_if<transport::Pop3Done>(&event)) {
        on_done(*done);
    } else if (const auto *ended = std::get_if<transport::Pop3Ended>(&event)) {
        on_ended(*ended);
    }
}

void Pop3Receiver::on_ready(const transport::Pop3Ready &ready, Timestamp now) {
    if (ready.no_unique_ids) {
        return end_session(now, *ready.no_unique_ids);
    }
    has_top_ = ready.capabilities.top;
    is_listed_ = true;
    std::map<std::string, Held> held;
    std::set<std::string> others;
    for (const transport::Pop3Message &message : ready.messages) {
        const std::string &id = message.unique_id;
        const auto found = held_.find(id);
        const bool again = found != held_.end() && found->second.mail.open_events == 0 &&
                           found->second.mail.settlement == engine::Settlement::keep &&
                           found->second.settled_at + kept_for <= now;
        if (found != held_.end() && !again) {
            if (found->second.mail.open_events == 0 &&
                found->second.mail.settlement == engine::Settlement::remove) {
                to_remove_.push_back({.number = message.number,
                                      .unique_id = id,
                                      .bytes = message.bytes,
                                      .look = Look::header,
                                      .is_removal = true});
            }
            held.emplace(id, found->second);
        } else if (others_.contains(id)) {
            others.insert(id);
        } else if (message.bytes > limits::mail_bytes_max) {
            tell({Errc::too_large, "a mail in " + account_.receive + " is too large to be ours"});
            others.insert(id);
        } else {
            to_look_.push_back({.number = message.number,
                                .unique_id = id,
                                .bytes = message.bytes,
                                .look = Look::header,
                                .is_removal = false});
        }
    }
    held_ = std::move(held); // what is not there any more need not be known
    others_ = std::move(others);
}

void Pop3Receiver::on_done(const transport::Pop3Done &done) {
    const Task task = std::move(asked_.front());
    asked_.pop_front();
    const bool is_part = done.request == transport::Pop3Request::top;
    const bool is_read = !is_part || task.look != Look::header; // as far as a bounce needs it
    if (done.error) {
        // What the server could not give or delete is looked for again in the next session.
    } else if (task.is_removal) {
        removed_.push_back(task.unique_id);
    } else if (is_read && !incoming_.is_streamed() && kind() == mail::MailKind::bounce) {
        judge_bounce(task.unique_id);
    } else if (is_part && is_worth_more(task.look)) {
        look_again(task, task.look == Look::header ? Look::beginning : Look::whole);
    } else if (is_part) {
        ++strangers_;
        others_.insert(task.unique_id);
    } else if (!incoming_.is_streamed()) {
        judge(task.unique_id);
    } else if (!end_stream(task.unique_id)) {
        look_again(task, Look::gathered);
    }
    expect_next();
}

/// As far as what was looked at says.
bool Pop3Receiver::is_worth_more(Look look) const {
    return look == Look::header
               ? kind() == mail::MailKind::candidate || kind() == mail::MailKind::bounce
               : transport::judge_mail(incoming_.text(), account_.stamp_keys).is_ours();
}

/// Of the mail that is looked at.
mail::MailKind Pop3Receiver::kind() const {
    return mail::recognise(as_text(incoming_.text()), account_.subject_prefix);
}

void Pop3Receiver::judge_bounce(const std::string &unique_id) {
    if (hand_over_bounce(around_.host, account_.name, unique_id, incoming_.text())) {
        held_.insert_or_assign(unique_id, Held{{1}, {}});
    } else {
        ++strangers_;
        others_.insert(unique_id);
    }
}

/// False where it has to be gathered.
bool Pop3Receiver::end_stream(const std::string &unique_id) {
    if (!incoming_.end_stream()) {
        return false;
    }
    held_.insert_or_assign(unique_id, Held{{1}, {}});
    incoming_.hand_over(unique_id);
    return true;
}

void Pop3Receiver::judge(const std::string &unique_id) {
    transport::JudgedMail judged = transport::judge_mail(incoming_.text(), account_.stamp_keys);
    if (judged.is_ours()) {
        held_.insert_or_assign(unique_id, Held{{judged.events()}, {}});
        return hand_over(around_.host, account_.name, unique_id, std::move(judged));
    }
    if (judged.suspicion) {
        tell(*judged.suspicion);
    } else {
        ++strangers_;
    }
    others_.insert(unique_id);
}

void Pop3Receiver::on_ended(const transport::Pop3Ended &ended) {
    if (ended.deletions == transport::Pop3Deletions::done) {
        for (const std::string &unique_id : removed_) {
            held_.erase(unique_id);
        }
    }
}

void Pop3Receiver::end_session(Timestamp now, const std::optional<Error> &problem) {
    const bool has_more = !to_look_.empty() || !asked_.empty() ||
                          std::any_of(held_.begin(), held_.end(),
                                      [](auto &e) { return e.second.mail.open_events == 0; });
    const bool is_again = std::exchange(is_wanted_again_, false);
    const bool is_last = (is_through() && !is_again) || problem;
    login_.give_up();
    conversation_.reset();
    dialogue_.reset();
    to_look_.clear();
    to_remove_.clear();
    asked_.clear();
    removed_.clear();
    is_listed_ = false;
    is_quitting_ = false;
    busy_since_.reset();
    incoming_.gather();
    if (strangers_ > 0) {
        tell({Errc::unknown_peer, "mails of others were left as they lie"},
             std::exchange(strangers_, 0));
    }
    if (problem) {
        look_at_ = now + pause_after(++failures_);
        do_now("is not connected");
        health_.fails(around_.host, account_.name, *problem);
        tell_looked(false);
        if (problem->message != told_) {
            told_ = problem->message;
            tell(*problem);
        }
        return;
    }
    failures_ = 0;
    told_.clear();
    look_at_ = now + (is_again          ? Duration{0}
                      : !has_more       ? session_every
                      : somebody_waits_ ? look_very_soon
                                        : look_soon);
    do_now("waits for mail");
    health_.works(around_.host, account_.name);
    if (is_last) {
        tell_looked(true);
    }
}

void Pop3Receiver::tell(const Error &what, std::uint64_t count) {
    around_.host.tell(transport::Told{account_.name, count, what});
}

/// Who waits hears both that it cannot be reached and that it was looked into later.
void Pop3Receiver::tell_looked(bool reached) {
    if (somebody_waits_) {
        around_.host.tell(transport::Looked{account_.name, reached});
    }
    somebody_waits_ = somebody_waits_ && !reached;
}

void Pop3Receiver::do_now(std::string words) {
    if (words != doing_) {
        doing_ = std::move(words);
        around_.host.tell(transport::Doing{account_.name, "receive", doing_});
    }
}

std::optional<Watched> Pop3Receiver::watched() const {
    return conversation_ && !conversation_->is_held() ? std::optional{conversation_->watched()}
                                                      : std::nullopt;
}

std::optional<Timestamp> Pop3Receiver::next_at() const {
    if (conversation_) {
        const std::optional<Timestamp> deadline = conversation_->deadline();
        return busy_since_ && !deadline ? std::optional{*busy_since_ + host_patience} : deadline;
    }
    return login_.is_under_way() ? std::nullopt : std::optional{look_at_.value_or(Timestamp{})};
}

} // namespace postrider::network

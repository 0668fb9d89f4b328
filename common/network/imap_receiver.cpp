// One request at a time; what is next is decided in `go_on` whenever one is finished.
#include "common/network/imap_receiver.hpp"

#include <algorithm>
#include <utility>

#include "common/base/limits.hpp"
#include "common/crypto/hash.hpp"
#include "common/mail/message.hpp"
#include "common/mail/recognise.hpp"

namespace postrider::network {

namespace {

namespace imap = transport::imap;

constexpr std::size_t candidates_max = 1000;
constexpr std::size_t fetched_at_once_max = 64;
constexpr std::size_t cleared_at_once_max = 500;
/// Of whole mails that are gathered: the host is asked only between requests whether it can take
/// more.
constexpr std::uint64_t fetched_bytes_at_once_max = 8 * limits::mib;
/// Of those that are handed on while they come, since what is settled is removed between requests.
constexpr std::uint64_t streamed_bytes_at_once_max = 32 * limits::mib;

/// IDLE is left before servers and address translators forget about it (RFC 2177: 29 minutes; many
/// routers: 10), and where there is none, this often is looked.
constexpr Duration idle_for = std::chrono::minutes{9};
constexpr Duration look_every = std::chrono::minutes{1};

KeysDigest digest_of(const std::vector<FixedBytes<32>> &keys) {
    ByteWriter all;
    for (const FixedBytes<32> &key : keys) {
        all.raw(key);
    }
    const crypto::Hash hash = crypto::hash256("postrider seen", {all.view()});
    KeysDigest digest{};
    std::copy_n(hash.begin(), digest.size(), digest.begin());
    return digest;
}

/// A cursor is that of the folder, and behind it that of the junk folder.
constexpr std::size_t folder_cursor_bytes = 16;

ByteView cursor_of_folder(ByteView cursor) {
    return cursor.first(std::min(cursor.size(), folder_cursor_bytes));
}

ByteView cursor_of_junk(ByteView cursor) {
    return cursor.subspan(std::min(cursor.size(), folder_cursor_bytes));
}

/// Anybody may write so; it decides only how much is fetched at first. Where the subject is encoded
/// the claim is missed.
bool claims_to_be_ours(std::string_view header, std::string_view prefix) {
    return header.find(mail::default_subject_prefix) != std::string_view::npos ||
           (!prefix.empty() && header.find(prefix) != std::string_view::npos);
}

} // namespace

ImapReceiver::ImapReceiver(Surroundings surroundings, transport::MailAccount account)
    : around_(std::move(surroundings)),
      account_(std::move(account)),
      progress_(cursor_of_folder(account_.cursor), digest_of(account_.stamp_keys)),
      junk_(cursor_of_junk(account_.cursor), digest_of(account_.stamp_keys)),
      login_(around_.host, around_.connections),
      incoming_(around_.host),
      told_cursor_(account_.cursor) {}

void ImapReceiver::configure(transport::MailAccount account) {
    if (account.stamp_keys != account_.stamp_keys) {
        progress_.know_keys(digest_of(account.stamp_keys));
        junk_.know_keys(digest_of(account.stamp_keys));
        wants_look_ = true;
    }
    account_ = std::move(account);
}

void ImapReceiver::settle(const transport::Settle &settle, Timestamp now) {
    progress_.settle(settle.receipt, settle.settlement, now);
    wants_look_ = true;
}

void ImapReceiver::look_now() {
    wants_look_ = true;
    somebody_waits_ = true;
    junk_.look_now();
    quota_.look_now();
    again_at_.reset();
}

void ImapReceiver::step(Timestamp now) {
    if (stage_ == Stage::closed && (!again_at_ || *again_at_ <= now)) {
        connect(now);
    }
    if (auto opened = login_.take()) {
        if (!*opened) {
            return give_up(opened->error(), now);
        }
        dialogue_.emplace();
        const Result<mail::ServerUrl> url = mail::parse_server_url(account_.receive);
        const Result<std::string> folder =
            imap::to_folder_name(url && !url->folder.empty() ? url->folder : std::string{"INBOX"});
        folder_ = folder ? *folder : "INBOX";
        conversation_.emplace(*std::move(*opened), *dialogue_, account_.receive, now);
        stage_ = Stage::folders;
        request_ = dialogue_->list_folders();
    }
    if (conversation_) {
        talk(now);
    }
}

void ImapReceiver::connect(Timestamp now) {
    const Result<mail::ServerUrl> url = mail::parse_server_url(account_.receive);
    if (!url) {
        return give_up(url.error(), now);
    }
    stage_ = Stage::login;
    do_now("connects");
    login_.begin(account_, endpoint_of(account_, *url, around_));
}

void ImapReceiver::talk(Timestamp now) {
    if (stage_ == Stage::idle) {
        for (const Uid uid : progress_.take_again(now)) {
            candidates_.push_back({uid});
        }
        const bool has_room = !candidates_.empty() && !around_.host.is_busy();
        if (wants_look_ || has_room || (look_at_ && *look_at_ <= now)) {
            dialogue_->done(); // its end brings us to `go_on`
        }
    }
    for (bool has_news = true; has_news && conversation_;) {
        conversation_->hold(stage_ == Stage::fetching && around_.host.is_busy(), now);
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
            return give_up(conversation_->problem().value_or(
                               Error{Errc::unavailable, account_.receive + " has said goodbye"}),
                           now);
        }
        if (conversation_ && request_ == 0) {
            go_on(now);
            has_news = request_ != 0;
        }
    }
}

/// No request is under way: what comes next? The mails that were listed are dealt with before more
/// are asked for, and those that the host is done with before it is given new ones.
void ImapReceiver::go_on(Timestamp now) {
    if (clear_next() || fetch_next()) {
        return;
    }
    if (!candidates_.empty()) { // the host has enough to do
        return wait_for_mail();
    }
    if (strangers_ > 0) {
        tell({Errc::unknown_peer, "mails of others were left as they lie"},
             std::exchange(strangers_, 0));
    }
    tell_cursor();
    if (wants_look_ || list_is_cut_ || !look_at_ || *look_at_ <= now) {
        wants_look_ = false;
        list_is_cut_ = false;
        look_at_ = now + (dialogue_->capabilities().has_idle ? idle_for : look_every);
        stage_ = Stage::listing;
        request_ = dialogue_->list_new(progress_.next());
        return;
    }
    if (!look_beside(now)) {
        wait_for_mail();
    }
}

/// At the junk folder and the storage, where it is time.
bool ImapReceiver::look_beside(Timestamp now) {
    if (junk_.is_due(now)) {
        stage_ = Stage::junk;
        request_ = junk_.begin(*dialogue_, now);
        return true;
    }
    if (dialogue_->capabilities().has_quota && quota_.is_due(now)) {
        stage_ = Stage::quota;
        quota_.begin(now);
        request_ = dialogue_->ask_quota();
        return true;
    }
    return false;
}

void ImapReceiver::open() {
    stage_ = Stage::opening;
    request_ = dialogue_->select(folder_);
}

/// What was moved lies in the folder now.
void ImapReceiver::end_junk() {
    for (const FixedBytes<32> &key : junk_.take_found()) {
        around_.host.tell(transport::InJunk{account_.name, key});
    }
    wants_look_ = true;
    open();
}

bool ImapReceiver::clear_next() {
    clearing_ = progress_.to_remove();
    is_setting_aside_ = clearing_.empty();
    if (is_setting_aside_) {
        clearing_ = progress_.to_set_aside();
    }
    if (clearing_.empty()) {
        return false;
    }
    clearing_.resize(std::min(clearing_.size(), cleared_at_once_max));
    stage_ = Stage::clearing;
    const imap::Mails mails{progress_.uid_validity(), clearing_};
    request_ =
        is_setting_aside_ ? dialogue_->move(mails, folder_for_aside()) : dialogue_->remove(mails);
    return true;
}

std::string ImapReceiver::folder_for_aside() const {
    const Result<std::string> folder = imap::folder_within(namespace_, {"postrider", "aside"});
    return folder ? *folder : "postrider-aside";
}

/// The beginnings of many, or whole mails.
bool ImapReceiver::fetch_next() {
    if (candidates_.empty() || around_.host.is_busy()) {
        return false;
    }
    const bool is_whole = candidates_.front().is_whole;
    is_gathering_ = candidates_.front().is_gathered;
    const bool is_streaming =
        is_whole && !is_gathering_ && candidates_.front().bytes > small_mail_bytes_max;
    const std::uint64_t bytes_max =
        is_streaming ? streamed_bytes_at_once_max : fetched_bytes_at_once_max;
    std::uint64_t bytes = 0;
    fetching_.clear();
    while (!candidates_.empty() && candidates_.front().is_whole == is_whole &&
           candidates_.front().is_gathered == is_gathering_ &&
           fetching_.size() < fetched_at_once_max) {
        const Candidate &next = candidates_.front();
        bytes += next.bytes == 0 ? bytes_max : next.bytes;
        if (is_whole && bytes > bytes_max && !fetching_.empty()) {
            break;
        }
        fetching_.emplace(next.uid, next);
        candidates_.pop_front();
    }
    imap::Mails mails{progress_.uid_validity(), {}};
    for (const auto &[uid, candidate] : fetching_) {
        mails.uids.push_back(uid);
    }
    incoming_.gather();
    stage_ = is_whole ? Stage::fetching : Stage::looking;
    do_now("fetches mails");
    request_ = dialogue_->fetch(std::move(mails), is_whole ? 0 : limits::mail_first_look_bytes);
    return true;
}

void ImapReceiver::wait_for_mail() {
    failures_ = 0;
    told_.clear();
    do_now("waits for mail");
    health_.works(around_.host, account_.name);
    if (candidates_.empty() && progress_.is_through()) {
        tell_looked(true);
    }
    stage_ = Stage::idle;
    if (dialogue_->capabilities().has_idle) {
        request_ = dialogue_->idle();
    }
}

void ImapReceiver::take(const imap::Event &event, Timestamp now) {
    if (stage_ == Stage::junk && !std::holds_alternative<imap::Finished>(event)) {
        junk_.take(event, account_);
    } else if (const auto *folder = std::get_if<imap::Folder>(&event)) {
        junk_.know(*folder, folder_);
    } else if (const auto *quota = std::get_if<imap::Quota>(&event)) {
        quota_.take(*quota);
    } else if (const auto *folder_space = std::get_if<imap::Namespace>(&event)) {
        namespace_ = *folder_space;
    } else if (const auto *selected = std::get_if<imap::Selected>(&event)) {
        progress_.open(selected->uid_validity);
    } else if (std::holds_alternative<imap::UidsChanged>(event)) {
        give_up({Errc::unavailable, account_.receive + " has numbered its mails anew"}, now);
    } else if (const auto *listed = std::get_if<imap::Listed>(&event)) {
        on_listed(*listed);
    } else if (const auto *begun = std::get_if<imap::BodyBegan>(&event)) {
        if (stage_ == Stage::fetching && !is_gathering_ && begun->size > small_mail_bytes_max) {
            incoming_.stream(account_);
        } else {
            incoming_.gather();
        }
    } else if (const auto *piece = std::get_if<imap::BodyPiece>(&event)) {
        incoming_.add(piece->bytes);
    } else if (const auto *ended = std::get_if<imap::BodyEnded>(&event)) {
        on_body(*ended);
    } else if (const auto *missing = std::get_if<imap::Missing>(&event)) {
        progress_.on_gone(missing->uids); // somebody removed them
    } else if (std::holds_alternative<imap::SomethingNew>(event)) {
        wants_look_ = true;
        dialogue_->done();
    } else if (const auto *alert = std::get_if<imap::Alert>(&event)) {
        tell({Errc::refused, account_.receive + " says: " + alert->text});
    } else if (const auto *finished = std::get_if<imap::Finished>(&event)) {
        on_finished(*finished, now);
    }
}

void ImapReceiver::on_listed(const imap::Listed &mail) {
    if (progress_.knows(mail.uid)) {
        return progress_.skip(mail.uid);
    }
    if (candidates_.size() >= candidates_max) {
        list_is_cut_ = true; // they are listed again, from the first that was not taken
        return;
    }
    // One that is marked may be ours, of a process that ended before it expunged it. Where nothing
    // is expunged, all that were settled lie there marked.
    const bool is_settled = mail.is_deleted && !dialogue_->capabilities().has_uidplus;
    const mail::MailKind kind = mail::recognise(mail.header, account_.subject_prefix);
    if (is_settled || (kind != mail::MailKind::candidate && kind != mail::MailKind::bounce)) {
        ++strangers_;
        return progress_.skip(mail.uid);
    }
    progress_.want(mail.uid);
    const bool is_small = mail.size > 0 && mail.size <= small_mail_bytes_max;
    const bool is_whole = is_small && claims_to_be_ours(mail.header, account_.subject_prefix);
    candidates_.push_back({mail.uid, is_whole, mail.size});
}

void ImapReceiver::on_body(const imap::BodyEnded &ended) {
    const auto asked = fetching_.find(ended.uid);
    if (asked == fetching_.end()) {
        return;
    }
    if (ended.is_too_large) {
        tell({Errc::too_large, "a mail in " + account_.receive + " is too large to be ours"});
        progress_.on_gone({ended.uid});
    } else if (incoming_.is_streamed()) {
        end_stream(asked->second);
    } else if (mail::recognise(as_text(incoming_.text()), account_.subject_prefix) ==
               mail::MailKind::bounce) {
        judge_bounce(ended.uid);
    } else {
        judge(asked->second, asked->second.is_whole || ended.size < limits::mail_first_look_bytes);
    }
    fetching_.erase(asked);
    incoming_.gather();
}

void ImapReceiver::end_stream(const Candidate &mail) {
    if (incoming_.end_stream()) {
        incoming_.hand_over(progress_.hold(mail.uid, 1));
    } else {
        candidates_.push_back({mail.uid, true, mail.bytes, true});
    }
}

void ImapReceiver::judge(const Candidate &mail, bool is_whole) {
    transport::JudgedMail judged = transport::judge_mail(incoming_.text(), account_.stamp_keys);
    if (!is_whole) {
        if (judged.is_ours()) {
            candidates_.push_back({mail.uid, true, mail.bytes});
            return;
        }
        judged.suspicion.reset(); // it may be good, for somebody else
    }
    if (!judged.is_ours()) {
        if (judged.suspicion) {
            tell(*judged.suspicion);
        } else {
            ++strangers_;
        }
        return progress_.on_gone({mail.uid});
    }
    const std::string receipt = progress_.hold(mail.uid, judged.events());
    hand_over(around_.host, account_.name, receipt, std::move(judged));
}

void ImapReceiver::judge_bounce(Uid uid) {
    const std::string receipt = progress_.hold(uid, 1);
    if (!hand_over_bounce(around_.host, account_.name, receipt, incoming_.text())) {
        ++strangers_;
        progress_.on_gone({uid});
    }
}

void ImapReceiver::on_finished(const imap::Finished &finished, Timestamp now) {
    if (finished.request != request_) {
        return; // CAPABILITY, or a folder that was made
    }
    request_ = 0;
    switch (stage_) {
    case Stage::folders: // without their names INBOX does as well
        return open();
    case Stage::junk:
        if (const auto next = junk_.go_on(*dialogue_, finished, folder_)) {
            request_ = *next;
        } else if (!conversation_->is_closed()) {
            if (!finished.result) {
                tell(finished.result.error());
            }
            end_junk();
        }
        return;
    case Stage::quota: // a server that does not say it has its reasons
        return quota_.end(around_.host, account_.name);
    case Stage::opening:
    case Stage::listing:
    case Stage::looking:
    case Stage::fetching:
        if (!finished.result) {
            give_up(finished.result.error(), now);
        }
        return;
    case Stage::clearing:
        return on_cleared(finished);
    case Stage::idle:
        if (!finished.result) {
            give_up(finished.result.error(), now);
        }
        return;
    case Stage::closed:
    case Stage::login:
        return;
    }
}

void ImapReceiver::on_cleared(const imap::Finished &finished) {
    if (finished.result) {
        progress_.on_gone(clearing_);
        return;
    }
    if (conversation_->is_closed()) {
        return; // they are listed again by the next connection, which may do more
    }
    if (is_setting_aside_ && finished.code == imap::Code::try_create) {
        (void)dialogue_->create(folder_for_aside());
        request_ = dialogue_->move({progress_.uid_validity(), clearing_}, folder_for_aside());
        return;
    }
    // They stay where they are, and are dropped as known when they are read again.
    tell(finished.result.error());
    progress_.on_gone(clearing_);
}

void ImapReceiver::give_up(const Error &reason, Timestamp now) {
    login_.give_up();
    conversation_.reset();
    dialogue_.reset();
    request_ = 0;
    stage_ = Stage::closed;
    candidates_.clear();
    fetching_.clear();
    progress_ = FolderProgress{progress_.cursor(), digest_of(account_.stamp_keys)};
    junk_.end();
    wants_look_ = true;
    ++failures_;
    again_at_ = now + pause_after(failures_);
    do_now("is not connected");
    health_.fails(around_.host, account_.name, reason);
    tell_looked(false);
    if (reason.message != told_) {
        told_ = reason.message;
        tell(reason);
    }
}

void ImapReceiver::tell(const Error &what, std::uint64_t count) {
    around_.host.tell(transport::Told{account_.name, count, what});
}

void ImapReceiver::tell_cursor() {
    Bytes cursor = progress_.cursor();
    const Bytes of_junk = junk_.cursor();
    cursor.insert(cursor.end(), of_junk.begin(), of_junk.end());
    if (cursor != told_cursor_) {
        told_cursor_ = cursor;
        around_.host.tell(transport::CursorMoved{account_.name, cursor});
    }
}

/// Who waits hears both that it cannot be reached and that it was looked into later.
void ImapReceiver::tell_looked(bool reached) {
    if (somebody_waits_) {
        around_.host.tell(transport::Looked{account_.name, reached});
    }
    somebody_waits_ = somebody_waits_ && !reached;
}

void ImapReceiver::do_now(std::string words) {
    if (words != doing_) {
        doing_ = std::move(words);
        around_.host.tell(transport::Doing{account_.name, "receive", doing_});
    }
}

std::optional<Watched> ImapReceiver::watched() const {
    return conversation_ && !conversation_->is_held() ? std::optional{conversation_->watched()}
                                                      : std::nullopt;
}

std::optional<Timestamp> ImapReceiver::next_at() const {
    std::optional<Timestamp> next;
    const auto earlier = [&](const std::optional<Timestamp> &at) {
        if (at && (!next || *at < *next)) {
            next = at;
        }
    };
    if (stage_ == Stage::closed) {
        earlier(again_at_);
    } else if (stage_ == Stage::idle) {
        earlier(look_at_);
        earlier(progress_.again_at());
    }
    if (conversation_) {
        earlier(conversation_->deadline());
    }
    return next;
}

} // namespace postrider::network

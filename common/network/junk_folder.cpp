// Open, list, look at the beginnings of what may be ours, move what is.
#include "common/network/junk_folder.hpp"

#include <algorithm>
#include <utility>

#include "common/base/limits.hpp"
#include "common/mail/recognise.hpp"
#include "common/transport/judged_mail.hpp"
#include "common/transport/stamps.hpp"

namespace postrider::network {

namespace {

namespace imap = transport::imap;

constexpr Duration visit_every = std::chrono::hours{6};
/// In one visit; what is beyond comes in the next.
constexpr std::size_t junk_candidates_max = 1000;
constexpr std::size_t junk_looked_at_once_max = 64;

} // namespace

JunkFolder::JunkFolder(ByteView cursor, const KeysDigest &keys)
    : keys_(keys), progress_(cursor, keys) {}

void JunkFolder::know_keys(const KeysDigest &keys) {
    if (keys != keys_) {
        keys_ = keys;
        progress_.know_keys(keys);
        next_.reset();
    }
}

/// What the server says a folder is for goes before what its name says.
void JunkFolder::know(const imap::Folder &folder, const std::string &own) {
    const bool is_better = name_.empty() || (is_guessed_ && !folder.is_guessed);
    if (folder.use == imap::Use::junk && folder.can_be_selected && folder.name != own &&
        is_better) {
        name_ = folder.name;
        is_guessed_ = folder.is_guessed;
    }
}

imap::RequestNumber JunkFolder::begin(transport::ImapDialogue &dialogue, Timestamp now) {
    next_ = now + visit_every;
    stage_ = Stage::opening;
    candidates_.clear();
    ours_.clear();
    keys_of_ours_.clear();
    body_.clear();
    return dialogue.select(name_);
}

void JunkFolder::take(const imap::Event &event, const transport::MailAccount &account) {
    if (const auto *selected = std::get_if<imap::Selected>(&event)) {
        progress_.open(selected->uid_validity);
    } else if (const auto *listed = std::get_if<imap::Listed>(&event)) {
        const bool may_be_ours =
            mail::recognise(listed->header, account.subject_prefix) == mail::MailKind::candidate;
        if (candidates_.size() >= junk_candidates_max) {
            return; // listed again by the next visit
        }
        if (may_be_ours && !listed->is_deleted && listed->size <= limits::mail_bytes_max) {
            progress_.want(listed->uid);
            candidates_.push_back(listed->uid);
        } else {
            progress_.skip(listed->uid);
        }
    } else if (const auto *piece = std::get_if<imap::BodyPiece>(&event)) {
        body_.insert(body_.end(), piece->bytes.begin(), piece->bytes.end());
    } else if (const auto *ended = std::get_if<imap::BodyEnded>(&event)) {
        judge(ended->uid, account);
        body_.clear();
    } else if (const auto *missing = std::get_if<imap::Missing>(&event)) {
        progress_.on_gone(missing->uids);
    }
}

void JunkFolder::judge(Uid uid, const transport::MailAccount &account) {
    const transport::JudgedMail judged = transport::judge_mail(body_, account.stamp_keys);
    if (!judged.is_ours()) {
        return progress_.on_gone({uid});
    }
    ours_.push_back(uid);
    for (const Bytes &envelope : judged.envelopes) {
        for (const FixedBytes<32> &key : account.stamp_keys) {
            if (transport::bears_stamp_of(envelope, {key})) {
                keys_of_ours_.push_back(key);
            }
        }
    }
}

std::optional<imap::RequestNumber> JunkFolder::fetch(transport::ImapDialogue &dialogue) {
    imap::Mails mails{progress_.uid_validity(), {}};
    const std::size_t count = std::min(candidates_.size(), junk_looked_at_once_max);
    mails.uids.assign(candidates_.begin(), std::next(candidates_.begin(), std::ptrdiff_t(count)));
    candidates_.erase(candidates_.begin(), std::next(candidates_.begin(), std::ptrdiff_t(count)));
    stage_ = Stage::looking;
    return dialogue.fetch(std::move(mails), limits::mail_first_look_bytes);
}

std::optional<imap::RequestNumber> JunkFolder::go_on(transport::ImapDialogue &dialogue,
                                                     const imap::Finished &finished,
                                                     const std::string &own) {
    if (!finished.result) {
        end();
        return std::nullopt;
    }
    switch (stage_) {
    case Stage::opening:
        stage_ = Stage::listing;
        return dialogue.list_new(progress_.next());
    case Stage::listing:
    case Stage::looking:
        if (!candidates_.empty()) {
            return fetch(dialogue);
        }
        if (ours_.empty()) {
            return std::nullopt;
        }
        stage_ = Stage::moving;
        return dialogue.move({progress_.uid_validity(), ours_}, own);
    case Stage::moving:
        progress_.on_gone(ours_);
        found_.insert(found_.end(), keys_of_ours_.begin(), keys_of_ours_.end());
        return std::nullopt;
    }
    return std::nullopt;
}

void JunkFolder::end() {
    progress_ = FolderProgress{progress_.cursor(), keys_};
}

} // namespace postrider::network

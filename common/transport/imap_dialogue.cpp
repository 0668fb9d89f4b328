// The listening half of the IMAP dialogue: one function for each kind of response.
#include "common/transport/imap_dialogue.hpp"

#include <algorithm>

#include "common/base/utf8.hpp"

namespace postrider::transport {

using imap::Code;
using imap::Command;
using imap::Condition;
using imap::Request;

namespace {

Error out_of_turn(std::string_view what) {
    return Error{Errc::malformed, "the IMAP server answers out of turn: " + std::string(what), "",
                 "The connection is closed and opened again."};
}

} // namespace

Result<void> ImapDialogue::receive(ByteView bytes) {
    while (!broken_ && !is_over_) {
        Result<std::optional<imap::Response>> response = reader_.next(bytes);
        if (response && !*response) {
            break;
        }
        Result<void> taken = response
                                 ? std::visit([&](auto &each) { return take(each); }, **response)
                                 : Result<void>(std::move(response).error());
        if (!taken) {
            broken_ = std::move(taken.error());
        }
        advance();
    }
    return broken_ ? Result<void>(*broken_) : Result<void>{};
}

bool ImapDialogue::is_under_way(Command::Kind kind) const {
    return !tag_.empty() && commands_.front().kind == kind;
}

/// From SELECT to Selected.
bool ImapDialogue::is_opening() const {
    return !tag_.empty() && requests_.front().kind == Request::Kind::select;
}

Result<void> ImapDialogue::take(const imap::Continuation & /*response*/) {
    // No command of ours has a literal in it: only IDLE waits for it.
    if (!is_under_way(Command::Kind::idle) || has_idled_) {
        return out_of_turn("it wants more where there is no more");
    }
    has_idled_ = true;
    is_idling_ = !requests_.front().is_idle_over;
    if (!is_idling_) {
        output_ += "DONE\r\n";
    }
    return {};
}

Result<void> ImapDialogue::take(const imap::Tagged &response) {
    if (tag_.empty() || response.tag != tag_) {
        return out_of_turn("nobody waits for its \"" + printable(response.tag, 40) + "\"");
    }
    const imap::Status &status = response.status;
    const Request::Kind kind = requests_.front().kind;
    take_code(status);
    if (kind == Request::Kind::logout) {
        finish_all(Error{Errc::unavailable, "the connection is closed"});
        return {};
    }
    const bool is_there_already =
        kind == Request::Kind::create && status.code == Code::already_exists;
    if (status.condition == Condition::ok || commands_.front().may_fail || is_there_already) {
        command_succeeded();
        return {};
    }
    if (!missing_.empty()) {
        events_.emplace_back(imap::Missing{std::move(missing_)});
    }
    finish(imap::error_of(status, imap::describe(requests_.front())), status.code);
    return {};
}

void ImapDialogue::command_succeeded() {
    const bool has_looked = commands_.front().kind == Command::Kind::look;
    commands_.pop_front();
    if (commands_.empty() && is_opening()) {
        complete_opening();
    }
    tag_.clear();
    if (has_looked && open_->count > 0) {
        plan(requests_.front());
        return;
    }
    if (commands_.empty()) {
        if (!missing_.empty()) {
            events_.emplace_back(imap::Missing{std::move(missing_)});
        }
        finish({});
    }
}

/// Some servers do not say UIDNEXT to SELECT, and some not to STATUS either.
void ImapDialogue::complete_opening() {
    const bool is_known = opening_.uid_next != 0 && opening_.uid_validity != 0;
    if (!is_known && opening_stage_ == OpeningStage::select) {
        opening_stage_ = OpeningStage::status;
        if (Result<Command> command = imap::ask_status(opening_.folder)) {
            commands_.push_back(std::move(*command));
            return;
        }
    }
    if (opening_.uid_next == 0 && opening_.count > 0 && opening_stage_ != OpeningStage::last_uid) {
        opening_stage_ = OpeningStage::last_uid;
        commands_.push_back(imap::ask_last_uid(capabilities_));
        return;
    }
    open_ = opening_;
    events_.emplace_back(opening_);
}

Result<void> ImapDialogue::take(const imap::Untagged &response) {
    const imap::Status &status = response.status;
    if (status.condition == Condition::bye) {
        if (!is_under_way(Command::Kind::logout)) {
            say_bye(status);
        }
        return {};
    }
    take_code(status);
    const bool warns = status.condition == Condition::no || status.condition == Condition::bad;
    if (warns && status.code != Code::alert) {
        events_.emplace_back(imap::Alert{printable(status.text)});
    }
    return {};
}

/// RFC 3501 7.1.5: the server closes the connection, now or soon.
void ImapDialogue::say_bye(const imap::Status &status) {
    events_.emplace_back(imap::Alert{printable(status.text)});
    const std::string what =
        requests_.empty() ? "keep the connection" : imap::describe(requests_.front());
    finish_all(imap::error_of(status, what));
}

/// A response code counts wherever it stands.
void ImapDialogue::take_code(const imap::Status &status) {
    const auto number = imap::parse_number(status.argument);
    switch (status.code) {
    case Code::alert:
        events_.emplace_back(imap::Alert{printable(status.text)});
        break;
    case Code::capability:
        capabilities_ = imap::capabilities_of(imap::words_of(status.argument));
        break;
    case Code::closed: // what came so far was about the folder that was open before
        if (is_under_way(Command::Kind::select)) {
            opening_ = {.folder = opening_.folder, .can_only_be_read = opening_.can_only_be_read};
        }
        break;
    case Code::read_only:
        opening_.can_only_be_read |= is_under_way(Command::Kind::select);
        break;
    case Code::uid_next:
        if (is_under_way(Command::Kind::select)) {
            opening_.uid_next = number.value_or(0);
        }
        break;
    case Code::uid_validity:
        if (number) {
            take_uid_validity(*number);
        }
        break;
    default:
        break;
    }
}

void ImapDialogue::take_uid_validity(std::uint32_t uid_validity) {
    if (is_opening()) {
        opening_.uid_validity = uid_validity;
    } else if (open_ && open_->uid_validity != uid_validity) {
        events_.emplace_back(imap::UidsChanged{open_->uid_validity, uid_validity});
        open_->uid_validity = uid_validity;
    }
}

Result<void> ImapDialogue::take(const imap::CapabilityList &response) {
    capabilities_ = imap::capabilities_of(response.names);
    return {};
}

Result<void> ImapDialogue::take(imap::Folder &response) {
    if (!tag_.empty() && requests_.front().kind == Request::Kind::list_folders) {
        events_.emplace_back(std::move(response));
    }
    return {};
}

Result<void> ImapDialogue::take(imap::Namespace &response) {
    if (!tag_.empty() && requests_.front().kind == Request::Kind::list_folders) {
        events_.emplace_back(std::move(response));
    }
    return {};
}

Result<void> ImapDialogue::take(imap::Quota &response) {
    if (!tag_.empty() && requests_.front().kind == Request::Kind::ask_quota) {
        events_.emplace_back(std::move(response));
    }
    return {};
}

Result<void> ImapDialogue::take(const imap::FolderStatus &response) {
    if (is_under_way(Command::Kind::status)) {
        opening_.uid_next = response.uid_next == 0 ? opening_.uid_next : response.uid_next;
        opening_.uid_validity =
            opening_.uid_validity == 0 ? response.uid_validity : opening_.uid_validity;
    }
    return {};
}

Result<void> ImapDialogue::take(const imap::Exists &response) {
    if (is_opening()) {
        opening_.count = response.count;
    } else if (open_) {
        if (response.count > open_->count) {
            tell_new(response.count);
        }
        open_->count = response.count;
    }
    return {};
}

/// Told once, however often the server says it before somebody listens.
void ImapDialogue::tell_new(std::uint32_t count) {
    auto *last = events_.empty() ? nullptr : std::get_if<imap::SomethingNew>(&events_.back());
    if (last != nullptr) {
        last->count = count;
    } else {
        events_.emplace_back(imap::SomethingNew{count});
    }
}

Result<void> ImapDialogue::take(const imap::Expunged & /*response*/) {
    std::uint32_t *count = is_opening() ? &opening_.count : open_ ? &open_->count : nullptr;
    if (count != nullptr && *count > 0) {
        --*count;
    }
    return {};
}

Result<void> ImapDialogue::take(const imap::FoundPart &response) {
    if (is_under_way(Command::Kind::last_uid)) {
        for (const imap::UidRange range : response.ranges) {
            if (range.last != UINT32_MAX) {
                opening_.uid_next = std::max(opening_.uid_next, range.last + 1);
            }
        }
    }
    if (!is_under_way(Command::Kind::search)) {
        return {};
    }
    // "n:*" names the last mail too when all are below n (RFC 3501 6.4.8).
    imap::Found found;
    const imap::Uid from = requests_.front().from;
    for (const imap::UidRange range : response.ranges) {
        if (range.last >= from) {
            found.ranges.push_back({std::max(range.first, from), range.last});
        }
    }
    if (!found.ranges.empty()) {
        events_.emplace_back(std::move(found));
    }
    return {};
}

Result<void> ImapDialogue::take(const imap::BodyBegin &response) {
    skips_body_ = !is_under_way(Command::Kind::fetch) || response.size > settings_.body_bytes_max;
    if (!skips_body_) {
        events_.emplace_back(imap::BodyBegan{response.size});
    }
    return {};
}

Result<void> ImapDialogue::take(const imap::BodyBytes &response) {
    if (!skips_body_) {
        events_.emplace_back(imap::BodyPiece{Bytes(response.bytes.begin(), response.bytes.end())});
    }
    return {};
}

Result<void> ImapDialogue::take(imap::Fetched &response) {
    if (is_under_way(Command::Kind::fetch) && response.body_bytes) {
        return take_body_end(response);
    }
    // Other programs' changes of flags come without the header; "n:*" gives the last mail too when
    // all are below n.
    const bool is_listed = is_under_way(Command::Kind::list_new) && response.header &&
                           response.uid >= requests_.front().from;
    if (is_listed) {
        events_.emplace_back(imap::Listed{response.uid, response.size, response.is_seen,
                                          response.is_deleted, response.received,
                                          std::move(*response.header), response.header_is_cut});
    }
    return {};
}

Result<void> ImapDialogue::take_body_end(const imap::Fetched &response) {
    const std::vector<imap::Uid> &asked = requests_.front().mails.uids;
    if (!std::binary_search(asked.begin(), asked.end(), response.uid)) {
        return out_of_turn("a mail that nobody has asked for");
    }
    const auto place = std::lower_bound(missing_.begin(), missing_.end(), response.uid);
    if (place != missing_.end() && *place == response.uid) {
        missing_.erase(place);
    }
    events_.emplace_back(imap::BodyEnded{response.uid, *response.body_bytes,
                                         *response.body_bytes > settings_.body_bytes_max});
    return {};
}

} // namespace postrider::transport

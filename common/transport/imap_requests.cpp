// The asking half of the IMAP dialogue: requests, their order, and what is sent.
#include <algorithm>

#include "common/transport/imap_dialogue.hpp"

namespace postrider::transport {

using imap::Command;
using imap::Request;
using imap::RequestNumber;

namespace {

void put_in_order(std::vector<imap::Uid> &uids) {
    std::sort(uids.begin(), uids.end());
    uids.erase(std::unique(uids.begin(), uids.end()), uids.end());
    if (!uids.empty() && uids.front() == 0) {
        uids.erase(uids.begin()); // no mail has it
    }
}

} // namespace

ImapDialogue::ImapDialogue(ImapSettings settings) : settings_(settings) {
    ask({.kind = Request::Kind::ask_capabilities});
}

RequestNumber ImapDialogue::list_folders() {
    return ask({.kind = Request::Kind::list_folders});
}

RequestNumber ImapDialogue::ask_quota() {
    return ask({.kind = Request::Kind::ask_quota});
}

RequestNumber ImapDialogue::select(std::string folder, bool only_reads) {
    return ask(
        {.kind = Request::Kind::select, .folder = std::move(folder), .only_reads = only_reads});
}

RequestNumber ImapDialogue::list_new(imap::Uid from) {
    return ask({.kind = Request::Kind::list_new, .from = std::max<imap::Uid>(from, 1)});
}

RequestNumber ImapDialogue::search(imap::Uid from, std::string subject) {
    return ask({.kind = Request::Kind::search,
                .subject = std::move(subject),
                .from = std::max<imap::Uid>(from, 1)});
}

RequestNumber ImapDialogue::fetch(imap::Mails mails, std::uint64_t first_bytes) {
    return ask(
        {.kind = Request::Kind::fetch, .mails = std::move(mails), .first_bytes = first_bytes});
}

RequestNumber ImapDialogue::move(imap::Mails mails, std::string folder) {
    return ask(
        {.kind = Request::Kind::move, .folder = std::move(folder), .mails = std::move(mails)});
}

RequestNumber ImapDialogue::remove(imap::Mails mails) {
    return ask({.kind = Request::Kind::remove, .mails = std::move(mails)});
}

RequestNumber ImapDialogue::create(std::string folder) {
    return ask({.kind = Request::Kind::create, .folder = std::move(folder)});
}

RequestNumber ImapDialogue::idle() {
    return ask({.kind = Request::Kind::idle});
}

RequestNumber ImapDialogue::noop() {
    return ask({.kind = Request::Kind::noop});
}

RequestNumber ImapDialogue::logout() {
    return ask({.kind = Request::Kind::logout});
}

void ImapDialogue::done() {
    for (Request &request : requests_) {
        request.is_idle_over |= request.kind == Request::Kind::idle;
    }
    if (is_idling_) {
        is_idling_ = false;
        output_ += "DONE\r\n";
    }
}

RequestNumber ImapDialogue::ask(Request request) {
    request.number = ++numbers_;
    put_in_order(request.mails.uids);
    requests_.push_back(std::move(request));
    advance();
    return numbers_;
}

/// Sends the next command when none is under way.
void ImapDialogue::advance() {
    while (tag_.empty() && !requests_.empty()) {
        if (is_over_) {
            finish(Error{Errc::unavailable, "could not " + imap::describe(requests_.front()) +
                                                ": the connection is closed"});
        } else if (!has_begun_) {
            has_begun_ = true;
            begin(requests_.front());
        } else if (commands_.empty()) {
            finish({});
        } else if (auto refused = refusal(requests_.front())) {
            finish(std::move(refused->result), refused->code); // in the middle of it
        } else {
            send(commands_.front());
        }
    }
}

void ImapDialogue::begin(const Request &request) {
    if (auto refused = refusal(request)) {
        finish(std::move(refused->result), refused->code);
        return;
    }
    if (request.is_idle_over) {
        return;
    }
    // Servers answer BAD to "1:*" where there is no mail; whether there is one by now they only say
    // when they are asked something.
    const bool needs_mails =
        request.kind == Request::Kind::list_new || request.kind == Request::Kind::search;
    if (needs_mails && open_->count == 0) {
        commands_.push_back({"NOOP", Command::Kind::look});
        return;
    }
    plan(request);
}

/// The commands of a request; without them it has failed.
void ImapDialogue::plan(const Request &request) {
    Result<std::deque<Command>> commands = imap::commands_of(request, capabilities_);
    if (!commands) {
        finish(std::move(commands).error());
        return;
    }
    commands_ = std::move(*commands);
    missing_.clear();
    if (request.kind == Request::Kind::fetch) {
        missing_ = request.mails.uids;
    } else if (request.kind == Request::Kind::select) {
        open_.reset(); // a SELECT that fails leaves no folder open (RFC 3501 6.3.1)
        opening_ = {.folder = request.folder, .can_only_be_read = request.only_reads};
        opening_stage_ = OpeningStage::select;
    }
}

/// Why the request cannot be sent as things are.
std::optional<imap::Finished> ImapDialogue::refusal(const Request &request) const {
    if (!imap::needs_folder(request.kind)) {
        return std::nullopt;
    }
    const std::string message = "could not " + imap::describe(request) + ": ";
    if (!open_) {
        return imap::Finished{request.number,
                              Error{Errc::unavailable, message + "no folder is open"}};
    }
    const bool names_mails = request.kind == Request::Kind::fetch ||
                             request.kind == Request::Kind::move ||
                             request.kind == Request::Kind::remove;
    if (names_mails && request.mails.uid_validity != open_->uid_validity) {
        return imap::Finished{request.number,
                              Error{Errc::unavailable,
                                    message + "the UIDs of the folder have changed",
                                    "They would name other mails now.",
                                    "The folder is listed again from its first mail."},
                              imap::Code::uid_validity};
    }
    return std::nullopt;
}

void ImapDialogue::send(const Command &command) {
    tag_ = "P" + std::to_string(++tags_);
    output_ += tag_ + " " + command.text + "\r\n";
}

void ImapDialogue::finish(Result<void> result, imap::Code code) {
    events_.emplace_back(imap::Finished{requests_.front().number, std::move(result), code});
    requests_.pop_front();
    commands_.clear();
    missing_.clear();
    tag_.clear();
    has_begun_ = false;
    is_idling_ = false;
    has_idled_ = false;
}

void ImapDialogue::finish_all(const Error &reason) {
    is_over_ = true;
    output_.clear();
    while (!requests_.empty()) {
        // Whoever wants to leave does not mind how the connection ends.
        const bool leaves = requests_.front().kind == Request::Kind::logout;
        finish(leaves ? Result<void>{} : Result<void>{reason});
    }
}

Bytes ImapDialogue::output(std::size_t bytes_max) {
    const std::size_t size = std::min(bytes_max, output_.size());
    const ByteView bytes = as_bytes(std::string_view(output_).substr(0, size));
    Bytes out(bytes.begin(), bytes.end());
    output_.erase(0, size);
    return out;
}

void ImapDialogue::lost(const Error &reason) {
    Error told = reason;
    if (reader_.is_in_literal() && told.detail.empty()) {
        told.detail = "The connection ended within a mail.";
    }
    finish_all(told);
}

std::optional<Duration> ImapDialogue::patience() const {
    const bool is_expected = !is_over_ && !tag_.empty() && !is_idling_;
    return is_expected ? std::optional(limits::imap_patience) : std::nullopt;
}

std::optional<imap::Event> ImapDialogue::take_event() {
    if (events_.empty()) {
        return std::nullopt;
    }
    imap::Event event = std::move(events_.front());
    events_.pop_front();
    return event;
}

} // namespace postrider::transport

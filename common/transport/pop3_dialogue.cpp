// Commands out, answers in, in the same order: each answer is a status line, for some commands
// followed by a list or a text.
#include "common/transport/pop3_dialogue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/ensure.hpp"

namespace postrider::transport {

namespace {

constexpr Duration answer_patience = std::chrono::minutes{5};
constexpr Duration progress_patience = std::chrono::minutes{2};

std::string named(std::string_view doing, std::uint64_t number) {
    return std::string(doing) + " message " + std::to_string(number);
}

Error unable_to(std::string_view what, const Error &reason) {
    const bool is_ours = reason.code == Errc::internal;
    return {is_ours ? Errc::internal : Errc::unavailable,
            "could not " + std::string(what) + ": " + reason.message, reason.detail,
            reason.hint.empty() ? "It is tried again by itself." : reason.hint};
}

} // namespace

Pop3Dialogue::Pop3Dialogue(std::uint64_t message_bytes_max)
    : message_bytes_max_(message_bytes_max) {
    say(Question::capabilities, 0, "CAPA\r\n");
}

bool Pop3Dialogue::may_ask() const {
    return is_ready_ && !quit_asked_ && !is_over_ &&
           to_say_.size() + awaited_.size() < limits::pop3_requests_max;
}

void Pop3Dialogue::check_asking(std::uint64_t number) const {
    ensure(may_ask(), "no more is asked than may be");
    ensure(number >= 1 && number <= count_, "what is asked for is in the maildrop");
}

void Pop3Dialogue::retrieve(std::uint64_t number) {
    check_asking(number);
    say(Question::retrieve, number, "RETR " + std::to_string(number) + "\r\n");
}

void Pop3Dialogue::top(std::uint64_t number, unsigned lines) {
    check_asking(number);
    ensure(capabilities_.top, "TOP is asked only of a server that has it");
    say(Question::top, number,
        "TOP " + std::to_string(number) + " " + std::to_string(lines) + "\r\n");
}

void Pop3Dialogue::remove(std::uint64_t number) {
    check_asking(number);
    say(Question::remove, number, "DELE " + std::to_string(number) + "\r\n");
}

void Pop3Dialogue::quit() {
    if (std::exchange(quit_asked_, true) || is_over_ || !is_ready_) {
        return; // become_ready says it
    }
    say(Question::quit, 0, "QUIT\r\n");
}

std::optional<Pop3Event> Pop3Dialogue::take_event() {
    if (events_.empty()) {
        return std::nullopt;
    }
    Pop3Event event = std::move(events_.front());
    events_.pop_front();
    return event;
}

void Pop3Dialogue::say(Question question, std::uint64_t number, std::string line) {
    to_say_.push_back({question, number, std::move(line)});
}

Bytes Pop3Dialogue::output(std::size_t bytes_max) {
    const std::size_t awaited_max = capabilities_.pipelining ? limits::pop3_pipelined_max : 1;
    Bytes out;
    while (!to_say_.empty() && awaited_.size() < awaited_max && out.size() < bytes_max) {
        const Command &command = to_say_.front();
        const ByteView line = as_bytes(command.line);
        out.insert(out.end(), line.begin(), line.end());
        removal_said_ |= command.question == Question::remove;
        quit_said_ |= command.question == Question::quit;
        awaited_.push_back(std::move(to_say_.front()));
        to_say_.pop_front();
    }
    return out;
}

Result<void> Pop3Dialogue::receive(ByteView bytes) {
    while (!is_over_ && !bytes.empty()) {
        Result<void> understood;
        if (reading_ == Reading::text) {
            understood = read_text(bytes);
        } else if (Result<std::optional<std::string>> line = line_.next(bytes); !line) {
            understood = line.error();
        } else if (*line) {
            understood = on_line(**line);
        }
        if (!understood) {
            end(understood.error());
            return understood;
        }
    }
    return {};
}

/// Gives what has come of a message, at most a piece of it.
Result<void> Pop3Dialogue::read_text(ByteView &bytes) {
    const Command &command = awaited_.front();
    const std::size_t taken = std::min(bytes.size(), limits::pop3_piece_bytes_max);
    ByteView some = bytes.first(taken);
    Pop3Piece piece{command.number, {}};
    piece.bytes.reserve(taken + 1);
    const bool has_ended = unstuffer_.read(some, piece.bytes);
    bytes = bytes.subspan(taken - some.size());
    text_bytes_ += piece.bytes.size();
    if (text_bytes_ > message_bytes_max_) {
        const Error too_large{Errc::too_large,
                              "message " + std::to_string(command.number) + " has more than " +
                                  std::to_string(message_bytes_max_) + " bytes",
                              {},
                              "Nothing of ours is as large; delete it, or give the mailbox to "
                              "Postrider alone."};
        answered(too_large);
        return Error{Errc::unavailable, "the connection had to be closed: " + too_large.message};
    }
    if (command.question == Question::top) {
        piece.bytes.resize(
            std::min<std::uint64_t>(piece.bytes.size(), limits::pop3_top_bytes_max - given_bytes_));
    }
    given_bytes_ += piece.bytes.size();
    if (!piece.bytes.empty()) {
        events_.emplace_back(std::move(piece));
    }
    if (has_ended) {
        answered(std::nullopt);
    }
    return {};
}

Result<void> Pop3Dialogue::on_line(std::string_view line) {
    if (reading_ == Reading::status) {
        return on_status(line);
    }
    if (line == ".") {
        return on_list_end();
    }
    line.remove_prefix(line.starts_with('.') ? 1 : 0);
    return on_listed(line);
}

Result<void> Pop3Dialogue::on_status(std::string_view line) {
    Result<Pop3Status> status = parse_pop3_status(line);
    if (!status) {
        return std::move(status.error());
    }
    if (awaited_.empty()) {
        // Servers say so before they hang up on those who are silent.
        return status->ok ? nonsense("POP3", "said without being asked: " + status->shown())
                          : pop3_refusal("stay connected", *status);
    }
    return status->ok ? on_ok(*status) : on_refusal(*status);
}

Result<void> Pop3Dialogue::on_ok(const Pop3Status &status) {
    switch (awaited_.front().question) {
    case Question::stat: {
        Result<Pop3Maildrop> maildrop = Pop3Maildrop::from_stat(status.text);
        if (!maildrop) {
            return std::move(maildrop.error());
        }
        maildrop_ = std::move(*maildrop);
        count_ = maildrop_.count();
        answered(std::nullopt);
        return {};
    }
    case Question::capabilities:
    case Question::list:
    case Question::unique_ids:
        reading_ = Reading::list;
        return {};
    case Question::retrieve:
    case Question::top:
        reading_ = Reading::text;
        unstuffer_ = {};
        return {};
    case Question::remove:
        answered(std::nullopt);
        return {};
    case Question::quit:
        is_over_ = true;
        events_.emplace_back(Pop3Ended{Pop3Deletions::done, {}});
        return {};
    }
    return {};
}

Result<void> Pop3Dialogue::on_refusal(const Pop3Status &status) {
    const Command &command = awaited_.front();
    switch (command.question) {
    case Question::capabilities:
        begin_listing(); // a server from before RFC 2449
        return {};
    case Question::stat:
    case Question::list:
        return pop3_refusal("list the messages", status);
    case Question::unique_ids:
        // Only a server that never had them is taken for one without: all messages would seem new.
        if (capabilities_.unique_ids || !status.code.empty()) {
            return pop3_refusal("list the unique ids", status);
        }
        become_ready(Error{Errc::refused,
                           "mail server gives its messages no unique ids",
                           {},
                           "Nothing is fetched from it: give the mailbox RECEIVE 'imaps://…' where "
                           "the server speaks IMAP, or one at a server whose POP3 has UIDL."});
        return {};
    case Question::retrieve:
    case Question::top:
        answered(pop3_refusal(named("retrieve", command.number), status));
        return {};
    case Question::remove:
        answered(pop3_refusal(named("delete", command.number), status));
        return {};
    case Question::quit:
        break;
    }
    // RFC 1939 section 6: some of the messages may have been deleted.
    is_over_ = true;
    events_.emplace_back(Pop3Ended{removal_said_ ? Pop3Deletions::unknown : Pop3Deletions::nothing,
                                   pop3_refusal("delete all messages that should be", status)});
    return {};
}

Result<void> Pop3Dialogue::on_listed(std::string_view line) {
    switch (awaited_.front().question) {
    case Question::capabilities:
        if (++capability_lines_ > limits::pop3_capabilities_max) {
            return Error{Errc::too_large, "mail server sent more than " +
                                              std::to_string(limits::pop3_capabilities_max) +
                                              " capabilities"};
        }
        add_pop3_capability(capabilities_, line);
        return {};
    case Question::list:
        return maildrop_.add_size(line);
    default:
        return maildrop_.add_unique_id(line);
    }
}

Result<void> Pop3Dialogue::on_list_end() {
    reading_ = Reading::status;
    const Question question = awaited_.front().question;
    if (question == Question::capabilities) {
        begin_listing();
        return {};
    }
    const bool is_whole =
        question == Question::list ? maildrop_.has_sizes() : maildrop_.has_unique_ids();
    if (!is_whole) {
        return nonsense("POP3", "lists fewer messages than the " + std::to_string(count_) +
                                    " that it counted");
    }
    if (question == Question::unique_ids) {
        become_ready(std::nullopt);
    } else {
        answered(std::nullopt);
    }
    return {};
}

void Pop3Dialogue::begin_listing() {
    answered(std::nullopt);
    say(Question::stat, 0, "STAT\r\n");
    say(Question::list, 0, "LIST\r\n");
    say(Question::unique_ids, 0, "UIDL\r\n");
}

void Pop3Dialogue::become_ready(std::optional<Error> no_unique_ids) {
    answered(std::nullopt);
    is_ready_ = true;
    const std::uint64_t left_out = maildrop_.left_out();
    events_.emplace_back(Pop3Ready{capabilities_, std::exchange(maildrop_, {}).take_messages(),
                                   left_out, std::move(no_unique_ids)});
    if (std::exchange(quit_asked_, false)) {
        quit();
    }
}

void Pop3Dialogue::answered(std::optional<Error> error) {
    const Command command = std::move(awaited_.front());
    awaited_.pop_front();
    reading_ = Reading::status;
    text_bytes_ = 0;
    Pop3Done done{Pop3Request::retrieve, command.number, std::exchange(given_bytes_, 0),
                  std::move(error)};
    switch (command.question) {
    case Question::retrieve:
        break;
    case Question::top:
        done.request = Pop3Request::top;
        break;
    case Question::remove:
        done.request = Pop3Request::remove;
        break;
    default:
        return;
    }
    events_.emplace_back(std::move(done));
}

void Pop3Dialogue::end(const Error &reason) {
    is_over_ = true;
    std::move(to_say_.begin(), to_say_.end(), std::back_inserter(awaited_));
    to_say_.clear();
    while (!awaited_.empty()) {
        const bool removes = awaited_.front().question == Question::remove;
        const std::uint64_t number = awaited_.front().number;
        answered(unable_to(named(removes ? "delete" : "retrieve", number), reason));
    }
    if (!is_ready_) {
        return;
    }
    if (quit_said_ && removal_said_) {
        events_.emplace_back(Pop3Ended{
            Pop3Deletions::unknown, unable_to("learn whether the messages were deleted", reason)});
        return;
    }
    Error error = removal_said_ ? unable_to("delete messages", reason) : reason;
    if (removal_said_) {
        error.detail = "The server was not told goodbye, so it has deleted nothing.";
    }
    events_.emplace_back(Pop3Ended{Pop3Deletions::nothing, std::move(error)});
}

void Pop3Dialogue::lost(const Error &reason) {
    if (!is_over_) {
        end(reason);
    }
}

std::optional<Duration> Pop3Dialogue::patience() const {
    if (is_over_ || (awaited_.empty() && to_say_.empty())) {
        return std::nullopt;
    }
    return reading_ == Reading::status ? answer_patience : progress_patience;
}

} // namespace postrider::transport

// Takes the lines of a POP3 server apart.
#include "common/transport/pop3_response.hpp"

#include <algorithm>
#include <array>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/transport/server_line.hpp"

namespace postrider::transport {

namespace {

/// Takes "[CODE] " from the front of a text; the code in upper case.
std::string take_response_code(std::string_view &text) {
    const std::size_t code_end = text.find(']');
    if (!text.starts_with('[') || code_end == std::string_view::npos) {
        return {};
    }
    std::string code(text.substr(1, code_end - 1));
    std::transform(code.begin(), code.end(), code.begin(), [](char letter) {
        return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    });
    text.remove_prefix(code_end + 1);
    text.remove_prefix(text.starts_with(' ') ? 1 : 0);
    return code;
}

struct RefusalAdvice {
    std::string_view code;
    Errc error;
    std::string_view hint;
};

constexpr std::array<RefusalAdvice, 5> refusals{{
    {"IN-USE", Errc::unavailable,
     "Another program has the mailbox open: give the mailbox to Postrider alone. It is tried again "
     "by itself."},
    {"LOGIN-DELAY", Errc::unavailable,
     "The server wants more time between two sessions. It is tried again by itself, each time "
     "later; "
     "if it stays so, give the mailbox RECEIVE 'imaps://…', which keeps one session."},
    {"SYS/TEMP", Errc::unavailable,
     "The server has a trouble that passes; it is tried again by "
     "itself."},
    {"SYS/PERM", Errc::refused,
     "The server has a trouble that somebody has to look at: ask who looks after it."},
    {"AUTH", Errc::refused,
     "Check USER of the mailbox and its password; some providers want a password made for "
     "programs, or that POP3 is allowed in their settings first."},
}};

} // namespace

std::string Pop3Status::shown() const {
    std::string out = ok ? "+OK" : "-ERR";
    if (!code.empty()) {
        out.append(" [").append(code).append("]");
    }
    if (!text.empty()) {
        out.append(" ").append(text);
    }
    return printable(out);
}

Result<Pop3Status> parse_pop3_status(std::string_view line) {
    std::string_view rest = line;
    const std::string_view word = take_word(rest);
    Pop3Status status;
    status.ok = is_word(word, "+OK");
    if (!status.ok && !is_word(word, "-ERR")) {
        return nonsense("POP3", "sent \"" + printable(line) + "\" where +OK or -ERR is expected");
    }
    status.code = take_response_code(rest);
    status.text = rest;
    return status;
}

Error pop3_refusal(std::string_view what, const Pop3Status &status) {
    Error error{Errc::unavailable,
                {},
                {},
                "It is tried again by itself; if it stays so, ask who "
                "looks after the server."};
    for (const RefusalAdvice &each : refusals) {
        if (status.code == each.code) {
            error.code = each.error;
            error.hint = each.hint;
        }
    }
    error.message.append(error.code == Errc::refused ? "cannot " : "could not ").append(what);
    error.message.append(": server replied \"").append(status.shown()).append("\"");
    return error;
}

void add_pop3_capability(Pop3Capabilities &found, std::string_view line) {
    const std::string_view name = take_word(line);
    found.top |= is_word(name, "TOP");
    found.unique_ids |= is_word(name, "UIDL");
    found.pipelining |= is_word(name, "PIPELINING");
}

Result<Pop3Maildrop> Pop3Maildrop::from_stat(std::string_view text) {
    std::string_view rest = text;
    const std::optional<std::uint64_t> count = take_number(rest);
    if (!count || (!rest.empty() && rest.front() != ' ')) {
        return nonsense("POP3", "replied \"" + printable(text) + "\" to STAT");
    }
    Pop3Maildrop maildrop;
    maildrop.count_ = *count;
    const std::uint64_t listed = std::min(*count, limits::pop3_messages_max);
    maildrop.first_ = *count - listed + 1;
    maildrop.sized_.resize(listed);
    maildrop.messages_.resize(listed);
    for (std::uint64_t index = 0; index < listed; ++index) {
        maildrop.messages_[index].number = maildrop.first_ + index;
    }
    return maildrop;
}

Result<Pop3Message *> Pop3Maildrop::message_of(std::string_view &line) {
    const std::string_view whole_line = line;
    const std::optional<std::uint64_t> number = take_number(line);
    if (!number || !line.starts_with(' ')) {
        return nonsense("POP3", "sent \"" + printable(whole_line) + "\" in a list of messages");
    }
    line.remove_prefix(1);
    if (*number == 0 || *number > count_) {
        return nonsense("POP3", "lists message " + std::to_string(*number) + " of " +
                                    std::to_string(count_));
    }
    return *number < first_ ? nullptr : &messages_[*number - first_];
}

Result<void> Pop3Maildrop::add_size(std::string_view line) {
    Result<Pop3Message *> message = message_of(line);
    if (!message) {
        return std::move(message.error());
    }
    // RFC 1939 section 5: more may follow the size; it is passed over.
    const std::optional<std::uint64_t> bytes = take_number(line);
    if (!bytes || (!line.empty() && line.front() != ' ')) {
        return nonsense("POP3", "lists a message without its size");
    }
    if (++sizes_ > count_ || (*message != nullptr && sized_[(*message)->number - first_])) {
        return nonsense("POP3", "lists the size of a message twice");
    }
    if (*message != nullptr) {
        sized_[(*message)->number - first_] = true;
        (*message)->bytes = *bytes;
    }
    return {};
}

Result<void> Pop3Maildrop::add_unique_id(std::string_view line) {
    Result<Pop3Message *> message = message_of(line);
    if (!message) {
        return std::move(message.error());
    }
    const bool is_printable = std::all_of(
        line.begin(), line.end(), [](char letter) { return letter >= 0x21 && letter <= 0x7e; });
    if (line.empty() || line.size() > limits::pop3_unique_id_bytes_max || !is_printable) {
        return nonsense("POP3", "sent \"" + printable(line) + "\", which is no unique id");
    }
    if (++unique_ids_ > count_ || (*message != nullptr && !(*message)->unique_id.empty())) {
        return nonsense("POP3", "lists the unique id of a message twice");
    }
    if (*message != nullptr) {
        (*message)->unique_id = line;
    }
    return {};
}

} // namespace postrider::transport

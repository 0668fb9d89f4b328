// Reads replies line by line.
#include "common/transport/smtp_reply.hpp"

#include <algorithm>
#include <utility>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"

namespace postrider::transport {

namespace {

/// Reply-code of RFC 5321 section 4.2, but for the second digit: replies with 571 and the like are
/// common. 0 where there is none.
unsigned code_of(std::string_view line) {
    std::string_view digits = line.substr(0, 3);
    const std::optional<std::uint64_t> code = take_number(digits);
    const bool is_followed =
        line.size() == 3 || (line.size() > 3 && (line[3] == ' ' || line[3] == '-'));
    if (!code || !digits.empty() || *code < 200 || *code > 599 || !is_followed) {
        return 0;
    }
    return static_cast<unsigned>(*code);
}

std::optional<unsigned> take_status_number(std::string_view &text) {
    const std::string_view before = text;
    const std::optional<std::uint64_t> number = take_number(text);
    if (!number || before.size() - text.size() > 3) {
        return std::nullopt;
    }
    return static_cast<unsigned>(*number);
}

bool take_dot(std::string_view &text) {
    const bool is_there = text.starts_with('.');
    text.remove_prefix(is_there ? 1 : 0);
    return is_there;
}

/// Takes a status and the blank after it.
std::optional<EnhancedStatus> take_status(std::string_view &text) {
    std::string_view rest = text;
    const std::optional<unsigned> status_class = take_status_number(rest);
    if (!status_class || (*status_class != 2 && *status_class != 4 && *status_class != 5) ||
        !take_dot(rest)) {
        return std::nullopt;
    }
    const std::optional<unsigned> subject = take_status_number(rest);
    if (!subject || !take_dot(rest)) {
        return std::nullopt;
    }
    const std::optional<unsigned> detail = take_status_number(rest);
    if (!detail || (!rest.empty() && rest.front() != ' ')) {
        return std::nullopt;
    }
    rest.remove_prefix(rest.empty() ? 0 : 1);
    text = rest;
    return EnhancedStatus{*status_class, *subject, *detail};
}

/// Status and text of a reply whose lines are complete.
void summarise(SmtpReply &reply) {
    std::string text;
    for (const std::string &line : reply.lines) {
        std::string_view rest = line;
        const std::optional<EnhancedStatus> status = take_status(rest);
        if (!reply.status) {
            reply.status = status;
        }
        text.append(text.empty() || rest.empty() ? "" : " ").append(rest);
    }
    reply.text = printable(text);
}

} // namespace

std::string SmtpReply::shown() const {
    std::string out = std::to_string(code);
    if (status) {
        out.append(" ").append(std::to_string(status->status_class));
        out.append(".").append(std::to_string(status->subject));
        out.append(".").append(std::to_string(status->detail));
    }
    return text.empty() ? out : out + " " + text;
}

/// True when the reply is complete.
Result<bool> SmtpReplyReader::add_line(std::string_view line) {
    const unsigned code = code_of(line);
    if (code == 0) {
        return nonsense("SMTP", "sent \"" + printable(line) + "\", which is no reply");
    }
    if (!reply_.lines.empty() && code != reply_.code) {
        return nonsense("SMTP", "sent a reply with the codes " + std::to_string(reply_.code) +
                                    " and " + std::to_string(code));
    }
    if (reply_.lines.size() == limits::smtp_reply_lines_max) {
        return Error{Errc::too_large, "mail server sent a reply of more than " +
                                          std::to_string(limits::smtp_reply_lines_max) + " lines"};
    }
    reply_.code = code;
    reply_.lines.emplace_back(line.substr(std::min<std::size_t>(line.size(), 4)));
    return line.size() == 3 || line[3] == ' ';
}

Result<std::optional<SmtpReply>> SmtpReplyReader::next(ByteView &bytes) {
    while (true) {
        Result<std::optional<std::string>> line = line_.next(bytes);
        if (!line) {
            return std::move(line.error());
        }
        if (!*line) {
            return std::optional<SmtpReply>{};
        }
        Result<bool> is_whole = add_line(**line);
        if (!is_whole) {
            return std::move(is_whole.error());
        }
        if (*is_whole) {
            summarise(reply_);
            return std::optional(std::exchange(reply_, {}));
        }
    }
}

} // namespace postrider::transport

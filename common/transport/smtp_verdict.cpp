// The rules, in the order in which they win.
#include "common/transport/smtp_verdict.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace postrider::transport {

namespace {

/// Whether the text has one of the words; these are in lower case.
bool mentions(std::string_view text, std::span<const std::string_view> words) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return lower.find(word) != std::string::npos;
    });
}

constexpr std::array<std::string_view, 3> greylisting_words{"greylist", "graylist", "grey-list"};
// The last two are Exchange Online's: https://aka.ms/concurrent_sending
constexpr std::array<std::string_view, 9> rate_words{"rate limit",
                                                     "rate-limit",
                                                     "ratelimit",
                                                     "throttl",
                                                     "too fast",
                                                     "too many mess",
                                                     "too many connections",
                                                     "concurrent connection",
                                                     "thread limit"};

bool is_recipient(SmtpStage stage) {
    return stage == SmtpStage::first_recipient || stage == SmtpStage::later_recipient;
}

/// The numbers of a reply; those of a status that is not there are none that a rule knows.
struct Numbers {
    explicit Numbers(const SmtpReply &reply)
        : code(reply.code),
          has_status(reply.status.has_value()),
          subject(has_status ? reply.status->subject : 1000),
          detail(has_status ? reply.status->detail : 1000),
          is_permanent(code >= 500 && (!has_status || reply.status->status_class != 4)) {}

    [[nodiscard]] bool is(unsigned its_subject, unsigned its_detail) const {
        return subject == its_subject && detail == its_detail;
    }

    unsigned code;
    bool has_status;
    unsigned subject;
    unsigned detail;
    bool is_permanent;
};

SmtpVerdict judge_temporary(const SmtpReply &reply, const Numbers &numbers, SmtpStage stage) {
    if (mentions(reply.text, greylisting_words)) {
        return SmtpVerdict::greylisted;
    }
    if (mentions(reply.text, rate_words) || (numbers.subject == 7 && numbers.detail > 1)) {
        return SmtpVerdict::slow_down;
    }
    // Exim and others say 452 and nothing else.
    if (numbers.code == 452 && !numbers.has_status && stage == SmtpStage::later_recipient) {
        return SmtpVerdict::too_many_recipients;
    }
    const bool may_be_greylisting = numbers.has_status ? numbers.subject == 7 : is_recipient(stage);
    if ((numbers.code == 450 || numbers.code == 451) && may_be_greylisting) {
        return SmtpVerdict::greylisted;
    }
    return SmtpVerdict::try_again;
}

SmtpVerdict judge_permanent(const Numbers &numbers, SmtpStage stage) {
    if (numbers.is(3, 4) || numbers.is(2, 3)) {
        return SmtpVerdict::too_large;
    }
    if (numbers.code == 552 && !numbers.has_status && stage == SmtpStage::later_recipient) {
        return SmtpVerdict::too_many_recipients; // RFC 5321 section 4.5.3.1.10
    }
    // Some say 552 5.7.0 of content that they do not like: no size helps there.
    if (numbers.code == 552 && (!numbers.has_status || numbers.subject == 2 ||
                                numbers.subject == 3 || numbers.subject == 0)) {
        return SmtpVerdict::too_large;
    }
    if (numbers.subject == 1 || numbers.subject == 2) {
        return SmtpVerdict::refused_address;
    }
    const bool is_about_address = numbers.code == 550 || numbers.code == 551 || numbers.code == 553;
    const bool has_no_reason = !numbers.has_status || numbers.subject == 0 || numbers.subject == 4;
    if (is_about_address && has_no_reason && (is_recipient(stage) || stage == SmtpStage::sender)) {
        return SmtpVerdict::refused_address;
    }
    return SmtpVerdict::refused_policy;
}

struct Advice {
    Errc code;
    std::string_view hint;
};

Advice advice_for(SmtpVerdict verdict, SmtpStage stage) {
    switch (verdict) {
    case SmtpVerdict::try_again:
        return {Errc::unavailable, "It is tried again by itself."};
    case SmtpVerdict::greylisted:
        return {Errc::unavailable, "The server asks senders that it does not know to come back; it "
                                   "is tried again in five to six minutes by itself."};
    case SmtpVerdict::too_many_recipients:
        return {Errc::unavailable, "The other recipients get a mail of their own by itself."};
    case SmtpVerdict::too_large:
        return {Errc::too_large, "It is divided into smaller mails by itself; where that is not "
                                 "enough, ask for a higher limit on the size of mails."};
    case SmtpVerdict::slow_down:
        return {Errc::unavailable,
                "It is tried again later by itself. When this comes often, the server takes fewer "
                "mails than are sent: say AT MOST … MAILS PER HOUR behind the MAIL path."};
    case SmtpVerdict::refused_address:
        return stage == SmtpStage::sender
                   ? Advice{Errc::refused, "Check ADDRESS of the mailbox, and that its account may "
                                           "send mails from that address."}
                   : Advice{Errc::refused, "Check the address of the peer (MAIL '…'), and that its "
                                           "mailbox exists and is open."};
    case SmtpVerdict::refused_policy:
        return {Errc::refused, "The server forbids the mail or takes it for spam: ask who looks "
                               "after it to let mails between these two addresses pass."};
    case SmtpVerdict::login:
        return {Errc::refused, "Check USER of the mailbox and its password; some providers want a "
                               "password made for programs."};
    case SmtpVerdict::accepted:
    case SmtpVerdict::unknown:
    case SmtpVerdict::not_sent:
        break;
    }
    return {Errc::internal, ""};
}

bool is_mailbox_full(const SmtpReply &reply) {
    return reply.status && reply.status->subject == 2 && reply.status->detail == 2;
}

} // namespace

std::string_view name_of(SmtpVerdict verdict) {
    constexpr std::array<std::string_view, 11> names{
        "accepted",  "try_again", "greylisted",      "too_many_recipients",
        "too_large", "slow_down", "refused_address", "refused_policy",
        "login",     "unknown",   "not_sent"};
    return names.at(static_cast<std::size_t>(verdict));
}

SmtpVerdict judge_reply(const SmtpReply &reply, SmtpStage stage) {
    const Numbers numbers(reply);
    if (numbers.code < 400) {
        return SmtpVerdict::accepted;
    }
    // Congestion, and what providers call a daily limit (550 5.4.5).
    if (numbers.code == 421 || numbers.is(4, 5)) {
        return SmtpVerdict::slow_down;
    }
    // RFC 4954: authentication required, mechanism too weak, credentials invalid, encryption
    // needed.
    if (numbers.code == 530 || numbers.code == 534 || numbers.code == 535 || numbers.code == 538) {
        return SmtpVerdict::login;
    }
    // A mailbox is emptied some day; 5.5.0 comes of filters that are down for a moment.
    if (is_mailbox_full(reply) || numbers.is(5, 0)) {
        return SmtpVerdict::try_again;
    }
    if (numbers.is(5, 3)) {
        return stage == SmtpStage::sender || stage == SmtpStage::first_recipient
                   ? SmtpVerdict::slow_down
                   : SmtpVerdict::too_many_recipients;
    }
    return numbers.is_permanent ? judge_permanent(numbers, stage)
                                : judge_temporary(reply, numbers, stage);
}

Error reply_error(const SmtpReply &reply, SmtpStage stage, const SmtpParties &parties) {
    const SmtpVerdict verdict = judge_reply(reply, stage);
    const Advice advice = advice_for(verdict, stage);
    Error error{advice.code, {}, {}, std::string(advice.hint)};
    const bool is_for_ever = advice.code == Errc::refused || advice.code == Errc::too_large;
    error.message.append(is_for_ever ? "cannot" : "could not").append(" send a mail ");
    if (stage == SmtpStage::sender) {
        error.message.append("from \"").append(parties.sender).append("\" ");
    }
    error.message.append("to \"").append(parties.recipient).append("\": server replied \"");
    error.message.append(reply.shown()).append("\"");
    if (is_mailbox_full(reply)) {
        error.hint = "The mailbox of the peer is full: whoever looks after it has to make room. "
                     "It is tried again by itself.";
    }
    return error;
}

Error lost_error(SmtpVerdict verdict, const Error &reason, std::string_view recipient) {
    const std::string quoted = "\"" + std::string(recipient) + "\"";
    if (verdict == SmtpVerdict::unknown) {
        return {Errc::timed_out,
                "could not learn whether a mail to " + quoted + " was taken: " + reason.message,
                "The whole mail was sent, but the server's reply to it did not come.",
                "It is sent again by itself when no acknowledgement comes; a mail that comes twice "
                "does no harm."};
    }
    const bool is_ours = reason.code == Errc::internal;
    return {is_ours ? Errc::internal : Errc::unavailable,
            "could not send a mail to " + quoted + ": " + reason.message, reason.detail,
            reason.hint.empty() ? "Nothing of it was delivered; it is tried again by itself."
                                : reason.hint};
}

} // namespace postrider::transport

// The rule, first match first.
#include "common/mail/recognise.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "common/mail/header_fields.hpp"
#include "common/mail/message.hpp"
#include "common/mail/transfer_encoding.hpp"

namespace postrider::mail {

namespace {

/// Types that our containers have, or that gateways give them.
constexpr std::array<std::string_view, 7> candidate_types = {
    "multipart/mixed",     "multipart/signed", "multipart/related", "application/octet-stream",
    "application/ms-tnef", "message/rfc822",   "message/global"};

constexpr std::array<std::string_view, 5> system_addresses = {
    "mailer-daemon", "postmaster", "mail-daemon", "maildaemon", "microsoftexchange"};

constexpr std::array<std::string_view, 5> system_names = {"mail delivery s", "mailer daemon",
                                                          "mailer-daemon", "mail administrator",
                                                          "delivery status notification"};

/// What subjects of bounces begin with, for those whose sender is nobody known.
constexpr std::array<std::string_view, 9> bounce_subjects = {"undelivered mail returned to sender",
                                                             "undeliverable:",
                                                             "undeliverable mail",
                                                             "delivery status notification",
                                                             "mail delivery failed",
                                                             "mail delivery failure",
                                                             "failure notice",
                                                             "returned mail:",
                                                             "warning: could not send message"};

struct Fields {
    std::string from;
    std::string subject;
    std::string auto_submitted; // in lower case, without parameters
    std::string type;           // the same; empty when it is not said
    std::string report_type;
};

/// Of a field that stands twice the first one counts: gateways put theirs on top.
Fields fields_of(std::string_view header) {
    Fields fields;
    const auto take = [](std::string &field, std::string value) {
        if (field.empty()) {
            field = std::move(value);
        }
    };
    for_each_field(header, [&](std::string_view name, std::string_view value) {
        if (equal_ignoring_case(name, "from")) {
            take(fields.from, decode_encoded_words(value));
        } else if (equal_ignoring_case(name, "subject")) {
            take(fields.subject, decode_encoded_words(value));
        } else if (equal_ignoring_case(name, "auto-submitted")) {
            take(fields.auto_submitted, in_lower_case(without_parameters(value)));
        } else if (equal_ignoring_case(name, "content-type")) {
            take(fields.type, in_lower_case(without_parameters(value)));
            take(fields.report_type, in_lower_case(parameter_of(value, "report-type")));
        }
    });
    return fields;
}

template <std::size_t size>
bool is_one_of(std::string_view text, const std::array<std::string_view, size> &texts) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

/// Where our prefix stands in the subject; npos when it does not.
std::size_t prefix_place(const Fields &fields, std::string_view subject_prefix) {
    const std::string subject = in_lower_case(trimmed(fields.subject));
    const std::size_t usual = subject.find(default_subject_prefix);
    return subject_prefix.empty() ? usual
                                  : std::min(usual, subject.find(in_lower_case(subject_prefix)));
}

/// The bytes of an encoded word's text, or nothing where its encoding is neither B nor Q.
std::optional<std::string> word_bytes(char encoding, std::string_view text) {
    if (encoding == 'B' || encoding == 'b') {
        const Bytes bytes = decode_base64(text);
        return std::string(as_text(bytes));
    }
    if (encoding != 'Q' && encoding != 'q') {
        return std::nullopt;
    }
    std::string quoted(text);
    std::replace(quoted.begin(), quoted.end(), '_', ' ');
    quoted += '.'; // a blank at the end of a word is no blank at the end of a line
    const Bytes bytes = decode_quoted_printable(quoted);
    std::string decoded(as_text(bytes));
    if (!decoded.empty()) {
        decoded.pop_back();
    }
    return decoded;
}

struct EncodedWord {
    std::size_t size = 0; // with its marks
    std::string bytes;
};

/// The encoded word at the beginning of a text: =?charset?encoding?text?=
std::optional<EncodedWord> encoded_word(std::string_view text) {
    constexpr std::size_t word_bytes_max = 1000; // 75 by the standard
    text = text.substr(0, word_bytes_max);
    const std::size_t charset_end = text.find('?', 2);
    if (!text.starts_with("=?") || charset_end == std::string_view::npos ||
        charset_end + 2 >= text.size() || text[charset_end + 2] != '?') {
        return std::nullopt;
    }
    const std::size_t begin = charset_end + 3;
    const std::size_t end = text.find("?=", begin);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    std::optional<std::string> bytes =
        word_bytes(text[charset_end + 1], text.substr(begin, end - begin));
    if (!bytes) {
        return std::nullopt;
    }
    return EncodedWord{end + 2, std::move(*bytes)};
}

} // namespace

std::string decode_encoded_words(std::string_view value) {
    std::string text;
    bool after_word = false;
    while (!value.empty()) {
        const std::size_t begin = std::min(value.find("=?"), value.size());
        const std::string_view between = value.substr(0, begin);
        value.remove_prefix(begin);
        const std::optional<EncodedWord> word = encoded_word(value);
        // Blanks between two encoded words are no part of the text (RFC 2047 section 6.2).
        if (!(after_word && word && trimmed(between).empty())) {
            text += between;
        }
        if (word) {
            text += word->bytes;
            value.remove_prefix(word->size);
        } else if (!value.empty()) {
            text += value.substr(0, 2);
            value.remove_prefix(2);
        }
        after_word = word.has_value();
    }
    return text;
}

bool is_mail_system(std::string_view from) {
    const std::string lower = in_lower_case(trimmed(from));
    const std::size_t bracket = lower.rfind('<');
    const std::string_view address =
        std::string_view(lower).substr(bracket == std::string::npos ? 0 : bracket + 1);
    const auto begins = [](std::string_view text) {
        return [text](std::string_view beginning) { return text.starts_with(beginning); };
    };
    const std::string_view name = std::string_view(lower).substr(lower.starts_with('"') ? 1 : 0);
    return address == ">" ||
           std::any_of(system_addresses.begin(), system_addresses.end(), begins(address)) ||
           std::any_of(system_names.begin(), system_names.end(), begins(name));
}

bool is_bounce_subject(std::string_view subject) {
    const std::string lower = in_lower_case(trimmed(subject));
    return std::any_of(bounce_subjects.begin(), bounce_subjects.end(),
                       [&](std::string_view beginning) { return lower.starts_with(beginning); });
}

MailKind recognise(std::string_view header, std::string_view subject_prefix) {
    const Fields fields = fields_of(header);
    if (fields.type == "multipart/report") {
        return fields.report_type == "disposition-notification" ? MailKind::automatic_reply
                                                                : MailKind::bounce;
    }
    const bool is_of_system = is_mail_system(fields.from);
    if (fields.auto_submitted.starts_with("auto-replied") ||
        fields.auto_submitted.starts_with("auto-notified")) {
        return is_of_system ? MailKind::bounce : MailKind::automatic_reply;
    }
    const std::size_t place = prefix_place(fields, subject_prefix);
    if (place == 0) {
        return MailKind::candidate;
    }
    if (is_of_system || is_bounce_subject(fields.subject)) {
        return MailKind::bounce;
    }
    if (place != std::string::npos || is_one_of(fields.type, candidate_types)) {
        return MailKind::candidate;
    }
    const bool is_plain = fields.type.empty() || fields.type == "text/plain";
    return subject_prefix.empty() && is_plain ? MailKind::candidate : MailKind::other;
}

} // namespace postrider::mail

// Collects what the parts of a bounce say: fields of its header, the groups of a delivery status,
// the header of the mail that came back, and the text, which alone is read where nothing else is.
#include "common/mail/bounce.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/mail/bounce_reason.hpp"
#include "common/mail/entity.hpp"
#include "common/mail/header_fields.hpp"
#include "common/mail/recognise.hpp"

namespace postrider::mail {

namespace {

constexpr std::size_t address_bytes_max = limits::mail_address_bytes_max;
/// Of a text that tells what happened; the mail that came back stands behind it.
constexpr std::size_t text_bytes_max = 16 * limits::kib;

/// What others write between their text and the mail that came back.
bool is_end_of_text(std::string_view line) {
    const std::string lower = in_lower_case(line);
    return lower.find("copy of the message") != std::string::npos ||
           lower.find("copy of your message") != std::string::npos ||
           lower.find("original message") != std::string::npos ||
           lower.find("body of message generated response") != std::string::npos ||
           lower.starts_with("return-path:") || lower.starts_with("received:");
}

/// On one line, each run of blanks and line ends as one blank.
std::string one_line(std::string_view text) {
    std::string line;
    for (const char character : text) {
        const bool is_blank =
            character == ' ' || character == '\t' || character == '\r' || character == '\n';
        if (!is_blank) {
            line += character;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    return printable(trimmed(line));
}

/// The address in "rfc822; a@b" or "<a@b>".
std::string address_in(std::string_view value) {
    if (const std::size_t type = value.find(';'); type != std::string_view::npos) {
        value.remove_prefix(type + 1);
    }
    if (const std::size_t bracket = value.find('<'); bracket != std::string_view::npos) {
        value.remove_prefix(bracket + 1);
        value = value.substr(0, value.find('>'));
    }
    return printable(trimmed(value), address_bytes_max);
}

/// The address of a line in a text that begins with "<a@b>:" or "\"a@b\":"; else empty.
std::string address_before_colon(std::string_view line) {
    if (!line.starts_with('<') && !line.starts_with('"')) {
        return {};
    }
    const std::size_t end = line.find(line.front() == '<' ? '>' : '"', 1);
    const bool is_named = end != std::string_view::npos && line.substr(end + 1).starts_with(':') &&
                          line.substr(0, end).find('@') != std::string_view::npos;
    return is_named ? printable(line.substr(1, end - 1), address_bytes_max) : std::string{};
}

/// What a bounce of free text says before the mail that came back.
struct Told {
    std::string text;
    std::vector<std::string> addresses;
    bool is_delayed = false;

    void name(std::string address) {
        if (!address.empty() && addresses.size() < limits::bounce_recipients_max) {
            addresses.push_back(std::move(address));
        }
    }
};

Told told_in(std::string_view text) {
    Told told;
    while (!text.empty()) {
        const std::string_view line = trimmed(take_line(text));
        if (is_end_of_text(line)) {
            break;
        }
        told.name(address_before_colon(line));
        told.text += line;
        told.text += '\n';
    }
    const std::string lower = in_lower_case(told.text);
    for (const std::string_view sign :
         {"you do not need to resend", "delivery attempts will continue", "will be retried",
          "no action is required on your part"}) {
        told.is_delayed = told.is_delayed || lower.find(sign) != std::string::npos;
    }
    return told;
}

/// What is told of one address: from where it is named up to where another one is. Everything when
/// it is not named.
std::string_view told_of(const std::string &address, const Told &told) {
    const std::string_view text = told.text;
    const std::size_t place = address.empty() ? std::string::npos : text.find(address);
    if (place == std::string_view::npos) {
        return text;
    }
    const std::size_t begin = place + address.size();
    std::size_t end = text.size();
    for (const std::string &other : told.addresses) {
        if (other != address) {
            end = std::min(end, text.find(other, begin));
        }
    }
    constexpr std::string_view marks = "<>:\"\n "; // around addresses
    const std::string_view about = text.substr(begin, end - begin);
    const std::size_t first = std::min(about.find_first_not_of(marks), about.size());
    return about.substr(first, about.find_last_not_of(marks) + 1 - first);
}

bool is_name_digit(char character) {
    return (character >= 'a' && character <= 'z') || (character >= '2' && character <= '7');
}

class Reader {
  public:
    std::optional<Bounce> read(std::string_view mail) && {
        read_header(mail);
        read_entity(mail, 0);
        const Told told = told_in(text_);
        const bool is_said = !failed_.empty() || has_status_ || (is_of_system_ && !is_receipt_);
        if (bounce_.recipients.empty() && !has_success_ && is_said) {
            read_told(told);
        }
        if (bounce_.recipients.empty()) {
            return std::nullopt;
        }
        fill_in(told);
        // The likelier places first: a text may quote more than the mail that it is about.
        find_names(returned_names_);
        find_names(reference_names_);
        find_names(text_);
        return std::move(bounce_);
    }

    void read_header(std::string_view mail) {
        for_each_field(mail, [&](std::string_view name, std::string_view value) {
            if (equal_ignoring_case(name, "from")) {
                is_of_system_ = is_of_system_ || is_mail_system(decode_encoded_words(value));
            } else if (equal_ignoring_case(name, "subject")) {
                is_of_system_ = is_of_system_ || is_bounce_subject(decode_encoded_words(value));
            } else if (equal_ignoring_case(name, "x-failed-recipients")) { // Exim, Gmail
                failed_ += std::string(value) + ",";
            } else if (equal_ignoring_case(name, "in-reply-to") ||
                       equal_ignoring_case(name, "references") ||
                       equal_ignoring_case(name, "x-original-message-id")) {
                reference_names_ += std::string(value) + "\n";
            } else if (equal_ignoring_case(name, "content-type")) {
                is_receipt_ = equal_ignoring_case(parameter_of(value, "report-type"),
                                                  "disposition-notification");
            }
        });
    }

    void read_entity(std::string_view text, unsigned depth) {
        if (parts_left_ == 0 || depth > limits::mime_depth_max) {
            return;
        }
        --parts_left_;
        const Entity entity = parse_entity(text);
        bool is_preamble = true;
        const auto read_part = [&](std::string_view part) {
            if (!is_preamble) {
                read_entity(part, depth + 1);
            }
            is_preamble = false;
        };
        if (entity.is_multipart && for_each_part(entity.body, entity.boundary, read_part)) {
            return;
        }
        const Bytes decoded = decoded_body(entity);
        const std::string_view body = as_text(decoded);
        if (entity.type == "message/delivery-status" ||
            entity.type == "message/global-delivery-status") {
            read_status(body);
        } else if (entity.is_message || entity.type == "text/rfc822-headers" ||
                   entity.type == "message/global-headers") {
            read_returned(body);
        } else if ((entity.type.empty() || entity.type.starts_with("text/")) &&
                   text_.size() < text_bytes_max) {
            text_ += cut_utf8(body, text_bytes_max - text_.size());
            text_ += '\n';
        }
    }

    /// RFC 3464 section 2.1: groups of fields, the first one about the mail, each other about a
    /// recipient. Some systems put more empty lines between them than one.
    void read_status(std::string_view body) {
        has_status_ = true;
        while (!body.empty()) {
            const std::size_t before = body.size();
            body = read_group(body);
            if (body.size() == before) {
                take_line(body); // no field
            }
        }
    }

    std::string_view read_group(std::string_view body) {
        FailedRecipient recipient;
        std::string action;
        std::string original;
        const std::string_view rest =
            for_each_field(body, [&](std::string_view name, std::string_view value) {
                if (equal_ignoring_case(name, "final-recipient")) {
                    recipient.address = address_in(value);
                } else if (equal_ignoring_case(name, "original-recipient")) {
                    original = address_in(value);
                } else if (equal_ignoring_case(name, "action")) {
                    action = in_lower_case(without_parameters(value));
                } else if (equal_ignoring_case(name, "status")) {
                    recipient.status = status_in(value);
                } else if (equal_ignoring_case(name, "diagnostic-code")) {
                    const std::size_t type = value.find(';');
                    recipient.text =
                        one_line(value.substr(type == std::string_view::npos ? 0 : type + 1));
                } else if (equal_ignoring_case(name, "original-envelope-id") ||
                           equal_ignoring_case(name, "x-original-message-id")) {
                    reference_names_ += std::string(value) + "\n";
                }
            });
        // Aliases are resolved in the final one; ours is the one that was written to.
        recipient.address = original.empty() ? recipient.address : original;
        has_success_ =
            has_success_ || action == "delivered" || action == "relayed" || action == "expanded";
        const bool is_failure = action == "failed" || action == "delayed";
        if (is_failure || (action.empty() && !recipient.address.empty())) {
            add(std::move(recipient), action == "delayed");
        }
        return rest;
    }

    void read_returned(std::string_view body) {
        for_each_field(body, [&](std::string_view name, std::string_view value) {
            if (equal_ignoring_case(name, "message-id") ||
                equal_ignoring_case(name, "x-microsoft-original-message-id")) {
                returned_names_ += std::string(value) + "\n";
            }
        });
    }

    /// A bounce of free text. Its recipients stand in a field, or before a colon.
    void read_told(Told told) {
        std::string_view failed = failed_;
        while (!failed.empty()) {
            const std::size_t comma = std::min(failed.find(','), failed.size() - 1);
            told.name(address_in(failed.substr(0, comma)));
            failed.remove_prefix(comma + 1);
        }
        for (const std::string &address : told.addresses) {
            keep(recipient_told(address, told), told.is_delayed);
        }
        // Else whatever a mail system writes would be a bounce, its own automatic replies too.
        const bool is_about_delivery =
            in_lower_case(told.text).find("deliver") != std::string::npos;
        if (told.addresses.empty() && (has_status_ || is_about_delivery)) {
            keep(recipient_told({}, told), told.is_delayed);
        }
    }

    static FailedRecipient recipient_told(const std::string &address, const Told &told) {
        const std::string_view about = told_of(address, told);
        const std::string status = status_in(about);
        return {address, bounce_reason(status, about), status, one_line(about)};
    }

    /// Exim says of its own deliveries why they failed in the text only.
    void fill_in(const Told &told) {
        for (FailedRecipient &recipient : bounce_.recipients) {
            if (!recipient.text.empty()) {
                continue;
            }
            FailedRecipient in_text = recipient_told(recipient.address, told);
            recipient.text = std::move(in_text.text);
            if (says_nothing(recipient.status) && !in_text.status.empty()) {
                recipient.status = std::move(in_text.status);
            }
            if (recipient.reason == BounceReason::unknown) {
                recipient.reason = in_text.reason;
            }
        }
    }

    static bool says_nothing(std::string_view status) {
        return status.empty() || status.ends_with(".0.0");
    }

    /// A status that says nothing may be said better in the server's words.
    void add(FailedRecipient recipient, bool is_delayed) {
        std::string told = status_in(recipient.text);
        if (says_nothing(recipient.status) && !told.empty()) {
            recipient.status = std::move(told);
        }
        recipient.reason = bounce_reason(recipient.status, recipient.text);
        keep(std::move(recipient), is_delayed);
    }

    void keep(FailedRecipient recipient, bool is_delayed) {
        if (is_delayed) {
            recipient.reason = BounceReason::delayed;
        }
        const bool is_known = std::any_of(
            bounce_.recipients.begin(), bounce_.recipients.end(),
            [&](const FailedRecipient &known) { return known.address == recipient.address; });
        if (!is_known && bounce_.recipients.size() < limits::bounce_recipients_max) {
            bounce_.recipients.push_back(std::move(recipient));
        }
    }

    /// Every run of exactly 26 digits of our base32 before an '@'.
    void find_names(std::string_view text) {
        constexpr std::size_t name_digits = 26;
        std::size_t at = text.find('@');
        while (at != std::string_view::npos) {
            std::size_t begin = at;
            while (begin > 0 && at - begin <= name_digits && is_name_digit(text[begin - 1])) {
                --begin;
            }
            if (at - begin == name_digits) {
                add_name(text.substr(begin, name_digits));
            }
            at = text.find('@', at + 1);
        }
    }

    void add_name(std::string_view name) {
        std::vector<std::string> &names = bounce_.message_names;
        if (names.size() < limits::bounce_names_max &&
            std::find(names.begin(), names.end(), name) == names.end()) {
            names.emplace_back(name);
        }
    }

    Bounce bounce_;
    std::string text_;
    std::string returned_names_;
    std::string reference_names_;
    std::string failed_;
    bool has_success_ = false;
    bool has_status_ = false;
    bool is_of_system_ = false;
    bool is_receipt_ = false;
    std::size_t parts_left_ = limits::mime_parts_max;
};

} // namespace

std::optional<Bounce> read_bounce(ByteView mail) {
    mail = mail.first(std::min(mail.size(), limits::mail_first_look_bytes));
    return Reader().read(as_text(mail));
}

} // namespace postrider::mail

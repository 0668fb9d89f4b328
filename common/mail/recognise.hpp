// Tells from a few header fields whether a mail is worth fetching, so that a mailbox may hold other
// mails too: those of people, bounces, answers of vacation programs. The rule is the table in
// docs/protocol.md, "Which mails are fetched". It is inclusive, because gateways rename what they
// like; what is fetched is judged by its stamp and nothing else.
#pragma once

#include <string>
#include <string_view>

namespace postrider::mail {

enum class MailKind {
    candidate,       // may bear an envelope
    bounce,          // from a mail system, about a mail: for mail/bounce
    automatic_reply, // of a vacation program or a receipt: counted, and nothing else
    other,           // of people, to people
};

/// What an IMAP server is asked for.
inline constexpr std::string_view recognised_fields =
    "FROM SUBJECT MESSAGE-ID AUTO-SUBMITTED CONTENT-TYPE";

/// `header` is raw text with any of these fields, in any order, folded or broken as it may be.
/// `subject_prefix` is the one that our mails have; without one every plain text is a candidate.
MailKind recognise(std::string_view header, std::string_view subject_prefix);

/// The text of a field with encoded words (RFC 2047), each as the bytes that it stands for: their
/// character sets are not converted. Broken ones stand for themselves.
std::string decode_encoded_words(std::string_view value);

/// The sender is a mail system: its address or name is one of those that bounces come from.
bool is_mail_system(std::string_view from);
/// The subject begins as those of bounces do.
bool is_bounce_subject(std::string_view subject);

} // namespace postrider::mail

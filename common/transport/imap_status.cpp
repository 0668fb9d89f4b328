// One table from response codes to what they mean.
#include "common/transport/imap_status.hpp"

#include <algorithm>
#include <array>

#include "common/base/utf8.hpp"
#include "common/transport/imap_text.hpp"

namespace postrider::transport::imap {

namespace {

struct Meaning {
    std::string_view name;
    Code code;
    Errc means; // where it explains a NO
    std::string_view hint;
};

constexpr std::string_view comes_again = "It is tried again by itself.";
constexpr std::string_view no_reason =
    "It is tried again by itself; if that does not help, ask whoever runs the mail server.";
constexpr std::string_view ask_provider =
    "Ask whoever runs the mail server; the mailbox or its rights need attention.";

constexpr std::array<Meaning, 28> meanings = {{
    {"ALERT", Code::alert, Errc::unavailable, "The server wants people to read its words."},
    {"ALREADYEXISTS", Code::already_exists, Errc::refused, "The folder is there already."},
    {"AUTHENTICATIONFAILED", Code::no_permission, Errc::refused, "Check user and password."},
    {"AUTHORIZATIONFAILED", Code::no_permission, Errc::refused, ask_provider},
    {"CANNOT", Code::other, Errc::refused,
     "The server never does this; choose another name for the folder."},
    {"CAPABILITY", Code::capability, Errc::unavailable, comes_again},
    {"CLOSED", Code::closed, Errc::unavailable, comes_again},
    {"CONTACTADMIN", Code::other, Errc::refused, ask_provider},
    {"CORRUPTION", Code::other, Errc::refused, ask_provider},
    {"EXPIRED", Code::no_permission, Errc::refused, "The password has expired; set a new one."},
    {"EXPUNGEISSUED", Code::other, Errc::unavailable, comes_again},
    {"INUSE", Code::in_use, Errc::unavailable,
     "Another program holds the folder. It is tried again by itself."},
    {"LIMIT", Code::throttled, Errc::unavailable,
     "The server limits how much may be asked of it. It is tried again by itself."},
    {"NONEXISTENT", Code::nonexistent, Errc::refused,
     "The folder does not exist; check its name in the mailbox."},
    {"NOPERM", Code::no_permission, Errc::refused, ask_provider},
    {"OVERQUOTA", Code::over_quota, Errc::refused,
     "The mailbox is full: delete mails in it, or have its quota raised."},
    {"PRIVACYREQUIRED", Code::no_permission, Errc::refused,
     "The server wants an encrypted connection for this."},
    {"READ-ONLY", Code::read_only, Errc::refused,
     "The folder can only be read: nothing can be moved out of it or deleted in it."},
    {"READ-WRITE", Code::read_write, Errc::unavailable, comes_again},
    {"REFERRAL", Code::other, Errc::refused, "The mailbox has moved to another server."},
    {"SERVERBUG", Code::other, Errc::unavailable, comes_again},
    {"THROTTLED", Code::throttled, Errc::unavailable,
     "The server limits how much may be asked of it. It is tried again by itself."},
    {"TRYCREATE", Code::try_create, Errc::refused, "The folder does not exist and can be made."},
    {"UIDNEXT", Code::uid_next, Errc::unavailable, comes_again},
    {"UIDVALIDITY", Code::uid_validity, Errc::unavailable, comes_again},
    {"UNAVAILABLE", Code::unavailable, Errc::unavailable, comes_again},
    {"USEATTR", Code::other, Errc::refused, "The server does not make such a folder."},
    {"UNKNOWN-CTE", Code::other, Errc::unavailable, comes_again},
}};

/// Exchange says this with BAD where the account has no mailbox or is throttled.
constexpr std::string_view exchange_not_connected = "User is authenticated but not connected";

const Meaning *meaning_of(std::string_view name) {
    const auto found = std::find_if(meanings.begin(), meanings.end(), [&](const Meaning &each) {
        return equal_without_case(each.name, name);
    });
    return found == meanings.end() ? nullptr : &*found;
}

Condition condition_of(std::string_view word) {
    if (equal_without_case(word, "NO")) {
        return Condition::no;
    }
    if (equal_without_case(word, "BAD")) {
        return Condition::bad;
    }
    if (equal_without_case(word, "BYE")) {
        return Condition::bye;
    }
    return equal_without_case(word, "PREAUTH") ? Condition::preauth : Condition::ok;
}

std::string_view said(Condition condition) {
    switch (condition) {
    case Condition::no:
        return "the IMAP server refuses";
    case Condition::bad:
        return "the IMAP server does not understand";
    default:
        return "the IMAP server ends the connection";
    }
}

} // namespace

Status parse_status(std::string_view word, std::string_view text) {
    Status status;
    status.condition = condition_of(word);
    const std::size_t end = text.find(']');
    if (text.starts_with('[') && end != std::string_view::npos) {
        const std::string_view inside = text.substr(1, end - 1);
        const std::size_t blank = inside.find(' ');
        const Meaning *meaning = meaning_of(inside.substr(0, blank));
        status.code = meaning == nullptr ? Code::other : meaning->code;
        status.means = meaning == nullptr ? Errc::unavailable : meaning->means;
        status.hint = meaning == nullptr ? std::string_view{} : meaning->hint;
        status.argument = blank == std::string_view::npos ? "" : inside.substr(blank + 1);
        text.remove_prefix(end + 1);
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    }
    status.text = text;
    return status;
}

Error error_of(const Status &status, std::string_view what) {
    Error error;
    error.message = "could not " + std::string(what) + ": " + std::string(said(status.condition));
    error.detail = status.text.empty() ? "" : "It said: " + printable(status.text);
    if (status.condition == Condition::bad && !status.text.starts_with(exchange_not_connected)) {
        error.code = Errc::refused;
        error.hint = "Please report this, with the name of the mail server.";
        return error;
    }
    error.code = status.condition == Condition::no ? status.means : Errc::unavailable;
    error.hint = status.hint.empty() ? no_reason : status.hint;
    return error;
}

} // namespace postrider::transport::imap

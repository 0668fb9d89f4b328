// One table of codes, one of words. Both were collected from what servers say, which is not always
// what the standard means by it.
#include "common/mail/bounce_reason.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "common/mail/header_fields.hpp"

namespace postrider::mail {

namespace {

struct Sign {
    std::string_view sign;
    BounceReason reason;
};

/// The subject and the detail of a status code. What is not here is told from the words.
constexpr std::array<Sign, 14> codes = {{
    {"1.1", BounceReason::no_such_address},
    {"1.2", BounceReason::no_such_address},
    {"1.3", BounceReason::no_such_address},
    {"1.6", BounceReason::no_such_address},
    {"1.10", BounceReason::no_such_address}, // RFC 7505, and Exchange for an unknown recipient
    {"2.1", BounceReason::no_such_address},
    {"2.2", BounceReason::mailbox_full},
    {"2.3", BounceReason::too_large},
    {"3.4", BounceReason::too_large},
    {"4.4", BounceReason::no_such_address}, // no mail server for the domain
    {"6.0", BounceReason::content_refused},
    {"6.1", BounceReason::content_refused},
    {"7.1", BounceReason::policy},
    {"7.26", BounceReason::policy},
}};

/// In lower case; the first one that occurs decides.
constexpr std::array<Sign, 52> wordings = {{
    {"over quota", BounceReason::mailbox_full},
    {"overquota", BounceReason::mailbox_full},
    {"quota exceeded", BounceReason::mailbox_full},
    {"exceeded storage", BounceReason::mailbox_full},
    {"exceeded its storage", BounceReason::mailbox_full},
    {"mailbox is full", BounceReason::mailbox_full},
    {"mailbox full", BounceReason::mailbox_full},
    {"inbox is full", BounceReason::mailbox_full},
    {"out of storage", BounceReason::mailbox_full},
    {"insufficient system storage", BounceReason::mailbox_full},
    {"message too large", BounceReason::too_large},
    {"message too big", BounceReason::too_large},
    {"message is too large", BounceReason::too_large},
    {"message size exceeds", BounceReason::too_large},
    {"size limit", BounceReason::too_large},
    {"maximum message size", BounceReason::too_large},
    {"maximum size", BounceReason::too_large},
    {"exceeds size", BounceReason::too_large},
    {"message length exceeds", BounceReason::too_large},
    {"attachment", BounceReason::content_refused},
    {"executable", BounceReason::content_refused},
    {"banned file", BounceReason::content_refused},
    {"virus", BounceReason::content_refused},
    {"malware", BounceReason::content_refused},
    {"content rejected", BounceReason::content_refused},
    {"content type", BounceReason::content_refused},
    {"message content", BounceReason::content_refused},
    {"illegal file", BounceReason::content_refused},
    {"user unknown", BounceReason::no_such_address},
    {"unknown user", BounceReason::no_such_address},
    {"no such user", BounceReason::no_such_address},
    {"unknown recipient", BounceReason::no_such_address},
    {"recipient unknown", BounceReason::no_such_address},
    {"recipientnotfound", BounceReason::no_such_address},
    {"does not exist", BounceReason::no_such_address},
    {"doesn't exist", BounceReason::no_such_address},
    {"doesn't have a", BounceReason::no_such_address}, // "... yahoo.com account"
    {"not a valid recipient", BounceReason::no_such_address},
    {"no mailbox", BounceReason::no_such_address},
    {"mailbox unavailable", BounceReason::no_such_address},
    {"mailbox not found", BounceReason::no_such_address},
    {"address rejected", BounceReason::no_such_address},
    {"couldn't be found", BounceReason::no_such_address},
    {"wasn't found", BounceReason::no_such_address},
    {"host or domain name not found", BounceReason::no_such_address},
    {"unrouteable address", BounceReason::no_such_address},
    {"unrouteable mail domain", BounceReason::no_such_address},
    {"spam", BounceReason::policy},
    {"blacklist", BounceReason::policy},
    {"blocked", BounceReason::policy},
    {"policy", BounceReason::policy},
    {"dmarc", BounceReason::policy},
}};

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

/// The length of the number at the beginning of a text, when it has at most 3 digits; else 0.
std::size_t number_length(std::string_view text) {
    const std::size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
    return length <= 3 ? length : 0;
}

/// The length of the status code at the beginning of a text; 0 when there is none.
std::size_t status_length(std::string_view text) {
    std::size_t length = 1;
    for (int part = 0; part < 2; ++part) {
        if (!text.substr(length).starts_with('.')) {
            return 0;
        }
        const std::size_t digits = number_length(text.substr(length + 1));
        if (digits == 0) {
            return 0;
        }
        length += 1 + digits;
    }
    const std::string_view behind = text.substr(length);
    const bool goes_on = behind.size() > 1 && behind[0] == '.' && is_digit(behind[1]);
    return goes_on ? 0 : length; // four numbers are an IP address
}

std::optional<BounceReason> reason_of_code(std::string_view status) {
    const std::size_t dot = status.find('.');
    if (dot == std::string_view::npos) {
        return std::nullopt;
    }
    const auto *const found = std::find_if(codes.begin(), codes.end(), [&](const Sign &code) {
        return code.sign == status.substr(dot + 1);
    });
    return found == codes.end() ? std::nullopt : std::optional(found->reason);
}

std::optional<BounceReason> reason_of_words(std::string_view text) {
    const std::string lower = in_lower_case(text);
    const auto *const found = std::find_if(wordings.begin(), wordings.end(), [&](const Sign &word) {
        return lower.find(word.sign) != std::string::npos;
    });
    return found == wordings.end() ? std::nullopt : std::optional(found->reason);
}

} // namespace

std::string status_in(std::string_view text) {
    for (std::size_t index = 0; index < text.size(); ++index) {
        const bool begins = index == 0 || !(is_digit(text[index - 1]) || text[index - 1] == '.');
        if (begins && (text[index] == '2' || text[index] == '4' || text[index] == '5')) {
            if (const std::size_t length = status_length(text.substr(index)); length > 0) {
                return std::string(text.substr(index, length));
            }
        }
    }
    return {};
}

BounceReason bounce_reason(std::string_view status, std::string_view text) {
    const std::optional<BounceReason> by_words = reason_of_words(text);
    const std::optional<BounceReason> by_code = reason_of_code(status);
    // 5.7.1 is what every filter says, also of attachments.
    if (by_code == BounceReason::policy && by_words == BounceReason::content_refused) {
        return *by_words;
    }
    if (by_code || by_words) {
        return by_code ? *by_code : *by_words;
    }
    const std::size_t dot = status.find('.');
    const std::string_view subject = dot == std::string_view::npos ? "" : status.substr(dot, 3);
    return subject == ".7." ? BounceReason::policy : BounceReason::unknown;
}

} // namespace postrider::mail

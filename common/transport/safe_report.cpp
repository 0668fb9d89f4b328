// What comes from a process that reads what strangers send.
#include "common/transport/safe_report.hpp"

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"

namespace postrider::transport {

Error made_safe(const Error &error) {
    return {error.code, printable(error.message, safe_text_bytes_max),
            printable(error.detail, safe_text_bytes_max),
            printable(error.hint, safe_text_bytes_max)};
}

mail::Bounce made_safe(const BounceArrived &said) {
    mail::Bounce bounce;
    for (const std::string &name : said.message_names) {
        if (bounce.message_names.size() < limits::bounce_names_max) {
            bounce.message_names.push_back(printable(name));
        }
    }
    for (const BounceRecipient &each : said.recipients) {
        if (bounce.recipients.size() < limits::bounce_recipients_max) {
            bounce.recipients.push_back({printable(each.address), each.reason,
                                         printable(each.status), printable(each.text)});
        }
    }
    return bounce;
}

} // namespace postrider::transport

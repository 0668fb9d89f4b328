// What servers send back, and the header that decides whether a mail is fetched, on any bytes: no
// crash, and everything that may be shown is bounded and printable.
#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/mail/bounce.hpp"
#include "common/mail/recognise.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
    using namespace postrider;
    const ByteView mail(bytes, size);
    static_cast<void>(mail::recognise(as_text(mail), "[sync]"));
    const std::optional<mail::Bounce> bounce = mail::read_bounce(mail);
    if (!bounce) {
        return 0;
    }
    ensure(!bounce->recipients.empty(), "a bounce is about somebody");
    ensure(bounce->recipients.size() <= limits::bounce_recipients_max, "recipients are bounded");
    ensure(bounce->message_names.size() <= limits::bounce_names_max, "names are bounded");
    for (const mail::FailedRecipient &recipient : bounce->recipients) {
        ensure(recipient.text.size() <= 200 && printable(recipient.text) == recipient.text,
               "the server's words are short and printable");
        ensure(printable(recipient.address, limits::mail_address_bytes_max) == recipient.address,
               "addresses are short and printable");
        ensure(recipient.status.size() <= 9, "a status has three numbers");
    }
    for (const std::string &name : bounce->message_names) {
        ensure(name.size() == 26, "a name is the base32 of 16 bytes");
    }
    return 0;
}

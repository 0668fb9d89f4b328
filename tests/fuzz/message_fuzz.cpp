// The extractor on any bytes: no crash, and every envelope it gives is as long as its prologue says
// and no longer than the mail could hold. The first look sees all of them where the mail is short
// enough for it to be the whole. So with the reader of mails that come in pieces.
#include <algorithm>

#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"
#include "common/mail/envelope_stream.hpp"
#include "common/mail/extract.hpp"
#include "common/wire/envelope.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
    using namespace postrider;
    const mail::Extraction found = mail::extract_envelopes(ByteView(bytes, size));
    ensure(found.envelopes.size() <= limits::mail_envelopes_max, "envelopes are bounded");
    ensure(found.truncated.size() <= limits::mail_envelopes_max, "truncated ones are bounded");
    for (const Bytes &envelope : found.envelopes) {
        const Result<wire::Prologue> prologue = wire::parse_prologue(envelope);
        ensure(prologue.has_value(), "what is given has a prologue");
        ensure(envelope.size() == prologue->prologue_bytes + prologue->body_bytes,
               "what is given has the length that the prologue says");
        ensure(envelope.size() <= size, "no decoding makes a mail longer");
    }
    mail::EnvelopeStream stream; // in pieces that the input chooses
    Bytes streamed;
    for (ByteView rest(bytes, size); !rest.empty();) {
        const std::size_t piece = std::min<std::size_t>(rest.size(), 1U + rest.front());
        stream.feed(rest.first(piece), streamed);
        rest = rest.subspan(piece);
        ensure(streamed.size() <= stream.envelope_bytes(), "no more than the envelope is given");
    }
    stream.finish(streamed);
    ensure(!stream.is_whole() || streamed.size() == stream.envelope_bytes(), "all of it is given");
    ensure(streamed.empty() || wire::parse_prologue(streamed).has_value(),
           "the prologue is given at once");
    const mail::FirstLook look = mail::look_at_beginning(ByteView(bytes, size));
    if (size <= limits::mail_first_look_bytes) {
        ensure(look.beginnings.size() == found.envelopes.size() + found.truncated.size(),
               "every envelope of a short mail begins within its beginning");
    }
    return 0;
}

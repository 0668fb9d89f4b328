// A stamp is looked for in every envelope, since a mail may have been forwarded along with others.
#include "common/transport/judged_mail.hpp"

#include "common/base/ensure.hpp"
#include "common/mail/extract.hpp"
#include "common/transport/stamps.hpp"

namespace postrider::transport {

JudgedMail judge_mail(ByteView mail, const std::vector<FixedBytes<32>> &stamp_keys) {
    mail::Extraction found = mail::extract_envelopes(mail);
    JudgedMail judged;
    for (Bytes &envelope : found.envelopes) {
        if (bears_stamp_of(envelope, stamp_keys)) {
            judged.envelopes.push_back(std::move(envelope));
        }
    }
    for (const mail::TruncatedEnvelope &truncated : found.truncated) {
        if (!judged.is_ours() && bears_stamp_of(truncated.beginning, stamp_keys)) {
            judged.cut = truncated.reason();
        }
    }
    judged.suspicion = std::move(found.problem);
    return judged;
}

bool HeldMail::settle(engine::Settlement of_event) {
    ensure(open_events > 0, "an event is settled once");
    using engine::Settlement;
    for (const Settlement careful : {Settlement::keep, Settlement::set_aside, Settlement::leave}) {
        if (settlement == careful || of_event == careful) {
            settlement = careful;
            break;
        }
    }
    return --open_events == 0;
}

} // namespace postrider::transport

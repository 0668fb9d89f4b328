// What is the same for IMAP and POP3.
#include "common/network/receiver.hpp"

#include <algorithm>
#include <utility>

#include "common/mail/bounce.hpp"

namespace postrider::network {

namespace {

constexpr Duration first_pause = std::chrono::seconds{5};
constexpr Duration longest_pause = std::chrono::minutes{10};

} // namespace

void hand_over(Host &host,
               const std::string &account,
               const std::string &receipt,
               transport::JudgedMail judged) {
    for (Bytes &envelope : judged.envelopes) {
        host.tell(transport::MailArrived{account, receipt, std::move(envelope)});
    }
    if (judged.cut) {
        host.tell(transport::MailUnusable{account, receipt, *judged.cut});
    }
}

bool hand_over_bounce(Host &host,
                      const std::string &account,
                      const std::string &receipt,
                      ByteView mail) {
    auto bounce = mail::read_bounce(mail);
    if (!bounce || bounce->message_names.empty()) {
        return false;
    }
    transport::BounceArrived arrived{account, receipt, std::move(bounce->message_names), {}};
    for (mail::FailedRecipient &each : bounce->recipients) {
        arrived.recipients.push_back(
            {std::move(each.address), each.reason, std::move(each.status), std::move(each.text)});
    }
    host.tell(arrived);
    return true;
}

Duration pause_after(unsigned failures) {
    const unsigned doublings = std::min(failures - 1, 10U);
    return std::min(first_pause * (1U << doublings), longest_pause);
}

} // namespace postrider::network

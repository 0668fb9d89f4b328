// Mails by which a mailbox is tried: they go to its own address, one in each form that an envelope
// may lie in. What is in them is random and nobody's; a node that reads the mailbox leaves them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/mail/message.hpp"

namespace postrider::network {

struct TestMail {
    mail::Container container = mail::Container::mixed;
    std::string name; // for people: "mail with an attachment"
    std::string mark; // begins its subject, and no other mail's
    Bytes envelope;
    std::optional<Timestamp> sent_at = {}; // accepted by the server
    std::optional<Timestamp> seen_at = {}; // found in the mailbox
    std::optional<Error> problem = {};     // it was not sent, or was changed on its way
};

/// One for each container.
std::vector<TestMail> make_test_mails();

/// The whole mail from the address to itself; fails where the address is none.
Result<std::string>
write_test_mail(const TestMail &test, const std::string &address, Timestamp now);

/// Fails unless what was sent lies in `mail` byte for byte.
Result<void> check_test_mail(const TestMail &test, ByteView mail);

/// The one whose mark stands in the text of a header; null where there is none.
TestMail *marked_in(std::vector<TestMail> &tests, std::string_view header);

} // namespace postrider::network

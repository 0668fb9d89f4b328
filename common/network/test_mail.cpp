// The envelope has a prologue, so that the reader of all mails finds it, and is noise from there.
#include "common/network/test_mail.hpp"

#include <algorithm>
#include <utility>

#include <sodium.h>

#include "common/base/text_encoding.hpp"
#include "common/mail/extract.hpp"
#include "common/wire/envelope_layout.hpp"

namespace postrider::network {

namespace {

/// As much as an ordinary batch has; every value of a byte comes up.
constexpr std::uint32_t body_bytes = 20'000;

Bytes random_bytes(std::size_t count) {
    Bytes bytes(count);
    randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

Bytes make_envelope() {
    ByteWriter out;
    out.raw(wire::layout::magic);
    out.u8(wire::layout::suite);
    out.u8(1); // recipient
    out.u16(wire::layout::head_box_bytes);
    out.u32(body_bytes);
    out.raw(random_bytes(wire::layout::fixed_bytes - wire::layout::ephemeral_offset +
                         wire::layout::slot_bytes + wire::layout::head_box_bytes + body_bytes));
    return std::move(out).take();
}

} // namespace

std::vector<TestMail> make_test_mails() {
    const std::string name = "[postrider check " + to_base32(random_bytes(5));
    std::vector<TestMail> tests;
    for (const auto &[container, words] :
         {std::pair{mail::Container::mixed, "mail with an attachment"},
          std::pair{mail::Container::single, "mail that is one attachment"},
          std::pair{mail::Container::armour, "mail of text"}}) {
        std::string mark = name;
        mark.append("-").append(std::to_string(tests.size() + 1)).append("]");
        tests.push_back({container, words, std::move(mark), make_envelope()});
    }
    return tests;
}

Result<std::string>
write_test_mail(const TestMail &test, const std::string &address, Timestamp now) {
    mail::Message message;
    message.from = address;
    message.to = address;
    message.subject_prefix = test.mark;
    message.date = now;
    message.container = test.container;
    randombytes_buf(message.token.data(), message.token.size());
    return mail::write_message(message, test.envelope);
}

Result<void> check_test_mail(const TestMail &test, ByteView mail) {
    const mail::Extraction found = mail::extract_envelopes(mail);
    if (std::find(found.envelopes.begin(), found.envelopes.end(), test.envelope) !=
        found.envelopes.end()) {
        return {};
    }
    if (found.problem) {
        return Error{
            Errc::malformed, "the " + test.name + " came back damaged", found.problem->message, {}};
    }
    return Error{Errc::malformed,
                 "the " + test.name + " came back " +
                     (found.envelopes.empty() ? "without what was in it" : "with another content"),
                 {},
                 {}};
}

TestMail *marked_in(std::vector<TestMail> &tests, std::string_view header) {
    const auto found = std::find_if(tests.begin(), tests.end(), [&](const TestMail &test) {
        return header.find(test.mark) != std::string_view::npos;
    });
    return found == tests.end() ? nullptr : &*found;
}

} // namespace postrider::network

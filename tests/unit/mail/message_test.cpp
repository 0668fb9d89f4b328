// What goes out: the shape of the mail, its limits, and nothing in the headers but our own words.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/mail/extract.hpp"
#include "common/mail/message.hpp"

#include "tests/unit/mail/pretended_envelope.hpp"

namespace postrider::mail {
namespace {

using postrider::testing::pretended_envelope;

/// The mail of tests/unit/mail/corpus/plain.eml.
Message corpus_message() {
    Message message;
    message.from = "sync@branch7.example";
    message.to = "sync@hq.example";
    message.date = std::chrono::sys_days{std::chrono::year{2026} / 11 / 24} +
                   std::chrono::hours{9} + std::chrono::minutes{30} + std::chrono::seconds{5};
    for (std::size_t index = 0; index < message.token.size(); ++index) {
        message.token[index] = static_cast<std::uint8_t>(index);
    }
    return message;
}

TEST(Message, IsWrittenAsTheCorpusHasIt) {
    const Bytes envelope = pretended_envelope(1500, 7);
    std::ifstream file(POSTRIDER_SOURCE_DIR "/tests/unit/mail/corpus/plain.eml", std::ios::binary);
    std::stringstream expected;
    expected << file.rdbuf();
    EXPECT_EQ(write_message(corpus_message(), envelope).value(), expected.str());
}

TEST(Message, HasShortSevenBitLinesThatEndWithCrlf) {
    const Bytes envelope = pretended_envelope(5000, 1);
    const std::string text = write_message(corpus_message(), envelope).value();
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = text.find("\r\n", begin);
        ASSERT_NE(end, std::string::npos);
        const std::string line = text.substr(begin, end - begin);
        EXPECT_LE(line.size(), 76U) << line;
        for (const char character : line) {
            EXPECT_TRUE(character >= ' ' && character <= '~') << line;
        }
        begin = end + 2;
    }
}

TEST(Message, AnotherTokenGivesOtherNamesAndTheSameEnvelope) {
    const Bytes envelope = pretended_envelope(200, 1);
    Message message = corpus_message();
    const std::string first = write_message(message, envelope).value();
    message.token.fill(0xff);
    const std::string second = write_message(message, envelope).value();
    for (const char *field : {"Message-ID: ", "Subject: ", " boundary=", "name="}) {
        const std::size_t in_first = first.find(field);
        const std::size_t in_second = second.find(field);
        EXPECT_NE(first.substr(in_first, first.find('\r', in_first) - in_first),
                  second.substr(in_second, second.find('\r', in_second) - in_second));
    }
    EXPECT_EQ(extract_envelopes(as_bytes(second)).envelopes.at(0), envelope);
}

TEST(Message, EnvelopesOfEverySizeComeBackWhole) {
    for (std::uint32_t body = 150; body < 450; ++body) {
        const Bytes envelope = pretended_envelope(body, body);
        const std::string text = write_message(corpus_message(), envelope).value();
        const Extraction found = extract_envelopes(as_bytes(text));
        ASSERT_EQ(found.envelopes.size(), 1U) << body;
        EXPECT_EQ(found.envelopes[0], envelope) << body;
    }
}

TEST(Message, RefusesAddressesAndPrefixesThatWereNotChecked) {
    const Bytes envelope = pretended_envelope(200, 1);
    Message message = corpus_message();
    message.to = "a@b\r\nBcc: c@d";
    EXPECT_FALSE(write_message(message, envelope).has_value());
    message = corpus_message();
    message.from = "";
    EXPECT_FALSE(write_message(message, envelope).has_value());
    message = corpus_message();
    message.subject_prefix = "x\r\nX-Bad: 1";
    EXPECT_FALSE(write_message(message, envelope).has_value());
}

TEST(Message, AnEmptyPrefixLeavesTheTokenAlone) {
    const Bytes envelope = pretended_envelope(200, 1);
    Message message = corpus_message();
    message.subject_prefix = "";
    EXPECT_NE(write_message(message, envelope)->find("\r\nSubject: caireeyu\r\n"),
              std::string::npos);
}

TEST(Message, DatesAreThoseOfRfc5322AndStayWithinFourDigits) {
    const Bytes envelope = pretended_envelope(200, 1);
    const auto date_of = [&](Timestamp time) {
        Message message = corpus_message();
        message.date = time;
        const std::string text = write_message(message, envelope).value();
        const std::size_t begin = text.find("Date: ") + 6;
        return text.substr(begin, text.find('\r', begin) - begin);
    };
    EXPECT_EQ(date_of(Timestamp{}), "Thu, 01 Jan 1970 00:00:00 +0000");
    EXPECT_EQ(date_of(from_milliseconds(951'868'799'999)), "Tue, 29 Feb 2000 23:59:59 +0000");
    EXPECT_EQ(date_of(from_milliseconds(-1)), "Thu, 01 Jan 1970 00:00:00 +0000");
    EXPECT_EQ(date_of(from_milliseconds(999'999'999'999'999)), "Fri, 31 Dec 9999 00:00:00 +0000");
}

TEST(Message, LongAddressesAreFoldedAndStayWithinThePromisedSize) {
    const std::string label(63, 'd');
    const std::string address = std::string(62, 'l') + "@" + label + "." + label + "." + label;
    ASSERT_EQ(address.size(), limits::mail_address_bytes_max);
    const Bytes envelope = pretended_envelope(1000, 1);
    Message message = corpus_message();
    message.from = address;
    message.to = address;
    message.subject_prefix = std::string(limits::mail_subject_prefix_bytes_max, 'p');
    const std::string text = write_message(message, envelope).value();
    EXPECT_NE(text.find("From:\r\n " + address + "\r\n"), std::string::npos);
    EXPECT_LE(text.size(), message_bytes_max_for(envelope.size()));
    EXPECT_EQ(extract_envelopes(as_bytes(text)).envelopes.at(0), envelope);
}

TEST(Message, TheLargestEnvelopeForALimitFitsAndOneMoreByteDoesNot) {
    for (std::size_t limit = 2048; limit < 2048 + 400; ++limit) {
        const std::size_t envelope = envelope_bytes_max_for(limit);
        if (envelope > 0) {
            EXPECT_LE(message_bytes_max_for(envelope), limit);
        }
        EXPECT_GT(message_bytes_max_for(envelope + 1), limit);
    }
    EXPECT_EQ(envelope_bytes_max_for(0), 0U);
}

TEST(Message, RefusesAnEnvelopeWhoseMailNobodyWouldRead) {
    const std::size_t largest = envelope_bytes_max_for(limits::mail_bytes_max);
    Bytes envelope(largest);
    Message message = corpus_message();
    EXPECT_TRUE(write_message(message, envelope).has_value());
    envelope.resize(largest + 1);
    const Result<std::string> refused = write_message(message, envelope);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Errc::too_large);
}

} // namespace
} // namespace postrider::mail

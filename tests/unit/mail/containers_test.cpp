// The three forms of a mail, written at once and piece by piece.
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

constexpr std::array containers = {Container::mixed, Container::single, Container::armour};

/// The mails of tests/unit/mail/corpus: plain, single, armour.
Message message_in(Container container) {
    Message message;
    message.from = "sync@branch7.example";
    message.to = "sync@hq.example";
    message.date = std::chrono::sys_days{std::chrono::year{2026} / 11 / 24} +
                   std::chrono::hours{9} + std::chrono::minutes{30} + std::chrono::seconds{5};
    for (std::size_t index = 0; index < message.token.size(); ++index) {
        message.token[index] = static_cast<std::uint8_t>(index);
    }
    message.container = container;
    return message;
}

/// Gives at most `step` bytes at a time.
ReadEnvelope source_of(ByteView envelope, std::size_t step) {
    return [envelope, step](std::span<std::uint8_t> into) mutable -> Result<std::size_t> {
        const std::size_t size = std::min({envelope.size(), into.size(), step});
        std::copy_n(envelope.begin(), size, into.begin());
        envelope = envelope.subspan(size);
        return size;
    };
}

std::string read_in_steps(MessageText &text, std::size_t step) {
    std::string mail;
    Bytes piece(step);
    while (true) {
        const std::size_t size = text.read(piece).value();
        mail += as_text(ByteView(piece).first(size));
        if (size == 0) {
            return mail;
        }
    }
}

TEST(Containers, AreWrittenAsTheCorpusHasThem) {
    for (const auto &[container, name] :
         {std::pair(Container::single, "single"), std::pair(Container::armour, "armour")}) {
        std::ifstream file(std::string(POSTRIDER_SOURCE_DIR "/tests/unit/mail/corpus/") + name +
                               ".eml",
                           std::ios::binary);
        std::stringstream expected;
        expected << file.rdbuf();
        EXPECT_EQ(write_message(message_in(container), pretended_envelope(1500, 7)).value(),
                  expected.str());
    }
}

TEST(Containers, HaveShortSevenBitLinesWithoutBlanksBehind) {
    for (const Container container : containers) {
        std::istringstream mail(
            write_message(message_in(container), pretended_envelope(5000, 1)).value());
        std::string line;
        while (std::getline(mail, line)) {
            ASSERT_TRUE(line.ends_with('\r'));
            line.pop_back();
            EXPECT_LE(line.size(), 76U) << line;
            EXPECT_FALSE(line.ends_with(' ')) << line;
            EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char character) {
                return character >= ' ' && character <= '~';
            })) << line;
        }
    }
}

TEST(Containers, GiveBackEnvelopesOfEverySize) {
    for (const Container container : containers) {
        for (std::uint32_t body = 150; body < 350; ++body) {
            const Bytes envelope = pretended_envelope(body, body);
            const std::string mail = write_message(message_in(container), envelope).value();
            const Extraction found = extract_envelopes(as_bytes(mail));
            ASSERT_EQ(found.envelopes.size(), 1U) << body;
            EXPECT_EQ(found.envelopes[0], envelope) << body;
        }
    }
}

TEST(Containers, EveryTruncationEndsInAReasonOrTheWholeEnvelope) {
    const Bytes envelope = pretended_envelope(400, 7);
    for (const Container container : containers) {
        const std::string mail = write_message(message_in(container), envelope).value();
        const std::size_t begin = mail.find("UFJEUgEN");
        for (std::size_t size = 0; size <= mail.size(); ++size) {
            const Extraction found = extract_envelopes(as_bytes(mail).first(size));
            if (!found.envelopes.empty()) {
                EXPECT_EQ(found.envelopes[0], envelope) << size;
                EXPECT_GE(size, begin + 648 * 4 / 3) << size;
            } else if (size >= begin + 12) {
                ASSERT_TRUE(found.problem.has_value()) << size;
            }
        }
    }
}

TEST(Containers, ATruncatedEnvelopeIsNotMadeWholeByAFooter) {
    const Bytes envelope = pretended_envelope(400, 7);
    std::string footer;
    for (int count = 0; count < 40; ++count) {
        footer += "This mail was scanned for your safety by HQ Ltd\r\n";
    }
    for (const Container container : containers) {
        const std::string mail = write_message(message_in(container), envelope).value();
        const std::size_t begin = mail.find("UFJEUgEN");
        const std::size_t end = begin + 648 * 4 / 3;
        for (std::size_t size = mail.find('\n', begin) + 1; size < end;
             size = mail.find('\n', size) + 1) {
            const Extraction found = extract_envelopes(as_bytes(mail.substr(0, size) + footer));
            EXPECT_TRUE(found.envelopes.empty()) << size;
            if (size > begin + 400) {
                EXPECT_EQ(found.truncated.size(), 1U) << size;
            }
        }
    }
}

TEST(Containers, ALetterHasItsSubjectAndItsTextForPeople) {
    Message message = message_in(Container::letter);
    message.subject = "Postrider: Köln is unreachable";
    const Result<std::string> mail = write_message(message, as_bytes("Grüße aus Köln.\r\n"));
    ASSERT_TRUE(mail.has_value());
    EXPECT_NE(mail->find("\r\nSubject: Postrider: K??ln is unreachable\r\n"), std::string::npos);
    EXPECT_NE(mail->find("\r\nContent-Type: text/plain; charset=utf-8\r\n"
                         "Content-Transfer-Encoding: base64\r\n\r\n"
                         "R3LDvMOfZSBhdXMgS8O2bG4uDQo=\r\n"),
              std::string::npos);
    EXPECT_NE(mail->find("\r\nAuto-Submitted: auto-generated\r\n"), std::string::npos);
    message.subject = std::string(500, 'x') + "\r\nBcc: nobody@elsewhere.example";
    const std::string folded = *write_message(message, {});
    EXPECT_EQ(folded.find("Bcc"), std::string::npos);
    EXPECT_NE(folded.find("xxx...\r\n"), std::string::npos);
}

TEST(MessageText, IsTheSameInPiecesOfEverySize) {
    const Bytes envelope = pretended_envelope(20'000, 7);
    for (const Container container : containers) {
        const std::string whole = write_message(message_in(container), envelope).value();
        for (const std::size_t step : {1U, 2U, 7U, 1000U, 100'000U}) {
            for (const std::size_t source_step : {1U, 7U, 65'536U}) {
                MessageText text = MessageText::create(message_in(container), envelope.size(),
                                                       source_of(envelope, source_step))
                                       .value();
                EXPECT_EQ(text.size(), whole.size());
                EXPECT_EQ(read_in_steps(text, step), whole) << step;
            }
        }
    }
}

TEST(MessageText, KnowsItsSizeBeforehand) {
    for (const Container container : containers) {
        for (std::uint32_t body = 150; body < 350; ++body) {
            const Bytes envelope = pretended_envelope(body, 1);
            MessageText text = MessageText::create(message_in(container), envelope.size(),
                                                   source_of(envelope, 1000))
                                   .value();
            EXPECT_EQ(read_in_steps(text, 4096).size(), text.size());
        }
    }
}

TEST(MessageText, AnEnvelopeOfAnotherLengthIsAnErrorAndNotAMail) {
    const Bytes envelope = pretended_envelope(20'000, 7);
    for (const std::size_t said : {envelope.size() - 1, envelope.size() + 1}) {
        MessageText text =
            MessageText::create(message_in(Container::mixed), said, source_of(envelope, 5000))
                .value();
        Bytes all(text.size() + 1000);
        const Result<std::size_t> read = text.read(all);
        ASSERT_FALSE(read.has_value());
        EXPECT_EQ(read.error().code, Errc::internal);
        EXPECT_FALSE(text.read(all).has_value());
    }
}

TEST(MessageText, AnEnvelopeThatCannotBeReadIsThatError) {
    MessageText text = MessageText::create(message_in(Container::mixed), 1000,
                                           [](std::span<std::uint8_t>) -> Result<std::size_t> {
                                               return Error{Errc::unavailable, "disk is gone"};
                                           })
                           .value();
    Bytes all(text.size());
    const Result<std::size_t> read = text.read(all);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().message, "disk is gone");
}

TEST(Containers, TheLargestEnvelopeForALimitFitsAndOneMoreByteDoesNot) {
    for (const Container container : containers) {
        for (std::size_t limit = 2048; limit < 2048 + 400; ++limit) {
            const std::size_t envelope = envelope_bytes_max_for(limit, container);
            if (envelope > 0) {
                EXPECT_LE(message_bytes_max_for(envelope, container), limit);
            }
            EXPECT_GT(message_bytes_max_for(envelope + 1, container), limit);
        }
        EXPECT_EQ(envelope_bytes_max_for(0, container), 0U);
    }
}

TEST(Containers, StayWithinThePromisedSizeWithTheLongestAddresses) {
    const std::string label(63, 'd');
    const std::string address = std::string(62, 'l') + "@" + label + "." + label + "." + label;
    const Bytes envelope = pretended_envelope(1000, 1);
    for (const Container container : containers) {
        Message message = message_in(container);
        message.from = address;
        message.to = address;
        message.subject_prefix = std::string(limits::mail_subject_prefix_bytes_max, 'p');
        const std::string mail = write_message(message, envelope).value();
        EXPECT_LE(mail.size(), message_bytes_max_for(envelope.size(), container));
        EXPECT_EQ(extract_envelopes(as_bytes(mail)).envelopes.at(0), envelope);
    }
}

TEST(Containers, ArmourIsForSmallMailsOnly) {
    const std::size_t largest = envelope_bytes_max_for(limits::mail_bytes_max, Container::armour);
    EXPECT_EQ(largest, envelope_bytes_max_for(limits::mail_armour_bytes_max, Container::armour));
    Bytes envelope(largest);
    const Result<std::string> fits = write_message(message_in(Container::armour), envelope);
    EXPECT_LE(fits.value().size(), limits::mail_armour_bytes_max);
    envelope.push_back(0);
    const Result<std::string> refused = write_message(message_in(Container::armour), envelope);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Errc::too_large);
}

TEST(Containers, TheNameOfAMailStandsInItsMessageId) {
    const Message message = message_in(Container::mixed);
    EXPECT_EQ(message_name(message.token), "aaaqeayeaudaocajbifqydiob4");
    EXPECT_NE(write_message(message, pretended_envelope(200, 1))
                  ->find("Message-ID: <" + message_name(message.token) + "@branch7.example>"),
              std::string::npos);
}

} // namespace
} // namespace postrider::mail

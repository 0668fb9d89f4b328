// Envelopes that are decoded while their mail comes.
#include <gtest/gtest.h>

#include "common/mail/envelope_stream.hpp"
#include "common/mail/message.hpp"

#include "tests/unit/mail/pretended_envelope.hpp"

namespace postrider::mail {
namespace {

using postrider::testing::pretended_envelope;

struct Streamed {
    Bytes envelope;
    bool is_whole = false;
};

Streamed stream(std::string_view mail, std::size_t piece_bytes) {
    EnvelopeStream stream;
    Streamed streamed;
    while (!mail.empty()) {
        const std::string_view piece = mail.substr(0, piece_bytes);
        stream.feed(as_bytes(piece), streamed.envelope);
        mail.remove_prefix(piece.size());
    }
    stream.finish(streamed.envelope);
    streamed.is_whole = stream.is_whole();
    return streamed;
}

std::string mail_around(const Bytes &envelope, Container container = Container::mixed) {
    return write_message({.container = container}, envelope).value();
}

std::string with_lf(std::string text) {
    std::erase(text, '\r');
    return text;
}

constexpr std::size_t piece_sizes[] = {1, 7, 78, 1000, 1 << 20};

TEST(EnvelopeStream, GivesTheEnvelopeOfEachContainerWhateverThePieces) {
    const Bytes envelope = pretended_envelope(100'000, 1);
    for (const Container container : {Container::mixed, Container::single, Container::armour}) {
        for (const std::size_t piece : piece_sizes) {
            const Streamed streamed = stream(mail_around(envelope, container), piece);
            EXPECT_TRUE(streamed.is_whole) << piece;
            EXPECT_EQ(streamed.envelope, envelope) << piece;
        }
    }
}

TEST(EnvelopeStream, TakesMailsWhoseLineEndsWereChanged) {
    const Bytes envelope = pretended_envelope(50'000, 2);
    const Streamed streamed = stream(with_lf(mail_around(envelope)), 1000);
    EXPECT_TRUE(streamed.is_whole);
    EXPECT_EQ(streamed.envelope, envelope);
}

TEST(EnvelopeStream, GivesTheBeginningBeforeTheEndIsThere) {
    const Bytes envelope = pretended_envelope(500'000, 3);
    const std::string mail = mail_around(envelope);
    EnvelopeStream stream;
    Bytes given;
    stream.feed(as_bytes(mail).first(100'000), given);
    EXPECT_GT(given.size(), 60'000U);
    EXPECT_EQ(stream.envelope_bytes(), envelope.size());
    EXPECT_TRUE(std::equal(given.begin(), given.end(), envelope.begin()));
    EXPECT_FALSE(stream.is_whole());
}

TEST(EnvelopeStream, SaysThatAMailIsNotAsOursAre) {
    const Bytes envelope = pretended_envelope(50'000, 4);
    const std::string mail = mail_around(envelope);
    const std::string other = mail_around(pretended_envelope(50'000, 5));
    std::string longer = mail;
    longer.insert(longer.rfind("\r\n--") + 2, "QUJDREVGR0hJSktM\r\n");
    std::string wounded = mail;
    wounded.replace(wounded.find("UFJEUgENCg"), 30, "UFJEUgENCgUFJEUgENCg0000000000");
    std::string quoted;
    for (const char letter : mail) {
        quoted += letter;
        quoted += letter == '\n' ? "> " : "";
    }
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"cut", mail.substr(0, mail.size() / 2)},
        {"two", mail + other},
        {"what only looks like one", "UFJEUgENCg!\r\nUFJEUgENCg!\r\n" + mail},
        {"a piece of another before it", "UFJEUgENCgABAQBo\r\n\r\n" + mail},
        {"text within", std::string(mail).insert(mail.size() / 2, "\r\nof somebody else\r\n")},
        {"more behind it", longer},
        {"its beginning is another", wounded},
        {"quoted", quoted},
        {"none", "Subject: x\r\n\r\nhello\r\n"},
        {"nothing", ""},
    };
    for (const auto &[what, text] : cases) {
        for (const std::size_t piece : piece_sizes) {
            EXPECT_FALSE(stream(text, piece).is_whole) << what << " " << piece;
        }
    }
}

TEST(EnvelopeStream, KeepsLittleOfALineThatDoesNotEnd) {
    EnvelopeStream stream;
    Bytes given;
    const Bytes letters(10'000, 'A');
    for (int piece = 0; piece < 100; ++piece) {
        stream.feed(letters, given);
    }
    stream.finish(given);
    EXPECT_TRUE(given.empty());
    EXPECT_FALSE(stream.is_whole());
}

} // namespace
} // namespace postrider::mail

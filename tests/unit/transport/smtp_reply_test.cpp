// Replies and capabilities of SMTP servers.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/transport/smtp_capabilities.hpp"

#include "tests/unit/transport/pieces.hpp"

namespace postrider::transport {
namespace {

Result<std::vector<SmtpReply>> replies_in(std::string_view text, std::size_t piece = whole) {
    SmtpReplyReader reader;
    std::vector<SmtpReply> replies;
    std::optional<Error> failure;
    in_pieces(text, piece, [&](ByteView bytes) {
        while (!failure && !bytes.empty()) {
            Result<std::optional<SmtpReply>> reply = reader.next(bytes);
            if (!reply) {
                failure = reply.error();
            } else if (*reply) {
                replies.push_back(**reply);
            }
        }
    });
    if (failure) {
        return *failure;
    }
    return replies;
}

SmtpReply only_reply(std::string_view text) {
    const Result<std::vector<SmtpReply>> replies = replies_in(text);
    EXPECT_TRUE(replies && replies->size() == 1) << text;
    return replies && replies->size() == 1 ? replies->front() : SmtpReply{};
}

Errc reply_failure(std::string_view text) {
    const Result<std::vector<SmtpReply>> replies = replies_in(text);
    EXPECT_FALSE(replies.has_value()) << text;
    return replies ? Errc::internal : replies.error().code;
}

std::string long_reply(std::size_t count) {
    std::string text;
    for (std::size_t line = 1; line < count; ++line) {
        text += "250-x\r\n";
    }
    return text + "250 x\r\n";
}

TEST(SmtpReply, HasACodeAStatusAndAText) {
    const SmtpReply reply = only_reply("550 5.1.1 <a@b.example>: no such user\r\n");
    EXPECT_EQ(reply.code, 550U);
    EXPECT_EQ(reply.status, (EnhancedStatus{5, 1, 1}));
    EXPECT_EQ(reply.text, "<a@b.example>: no such user");
    EXPECT_EQ(reply.shown(), "550 5.1.1 <a@b.example>: no such user");
}

TEST(SmtpReply, OfSeveralLinesHasOneTextAndOneStatus) {
    const SmtpReply reply = only_reply("550-5.7.1 Your mail\r\n550-\r\n550 5.7.1 looks bad\r\n");
    EXPECT_EQ(reply.status, (EnhancedStatus{5, 7, 1}));
    EXPECT_EQ(reply.text, "Your mail looks bad");
    EXPECT_EQ(reply.lines, (std::vector<std::string>{"5.7.1 Your mail", "", "5.7.1 looks bad"}));
}

TEST(SmtpReply, NeedsNoTextAndForgivesABareLineFeed) {
    EXPECT_EQ(only_reply("250\r\n").shown(), "250");
    EXPECT_EQ(only_reply("250 \r\n").shown(), "250");
    EXPECT_EQ(only_reply("250 fine\n").shown(), "250 fine");
}

TEST(SmtpReply, TakesForAStatusOnlyWhatIsOne) {
    for (const std::string_view text :
         {"550 5.1 no", "550 3.1.1 no", "550 5.1.1no", "550 5.1234.1 no", "550 5..1 no",
          "550 5.1.1111 no", "550 5.1.", "550 10.0.0.1 no", "550 -5.1.1 no"}) {
        EXPECT_EQ(only_reply(std::string(text) + "\r\n").status, std::nullopt) << text;
    }
    EXPECT_EQ(only_reply("550 5.999.999\r\n").status, (EnhancedStatus{5, 999, 999}));
}

TEST(SmtpReply, IsRefusedWithoutAnExactCode) {
    for (const std::string_view text :
         {"", "25", "2500 ok", "25a ok", " 250 ok", "150 ok", "650 ok", "199 x", "+OK", "250:ok",
          "-50 x", "250\tok", "HTTP/1.1 400 Bad Request"}) {
        EXPECT_EQ(reply_failure(std::string(text) + "\r\n"), Errc::malformed) << text;
    }
    EXPECT_EQ(reply_failure("250-one\r\n251 two\r\n"), Errc::malformed);
    EXPECT_EQ(only_reply("571 no\r\n").code, 571U);
}

TEST(SmtpReply, IsMadePrintableAndCut) {
    EXPECT_EQ(only_reply("250 a\x1b[31m\r\n").text, "a?[31m");
    EXPECT_EQ(only_reply("250 " + std::string(300, 'x') + "\r\n").text.size(), 200U);
    const Result<std::vector<SmtpReply>> replies = replies_in("\x1bnonsense\r\n");
    ASSERT_FALSE(replies.has_value());
    EXPECT_NE(replies.error().message.find("\"?nonsense\""), std::string::npos);
    EXPECT_FALSE(replies.error().hint.empty());
}

TEST(SmtpReply, HasLinesOfALimitedSize) {
    const std::string longest = "250 " + std::string(limits::server_line_bytes_max - 4, 'x');
    for (const std::size_t piece : piece_sizes) {
        EXPECT_TRUE(replies_in(longest + "\r\n", piece).has_value());
        EXPECT_TRUE(replies_in(longest + "\n", piece).has_value());
        EXPECT_FALSE(replies_in(longest + "x\r\n", piece).has_value());
        EXPECT_FALSE(replies_in(longest + "x\n", piece).has_value());
    }
    EXPECT_EQ(reply_failure(longest + "xx"), Errc::too_large) << "before its end has come";
}

TEST(SmtpReply, HasALimitedNumberOfLines) {
    EXPECT_EQ(only_reply(long_reply(limits::smtp_reply_lines_max)).lines.size(), 100U);
    EXPECT_EQ(reply_failure(long_reply(limits::smtp_reply_lines_max + 1)), Errc::too_large);
}

TEST(SmtpReply, IsTheSameInPiecesOfAnySize) {
    const std::string text = "250-one\r\n250 two\r\n354 go\n421-4.7.0 x\r\n421 4.7.0 y\r\n";
    for (const std::size_t piece : piece_sizes) {
        const Result<std::vector<SmtpReply>> replies = replies_in(text, piece);
        ASSERT_TRUE(replies.has_value());
        ASSERT_EQ(replies->size(), 3U);
        EXPECT_EQ(replies->at(0).text, "one two");
        EXPECT_EQ(replies->at(1).shown(), "354 go");
        EXPECT_EQ(replies->at(2).shown(), "421 4.7.0 x y");
    }
}

TEST(SmtpReply, ThatIsCutIsNotGiven) {
    const std::string text = "250-one\r\n250 two\r\n";
    for (std::size_t size = 0; size < text.size(); ++size) {
        const Result<std::vector<SmtpReply>> replies = replies_in(text.substr(0, size));
        EXPECT_TRUE(replies && replies->empty()) << size;
    }
}

TEST(SmtpCapabilities, AreTheKnownKeywordsInAnyCase) {
    const SmtpCapabilities found = smtp_capabilities(only_reply(
        "250-mail.example SIZE 5\r\n250-size 1000000\r\n250-PIPELINING\r\n250-8bitmime\r\n"
        "250-ENHANCEDSTATUSCODES\r\n250-XCLIENT NAME\r\n250 CHUNKING\r\n"));
    EXPECT_EQ(found, (SmtpCapabilities{true, 1'000'000, true, true, true}));
}

TEST(SmtpCapabilities, KnowASizeWithoutANumber) {
    for (const std::string_view line :
         {"SIZE", "SIZE 0", "SIZE many", "SIZE 99999999999999999999"}) {
        const SmtpCapabilities found =
            smtp_capabilities(only_reply("250-x\r\n250 " + std::string(line) + "\r\n"));
        EXPECT_TRUE(found.size) << line;
        EXPECT_EQ(found.size_max, std::nullopt) << line;
    }
    EXPECT_EQ(smtp_capabilities(only_reply("250-x\r\n250 SIZES 5\r\n")), SmtpCapabilities{});
}

} // namespace
} // namespace postrider::transport

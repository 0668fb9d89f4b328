// The lenient decoders at their edges.
#include <gtest/gtest.h>

#include "common/mail/transfer_encoding.hpp"

namespace postrider::mail {
namespace {

std::string unquoted(std::string_view text) {
    return std::string(as_text(decode_quoted_printable(text)));
}

std::string unbased(std::string_view text) {
    return std::string(as_text(decode_base64(text)));
}

std::string lines_of(ByteView bytes, std::size_t line_digits) {
    std::string text;
    append_base64_lines(bytes, line_digits, text);
    return text;
}

TEST(TransferEncoding, Base64LinesHaveTheirWidthAndTheirSizeIsKnown) {
    for (const std::size_t width : {mime_line_digits, armour_line_digits}) {
        for (std::size_t size = 0; size < 300; ++size) {
            const Bytes bytes(size, 0xa5);
            const std::string lines = lines_of(bytes, width);
            EXPECT_EQ(lines.size(), base64_lines_bytes(size, width));
            EXPECT_EQ(decode_base64(lines), bytes);
            if (size > width / 4 * 3) {
                EXPECT_EQ(lines.find("\r\n"), width);
            }
        }
    }
}

TEST(TransferEncoding, Base64IsThatOfRfc4648) {
    for (const auto &[bytes, text] : std::vector<std::pair<std::string, std::string>>{
             {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}}) {
        EXPECT_EQ(unbased(text), bytes);
        EXPECT_EQ(lines_of(as_bytes(bytes), 76), text.empty() ? "" : text + "\r\n");
    }
}

TEST(TransferEncoding, Base64StartsAgainAfterPaddingAndGoesOnOverLines) {
    EXPECT_EQ(unbased("Zg==Zg=="), "ff");
    EXPECT_EQ(unbased("Zm9\r\nvYm\nFy"), "foobar");
    EXPECT_EQ(unbased("Zg\n=\n=\nZg"), "ff");
    EXPECT_EQ(unbased("Z"), "");
}

TEST(TransferEncoding, Base64ShowsThroughQuotationBlanksAndTags) {
    EXPECT_EQ(unbased("> Zm9v\r\n> > YmFy \t\r\n"), "foobar");
    EXPECT_EQ(unbased("&gt;&nbsp;Zm9v<br>\n&gt; YmFy&nbsp;<br />"), "foobar");
    EXPECT_EQ(unbased("<p>Zm<wbr>9v</p><div class=\"Zm9v"), "foo");
    EXPECT_EQ(unbased("MDEyMzQ1Njc4OWFi MDEyMzQ1Njc4OWFi\tZm9v"), "0123456789ab0123456789abfoo");
}

TEST(TransferEncoding, LettersOfOtherLinesAreNotTakenForBase64) {
    EXPECT_EQ(unbased("Zm9v\r\nThis mail was scanned\r\nYmFy\r\n"), "foobar");
    EXPECT_EQ(unbased("Zm9v\r\n-- \r\nscanned.\r\nHQ Ltd\r\n"), "foo");
    EXPECT_EQ(unbased("Zm9v\r\nZm9vYmF-\r\nYmFy\r\n"), "foobar");
    EXPECT_EQ(unbased("<b>Zm9v</b> <i>This mail</i>"), "foo");
}

TEST(TransferEncoding, ARunOfBase64EndsAtTheFirstOtherLineOrWhereAnotherBegins) {
    const auto run = [](std::string_view text, std::string_view another = "begin") {
        Bytes bytes;
        const std::size_t size = Base64Decoder().decode_run(text, another, bytes);
        return std::pair(size, std::string(as_text(bytes)));
    };
    EXPECT_EQ(run("Zm9v\r\n\r\nYmFy\r\n-----END\r\n"), std::pair(14UL, std::string("foobar")));
    EXPECT_EQ(run("Zm9v\nof us\nYmFy"), std::pair(5UL, std::string("foo")));
    EXPECT_EQ(run("Zm9v\nYmFy\n > Zm9v", "Zm9v"), std::pair(10UL, std::string("foobar")));
    EXPECT_EQ(run("a b"), std::pair(0UL, std::string()));
}

TEST(TransferEncoding, PiecesAreCutWhereNothingIsLost) {
    std::string base64 = lines_of(Bytes(200'000, 0x5a), 76);
    EXPECT_EQ(decode_base64(base64), Bytes(200'000, 0x5a));
    std::erase(base64, '\n');
    std::erase(base64, '\r');
    EXPECT_EQ(decode_base64(base64), Bytes(200'000, 0x5a));
    std::string quoted;
    std::string html;
    for (std::size_t index = 0; index < 50'000; ++index) {
        quoted += index % 3 == 0 ? "a=3D" : "=0D";
        html += "Zm9v<br>";
    }
    EXPECT_EQ(decode_quoted_printable(quoted).size(), 50'000 + 16'667U);
    EXPECT_EQ(decode_base64(html).size(), 150'000U);
    std::string_view rest = base64;
    while (!rest.empty()) {
        EXPECT_LE(take_piece(rest).size(), 65'536U);
    }
}

TEST(TransferEncoding, QuotedPrintableKeepsWhatIsNoEscape) {
    EXPECT_EQ(unquoted("a=3Db=3d=0A=00").size(), 6U);
    EXPECT_EQ(unquoted("a=\r\nb=\nc= \t\r\nd"), "abcd");
    EXPECT_EQ(unquoted("a=ZZ=4"), "a=ZZ=4");
    EXPECT_EQ(unquoted("a="), "a");
    EXPECT_EQ(unquoted("a  \r\nb \t x  "), "a\r\nb \t x");
}

} // namespace
} // namespace postrider::mail

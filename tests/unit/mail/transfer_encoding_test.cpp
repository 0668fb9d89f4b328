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

TEST(TransferEncoding, Base64LinesHaveSeventySixDigitsAndTheirSizeIsKnown) {
    for (std::size_t size = 0; size < 300; ++size) {
        const Bytes bytes(size, 0xa5);
        const std::string lines = to_base64_lines(bytes);
        EXPECT_EQ(lines.size(), base64_lines_bytes(size));
        EXPECT_EQ(decode_base64(lines), bytes);
        if (size > 57) {
            EXPECT_EQ(lines.find("\r\n"), 76U);
        }
    }
}

TEST(TransferEncoding, Base64SkipsStrangersAndStartsAgainAfterPadding) {
    EXPECT_EQ(unbased("Zm9v\r\n > Ym\tFy"), "foobar");
    EXPECT_EQ(unbased("Zg==Zg=="), "ff");
    EXPECT_EQ(unbased("Z"), "");
    EXPECT_EQ(unbased(""), "");
}

TEST(TransferEncoding, QuotedPrintableKeepsWhatIsNoEscape) {
    EXPECT_EQ(unquoted("a=3Db=3d=0A=00").size(), 6U);
    EXPECT_EQ(unquoted("a=\r\nb=\nc= \t\r\nd"), "abcd");
    EXPECT_EQ(unquoted("a=ZZ=4"), "a=ZZ=4");
    EXPECT_EQ(unquoted("a="), "a");
    EXPECT_EQ(unquoted("a  \r\nb \t x  "), "a\r\nb \t x");
}

TEST(TransferEncoding, ARunOfBase64EndsAtTheFirstStranger) {
    EXPECT_EQ(base64_run_length("AB\r\nC D=x"), 7U);
    EXPECT_EQ(base64_run_length("-A"), 0U);
    EXPECT_EQ(base64_run_length("AA"), 2U);
}

} // namespace
} // namespace postrider::mail

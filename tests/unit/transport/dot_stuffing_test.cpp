// Dots at the beginning of lines, across all borders of pieces.
#include <gtest/gtest.h>

#include "common/transport/dot_stuffing.hpp"

#include "tests/unit/transport/pieces.hpp"

namespace postrider::transport {
namespace {

/// The text as it is written; "error" where it cannot be.
std::string stuffed(std::string_view text, std::size_t piece) {
    DotStuffer stuffer;
    Bytes out;
    bool failed = false;
    in_pieces(text, piece, [&](ByteView bytes) { failed |= !stuffer.write(bytes, out); });
    failed |= !stuffer.finish(out);
    return failed ? "error" : std::string(as_text(out));
}

struct DotRead {
    std::string text;
    std::string rest;
    bool has_ended = false;
};

DotRead unstuffed(std::string_view wire, std::size_t piece) {
    DotUnstuffer unstuffer;
    Bytes out;
    DotRead read;
    in_pieces(wire, piece, [&](ByteView bytes) {
        read.has_ended = read.has_ended || unstuffer.read(bytes, out);
        if (read.has_ended) {
            read.rest.append(as_text(bytes));
        }
    });
    read.text = as_text(out);
    return read;
}

void check_dots(std::string_view text, std::string_view wire) {
    for (const std::size_t piece : piece_sizes) {
        EXPECT_EQ(stuffed(text, piece), wire) << piece;
        const DotRead read = unstuffed(wire, piece);
        EXPECT_TRUE(read.has_ended) << wire;
        EXPECT_TRUE(read.text == text || read.text == std::string(text) + "\r\n") << wire;
        EXPECT_EQ(read.rest, "");
    }
}

TEST(DotStuffing, DoublesDotsAtTheBeginningOfLinesOnly) {
    check_dots("a.b\r\n.\r\n..x\r\n.y\r\n", "a.b\r\n..\r\n...x\r\n..y\r\n.\r\n");
    check_dots(".\r\n", "..\r\n.\r\n");
    check_dots("\r\n\r\n", "\r\n\r\n.\r\n");
}

TEST(DotStuffing, EndsTheLastLine) {
    check_dots("", ".\r\n");
    check_dots("a", "a\r\n.\r\n");
    check_dots(".", "..\r\n.\r\n");
}

TEST(DotStuffing, RefusesWhatSomeServerCouldTakeForTheEnd) {
    for (const std::size_t piece : piece_sizes) {
        for (const std::string_view text :
             {"a\n.\r\nQUIT", "a\r.\r\n", "a\r\r\n.\r\n", "\n", "a\r", "\xc3\xa4\r\n"}) {
            EXPECT_EQ(stuffed(text, piece), "error") << text;
        }
        EXPECT_EQ(stuffed(std::string_view("a\0\r\n", 4), piece), "error");
    }
}

TEST(DotStuffing, SeesEveryByteWhereverItStandsInALine) {
    for (std::size_t place = 0; place < 24; ++place) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            std::string text(24, 'x');
            text[place] = static_cast<char>(byte);
            const bool is_within = byte != 0 && byte != '\r' && byte != '\n' && byte < 0x80;
            EXPECT_EQ(stuffed(text, text.size()) != "error", is_within) << place << " " << byte;
        }
    }
}

TEST(DotStuffing, TakesOnlyALineThatIsADotForTheEnd) {
    for (const std::size_t piece : piece_sizes) {
        const DotRead read =
            unstuffed("a\n.\r\nb\r.\r\nc\r\n..\r\nd.\r\n.\n.\r\n.\r.\r\n\r\n.\r\n+OK\r\n", piece);
        EXPECT_TRUE(read.has_ended);
        EXPECT_EQ(read.text, "a\n.\r\nb\r.\r\nc\r\n.\r\nd.\r\n\n.\r\n\r.\r\n\r\n");
        EXPECT_EQ(read.rest, "+OK\r\n");
    }
}

TEST(DotStuffing, IsUndoneForEveryTextOfFewLetters) {
    constexpr std::string_view letters[] = {".", "\r\n", "x"};
    for (unsigned number = 0; number < 6561; ++number) {
        std::string text;
        for (unsigned rest = number, count = 0; count < 8; rest /= 3, ++count) {
            text += letters[rest % 3];
        }
        text += "\r\n";
        for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, whole}) {
            const std::string wire = stuffed(text, piece);
            EXPECT_EQ(wire.find("\r\n.\r\n"), wire.size() - 5);
            EXPECT_EQ(unstuffed(wire, piece).text, text);
        }
    }
}

TEST(DotStuffing, HasNoEndBeforeTheLastByte) {
    const std::string wire = "a\r\n..\r\n.\r\n";
    for (std::size_t size = 0; size < wire.size(); ++size) {
        EXPECT_FALSE(unstuffed(wire.substr(0, size), whole).has_ended) << size;
    }
}

} // namespace
} // namespace postrider::transport

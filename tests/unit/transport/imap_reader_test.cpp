// Bytes to responses: literals, lists, what is cut off, and limits.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/transport/imap_reader.hpp"

namespace postrider::transport::imap {
namespace {

/// A response as a line of text.
struct ResponseText {
    std::string operator()(const Continuation &each) const { return "+ " + each.text; }

    std::string operator()(const Tagged &each) const {
        return each.tag + " " + std::to_string(static_cast<int>(each.status.condition)) + " " +
               each.status.text;
    }

    std::string operator()(const Untagged &each) const {
        return "* " + std::to_string(static_cast<int>(each.status.condition)) + " " +
               each.status.text;
    }

    std::string operator()(const CapabilityList &each) const {
        std::string out = "capabilities";
        for (const std::string &name : each.names) {
            out += " " + name;
        }
        return out;
    }

    std::string operator()(const Folder &each) const { return "folder " + each.name; }

    std::string operator()(const Namespace &each) const { return "namespace " + each.prefix; }

    std::string operator()(const Quota &each) const { return "quota " + each.root; }

    std::string operator()(const FolderStatus &each) const {
        return "status " + each.name + " " + std::to_string(each.uid_next);
    }

    std::string operator()(const Exists &each) const {
        return "exists " + std::to_string(each.count);
    }

    std::string operator()(const Expunged &each) const {
        return "expunged " + std::to_string(each.sequence_number);
    }

    std::string operator()(const FoundPart &each) const {
        std::string out = "found";
        for (const UidRange range : each.ranges) {
            out += " " + std::to_string(range.first) + ":" + std::to_string(range.last);
        }
        return out;
    }

    std::string operator()(const BodyBegin &each) const {
        return "body " + std::to_string(each.size) + " ";
    }

    std::string operator()(const BodyBytes &each) const { return std::string(as_text(each.bytes)); }

    std::string operator()(const Fetched &each) const {
        return "fetched " + std::to_string(each.uid) + (each.is_seen ? " seen" : "") +
               (each.header ? " [" + *each.header + "]" : "") +
               (each.body_bytes ? " with " + std::to_string(*each.body_bytes) : "");
    }
};

/// Responses one below the other; the pieces of a body in one line. Ends with the error, if any.
std::string read_responses(std::string_view input, std::size_t piece_bytes = 0) {
    ResponseReader reader;
    std::string out;
    while (!input.empty()) {
        const std::size_t size =
            piece_bytes == 0 ? input.size() : std::min(piece_bytes, input.size());
        ByteView rest = as_bytes(input.substr(0, size));
        input.remove_prefix(size);
        while (true) {
            auto response = reader.next(rest);
            if (!response) {
                return out + std::string(name_of(response.error().code));
            }
            if (!*response) {
                break;
            }
            out += std::visit(ResponseText{}, **response);
            const bool is_within_body = std::holds_alternative<BodyBegin>(**response) ||
                                        std::holds_alternative<BodyBytes>(**response);
            out += is_within_body ? "" : "\n";
        }
    }
    return out + (reader.is_between_responses() ? "" : "more");
}

const char *const fetch_with_literals =
    "* 12 FETCH (FLAGS (\\Seen $Forwarded) BODY[HEADER.FIELDS (\"FROM\" {7}\r\nSUBJECT)] {17}\r\n"
    "Subject: a) {3}\r\n X-FOO \"bar)\" BODY[]<0> {29}\r\nA006 OK Fetch\r\n* 1 EXISTS\r\n)) "
    "ENVELOPE (NIL (\"x\" {2}\r\n\r\n) 3) UID 9)\r\n";

TEST(ImapReader, ReadsLiteralsByTheirCountWhereverTheyStand) {
    EXPECT_EQ(read_responses(fetch_with_literals),
              "body 29 A006 OK Fetch\r\n* 1 EXISTS\r\n))"
              "fetched 9 seen [Subject: a) {3}\r\n] with 29\n");
}

TEST(ImapReader, PiecesOfAnySizeGiveTheSame) {
    const std::string whole = read_responses(fetch_with_literals);
    for (const std::size_t piece_bytes : {1U, 2U, 3U, 7U, 16U}) {
        EXPECT_EQ(read_responses(fetch_with_literals, piece_bytes), whole) << piece_bytes;
    }
}

TEST(ImapReader, EveryCutIsIncompleteAndNothingElse) {
    const std::string_view input = fetch_with_literals;
    for (std::size_t size = 1; size < input.size(); ++size) {
        const std::string read = read_responses(input.substr(0, size));
        ASSERT_TRUE(read.ends_with("more")) << size << read;
        ASSERT_EQ(read.find("fetched"), std::string::npos) << size;
    }
}

TEST(ImapReader, EachFlippedBitIsReadOrRefused) {
    for (std::size_t bit = 0; bit < std::string_view(fetch_with_literals).size() * 8; ++bit) {
        std::string input = fetch_with_literals;
        input[bit / 8] = static_cast<char>(input[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_EQ(read_responses(input), read_responses(input, 1)) << bit;
    }
}

TEST(ImapReader, AFolderMayBeNamedInAnyForm) {
    EXPECT_EQ(
        read_responses("* LIST () \"/\" INBOX\r\n"
                       "* LIST (\\Noselect) NIL \"a \\\"b\\\" \\\\c\"\r\n"
                       "* LIST () \"/\" {6}\r\na\r\n{3}\r\n"
                       "* LIST () {1}\r\n/ [Gmail]/Spam\r\n"
                       "* list () \"/\" ~{3}\r\nxyz\r\n"),
        "folder INBOX\nfolder a \"b\" \\c\nfolder a\r\n{3}\nfolder [Gmail]/Spam\nfolder xyz\n");
}

TEST(ImapReader, TextForPeopleIsNoProtocol) {
    EXPECT_EQ(
        read_responses("* OK [ALERT] {5}\r\nP1 NO [X-Y (] \"({9}\r\n+\r\n+ go {2}\r\n* BYE\r\n"),
        "* 0 {5}\nP1 1 \"({9}\n+ \n+ go {2}\n* 3 \n");
}

TEST(ImapReader, WhatIsNotOursIsSkippedWithItsLiterals) {
    EXPECT_EQ(
        read_responses("* FLAGS (\\Answered \\*)\r\n* 3 RECENT\r\n* ID (\"name\" {4}\r\n) X\r)\r\n"
                       "* VANISHED 1:5\r\n* LSUB () \"/\" {3}\r\n\r\n)\r\n* 3 EXISTS\r\n"
                       "* 3 EXPUNGE\r\n* QUOTAROOT INBOX \"\"\r\n* ENABLED\r\n"),
        "exists 3\nexpunged 3\n");
}

TEST(ImapReader, SearchResultsComeInEitherForm) {
    EXPECT_EQ(read_responses("* SEARCH 2 3 84 882 \r\n* SEARCH\r\n* SEARCH 5 (MODSEQ 917)\r\n"),
              "found 2:3 84:84 882:882\nfound\nfound 5:5\n");
    EXPECT_EQ(read_responses("* ESEARCH (TAG \"A2\") UID MIN 2 COUNT 3 ALL 2,10:11,14 MODSEQ 9\r\n"
                             "* ESEARCH (TAG \"A2\") UID\r\n* ESEARCH UID MAX 9\r\n"),
              "found 2:2 10:11 14:14\nfound\nfound 9:9\n");
    EXPECT_EQ(read_responses("* SEARCH 2 x\r\n"), "malformed");
    EXPECT_EQ(read_responses("* SEARCH 2:3\r\n"), "malformed");
    EXPECT_EQ(read_responses("* SEARCH 0\r\n"), "malformed");
    EXPECT_EQ(read_responses("* ESEARCH UID ALL 2:*\r\n"), "malformed");
}

TEST(ImapReader, AServerOutOfStepIsNotFollowed) {
    for (const char *input : {"\r\n",
                              " * OK\r\n",
                              "* OK bare\n",
                              "* OK bare\rX",
                              "P1\r\n",
                              "P1 HELLO\r\n",
                              "P1 BYE x\r\n",
                              "* (\r\n",
                              "* 1 FETCH (UID 1\r\n",
                              "* 1 FETCH UID 1\r\n",
                              "* 1 FETCH (UID 1))\r\n",
                              "* 1 FETCH (UID 1) x\r\n",
                              "* 1 FETCH (UID x)\r\n",
                              "* 1 FETCH (UID 0)\r\n",
                              "* 1 FETCH (RFC822.SIZE -1)\r\n",
                              "* 1 FETCH (UID)\r\n",
                              "* 1 FETCH (\"UID\" 1)\r\n",
                              "* 1 FETCH (BODY[] {3}\r\nabcUID 1)\r\n",
                              "* 1 FETCH (X{3}\r\nabc)\r\n",
                              "* 1 FETCH (BODY[) {3}\r\n",
                              "* 1 FETCH (BODY[] \"a\r\nb\")\r\n",
                              "* 1 FETCH (BODY[] {3} \r\nabc)\r\n",
                              "* 1 FETCH (BODY[] {}\r\n)\r\n",
                              "* 1 FETCH (BODY[] {3+}\r\nabc)\r\n",
                              "* 1 FETCH (BODY[] {-3}\r\nabc)\r\n",
                              "* 1 FETCH (BODY[] {99999999999999999999}\r\n",
                              "* 1 FETCH (BODY[] {3}\nabc)\r\n",
                              "* 1 FETCH (BODY[] \"a\" BODY[] \"b\" UID 1)\r\n",
                              "* LIST () \"/\" a\x01\r\n",
                              "* 5\r\n",
                              "* LIST () \"/\" \"a\"b\r\n"}) {
        const std::string read = read_responses(input);
        EXPECT_TRUE(read.ends_with("malformed")) << input << read;
    }
}

TEST(ImapReader, LimitsHoldToTheByte) {
    const auto twice = [](const std::string &before, std::size_t most, const std::string &behind) {
        const std::string fits = read_responses(before + std::string(most, 'a') + behind);
        const std::string exceeds = read_responses(before + std::string(most + 1, 'a') + behind);
        EXPECT_FALSE(fits.ends_with("too_large")) << before;
        EXPECT_FALSE(fits.ends_with("malformed")) << before;
        EXPECT_TRUE(exceeds.ends_with("too_large")) << before;
    };
    twice("* OK ", limits::imap_text_bytes_max, "\r\n");
    twice("* X ", limits::imap_atom_bytes_max, "\r\n");
    twice("* X \"", limits::imap_quoted_bytes_max, "\"\r\n");
    // Items are counted with 16 bytes each: here two lists' brackets, "/", and the name.
    twice("* LIST () \"/\" \"", limits::imap_response_bytes_max - (4 * 16) - 1, "\"\r\n");
}

TEST(ImapReader, ALiteralThatIsReadWholeHasALimitAndOthersHaveNone) {
    const auto list = [](std::size_t size) {
        return read_responses("* LIST () \"/\" {" + std::to_string(size) + "}\r\n");
    };
    EXPECT_EQ(list(limits::imap_response_bytes_max - (4 * 16) - 1), "more");
    EXPECT_EQ(list(limits::imap_response_bytes_max - (4 * 16)), "too_large");
    const auto body = [](std::uint64_t size) {
        return read_responses("* 1 FETCH (BODY[] {" + std::to_string(size) + "}\r\n");
    };
    EXPECT_EQ(body(limits::imap_literal_bytes_max), "body 4294967295 more");
    EXPECT_EQ(body(limits::imap_literal_bytes_max + 1), "too_large");
}

TEST(ImapReader, ListsLieWithinEachOtherToALimit) {
    const auto nested = [](std::size_t depth) {
        return read_responses("* X " + std::string(depth, '(') + std::string(depth, ')') + "\r\n");
    };
    EXPECT_EQ(nested(limits::imap_depth_max), "");
    EXPECT_EQ(nested(limits::imap_depth_max + 1), "too_large");
}

TEST(ImapReader, AHeaderIsKeptToALimit) {
    const auto listed = [](std::size_t size) {
        ResponseReader reader;
        const std::string input = "* 1 FETCH (UID 3 BODY[HEADER.FIELDS (FROM)] {" +
                                  std::to_string(size) + "}\r\n" + std::string(size, 'x') + ")\r\n";
        ByteView rest = as_bytes(input);
        return std::get<Fetched>(*reader.next(rest).value());
    };
    const Fetched fits = listed(limits::imap_header_bytes_max);
    EXPECT_EQ(fits.header->size(), limits::imap_header_bytes_max);
    EXPECT_FALSE(fits.header_is_cut);
    const Fetched cut = listed(limits::imap_header_bytes_max + 1);
    EXPECT_EQ(cut.header->size(), limits::imap_header_bytes_max);
    EXPECT_TRUE(cut.header_is_cut);
    EXPECT_EQ(cut.uid, 3U);
}

TEST(ImapReader, ALongListOfUidsIsReadRight) {
    std::string search = "* SEARCH";
    std::string extended = "* ESEARCH (TAG \"P1\") UID ALL ";
    for (Uid uid = 3; uid < 36'003; uid += 3) {
        search += " " + std::to_string(uid);
        extended += (uid == 3 ? "" : ",") + std::to_string(uid);
    }
    ASSERT_GT(search.size(), limits::imap_text_bytes_max);
    for (const std::string &line : {search + "\r\n", extended + "\r\n"}) {
        ResponseReader reader;
        ByteView rest = as_bytes(line);
        std::vector<UidRange> found;
        while (auto response = reader.next(rest).value()) {
            const auto &part = std::get<FoundPart>(*response);
            EXPECT_LE(part.ranges.size(), limits::imap_found_at_once_max);
            found.insert(found.end(), part.ranges.begin(), part.ranges.end());
        }
        ASSERT_EQ(found.size(), 12'000U);
        for (std::size_t index = 0; index < found.size(); ++index) {
            const auto uid = static_cast<Uid>((index + 1) * 3);
            EXPECT_EQ(found[index], (UidRange{uid, uid}));
        }
    }
}

} // namespace
} // namespace postrider::transport::imap

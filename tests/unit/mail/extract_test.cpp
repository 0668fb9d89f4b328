// The corpus: one envelope in mails as gateways, lists and mail programs leave them. Recovered to
// the bit, or the right reason.
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/base/text_encoding.hpp"
#include "common/mail/extract.hpp"
#include "common/mail/message.hpp"

#include "tests/unit/mail/pretended_envelope.hpp"

namespace postrider::mail {
namespace {

using postrider::testing::pretended_envelope;
using postrider::testing::pretended_head_bytes;

const std::filesystem::path corpus = POSTRIDER_SOURCE_DIR "/tests/unit/mail/corpus";

Bytes mail_named(const std::string &name) {
    std::ifstream file(corpus / (name + ".eml"), std::ios::binary);
    EXPECT_TRUE(file.is_open()) << name;
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

Bytes corpus_envelope() {
    return pretended_envelope(1500, 7);
}

const std::set<std::string> recovered = {
    "armour",
    "armour_base64",
    "armour_cut_and_copy",
    "armour_double_line_ends",
    "armour_end_lost",
    "armour_flowed",
    "armour_footer",
    "armour_html",
    "armour_html_one_line",
    "armour_html_quoted",
    "armour_list",
    "armour_quoted",
    "armour_quoted_printable",
    "armour_quoted_twice",
    "armour_rewrapped",
    "base64_as_quoted_printable_text",
    "binary",
    "bounce",
    "double_base64",
    "double_base64_lost_encoding",
    "encoded_multipart",
    "epilogue_footer",
    "falsely_encoded_multipart",
    "folded_headers",
    "forwarded",
    "forwarded_base64",
    "lf_only",
    "lost_content_type",
    "lost_encoding",
    "mailing_list",
    "missing_end_boundary",
    "plain",
    "quoted_printable",
    "renamed",
    "rewrapped_60",
    "rewrapped_990",
    "single",
    "single_footer",
    "single_list",
    "single_lost_encoding",
    "text_before_base64",
    "text_inside_base64",
    "tnef",
    "truncated_copy_first",
};

struct Reason {
    Errc code;
    std::string words;
};

const std::map<std::string, Reason> not_recovered = {
    {"truncated", {Errc::malformed, "envelope is truncated: 877 of 1748 bytes are there"}},
    {"armour_cut", {Errc::malformed, "envelope is truncated: "}},
    {"armour_cut_and_footer", {Errc::malformed, "envelope is truncated: 1632 of 1748 bytes are"}},
    {"single_cut_and_footer", {Errc::malformed, "envelope is truncated: 1653 of 1748 bytes are"}},
    {"nuls_removed", {Errc::malformed, "NUL bytes were removed"}},
    {"crlf_to_lf", {Errc::malformed, "CRLF was changed to LF"}},
    {"lf_to_crlf", {Errc::malformed, "LF was changed to CRLF"}},
    {"newer_version", {Errc::unsupported_version, "version 2"}},
    {"newer_suite", {Errc::unsupported_version, "suite 9"}},
};

const std::set<std::string> without_envelope = {"human", "stripped", "vacation"};

// Looked at by tests of their own below.
const std::set<std::string> special = {"bit_flip", "two_envelopes"};

TEST(Extract, RecoversTheEnvelopeFromWhateverKeptItsBytes) {
    for (const std::string &name : recovered) {
        const Extraction found = extract_envelopes(mail_named(name));
        ASSERT_EQ(found.envelopes.size(), 1U) << name;
        EXPECT_EQ(found.envelopes.front(), corpus_envelope()) << name;
        EXPECT_FALSE(found.problem.has_value()) << name;
    }
}

TEST(Extract, SaysWhatHappenedToAnEnvelopeThatIsLost) {
    for (const auto &[name, reason] : not_recovered) {
        const Extraction found = extract_envelopes(mail_named(name));
        EXPECT_TRUE(found.envelopes.empty()) << name;
        ASSERT_TRUE(found.problem.has_value()) << name;
        EXPECT_EQ(found.problem->code, reason.code) << name;
        EXPECT_NE(found.problem->message.find(reason.words), std::string::npos)
            << name << ": " << found.problem->message;
    }
}

TEST(Extract, FindsNothingAndNoProblemInMailsWithoutAnEnvelope) {
    for (const std::string &name : without_envelope) {
        const Extraction found = extract_envelopes(mail_named(name));
        EXPECT_TRUE(found.envelopes.empty()) << name;
        EXPECT_TRUE(found.truncated.empty()) << name;
        EXPECT_FALSE(found.problem.has_value()) << name << ": " << found.problem->message;
    }
}

TEST(Extract, EveryMailOfTheCorpusIsExpectedSomewhere) {
    std::size_t expected = 0;
    for (const auto &entry : std::filesystem::directory_iterator(corpus)) {
        if (!entry.is_regular_file()) {
            continue; // bounces have tests of their own
        }
        const std::string name = entry.path().stem();
        EXPECT_EQ(recovered.count(name) + not_recovered.count(name) + without_envelope.count(name) +
                      special.count(name),
                  1U)
            << name;
        ++expected;
    }
    EXPECT_EQ(expected,
              recovered.size() + not_recovered.size() + without_envelope.size() + special.size());
}

TEST(Extract, ABitFlipInTheBodyComesThroughForTheHashToRefuse) {
    const Extraction found = extract_envelopes(mail_named("bit_flip"));
    ASSERT_EQ(found.envelopes.size(), 1U);
    EXPECT_EQ(found.envelopes.front().size(), corpus_envelope().size());
    EXPECT_NE(found.envelopes.front(), corpus_envelope());
}

TEST(Extract, FindsSeveralEnvelopesInTheirOrder) {
    const Extraction found = extract_envelopes(mail_named("two_envelopes"));
    ASSERT_EQ(found.envelopes.size(), 2U);
    EXPECT_EQ(found.envelopes[0], corpus_envelope());
    EXPECT_EQ(found.envelopes[1], pretended_envelope(700, 8));
}

TEST(Extract, KeepsTheHeadOfATruncatedEnvelopeForItsStamp) {
    const Extraction found = extract_envelopes(mail_named("truncated"));
    ASSERT_EQ(found.truncated.size(), 1U);
    const Bytes envelope = corpus_envelope();
    EXPECT_EQ(found.truncated[0].beginning,
              Bytes(envelope.begin(), envelope.begin() + pretended_head_bytes));
    EXPECT_EQ(found.truncated[0].declared_bytes, envelope.size());
    EXPECT_EQ(found.truncated[0].present_bytes, 877U);
}

TEST(Extract, EveryTruncationOfAMailEndsInAReasonOrTheWholeEnvelope) {
    const Bytes mail = mail_named("plain");
    const Bytes envelope = corpus_envelope();
    const std::size_t attachment = as_text(mail).find("UFJEUgEN");
    const std::size_t attachment_end = as_text(mail).rfind("\r\n--=_");
    for (std::size_t size = 0; size <= mail.size(); ++size) {
        const Extraction found = extract_envelopes(ByteView(mail).first(size));
        if (!found.envelopes.empty()) {
            EXPECT_EQ(found.envelopes[0], envelope) << size;
            EXPECT_GE(size, attachment_end - 2) << size;
        } else if (size >= attachment + 12) {
            ASSERT_TRUE(found.problem.has_value()) << size;
            EXPECT_EQ(found.problem->code, Errc::malformed) << size;
        }
    }
}

TEST(Extract, EveryBitFlipOfASmallMailIsSurvivedAndNeverGivesALongerEnvelope) {
    const Bytes envelope = pretended_envelope(150, 3);
    const std::string text = write_message(Message{}, envelope).value();
    Bytes mail(text.begin(), text.end());
    for (std::size_t index = 0; index < mail.size(); ++index) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            mail[index] = static_cast<std::uint8_t>(mail[index] ^ (1U << bit));
            for (const Bytes &found : extract_envelopes(mail).envelopes) {
                EXPECT_LE(found.size(), envelope.size());
            }
            mail[index] = static_cast<std::uint8_t>(mail[index] ^ (1U << bit));
        }
    }
}

/// A quoted-printable envelope within `depth` multiparts: nothing finds it but the recursion.
std::string nested(unsigned depth, const Bytes &envelope) {
    std::string text;
    for (unsigned level = 0; level < depth; ++level) {
        const std::string boundary = "level" + std::to_string(level);
        text += "Content-Type: multipart/mixed; boundary=" + boundary + "\n\n--" + boundary + "\n";
    }
    text += "Content-Transfer-Encoding: quoted-printable\n\n";
    for (const std::uint8_t byte : envelope) {
        text += "=" + to_hex(ByteView(&byte, 1));
    }
    return text;
}

TEST(Extract, LooksIntoTenLevelsOfNestingAndNotEleven) {
    const Bytes envelope = pretended_envelope(150, 3);
    const Extraction deep = extract_envelopes(as_bytes(nested(limits::mime_depth_max, envelope)));
    ASSERT_EQ(deep.envelopes.size(), 1U);
    EXPECT_EQ(deep.envelopes[0], envelope);
    const Extraction deeper =
        extract_envelopes(as_bytes(nested(limits::mime_depth_max + 1, envelope)));
    EXPECT_TRUE(deeper.envelopes.empty());
    ASSERT_TRUE(deeper.problem.has_value());
    EXPECT_EQ(deeper.problem->code, Errc::too_large);
}

/// A multipart whose last entity of `entities` (itself, its preamble, its parts) is the envelope.
std::string with_entities(std::size_t entities, const Bytes &envelope) {
    std::string text = "Content-Type: multipart/mixed; boundary=b\n\n";
    for (std::size_t index = 3; index < entities; ++index) {
        text += "--b\n\n";
    }
    return text + "--b\nContent-Transfer-Encoding: quoted-printable\n\n=50=52=44=52" +
           std::string(as_text(envelope).substr(4));
}

TEST(Extract, LooksIntoAThousandEntitiesAndNotOneMore) {
    Bytes envelope = pretended_envelope(150, 3);
    // Nothing that quoted-printable or a line end would change.
    std::replace_if(
        envelope.begin() + 16, envelope.end(),
        [](std::uint8_t byte) { return byte < '>' || byte > '~'; }, std::uint8_t{'x'});
    const Extraction most =
        extract_envelopes(as_bytes(with_entities(limits::mime_parts_max, envelope)));
    ASSERT_EQ(most.envelopes.size(), 1U);
    EXPECT_EQ(most.envelopes[0], envelope);
    const Extraction more =
        extract_envelopes(as_bytes(with_entities(limits::mime_parts_max + 1, envelope)));
    EXPECT_TRUE(more.envelopes.empty());
    ASSERT_TRUE(more.problem.has_value());
    EXPECT_EQ(more.problem->code, Errc::too_large);
}

TEST(Extract, KeepsSixteenEnvelopesOfAMail) {
    std::string text = "\n";
    for (std::size_t seed = 0; seed <= limits::mail_envelopes_max; ++seed) {
        text += as_text(pretended_envelope(150, seed));
    }
    EXPECT_EQ(extract_envelopes(as_bytes(text)).envelopes.size(), limits::mail_envelopes_max);
}

TEST(Extract, AMailAboveTheLimitIsNotLookedAt) {
    Bytes mail(limits::mail_bytes_max, 'x');
    const Bytes envelope = pretended_envelope(150, 3);
    std::copy(envelope.begin(), envelope.end(), mail.begin() + 1000);
    EXPECT_EQ(extract_envelopes(mail).envelopes.size(), 1U);
    mail.push_back('x');
    const Extraction found = extract_envelopes(mail);
    EXPECT_TRUE(found.envelopes.empty());
    ASSERT_TRUE(found.problem.has_value());
    EXPECT_EQ(found.problem->code, Errc::too_large);
}

TEST(Extract, AnUnknownRecipientCountOrHeadLengthIsAProblemAndNotABrokenReader) {
    for (const std::size_t at : {9U, 10U, 11U, 12U}) {
        Bytes envelope = pretended_envelope(150, 3);
        envelope[at] = 0xee;
        const Extraction found = extract_envelopes(envelope);
        EXPECT_TRUE(found.envelopes.empty()) << at;
        EXPECT_TRUE(found.problem.has_value()) << at;
    }
}

std::string repeated(std::string_view piece, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) {
        text += piece;
    }
    return text;
}

TEST(Extract, HostileMailsCostNoMoreThanTheirSize) {
    constexpr std::size_t bytes = 2 * limits::mib;
    const std::string magics = repeated(std::string_view("PRDR\x01\r\n\0", 8), bytes);
    std::string heads;
    for (std::uint64_t seed = 0; heads.size() < bytes; ++seed) {
        heads += as_text(pretended_envelope(1U << 24U, 5)).substr(0, pretended_head_bytes);
        heads[heads.size() - 200] = static_cast<char>(seed);
        if (seed == 20) {
            heads = repeated(heads, bytes);
        }
    }
    const std::vector<std::string> mails = {
        magics,
        heads,
        repeated("UFJEUgENCgA=", bytes),
        repeated("VUZKRVVnRU5DZ=", bytes),
        repeated("UFJEUgENCg-", bytes),
        repeated("UFJEUgENCg\n", bytes),
        repeated("UFJEUgENCg<", bytes),
        "Content-Type: text/html\n\n" + repeated("UFJEUgENCg<>", bytes),
        "Content-Transfer-Encoding: base64\n\n" + repeated("A B\n", bytes),
        "Content-Transfer-Encoding: quoted-printable\n\n" + repeated("= ", bytes),
        "Content-Transfer-Encoding: quoted-printable\n\n=" + std::string(bytes, ' ') + "x",
        "Content-Type: multipart/mixed;" + repeated("; ", bytes),
        repeated("Content-Type: multipart/mixed; boundary=b\n\n--b\n", bytes),
        repeated("Content-Type: message/rfc822\n\n", bytes),
        "Content-Type: multipart/mixed; boundary=b\n\n" + repeated("--b\n", bytes),
        "Content-Type: x\n" + repeated(" y\n", bytes),
        repeated("P", bytes),
    };
    for (const std::string &mail : mails) {
        EXPECT_TRUE(extract_envelopes(as_bytes(mail)).envelopes.empty());
    }
}

} // namespace
} // namespace postrider::mail

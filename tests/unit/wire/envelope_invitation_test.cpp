// The pasted line of pairing.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/base/text_encoding.hpp"
#include "common/wire/invitation.hpp"

#include "tests/support/seeded_random.hpp"

namespace postrider::wire {
namespace {

struct InvitationLine : testing::Test {
    test::SeededRandom random{1};
    Invitation invitation{crypto::random_bytes<8>(),
                          crypto::random_bytes<16>(),
                          "headquarters",
                          "sync@hq.example",
                          crypto::random_bytes<32>(),
                          crypto::random_bytes<32>(),
                          crypto::random_bytes<32>(),
                          Timestamp{std::chrono::seconds{1'800'000'000}},
                          suites_supported,
                          crypto::SecretBytes<16>::random()};

    std::string line() const { return *invitation_line(invitation); }
};

void expect_equal(const Invitation &left, const Invitation &right) {
    EXPECT_EQ(public_invitation(left), public_invitation(right));
    EXPECT_TRUE(left.secret == right.secret);
    EXPECT_EQ(left.name, right.name);
    EXPECT_EQ(left.address, right.address);
    EXPECT_EQ(left.expires, right.expires);
    EXPECT_EQ(left.suites, right.suites);
}

TEST_F(InvitationLine, IsReadBackWhole) {
    const auto parsed = parse_invitation(line());
    ASSERT_TRUE(parsed) << parsed.error().message;
    expect_equal(*parsed, invitation);
}

TEST_F(InvitationLine, IsShortEnoughToPaste) {
    EXPECT_LE(line().size(), 340U);
    EXPECT_TRUE(line().starts_with("postrider1:"));
}

TEST_F(InvitationLine, SurvivesBeingWrappedByAMailProgram) {
    std::string wrapped = "  ";
    for (std::size_t begin = 0; begin < line().size(); begin += 60) {
        wrapped += line().substr(begin, 60) + "\r\n\t";
    }
    const auto parsed = parse_invitation(wrapped);
    ASSERT_TRUE(parsed);
    expect_equal(*parsed, invitation);
}

TEST_F(InvitationLine, TellsEveryMistypedCharacter) {
    const std::string good = line();
    for (std::size_t index = std::string_view{"postrider1:"}.size(); index < good.size(); ++index) {
        for (const char typed : {'A', '7', '_'}) {
            if (good[index] == typed) {
                continue;
            }
            std::string wrong = good;
            wrong[index] = typed;
            const auto parsed = parse_invitation(wrong);
            ASSERT_FALSE(parsed) << index;
            EXPECT_EQ(parsed.error().code, Errc::malformed);
            EXPECT_FALSE(parsed.error().hint.empty());
        }
    }
}

TEST_F(InvitationLine, TellsEveryMissingOrDoubledEnd) {
    const std::string good = line();
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(parse_invitation(good.substr(0, size))) << size;
    }
    EXPECT_FALSE(parse_invitation(good + "A"));
    EXPECT_FALSE(parse_invitation(good + good));
}

TEST_F(InvitationLine, SaysWhenItIsOfAnotherVersionOrNoInvitationAtAll) {
    std::string other = line();
    other[9] = '2';
    EXPECT_EQ(parse_invitation(other).error().code, Errc::unsupported_version);
    EXPECT_EQ(parse_invitation("hello").error().code, Errc::malformed);
    EXPECT_EQ(parse_invitation("postrider").error().code, Errc::malformed);
    EXPECT_EQ(parse_invitation("postriderx:").error().code, Errc::malformed);
}

TEST_F(InvitationLine, IsAtMostAsLongAsItsLimit) {
    EXPECT_EQ(parse_invitation(std::string(limits::invitation_bytes_max, 'a')).error().code,
              Errc::malformed);
    EXPECT_EQ(parse_invitation(std::string(limits::invitation_bytes_max + 1, 'a')).error().code,
              Errc::too_large);
}

TEST_F(InvitationLine, HoldsNamesAndAddressesUpToTheirLimits) {
    invitation.name = std::string(255, 'n');
    invitation.address = std::string(254, 'a');
    ASSERT_TRUE(parse_invitation(line()));
    invitation.name.push_back('n');
    EXPECT_EQ(invitation_line(invitation).error().code, Errc::too_large);
    invitation.name.pop_back();
    invitation.address.push_back('a');
    EXPECT_EQ(invitation_line(invitation).error().code, Errc::too_large);
}

TEST_F(InvitationLine, RefusesNamesAndAddressesThatCouldHarmAScreenOrAMail) {
    for (const char *name : {"", "a\nb", "a\x1b[0m", "\xff\xfe"}) {
        EXPECT_FALSE(check_self_description(name, "")) << name;
    }
    for (const char *address : {"a b", "a\r\nBcc: x", "b\xc3\xbc@x.example"}) {
        EXPECT_FALSE(check_self_description("name", address)) << address;
    }
    EXPECT_TRUE(check_self_description("Zweigstelle Süd", ""));
}

TEST_F(InvitationLine, IsCheckedInsideThoughItsChecksumFits) {
    // Anybody can make a checksum; a field out of bounds must still be refused.
    Bytes bytes = *from_base64url(line().substr(11));
    bytes.resize(bytes.size() - 4);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        Bytes flipped = bytes;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        const auto check = crypto::hash<4>("postrider check", {}, {flipped});
        flipped.insert(flipped.end(), check.begin(), check.end());
        const auto parsed = parse_invitation("postrider1:" + to_base64url(flipped));
        if (parsed) { // what is accepted has exactly one line
            EXPECT_EQ(*invitation_line(*parsed), "postrider1:" + to_base64url(flipped)) << bit;
        }
    }
}

TEST_F(InvitationLine, KeepsTheSecretOutOfItsPublicPart) {
    const Bytes open = public_invitation(invitation);
    const auto parsed = parse_public_invitation(open);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->secret == crypto::SecretBytes<16>{});
    EXPECT_EQ(public_invitation(*parsed), open);
    EXPECT_FALSE(parse_invitation("postrider1:" + to_base64url(open)));
}

TEST_F(InvitationLine, GivesAKeyThatDependsOnTheSecretAndOnEveryPublicField) {
    const crypto::Key key = invitation_key(invitation);
    Invitation other = invitation;
    other.secret = crypto::SecretBytes<16>::random();
    EXPECT_FALSE(invitation_key(other) == key);
    other = invitation;
    other.contact_key[0] ^= 1U;
    EXPECT_FALSE(invitation_key(other) == key);
    other = invitation;
    other.address = "sync@elsewhere.example";
    EXPECT_FALSE(invitation_key(other) == key);
    EXPECT_TRUE(invitation_key(*parse_invitation(line())) == key);
}

} // namespace
} // namespace postrider::wire

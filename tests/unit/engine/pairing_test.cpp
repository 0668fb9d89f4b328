// Pairing in the state tables: the way it goes when all is well, and what people do with it.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "common/base/text_encoding.hpp"
#include "common/engine/pairing.hpp"
#include "common/wire/invitation.hpp"

#include "tests/support/pairing_nodes.hpp"
#include "tests/support/seeded_random.hpp"

namespace postrider::engine {
namespace {

using test::PairingNode;

struct Pairing : testing::Test {
    test::SeededRandom random{1};
    test::TemporaryDirectory directory;
    PairingNode office{directory / "office.db", "office"};
    PairingNode shop{directory / "shop.db", "shop"};

    Pairing() { office.declare("shop", "/mail"); }

    void pair() {
        ASSERT_TRUE(shop.accept(office.invite("shop")));
        office.take(shop.mails());
        shop.take(office.mails());
        ASSERT_EQ(office.state_of("shop"), "paired");
        ASSERT_EQ(shop.state_of("office"), "paired");
    }
};

TEST_F(Pairing, GivesBothSidesTheSameWordsAndEachTheOthersKeys) {
    pair();
    EXPECT_EQ(office.words_of("shop"), shop.words_of("office"));
    EXPECT_FALSE(office.words_of("shop").empty());
    const PeerKeys left = office.keys("shop");
    const PeerKeys right = shop.keys("office");
    EXPECT_TRUE(left.psk == right.psk);
    EXPECT_TRUE(left.stamp_in == right.stamp_out);
    EXPECT_TRUE(left.stamp_out == right.stamp_in);
    EXPECT_FALSE(left.stamp_in == left.stamp_out);
    EXPECT_EQ(office.peer("shop").node, shop.identity.node);
    EXPECT_EQ(shop.peer("office").sign_public, office.identity.signing_key.public_key);
    EXPECT_EQ(shop.peer("office").contact_public, office.identity.contact_key.public_key);
}

TEST_F(Pairing, OpensTheControlStreamOnBothSides) {
    pair();
    EXPECT_EQ(office.rows.ask("SELECT stream FROM postrider_stream_out"), "0");
    EXPECT_EQ(shop.rows.ask("SELECT stream FROM postrider_stream_out"), "0");
}

TEST_F(Pairing, GoesByItselfOnceTheLineIsAccepted) {
    const std::string maildir = directory / "maildir";
    for (const char *folder : {"new", "cur", "tmp"}) {
        std::filesystem::create_directories(maildir + "/" + folder);
    }
    office.rows.run("UPDATE postrider_peer_path SET target = '" + maildir + "'");
    office.write([](const Session &session) { approve(session); });
    ASSERT_TRUE(shop.accept(Acceptance{office.invite("shop"), {}, false}));
    for (int round = 0; round < 3; ++round) {
        shop.cycle();
        office.cycle();
        shop.now += std::chrono::minutes{1};
        office.now += std::chrono::minutes{1};
    }
    EXPECT_EQ(office.state_of("shop"), "paired");
    EXPECT_EQ(shop.state_of("office"), "paired");
}

TEST_F(Pairing, DoesNotNameOrUseAPathThatWasEditedByHand) {
    office.rows.run("UPDATE postrider_peer_path SET target = '/elsewhere'");
    EXPECT_EQ(wire::parse_invitation(office.invite("shop"))->address, "");
    office.write([](const Session &session) { approve(session); });
    EXPECT_EQ(wire::parse_invitation(office.invite("shop"))->address, "maildir:/elsewhere");
}

TEST_F(Pairing, ShowsWhereItStands) {
    EXPECT_EQ(office.state_of("shop"), "declared");
    const std::string line = office.invite("shop");
    EXPECT_EQ(office.state_of("shop"), "invited");
    ASSERT_TRUE(shop.accept(line));
    EXPECT_EQ(shop.state_of("office"), "accepted");
}

TEST_F(Pairing, IsVerifiedByTheWordsThatTheOtherSideShows) {
    pair();
    ASSERT_TRUE(office.confirm("shop", shop.words_of("office")));
    EXPECT_EQ(office.state_of("shop"), "verified");
    EXPECT_EQ(shop.state_of("office"), "paired");
    EXPECT_TRUE(office.confirm("shop", shop.words_of("office")));
}

TEST_F(Pairing, IsNotVerifiedByOtherWords) {
    pair();
    EXPECT_EQ(office.confirm("shop", "zoo zoo zoo zoo").error().code, Errc::refused);
    EXPECT_EQ(office.confirm("shop", "zoo zoo zoo").error().code, Errc::malformed);
    EXPECT_EQ(office.state_of("shop"), "paired");
    const Error error = office.confirm("shop", "zoo zoo zoo zoo").error();
    EXPECT_EQ(error.message.find(office.words_of("shop")), std::string::npos);
    EXPECT_EQ(error.hint.find(office.words_of("shop")), std::string::npos);
}

TEST_F(Pairing, CannotBeVerifiedBeforeItIsDone) {
    EXPECT_EQ(office.confirm("shop", "zoo zoo zoo zoo").error().code, Errc::refused);
    EXPECT_EQ(office.confirm("nobody", "zoo zoo zoo zoo").error().code, Errc::refused);
}

TEST_F(Pairing, UsesAPeerThatWasDeclaredUnderTheName) {
    shop.declare("office", "/elsewhere");
    ASSERT_TRUE(shop.accept(Acceptance{office.invite("shop"), {}, false}));
    EXPECT_EQ(shop.count("peer"), "1");
    EXPECT_EQ(shop.rows.ask("SELECT target FROM postrider_peer_path"), "/elsewhere");
}

TEST_F(Pairing, TakesTheAddressOfTheLineOrTheOneThatWasSaid) {
    ASSERT_TRUE(shop.accept(Acceptance{office.invite("shop"), {}, false}));
    EXPECT_EQ(shop.rows.ask("SELECT kind, target FROM postrider_peer_path"), "maildir|/mail");
    ASSERT_TRUE(shop.accept(Acceptance{office.invite("shop"), "/usb/stick", false}));
    EXPECT_EQ(shop.rows.ask("SELECT target FROM postrider_peer_path"), "/usb/stick");
    ASSERT_TRUE(shop.accept(Acceptance{office.invite("shop"), "maildir:/usb/stick 2", false}));
    EXPECT_EQ(shop.rows.ask("SELECT target FROM postrider_peer_path"), "/usb/stick 2");
}

TEST_F(Pairing, RefusesAnAddressThatIsNoDirectoryAndLeavesNothingBehind) {
    const std::string line = office.invite("shop");
    for (const char *address : {"mail", "sync@hq.example", "sync@hq", "@", ""}) {
        EXPECT_EQ(shop.accept(Acceptance{line, address, false}).error().code, Errc::refused);
    }
    EXPECT_EQ(shop.count("peer"), "0");
    EXPECT_EQ(shop.count("invitation"), "0");
}

TEST_F(Pairing, AsksForAnAddressWhereTheLineHasNone) {
    office.declare("branch"); // without a path
    const std::string line = office.invite("branch");
    const auto without = shop.accept(Acceptance{line, {}, false});
    ASSERT_FALSE(without);
    EXPECT_NE(without.error().hint.find("second argument"), std::string::npos);
    EXPECT_TRUE(shop.accept(Acceptance{line, "/mail", false}));
}

TEST_F(Pairing, TrustsTasksOnlyWhereThatWasSaid) {
    pair();
    EXPECT_FALSE(shop.peer("office").trust_tasks);
    ASSERT_TRUE(shop.revoke("office"));
    ASSERT_TRUE(office.revoke("shop"));
    ASSERT_TRUE(shop.accept(Acceptance{office.invite("shop"), {}, true}));
    office.take(shop.mails());
    EXPECT_FALSE(shop.peer("office").trust_tasks); // not before it is paired
    shop.take(office.mails());
    EXPECT_TRUE(shop.peer("office").trust_tasks);
    EXPECT_FALSE(office.peer("shop").trust_tasks);
}

TEST_F(Pairing, RefusesAMistypedAnExpiredAndTheOwnLine) {
    std::string line = office.invite("shop");
    EXPECT_EQ(office.accept(line).error().code, Errc::refused);
    shop.now += std::chrono::hours{24 * 16};
    const auto expired = shop.accept(line);
    ASSERT_FALSE(expired);
    EXPECT_NE(expired.error().message.find("expired"), std::string::npos);
    line[40] = line[40] == 'a' ? 'b' : 'a';
    EXPECT_EQ(shop.accept(line).error().code, Errc::malformed);
    EXPECT_EQ(shop.count("peer"), "0");
}

TEST_F(Pairing, InvitesOnlyDeclaredPeersThatAreNotPairedYet) {
    const auto invite = [this](const std::string &peer) {
        return office.within<Result<std::string>>(
            [&](const Session &session) { return engine::invite(session, peer); });
    };
    EXPECT_EQ(invite("nobody").error().code, Errc::refused);
    pair();
    EXPECT_EQ(invite("shop").error().code, Errc::refused);
}

TEST_F(Pairing, ReplacesAnEarlierInvitationOfThePeer) {
    const std::string first = office.invite("shop");
    const std::string second = office.invite("shop");
    EXPECT_EQ(office.count("invitation"), "1");
    ASSERT_TRUE(shop.accept(first));
    EXPECT_EQ(office.take(shop.mails()), Received::refused);
    ASSERT_TRUE(shop.accept(second));
    EXPECT_EQ(office.take(shop.mails()), Received::accepted);
}

TEST_F(Pairing, EndsWithRevokeOnEachSideAndBeginsAnewAfterwards) {
    pair();
    const std::string words = office.words_of("shop");
    ASSERT_TRUE(office.revoke("shop"));
    EXPECT_EQ(office.state_of("shop"), "revoked");
    EXPECT_EQ(office.rows.ask("SELECT count(*) FROM postrider_peer WHERE psk_sealed IS NOT NULL"
                              " OR stamp_in_sealed IS NOT NULL OR stamp_out_sealed IS NOT NULL"
                              " OR receiving_public IS NOT NULL OR words <> ''"),
              "0");
    EXPECT_EQ(office.count("invitation"), "0");
    const std::string line = office.invite("shop");
    EXPECT_EQ(shop.accept(line).error().code, Errc::refused); // still paired on its side
    ASSERT_TRUE(shop.revoke("office"));
    ASSERT_TRUE(shop.accept(line));
    office.take(shop.mails());
    shop.take(office.mails());
    EXPECT_EQ(office.state_of("shop"), "paired");
    EXPECT_EQ(office.words_of("shop"), shop.words_of("office"));
    EXPECT_NE(office.words_of("shop"), words);
}

TEST_F(Pairing, LeavesNoSecretInTheDatabaseInTheClear) {
    const std::string line = office.invite("shop");
    ASSERT_TRUE(shop.accept(line));
    office.take(shop.mails());
    shop.take(office.mails());
    const auto key_of = [](const auto &bytes) { return to_hex(bytes.view()); };
    const auto invitation = *wire::parse_invitation(line);
    const PeerKeys keys = office.keys("shop");
    for (PairingNode *node : {&office, &shop}) {
        std::string dump;
        for (const char *table : {"peer", "invitation", "node"}) {
            const std::string columns =
                node->rows.ask("SELECT group_concat('hex(' || name || ')', '||') FROM "
                               "pragma_table_info('postrider_" +
                               std::string{table} +
                               "') WHERE type LIKE '%BLOB%' OR name LIKE '%sealed%'"
                               " OR name = 'public_invitation'");
            dump += node->rows.ask("SELECT lower(" + columns + ") FROM postrider_" + table) + "\n";
        }
        ASSERT_NE(dump.find(to_hex(invitation.id)), std::string::npos);
        for (const std::string &secret :
             {key_of(invitation.secret), key_of(wire::invitation_key(invitation)), key_of(keys.psk),
              key_of(keys.stamp_in), key_of(keys.stamp_out),
              key_of(node->identity.signing_key.seed()),
              key_of(node->identity.contact_key.secret)}) {
            EXPECT_EQ(dump.find(secret), std::string::npos);
        }
    }
}

TEST_F(Pairing, LeavesNoSecretInTheFilesOfTheDatabase) {
    const std::string line = office.invite("shop");
    ASSERT_TRUE(shop.accept(line));
    office.take(shop.mails());
    shop.take(office.mails());
    const auto invitation = *wire::parse_invitation(line);
    const PeerKeys keys = office.keys("shop");
    for (PairingNode *node : {&office, &shop}) {
        std::string files;
        for (const char *end : {"", "-wal", "-journal"}) {
            std::ifstream file{node->path + end, std::ios::binary};
            files.append(std::istreambuf_iterator<char>(file), {});
        }
        ASSERT_NE(files.find(as_text(ByteView{invitation.id})), std::string::npos);
        const Secret secret = *node->vault.load_secret(node->identity.node);
        const auto seed = node->identity.signing_key.seed();
        for (const ByteView hidden :
             {invitation.secret.view(), keys.psk.view(), keys.stamp_in.view(),
              keys.stamp_out.view(), seed.view(), node->identity.contact_key.secret.view(),
              secret.master.view(), secret.ratchet_key.view()}) {
            EXPECT_EQ(files.find(as_text(hidden)), std::string::npos);
            EXPECT_EQ(files.find(to_hex(hidden)), std::string::npos);
        }
    }
}

} // namespace
} // namespace postrider::engine

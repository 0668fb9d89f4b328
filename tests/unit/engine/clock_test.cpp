// A clock that stood in 2030 for a while and is mended: nothing waits until 2030 comes.
#include "common/engine/pairing.hpp"

#include "tests/support/pairing_nodes.hpp"
#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

constexpr Timestamp future = from_milliseconds(1'900'000'000'000);

struct MendedClock : TwoNodes {};

TEST_F(MendedClock, APathThatFailedInTheFutureIsTriedAgain) {
    std::filesystem::rename(directory / "mail", directory / "elsewhere");
    insert_rope();
    shop.now = future;
    shop.cycle();
    shop.cycle();
    ASSERT_EQ(shop_application.ask("SELECT state FROM postrider_status"), "unreachable");
    std::filesystem::rename(directory / "elsewhere", directory / "mail");
    shop.now = start;
    shop.cycle();
    EXPECT_EQ(mails_on_the_way().size(), 1U);
}

TEST_F(MendedClock, AStepThatWasHeldInTheFutureIsTriedAgain) {
    insert_rope();
    shop.cycle();
    office_application.run("DROP TABLE item");
    office.now = future;
    office.cycle();
    ASSERT_EQ(office_application.ask("SELECT state FROM postrider_status"), "stuck");
    office_application.run("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL)");
    office.now = start;
    office.cycle();
    EXPECT_EQ(items(office_application), "1|rope|");
}

TEST(PairingUnderAMendedClock, AnAnswerThatWentInTheFutureIsRepeated) {
    TemporaryDirectory directory;
    PairingNode office{directory / "office.db", "office"};
    PairingNode shop{directory / "shop.db", "shop"};
    office.declare("shop", "/mail");
    office.now = future;
    shop.now = future;
    ASSERT_TRUE(shop.accept(office.invite("shop")));
    ASSERT_EQ(shop.mails().size(), 1U);
    ASSERT_TRUE(shop.mails().empty());
    shop.now = pairing_start;
    shop.write([&](const engine::Session &session) {
        EXPECT_EQ(engine::next_pairing_mail(session), shop.now);
    });
    EXPECT_EQ(shop.mails().size(), 1U);
    EXPECT_TRUE(shop.mails().empty());
}

TEST(PairingUnderAMendedClock, AKeyNoticeThatWasPutOffInTheFutureGoesNow) {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", pairing_start};
    TestNode office{directory / "office.db", "office", pairing_start};
    pair_directly(shop, office, directory / "mail");
    shop.write([](const engine::Session &session) {
        session.transaction.execute("UPDATE @peer SET key_notice_due_at = ?1",
                                    {engine::stored(future)});
        EXPECT_EQ(engine::next_pairing_mail(session), session.now);
        EXPECT_EQ(engine::due_pairing_mails(session).size(), 1U);
        EXPECT_EQ(engine::next_pairing_mail(session), std::nullopt);
    });
}

} // namespace
} // namespace postrider::test

// ALERT: one mail to a person when something has been wrong for so long, one when it is over.
#include <gmock/gmock.h>

#include "tests/support/mail_nodes.hpp"

namespace postrider::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;

struct Alerts : test::MailNodes {
    Alerts() {
        pair_all("");
        test::declare(office, "NODE office ALERT 'dba@office.example' AFTER 6 HOURS;");
        run(hours{1});
    }

    void write() { office.application.run("INSERT INTO item(name) VALUES('rope')"); }

    test::ExchangeTransport &mail = office.exchange_transport;
};

TEST_F(Alerts, ArePlainMailsOnceWhenSomethingIsWrongAndOnceWhenItIsOver) {
    mail.refused = {"north@example.org"};
    write();
    run(hours{5});
    EXPECT_EQ(mail.letters.size(), 0U);
    run(hours{2});
    ASSERT_EQ(mail.letters.size(), 1U);
    EXPECT_EQ(mail.letters[0].first, "dba@office.example");
    EXPECT_EQ(mail.letters[0].second.subject,
              "Postrider: north is unreachable, at node \"office\"");
    EXPECT_THAT(mail.letters[0].second.text, HasSubstr("cannot send now: the server is down"));
    EXPECT_THAT(mail.letters[0].second.text, HasSubstr("since 2026-09-21 01:00"));
    run(hours{48});
    EXPECT_EQ(mail.letters.size(), 1U);
    mail.refused.clear();
    run(hours{24});
    ASSERT_EQ(mail.letters.size(), 2U);
    EXPECT_EQ(mail.letters[1].second.subject, "Postrider: north is well again, at node \"office\"");
    run(hours{24});
    EXPECT_EQ(mail.letters.size(), 2U);
    EXPECT_EQ(office.application.ask("SELECT count(*) FROM postrider_trouble"), "0");
}

TEST_F(Alerts, TellOfBatchesThatNobodyAcknowledges) {
    all = {&office, &south};
    write();
    run(hours{7});
    ASSERT_EQ(mail.letters.size(), 1U);
    EXPECT_THAT(mail.letters[0].second.text, HasSubstr("1 batch sent and not acknowledged yet"));
    north.now = office.now;
    all = {&office, &north, &south};
    run(hours{24});
    EXPECT_EQ(mail.letters.size(), 2U);
}

TEST_F(Alerts, AreNotSentForWhatPassesSooner) {
    mail.refused = {"north@example.org"};
    write();
    run(hours{1}); // the next try is at most an hour or so away
    mail.refused.clear();
    run(hours{24});
    EXPECT_EQ(mail.letters.size(), 0U);
}

TEST_F(Alerts, ThatCannotLeaveAreTriedAgain) {
    mail.refused = {"north@example.org", "dba@office.example"};
    write();
    run(hours{8});
    EXPECT_EQ(mail.letters.size(), 0U);
    mail.refused = {"north@example.org"};
    run(minutes{20});
    EXPECT_EQ(mail.letters.size(), 1U);
}

TEST_F(Alerts, EndWithTheirClause) {
    mail.refused = {"north@example.org"};
    write();
    run(hours{8});
    test::declare(office, "NODE office;");
    mail.refused.clear();
    run(hours{24});
    EXPECT_EQ(mail.letters.size(), 1U);
    EXPECT_EQ(office.application.ask("SELECT count(*) FROM postrider_trouble"), "0");
}

TEST_F(Alerts, NeedAMailbox) {
    const auto declared = test::try_declare(office, "DROP MAILBOX main; PEER north; PEER south;");
    ASSERT_FALSE(declared.has_value());
    EXPECT_EQ(declared.error().message, "ALERT needs a mailbox to send from");
}

} // namespace
} // namespace postrider::engine
